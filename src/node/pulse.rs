//! The node's pulse: probes store and bus each second, beats in the registry, notices lost data.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    load::LoadMeter,
    probes::{Probes, SILENT_PROBES},
};
use crate::{
    activity::{Activity, What},
    domain::{
        cluster::{Bus, Message, NodeRecord, NodeStore},
        error::StoreError,
    },
    health::{Epoch, Health},
    metrics::Metrics,
    ws::{cobrowse::CobrowseSockets, hub::Hub},
};

/// Between two probes: counts are right within five seconds of lost data, so this is well below.
const PULSE: Duration = Duration::from_secs(1);
/// Half the time between the first two probes; the embedded store answers at once.
const FIRST_PULSE: Duration = Duration::from_millis(1);
/// Life of a registry entry without a beat: ten missed beats.
const BEAT_LEASE_MS: u64 = 10_000;

/// The pulse of a node.
pub struct Pulse {
    /// Registry.
    pub nodes: Arc<dyn NodeStore>,
    /// Probes the store, and tells when it lost data.
    pub epoch: Arc<Epoch>,
    /// Probed through the own channel.
    pub bus: Arc<dyn Bus>,
    /// Told what answers.
    pub health: Arc<Health>,
    /// Whose sockets are checked when data was lost.
    pub hub: Arc<Hub>,
    /// Co-browse sockets are counted with them, and their sessions checked.
    pub cobrowse: Arc<CobrowseSockets>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// What was sent to the own channel, and what came back.
    pub probes: Arc<Probes>,
    /// Told when the store goes away and comes back.
    pub activity: Arc<Activity>,
    /// This node's registry entry; sockets, draining and load are filled in.
    pub record: NodeRecord,
}

impl Pulse {
    /// Beats until the shutdown, then leaves the registry.
    ///
    /// A node that has never been ready beats sooner, ever slower: it need not wait a second for
    /// an answer that is there at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut wait = FIRST_PULSE;
        let mut epoch = self.epoch.number();
        let mut meter = LoadMeter::new(self.metrics.clone());
        loop {
            self.check_bus(wait == PULSE);
            self.check_store(&mut epoch, &mut meter).await;
            let is_ready = self.health.obstacles().is_empty();
            wait = if is_ready { PULSE } else { (wait * 2).min(PULSE) };
            if shutdown.run_until_cancelled(sleep(wait)).await.is_none() {
                break;
            }
        }
        let _ = self.nodes.leave(&self.record.name).await;
    }

    /// Only a probe that comes back tells that the bus is up: see `Inbox`.
    ///
    /// `steady`: probes are a second apart, so one without an answer means something.
    fn check_bus(&self, steady: bool) {
        self.metrics.bus_dropped.set(i64::try_from(self.bus.dropped()).unwrap_or(i64::MAX));
        let silent = self.probes.silent();
        if steady && silent >= SILENT_PROBES && silent.is_multiple_of(SILENT_PROBES) {
            if self.health.set_bus(false) {
                tracing::warn!("messages to this node do not arrive: subscribing again");
            }
            self.bus.resubscribe();
        }
        self.bus.publish(&self.record.name, &Message::Probe { nonce: self.probes.next() });
    }

    async fn check_store(&self, known: &mut u64, meter: &mut LoadMeter) {
        match self.epoch.check().await {
            Ok(epoch) => {
                if epoch != *known {
                    tracing::warn!("the store lost data: putting back the sessions held here");
                    Metrics::count(&self.metrics.rechecks, "data_lost");
                    self.recheck();
                }
                *known = epoch;
                self.beat(meter).await;
            }
            Err(error) => self.store_failed(&error),
        }
    }

    async fn beat(&self, meter: &mut LoadMeter) {
        let record = NodeRecord {
            sockets: (self.hub.len() + self.cobrowse.crowd.len()) as u64,
            draining: self.health.is_draining(),
            load: Some(meter.take(self.health.obstacles().is_empty())),
            ..self.record.clone()
        };
        match self.nodes.beat(&record, BEAT_LEASE_MS).await {
            Ok(()) => {
                if self.health.set_store(true) {
                    tracing::info!("the store answers");
                    self.activity.note(|| What::Store { up: true });
                    Metrics::count(&self.metrics.rechecks, "store_back");
                    self.recheck();
                }
            }
            Err(error) => self.store_failed(&error),
        }
    }

    /// Everything held here is compared with the store.
    fn recheck(&self) {
        self.hub.recheck();
        self.cobrowse.rooms.look_at_all();
    }

    fn store_failed(&self, error: &StoreError) {
        Metrics::count(&self.metrics.store_errors, "pulse");
        if self.health.set_store(false) {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, "the store does not answer: this node is not ready");
            self.activity.note(|| What::Store { up: false });
        }
    }
}
