//! Renews the sessions whose sockets this node holds: many in one round trip.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    activity::{Activity, What},
    domain::{
        error::StoreError,
        ids::NodeName,
        streams::{Renewal, StreamService, Verdict},
    },
    health::Epoch,
    metrics::Metrics,
    ws::hub::{Bound, Hub, Order, SocketHandle},
};

/// Renewals in one round trip. Each takes about 15 µs of the server, so others wait 4 ms at most.
const BATCH: usize = 256;
/// Round trips under way at once: one shard that does not answer must not hold up the others'.
const BATCHES: usize = 32;
/// How often due renewals are looked for.
const TICK: Duration = Duration::from_millis(200);
/// After a failed renewal it is tried again this soon.
const RETRY: Duration = Duration::from_secs(1);
/// A round trip that took longer than any time-out: this process was stopped, not the store.
const STOPPED: Duration = Duration::from_secs(20);
/// Re-assertions of a batch under way at once.
const REASSERTIONS: usize = 64;
/// Losses that the epoch does not show (another shard, an older replica) make all sockets be
/// checked, at most this often.
const RECHECK: Duration = Duration::from_secs(1);

/// The renewals of a node.
pub struct Renewals {
    /// The engine.
    pub service: Arc<StreamService>,
    /// The sockets.
    pub hub: Arc<Hub>,
    /// Tells a lapsed lease from lost data.
    pub epoch: Arc<Epoch>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Told what lapses.
    pub activity: Arc<Activity>,
    /// This node.
    pub node: NodeName,
}

/// A socket with what it held when it was asked about.
type Held = (Arc<SocketHandle>, Bound);

/// What a batch of renewals came to, beside verdicts that are settled already.
#[derive(Default)]
struct Unsettled {
    /// The store forgot them.
    forgotten: Vec<Held>,
    /// Not there, and the store was away: their lease lapsed, or the store lost its data.
    doubtful: Vec<Held>,
}

impl Renewals {
    /// Renews until the shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut rechecked = None;
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let batches = std::iter::from_fn(|| {
                let due = self.hub.take_due(BATCH);
                (!due.is_empty()).then_some(due)
            });
            let renewed = stream::iter(batches).map(|due| self.renew(due));
            let data_was_lost = renewed
                .buffer_unordered(BATCHES)
                .fold(false, |lost, of_batch| async move { lost || of_batch })
                .await;
            if data_was_lost && rechecked.is_none_or(|at: Instant| at.elapsed() > RECHECK) {
                rechecked = Some(Instant::now());
                Metrics::count(&self.metrics.rechecks, "forgotten");
                self.hub.recheck();
            }
        }
    }

    /// Renews a batch. True where the store has lost data.
    async fn renew(&self, sockets: Vec<Arc<SocketHandle>>) -> bool {
        let held: Vec<Held> = sockets
            .into_iter()
            .filter_map(|socket| socket.bound().map(|bound| (socket, bound)))
            .collect();
        if held.is_empty() {
            return false;
        }
        let renewals: Vec<_> =
            held.iter().map(|(socket, bound)| self.renewal(socket, bound)).collect();
        let asked = Instant::now();
        let verdicts = self.service.renew(&renewals).await;
        let stopped = asked.elapsed() > STOPPED;
        let mut unsettled = Unsettled::default();
        for (held, verdict) in held.into_iter().zip(verdicts) {
            match verdict {
                Ok(Verdict::Forgotten) => unsettled.forgotten.push(held),
                Ok(Verdict::Expired) if held.1.store_was_away => unsettled.doubtful.push(held),
                verdict => self.apply(&held.0, verdict, stopped),
            }
        }
        self.settle(unsettled).await
    }

    fn renewal(&self, socket: &SocketHandle, bound: &Bound) -> Renewal {
        Renewal {
            account: socket.account.clone(),
            session: socket.session.clone(),
            generation: bound.session.generation,
            node: self.node.clone(),
            held_until_ms: bound.session.expires_ms,
            store_was_away: bound.store_was_away,
        }
    }

    /// Puts back what the store lost; what merely lapsed is over.
    async fn settle(&self, unsettled: Unsettled) -> bool {
        let Unsettled { mut forgotten, doubtful } = unsettled;
        let data_was_lost = !forgotten.is_empty();
        if !doubtful.is_empty() {
            match self.epoch.check().await {
                Ok(epoch) => {
                    let (lost, lapsed): (Vec<_>, Vec<_>) =
                        doubtful.into_iter().partition(|(_, bound)| bound.epoch != epoch);
                    for (socket, _) in lapsed {
                        self.apply(&socket, Ok(Verdict::Expired), false);
                    }
                    forgotten.extend(lost);
                }
                Err(_) => {
                    for (socket, _) in doubtful {
                        self.hub.renew_at(&socket, Instant::now() + RETRY);
                    }
                }
            }
        }
        stream::iter(forgotten)
            .for_each_concurrent(REASSERTIONS, |(socket, bound)| self.reassert(socket, bound))
            .await;
        data_was_lost
    }

    /// The store forgot the session, this node did not; unless its player has left meanwhile.
    async fn reassert(&self, socket: Arc<SocketHandle>, bound: Bound) {
        Metrics::count(&self.metrics.renewals, "forgotten");
        if socket.generation() == Some(bound.session.generation) {
            let verdict = self.service.reassert(&socket.account, &bound.session).await;
            self.apply(&socket, verdict, false);
        }
    }

    fn apply(
        &self,
        socket: &Arc<SocketHandle>,
        verdict: Result<Verdict, StoreError>,
        stopped: bool,
    ) {
        let word = match verdict {
            Ok(Verdict::Live { expires_ms }) => {
                socket.renewed(expires_ms, self.epoch.number());
                self.hub.renew_again(socket);
                "live"
            }
            Ok(Verdict::Ended(ended)) => {
                socket.orders.push(Order::Ended(ended));
                "ended"
            }
            Ok(Verdict::Superseded(by)) => {
                socket.orders.push(Order::Superseded(by));
                "superseded"
            }
            Ok(Verdict::Expired) => {
                self.activity.note(|| What::StreamExpired {
                    account: socket.account.clone(),
                    session: socket.session.clone(),
                });
                socket.orders.push(Order::Expired);
                "expired"
            }
            Ok(Verdict::Forgotten) => {
                self.hub.renew_at(socket, Instant::now() + RETRY);
                "forgotten"
            }
            Err(error) => {
                tracing::debug!(%error, "a renewal waits");
                if error.is_transient() && !stopped {
                    socket.not_renewed();
                }
                self.hub.renew_at(socket, Instant::now() + RETRY);
                "failed"
            }
        };
        Metrics::count(&self.metrics.renewals, word);
    }
}
