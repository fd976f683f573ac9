//! The registry of nodes and the epoch of the store, in Redis.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tracing::debug;

use super::{
    keys::Keys,
    link::Link,
    reply::Reply,
    script::{Arg, Script},
};
use crate::domain::{
    cluster::{NodeRecord, NodeStore},
    error::StoreError,
    ids::NodeName,
};

/// Version of the stored record. A change that older releases cannot read gets another.
const VERSION: u32 = 1;

/// The registry behind a [`Link`].
pub struct RedisNodes {
    link: Arc<Link>,
    keys: Keys,
    beat: Script,
    leave: Script,
    list: Script,
    epoch: Script,
}

/// A record as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    #[serde(flatten)]
    node: NodeRecord,
}

impl RedisNodes {
    /// The registry of the cluster whose keys these are.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self {
            link,
            keys,
            beat: Script::when_full("node_beat", &[include_str!("../../../lua/node_beat.lua")]),
            leave: Script::when_full("node_leave", &[include_str!("../../../lua/node_leave.lua")]),
            list: Script::when_full("node_list", &[include_str!("../../../lua/node_list.lua")]),
            epoch: Script::when_full(
                "epoch_touch",
                &[include_str!("../../../lua/epoch_touch.lua")],
            ),
        }
    }

    /// Both keys of the registry, in the order all its scripts want them.
    fn registry(&self) -> [String; 2] {
        [self.keys.node_leases(), self.keys.node_records()]
    }

    /// Runs a script of which only one answer is expected.
    async fn ask(
        &self,
        script: &Script,
        keys: &[String],
        args: &[Arg],
        word: &str,
    ) -> Result<Reply, StoreError> {
        let reply = Reply::read(self.link.run(script, keys, args).await?)?;
        if reply.word() == word { Ok(reply) } else { Err(reply.unknown().into()) }
    }
}

#[async_trait]
impl NodeStore for RedisNodes {
    async fn beat(&self, node: &NodeRecord, lease_ms: u64) -> Result<(), StoreError> {
        let stored = Stored { v: VERSION, node: node.clone() };
        let record =
            serde_json::to_string(&stored).map_err(|error| StoreError::Corrupt(error.into()))?;
        let args = [node.name.as_str().into(), record.into(), lease_ms.into()];
        self.ask(&self.beat, &self.registry(), &args, "beaten").await.map(drop)
    }

    async fn leave(&self, node: &NodeName) -> Result<(), StoreError> {
        let args = [node.as_str().into()];
        self.ask(&self.leave, &self.registry(), &args, "left").await.map(drop)
    }

    async fn nodes(&self) -> Result<Vec<NodeRecord>, StoreError> {
        let reply = self.ask(&self.list, &self.registry(), &[], "nodes").await?;
        let records: Vec<String> = reply.rest()?;
        let mut nodes: Vec<NodeRecord> = records.iter().filter_map(|r| read(r)).collect();
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(nodes)
    }

    async fn epoch(&self) -> Result<String, StoreError> {
        let fresh = uuid::Uuid::new_v4().to_string();
        let keys = [self.keys.epoch()];
        Ok(self.ask(&self.epoch, &keys, &[fresh.into()], "epoch").await?.field()?)
    }
}

/// A record of a later release is left out, not an error: peers keep working meanwhile.
fn read(record: &str) -> Option<NodeRecord> {
    match serde_json::from_str::<Stored>(record) {
        Ok(stored) if stored.v == VERSION => Some(stored.node),
        Ok(stored) => {
            debug!(version = stored.v, node = %stored.node.name, "unknown version of a node record");
            None
        }
        Err(error) => {
            debug!(%error, "unreadable node record");
            None
        }
    }
}
