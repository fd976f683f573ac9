//! The names of all keys and channels. Nothing else writes them.

use sha2::{Digest, Sha256};

use super::stream_codec::hex;
use crate::domain::{
    cobrowse::SlotScope,
    ids::{HistoryId, NodeName, SessionToken, TenantId},
    short_codes::ShortCode,
    streams::Account,
};

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

    /// Of any type, for a moment: tells what this user may do.
    pub fn scratch(&self) -> String {
        format!("{}:scratch", self.prefix)
    }

    /// Channel: messages to one node.
    pub fn node_channel(&self, node: &NodeName) -> String {
        format!("{}:node:{node}", self.prefix)
    }

    /// The three keys of an account's stream sessions: `leases`, `records`, `pools`.
    ///
    /// The hash tag is a digest: a raw id with a brace in it would choose its own slot.
    pub fn streams(&self, account: &Account) -> [String; 3] {
        let tag = tag(&[account.tenant.as_str(), account.customer.as_str()]);
        ["l", "r", "p"].map(|part| format!("{}:s:{{{tag}}}:{part}", self.prefix))
    }

    /// HASH, LIST: a co-browse session and what happened in it. Its token is digits.
    pub fn cobrowse(&self, session: &SessionToken) -> [String; 2] {
        ["r", "e"].map(|part| format!("{}:c:{{{session}}}:{part}", self.prefix))
    }

    /// STRING: the session of a history id.
    pub fn history(&self, history: &HistoryId) -> String {
        format!("{}:ch:{}", self.prefix, tag(&[history.as_str()]))
    }

    /// ZSET: a co-browse session → end of the lease of its slot.
    pub fn slots(&self, scope: &SlotScope) -> String {
        let tag = match scope {
            SlotScope::Agent(tenant, agent) => tag(&["agent", tenant.as_str(), agent.as_str()]),
            SlotScope::Watched(tenant) => tag(&["watched", tenant.as_str()]),
        };
        format!("{}:cs:{tag}", self.prefix)
    }

    /// HASH: a short code. It is digits by its type.
    pub fn short_code(&self, code: &ShortCode) -> String {
        format!("{}:sc:{}", self.prefix, code.expose())
    }

    /// STRINGs: the tries of an address and those of everybody.
    pub fn guesses(&self, address: &str) -> [String; 2] {
        let address = tag(&[address]);
        [format!("{}:{{guess}}:{address}", self.prefix), format!("{}:{{guess}}:all", self.prefix)]
    }

    /// The four keys of a tenant's visitors: `leases`, `seen`, `kept`, `records`.
    pub fn visitors(&self, tenant: &TenantId) -> [String; 4] {
        let tag = tag(&[tenant.as_str()]);
        ["l", "s", "k", "r"].map(|part| format!("{}:v:{{{tag}}}:{part}", self.prefix))
    }

    /// STRING: an id that was used up.
    pub fn used_up(&self, id: &str) -> String {
        format!("{}:vu:{}", self.prefix, tag(&[id]))
    }

    /// STRING: the watched sessions of a tenant's day.
    pub fn day_count(&self, tenant: &TenantId, day: u64) -> String {
        format!("{}:vd:{}:{day}", self.prefix, tag(&[tenant.as_str()]))
    }
}

/// 128 bits of a digest: stands for ids from outside, which could be long, or hold a brace.
pub(super) fn tag(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    if let [others @ .., last] = parts {
        for part in others {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.update(last);
    }
    hex(&digest.finalize()[..16])
}
