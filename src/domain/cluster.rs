//! Nodes, and the messages they send to each other.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{
    error::StoreError,
    ids::{Generation, NodeName, SessionId, SessionToken, TenantId, VisitorId},
    streams::{Account, Ended},
};

/// How many undelivered messages a node's inbox holds before it counts as overflown.
///
/// Overflow loses nothing: it is reported as [`Delivery::Resumed`] and every local session is
/// checked against the store again.
pub const INBOX_MESSAGES: usize = 4096;

/// A node as the registry shows it to its peers and to operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// `node.name`, unique in the cluster.
    pub name: NodeName,
    /// Public URL of this very node, where one is configured.
    pub server_url: Option<String>,
    /// How other nodes reach it.
    pub internal_url: String,
    /// Version of the binary.
    pub version: String,
    /// Sockets it holds now.
    pub sockets: u64,
    /// It takes no new sessions and sends its sockets away.
    pub draining: bool,
    /// When it started, milliseconds since 1970.
    pub started_ms: u64,
    /// What it does; none of a release that did not tell.
    #[serde(default)]
    pub load: Option<Load>,
}

/// What a node does, as its own metrics have it. A number that a release does not know is 0 to
/// the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Load {
    /// When it was taken, milliseconds since 1970 by the node's clock.
    pub at_ms: u64,
    /// Whether the node took work.
    pub ready: bool,
    /// Stream sessions whose socket it holds.
    pub held_streams: u64,
    /// Co-browse sessions it hosts.
    pub hosted_sessions: u64,
    /// Visitors whose presence connection it holds.
    pub visitors: u64,
    /// What it has counted since its start.
    pub since_start: Tally,
    /// How long its answers took in the last ten seconds.
    pub latency: Option<Latency>,
}

/// What a node has counted since its start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Requests answered, on both listeners.
    pub requests: u64,
    /// Stream sessions admitted.
    pub creates: u64,
    /// Stream sessions refused at a limit.
    pub refusals: u64,
    /// Stream sessions that others took the place of.
    pub takeovers: u64,
    /// Frames received from visitors.
    pub relay_frames: u64,
    /// Their bytes.
    pub relay_bytes: u64,
}

/// How long answers took in a window, in microseconds: estimates from a histogram's buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// Half took no longer.
    pub p50_us: u64,
    /// Of twenty, one took longer.
    pub p95_us: u64,
    /// Of a hundred, one took longer.
    pub p99_us: u64,
}

/// A message from node to node. Truth is in the store; a message is a hint to look there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A session whose socket the node holds was ended.
    Ended {
        /// Whose session.
        account: Account,
        /// What ended, why, and the generation that is over.
        ended: Ended,
    },
    /// A newer socket holds the session: every older generation is to be closed.
    Superseded {
        /// Whose session.
        account: Account,
        /// Which session.
        session: SessionId,
        /// The generation that holds it now.
        generation: Generation,
    },
    /// A new session is asked for: find the customer's dead sockets.
    Ping {
        /// Whose sockets.
        account: Account,
    },
    /// A co-browse session that the node hosts was changed by another node: look.
    Cobrowse {
        /// Which session.
        session: SessionToken,
    },
    /// A visitor whose presence connection the node holds is invited to a session, or has another
    /// connection: look.
    Invited {
        /// Whose site.
        tenant: TenantId,
        /// The visitor.
        visitor: VisitorId,
    },
    /// Proof of one's own liveness: must come back through the bus.
    Probe {
        /// Tells one probe from the next.
        nonce: u64,
    },
    /// An operator wants the node to drain.
    Drain,
}

/// What arrives at a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A message of a peer, or one's own.
    Message(Message),
    /// The subscription (again) stands: anything before this moment may have been missed.
    Resumed,
    /// The subscription is lost; it is being rebuilt.
    Lost,
}

/// At-most-once messages to nodes by name.
pub trait Bus: Send + Sync {
    /// Queues a message for a node, also for this one. Never blocks and may lose it.
    fn publish(&self, to: &NodeName, message: &Message);

    /// Subscribes to the node's own channel. Rebuilds itself for ever; call once.
    fn subscribe(&self, node: &NodeName) -> mpsc::Receiver<Delivery>;

    /// Drops the current subscription and builds another (it proved deaf).
    fn resubscribe(&self);

    /// Messages that are known to be lost on this side, since the start.
    fn dropped(&self) -> u64 {
        0
    }
}

/// The registry of nodes. Entries vanish by themselves when a node stops beating.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// Writes or renews this node's entry for `lease_ms`. Idempotent.
    async fn beat(&self, node: &NodeRecord, lease_ms: u64) -> Result<(), StoreError>;

    /// Removes this node's entry. Idempotent.
    async fn leave(&self, node: &NodeName) -> Result<(), StoreError>;

    /// All nodes whose lease runs, by name.
    async fn nodes(&self) -> Result<Vec<NodeRecord>, StoreError>;

    /// The store's epoch: one random text as long as the store keeps its data.
    ///
    /// Another value than before means that data was lost. Also serves as the store's probe.
    async fn epoch(&self) -> Result<String, StoreError>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_of_older_and_newer_releases_are_read() {
        let mut record = json!({
            "name": "a", "server_url": null, "internal_url": "http://a/", "version": "1",
            "sockets": 7, "draining": false, "started_ms": 1,
        });
        let older: NodeRecord = serde_json::from_value(record.clone()).unwrap();
        assert_eq!((older.sockets, older.load), (7, None));
        record["load"] = json!({ "visitors": 3, "since_start": { "creates": 2, "new": 1 } });
        let newer: NodeRecord = serde_json::from_value(record).unwrap();
        let load = newer.load.unwrap();
        assert_eq!((load.visitors, load.held_streams, load.since_start.creates), (3, 0, 2));
    }
}
