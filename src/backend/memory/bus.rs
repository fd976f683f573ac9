//! The bus of a single node: messages to oneself take the same path as between nodes.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::domain::{
    cluster::{Bus, Delivery, INBOX_MESSAGES, Message},
    ids::NodeName,
};

/// Delivers to this node's own inbox and nowhere else.
#[derive(Debug, Default)]
pub struct MemoryBus {
    inbox: Mutex<Option<(NodeName, mpsc::Sender<Delivery>)>>,
}

impl Bus for MemoryBus {
    fn publish(&self, to: &NodeName, message: &Message) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, inbox)) = inbox.as_ref().filter(|(node, _)| node == to) {
            // A full inbox loses the message, as any bus may: renewals tell the same.
            let _ = inbox.try_send(Delivery::Message(message.clone()));
        }
    }

    fn subscribe(&self, node: &NodeName) -> mpsc::Receiver<Delivery> {
        let (sender, receiver) = mpsc::channel(INBOX_MESSAGES);
        let _ = sender.try_send(Delivery::Resumed);
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        *inbox = Some((node.clone(), sender));
        receiver
    }

    fn resubscribe(&self) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, inbox)) = inbox.as_ref() {
            let _ = inbox.try_send(Delivery::Resumed);
        }
    }
}
