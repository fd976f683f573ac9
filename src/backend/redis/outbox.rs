//! Publishes what nodes have to say to each other, many messages a round trip.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::link::Link;
use crate::domain::error::StoreError;

/// Messages in one round trip: a burst of takeovers travels together, and one
/// pipeline stays far below what would keep other commands waiting.
const BATCH: usize = 256;

/// Losses are logged at most that often: while Redis is away each probe is one, and that Redis is
/// away was said already.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Channel and payload.
pub(super) type Queued = (String, String);

/// The publishing end of a bus.
pub(super) struct Outbox {
    link: Arc<Link>,
    queued: mpsc::Receiver<Queued>,
    dropped: Arc<AtomicU64>,
    complained: Option<(Instant, u64)>,
    /// Why the last ones were not published.
    cause: Option<StoreError>,
}

impl Outbox {
    pub(super) fn new(
        link: Arc<Link>,
        queued: mpsc::Receiver<Queued>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self { link, queued, dropped, complained: None, cause: None }
    }

    /// Publishes until shutdown, and then what is queued at that moment.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let taken = tokio::select! {
                biased;
                taken = self.queued.recv_many(&mut batch, BATCH) => taken,
                () = shutdown.cancelled() => return,
            };
            if taken == 0 {
                return;
            }
            self.publish(&batch).await;
            batch.clear();
            self.complain();
        }
    }

    /// A message that cannot be published now is lost: repeated later it would be stale.
    async fn publish(&mut self, batch: &[Queued]) {
        if let Err(error) = self.link.publish_many(batch).await {
            debug!(error = &error as &dyn std::error::Error, "messages were not published");
            self.dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
            self.cause = Some(error);
        }
    }

    fn complain(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        let (since, known) = self.complained.map_or((None, 0), |(at, known)| (Some(at), known));
        if dropped == known || since.is_some_and(|at| at.elapsed() < COMPLAIN_EVERY) {
            return;
        }
        // Without a cause they did not fit into the queue.
        let cause = self.cause.take();
        let cause = cause.as_ref().map(|cause| cause as &dyn std::error::Error);
        warn!(lost = dropped - known, cause, "messages to nodes were lost");
        self.complained = Some((Instant::now(), dropped));
    }
}
