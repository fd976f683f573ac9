//! Renews the sessions whose sockets this node holds: many in one round trip.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        error::StoreError,
        ids::NodeName,
        streams::{Renewal, StreamService, Verdict},
    },
    metrics::Metrics,
    ws::hub::{Bound, Hub, Order, SocketHandle},
};

/// Renewals in one round trip. Each takes about 15 µs of the server, so others wait 4 ms at most.
const BATCH: usize = 256;
/// How often due renewals are looked for.
const TICK: Duration = Duration::from_millis(200);
/// After a failed renewal it is tried again this soon.
const RETRY: Duration = Duration::from_secs(1);
/// A round trip that took longer than any time-out: this process was stopped, not the store.
const STOPPED: Duration = Duration::from_secs(20);
/// Re-assertions under way at once.
const REASSERTIONS: usize = 64;

/// The renewals of a node.
pub struct Renewals {
    /// The engine.
    pub service: Arc<StreamService>,
    /// The sockets.
    pub hub: Arc<Hub>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// This node.
    pub node: NodeName,
}

impl Renewals {
    /// Renews until the shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            loop {
                let due = self.hub.take_due(BATCH);
                if due.is_empty() {
                    break;
                }
                self.renew(due).await;
            }
        }
    }

    async fn renew(&self, sockets: Vec<Arc<SocketHandle>>) {
        let held: Vec<_> = sockets
            .into_iter()
            .filter_map(|socket| socket.bound().map(|bound| (socket, bound)))
            .collect();
        if held.is_empty() {
            return;
        }
        let renewals: Vec<_> =
            held.iter().map(|(socket, bound)| self.renewal(socket, bound)).collect();
        let asked = Instant::now();
        let verdicts = self.service.renew(&renewals).await;
        let stopped = asked.elapsed() > STOPPED;
        let mut forgotten = Vec::new();
        for ((socket, bound), verdict) in held.into_iter().zip(verdicts) {
            if let Ok(Verdict::Forgotten) = verdict {
                Metrics::count(&self.metrics.renewals, "forgotten");
                forgotten.push((socket, bound));
            } else {
                self.apply(&socket, verdict, stopped);
            }
        }
        stream::iter(forgotten)
            .for_each_concurrent(REASSERTIONS, |(socket, bound)| self.reassert(socket, bound))
            .await;
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

    /// The store forgot the session, this node did not.
    async fn reassert(&self, socket: Arc<SocketHandle>, bound: Bound) {
        let verdict = self.service.reassert(&socket.account, &bound.session).await;
        self.apply(&socket, verdict, false);
    }

    fn apply(
        &self,
        socket: &Arc<SocketHandle>,
        verdict: Result<Verdict, StoreError>,
        stopped: bool,
    ) {
        let word = match verdict {
            Ok(Verdict::Live { expires_ms }) => {
                socket.renewed(expires_ms);
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
