//! The names of all keys and channels. Nothing else writes them.

use sha2::{Digest, Sha256};

use super::stream_codec::hex;
use crate::domain::{ids::NodeName, streams::Account};

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

    /// The three keys of an account's stream sessions: `leases`, `records`, `pools`.
    ///
    /// The hash tag is a digest: a raw id with a brace in it would choose its own slot.
    pub fn streams(&self, account: &Account) -> [String; 3] {
        let mut digest = Sha256::new();
        digest.update((account.tenant.as_str().len() as u64).to_be_bytes());
        digest.update(account.tenant.as_str());
        digest.update(account.customer.as_str());
        let tag = hex(&digest.finalize()[..16]);
        ["l", "r", "p"].map(|part| format!("{}:s:{{{tag}}}:{part}", self.prefix))
    }
}
