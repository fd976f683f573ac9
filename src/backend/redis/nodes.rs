//! The registry of nodes and the epoch of the store, in Redis.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use super::{
    keys::Keys,
    link::Link,
    reply::Reply,
    script::{Arg, Script},
    trouble,
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
    check: Script,
    /// The incarnation of the link on which this user's permissions were checked.
    checked: AtomicU64,
    /// The one on which they were complained of.
    complained: AtomicU64,
}

/// Commands that scripts call, and this user may not.
#[derive(Debug, thiserror::Error)]
#[error("the ACL forbids this user: {0}")]
struct Forbidden(String);

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
            check: Script::when_full(
                "permission_check",
                &[include_str!("../../../lua/permission_check.lua")],
            ),
            checked: AtomicU64::new(0),
            complained: AtomicU64::new(0),
        }
    }

    /// Both keys of the registry, in the order all its scripts want them.
    fn registry(&self) -> [String; 2] {
        [self.keys.node_leases(), self.keys.node_records()]
    }

    /// Makes sure, once for each new connection, that the ACL lets this user do all that scripts
    /// do: one that lacks a permission would be ready, and fail where that is needed first.
    async fn permitted(&self) -> Result<(), StoreError> {
        let incarnation = self.link.state().borrow().incarnation;
        if self.checked.load(Ordering::Relaxed) == incarnation {
            return Ok(());
        }
        match self.try_all().await {
            Ok(()) => self.checked.store(incarnation, Ordering::Relaxed),
            Err(error) => {
                let is_news = self.complained.swap(incarnation, Ordering::Relaxed) != incarnation;
                if is_news && (trouble::is_denial(&error) || is_forbidden(&error)) {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "redis refuses this user what Baton needs");
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn try_all(&self) -> Result<(), StoreError> {
        let reply = Reply::read(self.link.run(&self.check, &[self.keys.scratch()], &[]).await?)?;
        match reply.word() {
            "permitted" => Ok(()),
            "forbidden" => Err(StoreError::Unavailable(Box::new(Forbidden(
                reply.rest::<String>()?.join(", "),
            )))),
            _ => Err(reply.unknown().into()),
        }
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
        self.permitted().await?;
        let fresh = uuid::Uuid::new_v4().to_string();
        let keys = [self.keys.epoch()];
        Ok(self.ask(&self.epoch, &keys, &[fresh.into()], "epoch").await?.field()?)
    }
}

fn is_forbidden(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(cause) => cause.is::<Forbidden>(),
        StoreError::Timeout(_) | StoreError::Corrupt(_) => false,
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
