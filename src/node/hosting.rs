//! Keeps the co-browse sessions this node hosts, and ends those that nobody uses.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        cobrowse::{EndedBy, HostVerdict},
        error::StoreError,
        relay::FeedEnd,
    },
    metrics::Metrics,
    ws::cobrowse::{CobrowseSockets, rooms::HostedRoom},
};

/// Sessions in one round trip.
const BATCH: usize = 256;
/// How often sessions are looked through.
const TICK: Duration = Duration::from_secs(1);
/// Renewals that fit into a lease: two may fail before it lapses.
const RENEWALS_PER_LEASE: u32 = 3;

/// Renews what a node hosts.
pub struct Hosting {
    /// The sessions, and the engine.
    pub cobrowse: Arc<CobrowseSockets>,
}

impl Hosting {
    /// Renews until the shutdown. What changed elsewhere is looked up at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rooms = self.cobrowse.rooms.clone();
        let mut wake = async || {
            tokio::select! {
                _ = ticks.tick() => {}
                () = rooms.changed() => {}
            }
        };
        while shutdown.run_until_cancelled(wake()).await.is_some() {
            self.renew().await;
            self.end_unused().await;
            let metrics = &self.cobrowse.metrics;
            metrics.hosted_sessions.set(i64::try_from(rooms.len()).unwrap_or(i64::MAX));
        }
    }

    async fn renew(&self) {
        let every = self.cobrowse.service.terms().lease / RENEWALS_PER_LEASE;
        let mut due = self.cobrowse.rooms.all();
        due.retain(|hosted| hosted.take_due(every));
        for batch in due.chunks(BATCH) {
            let sessions: Vec<_> = batch
                .iter()
                .map(|hosted| (hosted.hosted(), (*hosted.room.session()).clone()))
                .collect();
            let verdicts = self.cobrowse.service.renew(&sessions).await;
            for ((hosted, verdict), (asked, _)) in batch.iter().zip(verdicts).zip(sessions) {
                // Claimed anew by this very node meanwhile: the verdict is of the claim before.
                if hosted.hosted() == asked {
                    self.apply(hosted, verdict).await;
                }
            }
        }
    }

    async fn apply(&self, hosted: &Arc<HostedRoom>, verdict: Result<HostVerdict, StoreError>) {
        match verdict {
            Ok(HostVerdict::Kept { version }) if version == hosted.room.version() => {}
            Ok(HostVerdict::Kept { .. } | HostVerdict::Over) => self.read(hosted).await,
            Ok(HostVerdict::Fenced) => self.cobrowse.rooms.lose(hosted, FeedEnd::Rehomed),
            Ok(HostVerdict::Unknown) => self.restore(hosted).await,
            Err(error) => {
                tracing::debug!(%error, "a hosted session waits to be renewed");
                Metrics::count(&self.cobrowse.metrics.store_errors, "host");
            }
        }
    }

    /// Takes over what other nodes changed.
    async fn read(&self, hosted: &Arc<HostedRoom>) {
        let session = &hosted.hosted().session;
        match self.cobrowse.service.get(session).await {
            Ok(Some(stored)) => self.cobrowse.rooms.take_over(hosted, stored),
            Ok(None) => self.restore(hosted).await,
            Err(_) => hosted.try_again(),
        }
    }

    /// The store forgot the session, this node did not.
    async fn restore(&self, hosted: &Arc<HostedRoom>) {
        let stored = hosted.stored(self.cobrowse.service.here());
        match self.cobrowse.service.restore(&stored).await {
            Ok(true) => tracing::warn!(
                session = %stored.session.token,
                "the store lost a co-browse session: it is put back"
            ),
            // Somebody else knows it: the next look tells.
            Ok(false) | Err(_) => hosted.try_again(),
        }
    }

    async fn end_unused(&self) {
        let terms = self.cobrowse.service.terms();
        for hosted in self.cobrowse.rooms.all() {
            let grace = terms.reconnect_grace;
            let is_deserted = hosted.room.deserted_since().is_some_and(|at| at.elapsed() >= grace);
            let by = if hosted.visitor_away().is_some_and(|away| away >= grace)
                || hosted.room.last_used().elapsed() >= terms.idle
            {
                EndedBy::Timeout
            } else if is_deserted {
                EndedBy::Deserted
            } else {
                continue;
            };
            match self.cobrowse.service.end_hosted(&hosted.hosted(), &by).await {
                Ok(changed) => self.cobrowse.rooms.apply(&hosted, changed),
                Err(error) => tracing::debug!(%error, "an unused session waits to be ended"),
            }
        }
    }
}
