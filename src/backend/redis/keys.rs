//! The names of all keys and channels. Nothing else writes them.

use crate::domain::ids::NodeName;

/// Key names under one prefix.
///
/// Keys that one script touches share a hash tag (`{…}`), so that a cluster
/// keeps them on one server. The prefix itself must hold no braces.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Keys of one cluster of Baton: `redis.key_prefix`.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// ZSET: name of a node → end of its lease.
    pub fn node_leases(&self) -> String {
        format!("{}:{{nodes}}:leases", self.prefix)
    }

    /// HASH: name of a node → its record.
    pub fn node_records(&self) -> String {
        format!("{}:{{nodes}}:records", self.prefix)
    }

    /// STRING: the store's epoch.
    pub fn epoch(&self) -> String {
        format!("{}:epoch", self.prefix)
    }

    /// Channel: messages to one node.
    pub fn node_channel(&self, node: &NodeName) -> String {
        format!("{}:node:{node}", self.prefix)
    }
}
