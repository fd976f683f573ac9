//! Messages from node to node by Redis publish/subscribe.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use super::{inbox::Inbox, keys::Keys, link::Link, outbox::Outbox};
use crate::domain::{
    cluster::{Bus, Delivery, INBOX_MESSAGES, Message},
    ids::NodeName,
};

/// Messages waiting to be published. Beyond it they are lost, as the contract allows:
/// the truth is in the store.
const OUTBOX_MESSAGES: usize = 10_000;

/// Version of the messages. A change that older releases cannot read gets another.
const VERSION: u64 = 1;

/// The bus behind a [`Link`].
pub struct RedisBus {
    link: Arc<Link>,
    keys: Keys,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    outbox: mpsc::Sender<(String, String)>,
    dropped: Arc<AtomicU64>,
    /// Counts the wishes for another subscription.
    renewals: watch::Sender<u64>,
}

/// A message as it travels.
#[derive(Serialize, Deserialize)]
struct Envelope<M> {
    v: u64,
    #[serde(flatten)]
    message: M,
}

impl RedisBus {
    /// Starts the task that publishes; `subscribe` starts the one that listens.
    pub fn new(
        link: Arc<Link>,
        keys: Keys,
        tracker: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let (outbox, queued) = mpsc::channel(OUTBOX_MESSAGES);
        let dropped = Arc::new(AtomicU64::new(0));
        let task = Outbox::new(Arc::clone(&link), queued, Arc::clone(&dropped));
        tracker.spawn(task.run(shutdown.clone()));
        let renewals = watch::Sender::new(0);
        Self { link, keys, tracker: tracker.clone(), shutdown, outbox, dropped, renewals }
    }
}

impl Bus for RedisBus {
    fn publish(&self, to: &NodeName, message: &Message) {
        let Some(payload) = encode(message) else { return };
        if self.outbox.try_send((self.keys.node_channel(to), payload)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn subscribe(&self, node: &NodeName) -> mpsc::Receiver<Delivery> {
        let (deliveries, receiver) = mpsc::channel(INBOX_MESSAGES);
        let inbox = Inbox::new(
            Arc::clone(&self.link),
            self.keys.node_channel(node),
            deliveries,
            self.renewals.subscribe(),
        );
        self.tracker.spawn(inbox.run(self.shutdown.clone()));
        receiver
    }

    fn resubscribe(&self) {
        self.renewals.send_modify(|wishes| *wishes = wishes.wrapping_add(1));
    }

    /// Messages that were never published: the queue was full, or Redis away.
    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn encode(message: &Message) -> Option<String> {
    let envelope = Envelope { v: VERSION, message };
    serde_json::to_string(&envelope)
        .inspect_err(|error| debug!(%error, "a message cannot be written"))
        .ok()
}

/// Messages of other releases are ignored: the sender's truth is in the store.
pub(super) fn decode(payload: &[u8]) -> Option<Message> {
    let envelope = serde_json::from_slice::<Envelope<serde_json::Value>>(payload)
        .inspect_err(|error| debug!(%error, "a message cannot be read"))
        .ok()?;
    if envelope.v != VERSION {
        debug!(version = envelope.v, "unknown version of a message");
        return None;
    }
    serde_json::from_value(envelope.message)
        .inspect_err(|error| debug!(%error, "unknown kind of message"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_carry_a_version_and_later_ones_are_ignored() {
        let text = encode(&Message::Probe { nonce: u64::MAX }).unwrap();
        assert!(text.starts_with(r#"{"v":1,"#), "{text}");
        assert_eq!(decode(text.as_bytes()), Some(Message::Probe { nonce: u64::MAX }));
        let drain = encode(&Message::Drain).unwrap();
        assert_eq!(decode(drain.as_bytes()), Some(Message::Drain));
        assert_eq!(decode(br#"{"v":2,"kind":"drain"}"#), None);
        assert_eq!(decode(br#"{"v":1,"kind":"invented","x":1}"#), None);
        assert_eq!(decode(br#"{"kind":"drain"}"#), None);
        assert_eq!(decode(b"\xff"), None);
    }
}
