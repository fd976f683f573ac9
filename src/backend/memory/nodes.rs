//! The registry of a single node.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::domain::{
    cluster::{NodeRecord, NodeStore},
    error::StoreError,
    ids::NodeName,
};

/// Knows this node; its lease is the process's life.
#[derive(Debug)]
pub struct MemoryNodes {
    nodes: Mutex<BTreeMap<NodeName, NodeRecord>>,
    epoch: String,
}

impl MemoryNodes {
    /// An empty registry with an epoch of its own.
    pub fn new() -> Self {
        Self { nodes: Mutex::default(), epoch: uuid::Uuid::new_v4().to_string() }
    }
}

impl Default for MemoryNodes {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl NodeStore for MemoryNodes {
    async fn beat(&self, node: &NodeRecord, _lease_ms: u64) -> Result<(), StoreError> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.insert(node.name.clone(), node.clone());
        Ok(())
    }

    async fn leave(&self, node: &NodeName) -> Result<(), StoreError> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
        Ok(())
    }

    async fn nodes(&self) -> Result<Vec<NodeRecord>, StoreError> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(nodes.values().cloned().collect())
    }

    async fn epoch(&self) -> Result<String, StoreError> {
        Ok(self.epoch.clone())
    }
}
