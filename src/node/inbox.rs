//! Hears the node's own channel and passes on what it says.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::probes::Probes;
use crate::{
    domain::cluster::{Delivery, Message},
    health::Health,
    metrics::Metrics,
    ws::{
        cobrowse::{CobrowseSockets, PresenceOrder},
        hub::Hub,
    },
};

/// The inbox of a node.
pub struct Inbox {
    /// The sockets messages are about.
    pub hub: Arc<Hub>,
    /// The co-browse sessions and visitors messages are about.
    pub cobrowse: Arc<CobrowseSockets>,
    /// Told when the subscription is lost, and when a probe proves it.
    pub health: Arc<Health>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Told what came back.
    pub probes: Arc<Probes>,
    /// Cancelled when an operator wants the node to drain.
    pub drain: CancellationToken,
}

impl Inbox {
    /// Hears until the shutdown.
    pub async fn run(self, mut deliveries: mpsc::Receiver<Delivery>, shutdown: CancellationToken) {
        while let Some(Some(delivery)) = shutdown.run_until_cancelled(deliveries.recv()).await {
            match delivery {
                Delivery::Message(message) => self.hear(&message),
                Delivery::Resumed => {
                    Metrics::count(&self.metrics.rechecks, "resubscribed");
                    self.hub.recheck();
                    self.cobrowse.rooms.look_at_all();
                }
                Delivery::Lost => {
                    if self.health.set_bus(false) {
                        tracing::warn!("the subscription to this node's channel is lost");
                    }
                }
            }
        }
    }

    fn hear(&self, message: &Message) {
        Metrics::count(&self.metrics.bus_messages, word(message));
        match message {
            Message::Probe { nonce } => {
                if self.probes.hear(*nonce) && self.health.set_bus(true) {
                    tracing::info!("this node hears its channel");
                }
            }
            Message::Drain => self.drain.cancel(),
            Message::Cobrowse { session } => self.cobrowse.rooms.look(session),
            Message::Invited { tenant, visitor } => {
                self.cobrowse.presences.order(tenant, visitor, &PresenceOrder::Look);
            }
            Message::Ping { .. } | Message::Ended { .. } | Message::Superseded { .. } => {
                self.hub.deliver(message);
            }
        }
    }
}

fn word(message: &Message) -> &'static str {
    match message {
        Message::Ended { .. } => "ended",
        Message::Superseded { .. } => "superseded",
        Message::Ping { .. } => "ping",
        Message::Probe { .. } => "probe",
        Message::Cobrowse { .. } => "cobrowse",
        Message::Invited { .. } => "invited",
        Message::Drain => "drain",
    }
}
