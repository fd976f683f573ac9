//! How many co-browse sockets are open, and when they are to go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All co-browse sockets of a node.
#[derive(Debug)]
pub struct Crowd {
    open: AtomicUsize,
    leaving: CancellationToken,
    window: Duration,
}

/// One socket's place in the crowd, given back when dropped.
#[derive(Debug)]
pub struct Place(Arc<Crowd>);

impl Crowd {
    /// Nobody yet. When the node drains, everybody leaves within `window`.
    pub fn new(window: Duration) -> Arc<Self> {
        let (open, leaving) = (AtomicUsize::new(0), CancellationToken::new());
        Arc::new(Self { open, leaving, window })
    }

    /// Enters a socket.
    pub fn enter(self: &Arc<Self>) -> Place {
        self.open.fetch_add(1, Ordering::Relaxed);
        Place(self.clone())
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends everybody away.
    pub fn send_away(&self) {
        self.leaving.cancel();
    }
}

impl Place {
    /// Waits until everybody is sent away. Cancel-safe.
    pub async fn sent_away(&self) {
        self.0.leaving.cancelled().await;
    }

    /// When this socket leaves: some time within the window, so that peers are not flooded.
    pub fn leave_at(&self) -> Instant {
        Instant::now() + self.0.window.mul_f64(rand::random())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
