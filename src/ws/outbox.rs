//! What others want a socket's task to do: a bounded queue that costs little while it is empty.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// The most orders that wait for one socket. Each is a control message, and a healthy socket
/// takes them at once: more means that it does not read.
const ORDERS: usize = 32;

/// A queue with one reader. Control messages are never dropped: overflow is told to the reader.
#[derive(Debug)]
pub struct Outbox<T> {
    queue: Mutex<Queue<T>>,
    arrived: Notify,
}

#[derive(Debug)]
struct Queue<T> {
    orders: VecDeque<T>,
    overflown: bool,
}

/// The queue was full: the socket is too slow and must be closed.
#[derive(Debug, PartialEq, Eq)]
pub struct Overflown;

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        let queue = Queue { orders: VecDeque::new(), overflown: false };
        Self { queue: Mutex::new(queue), arrived: Notify::new() }
    }
}

impl<T> Outbox<T> {
    /// Queues an order.
    pub fn push(&self, order: T) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.orders.len() < ORDERS {
            queue.orders.push_back(order);
        } else {
            queue.overflown = true;
        }
        drop(queue);
        self.arrived.notify_one();
    }

    /// The next order, as soon as there is one. Cancel-safe.
    pub async fn next(&self) -> Result<T, Overflown> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.arrived.notified().await;
        }
    }

    fn take(&self) -> Option<Result<T, Overflown>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.overflown { Some(Err(Overflown)) } else { queue.orders.pop_front().map(Ok) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_come_in_order_and_overflow_is_told() {
        let outbox = Outbox::default();
        outbox.push(1);
        outbox.push(2);
        assert_eq!((outbox.next().await, outbox.next().await), (Ok(1), Ok(2)));
        for order in 0..=ORDERS {
            outbox.push(order);
        }
        assert_eq!(outbox.next().await, Err(Overflown));
    }
}
