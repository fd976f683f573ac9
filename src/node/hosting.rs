//! Keeps the co-browse sessions this node hosts, and ends those that nobody uses.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        cobrowse::{EndedBy, HostVerdict, Stored},
        error::StoreError,
        relay::FeedEnd,
    },
    metrics::Metrics,
    ws::cobrowse::{CobrowseSockets, Wish, rooms::HostedRoom},
};

/// Sessions in one round trip.
const BATCH: usize = 256;
/// Calls to the store under way at once: one that is slow must not hold up the others.
const AT_ONCE: usize = 64;
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
            let sessions: Vec<_> =
                batch.iter().map(|hosted| (hosted.hosted(), hosted.room.session())).collect();
            let verdicts = self.cobrowse.service.renew(&sessions).await;
            let mut judged = Vec::new();
            for ((hosted, verdict), (asked, _)) in batch.iter().zip(verdicts).zip(sessions) {
                hosted.store_answered(verdict.is_ok());
                judged.push((hosted.clone(), asked.fence, verdict));
            }
            stream::iter(judged)
                .for_each_concurrent(AT_ONCE, |(hosted, fence, verdict)| async move {
                    self.apply(&hosted, fence, verdict).await;
                })
                .await;
        }
    }

    /// The verdict is that of a fence: where this node has claimed the session anew since, it
    /// means nothing.
    async fn apply(
        &self,
        hosted: &Arc<HostedRoom>,
        fence: u64,
        verdict: Result<HostVerdict, StoreError>,
    ) {
        if hosted.hosted().fence != fence {
            return hosted.try_again();
        }
        match verdict {
            Ok(HostVerdict::Kept { version }) if version == hosted.room.version() => {}
            Ok(HostVerdict::Kept { .. } | HostVerdict::Over) => self.read(hosted).await,
            Ok(HostVerdict::Fenced) => self.cobrowse.rooms.lose(hosted, fence, FeedEnd::Rehomed),
            Ok(HostVerdict::Unknown) => self.restore(hosted).await,
            Err(error) => {
                tracing::debug!(%error, "a hosted session waits to be renewed");
                Metrics::count(&self.cobrowse.metrics.store_errors, "host");
                hosted.try_again();
            }
        }
    }

    /// Writes what visitors wanted while the store was away.
    async fn fulfil(&self, hosted: &Arc<HostedRoom>) {
        let service = &self.cobrowse.service;
        for wish in hosted.take_wishes() {
            let at = hosted.hosted();
            let written = match &wish {
                Wish::End(by) => service.end_hosted(&at, by).await,
                Wish::Revoke(user) => service.control(&at, user, false).await,
            };
            match written {
                Ok(changed) => self.cobrowse.rooms.apply(hosted, at.fence, changed),
                Err(_) => hosted.wish(wish),
            }
        }
    }

    /// Takes over what other nodes changed.
    async fn read(&self, hosted: &Arc<HostedRoom>) {
        match self.cobrowse.service.get(&hosted.hosted().session).await {
            Ok(Some(stored)) if is_older(&stored, hosted) => self.restore(hosted).await,
            Ok(Some(stored)) => self.cobrowse.rooms.take_over(hosted, stored),
            Ok(None) => self.restore(hosted).await,
            Err(_) => hosted.try_again(),
        }
    }

    /// The store forgot the session, or what became of it; this node did not.
    async fn restore(&self, hosted: &Arc<HostedRoom>) {
        let (service, at) = (&self.cobrowse.service, hosted.hosted());
        let stored = hosted.stored(service.here());
        match service.restore(&stored).await {
            Ok(true) => {
                tracing::warn!(session = %at.session, "the store lost a session: it is put back");
                hosted.try_again();
            }
            // Somebody else knows it better, or its token was given to another one.
            Ok(false) => match service.get(&at.session).await {
                Ok(Some(known)) if known.session.history_id != stored.session.history_id => {
                    self.cobrowse.rooms.lose(hosted, at.fence, FeedEnd::Ended);
                }
                Ok(Some(known)) if !is_older(&known, hosted) => {
                    self.cobrowse.rooms.take_over(hosted, known);
                }
                Ok(_) | Err(_) => hosted.try_again(),
            },
            Err(_) => hosted.try_again(),
        }
    }

    async fn end_unused(&self) {
        let terms = self.cobrowse.service.terms();
        let ended =
            stream::iter(self.cobrowse.rooms.all()).for_each_concurrent(AT_ONCE, async |hosted| {
                self.fulfil(&hosted).await;
                let grace = terms.reconnect_grace;
                let is_deserted =
                    hosted.room.deserted_since().is_some_and(|at| at.elapsed() >= grace);
                let by = if hosted.visitor_away().is_some_and(|away| away >= grace)
                    || hosted.room.last_used().elapsed() >= terms.idle
                {
                    EndedBy::Timeout
                } else if is_deserted {
                    EndedBy::Deserted
                } else {
                    return;
                };
                let at = hosted.hosted();
                match self.cobrowse.service.end_hosted(&at, &by).await {
                    Ok(changed) => self.cobrowse.rooms.apply(&hosted, at.fence, changed),
                    Err(error) => tracing::debug!(%error, "an unused session waits to be ended"),
                }
            });
        ended.await;
    }
}

/// Whether the store is a copy from before what this host knows. An end is never taken back.
fn is_older(stored: &Stored, hosted: &HostedRoom) -> bool {
    let here = (hosted.hosted().fence, hosted.room.version());
    stored.session.end.is_none() && (stored.fence, stored.version) < here
}
