//! Renews the presence of the visitors who are online here: many in one round trip.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::TenantId,
        visitors::{BeatOutcome, service::LEASE},
    },
    metrics::Metrics,
    ws::cobrowse::{CobrowseSockets, PresenceOrder, presences::Presence},
};

/// Visitors in one round trip.
const BATCH: usize = 256;
/// Three beats fit into a lease: two may fail before a visitor counts as offline.
const BEAT: Duration = Duration::from_secs(LEASE.as_secs() / 3);

/// Renews the presence of visitors.
pub struct PresenceBeats {
    /// Who is online here, and the store of all visitors.
    pub cobrowse: Arc<CobrowseSockets>,
}

impl PresenceBeats {
    /// Beats until the shutdown.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = interval(BEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            for tenant in self.cobrowse.presences.tenants() {
                for batch in self.cobrowse.presences.of_tenant(&tenant).chunks(BATCH) {
                    self.beat(&tenant, batch).await;
                }
            }
        }
    }

    async fn beat(&self, tenant: &TenantId, batch: &[Arc<Presence>]) {
        let beats: Vec<_> = batch.iter().map(|presence| presence.beat()).collect();
        match self.cobrowse.visitors.beat(tenant, &beats).await {
            Ok(outcomes) => {
                for (presence, outcome) in batch.iter().zip(outcomes) {
                    presence.heard(outcome);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "visitors wait to be renewed");
                Metrics::count(&self.cobrowse.metrics.store_errors, "beat");
            }
        }
    }
}

impl Presence {
    fn heard(&self, outcome: BeatOutcome) {
        match outcome {
            BeatOutcome::Present { session: Some(session) } => {
                self.orders.push(PresenceOrder::Session(session));
            }
            BeatOutcome::Present { session: None } => {}
            BeatOutcome::Standby => self.orders.push(PresenceOrder::Standby),
            BeatOutcome::Unknown => self.orders.push(PresenceOrder::Enter),
        }
    }
}
