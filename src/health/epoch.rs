//! Whether the store still has the data it had.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::domain::{cluster::NodeStore, error::StoreError};

/// Counts how often the store lost its data while this node ran.
pub struct Epoch {
    nodes: Arc<dyn NodeStore>,
    known: Mutex<Option<String>>,
    number: AtomicU64,
}

impl Epoch {
    /// Starts with the epoch of the first answer.
    pub fn new(nodes: Arc<dyn NodeStore>) -> Self {
        Self { nodes, known: Mutex::default(), number: AtomicU64::new(0) }
    }

    /// The number as of the last check; another one than before: data was lost in between.
    pub fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// Asks the store, and answers the number as of now. Also serves as the store's probe.
    pub async fn check(&self) -> Result<u64, StoreError> {
        let epoch = self.nodes.epoch().await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|known| *known != epoch) {
            self.number.fetch_add(1, Ordering::Relaxed);
        }
        *known = Some(epoch);
        Ok(self.number())
    }
}
