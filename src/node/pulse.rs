//! The node's pulse: probes store and bus each second, beats in the registry, notices lost data.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use crate::{
    domain::{
        cluster::{Bus, Message, NodeRecord, NodeStore},
        error::StoreError,
    },
    metrics::Metrics,
    ws::hub::Hub,
};

/// Between two probes: counts are right within five seconds of lost data, so this is well below.
const PULSE: Duration = Duration::from_secs(1);
/// Half the time between the first two probes; the embedded store answers at once.
const FIRST_PULSE: Duration = Duration::from_millis(1);
/// Life of a registry entry without a beat: ten missed beats.
const BEAT_LEASE_MS: u64 = 10_000;
/// Probes that may be silent before the subscription counts as deaf.
const SILENT_PROBES: u64 = 2;

/// The pulse of a node.
pub struct Pulse {
    /// Registry and epoch.
    pub nodes: Arc<dyn NodeStore>,
    /// Probed through the own channel.
    pub bus: Arc<dyn Bus>,
    /// Told what answers.
    pub health: Arc<Health>,
    /// Whose sockets are checked when data was lost.
    pub hub: Arc<Hub>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// The last probe that came back.
    pub probe: Arc<AtomicU64>,
    /// This node's registry entry; sockets and draining are filled in.
    pub record: NodeRecord,
}

impl Pulse {
    /// Beats until the shutdown, then leaves the registry.
    ///
    /// A node that has never been ready beats sooner, ever slower: it need not wait a second for
    /// an answer that is there at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut wait = FIRST_PULSE;
        let mut epoch = None;
        let mut sent = 0;
        loop {
            self.check_bus(&mut sent, wait == PULSE);
            self.check_store(&mut epoch).await;
            let is_ready = self.health.obstacles().is_empty();
            wait = if is_ready { PULSE } else { (wait * 2).min(PULSE) };
            if shutdown.run_until_cancelled(sleep(wait)).await.is_none() {
                break;
            }
        }
        let _ = self.nodes.leave(&self.record.name).await;
    }

    /// `steady`: probes are a second apart, so one without an answer means something.
    fn check_bus(&self, sent: &mut u64, steady: bool) {
        let heard = self.probe.load(Ordering::Relaxed);
        let silent = *sent - heard.min(*sent);
        if heard > 0 && silent < SILENT_PROBES && self.health.set_bus(true) {
            tracing::info!("this node hears its channel");
        }
        if steady && silent >= SILENT_PROBES && silent.is_multiple_of(SILENT_PROBES) {
            if self.health.set_bus(false) {
                tracing::warn!("messages to this node do not arrive: subscribing again");
            }
            self.bus.resubscribe();
        }
        *sent += 1;
        self.bus.publish(&self.record.name, &Message::Probe { nonce: *sent });
    }

    async fn check_store(&self, known: &mut Option<String>) {
        match self.nodes.epoch().await {
            Ok(epoch) => {
                let lost_data = known.as_ref().is_some_and(|known| *known != epoch);
                *known = Some(epoch);
                if lost_data {
                    tracing::warn!("the store lost data: putting back the sessions held here");
                    Metrics::count(&self.metrics.rechecks, "data_lost");
                    self.hub.recheck();
                }
                self.beat().await;
            }
            Err(error) => self.store_failed(&error),
        }
    }

    async fn beat(&self) {
        let record = NodeRecord {
            sockets: self.hub.len() as u64,
            draining: self.health.is_draining(),
            ..self.record.clone()
        };
        match self.nodes.beat(&record, BEAT_LEASE_MS).await {
            Ok(()) => {
                if self.health.set_store(true) {
                    tracing::info!("the store answers");
                    Metrics::count(&self.metrics.rechecks, "store_back");
                    self.hub.recheck();
                }
            }
            Err(error) => self.store_failed(&error),
        }
    }

    fn store_failed(&self, error: &StoreError) {
        Metrics::count(&self.metrics.store_errors, "pulse");
        if self.health.set_store(false) {
            tracing::warn!(%error, "the store does not answer: this node is not ready");
        }
    }
}

/// Now, in milliseconds since 1970, by this machine's clock: for people, never for leases.
pub fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
