//! More than one Redis: a cluster of three masters, and a master with a replica and a Sentinel.

use std::cell::Cell;

use baton::backend::redis::link::Target;
use redis::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{
    eventually,
    redis::{RedisServer, free_port},
};

/// Hash slots of a cluster.
const SLOTS: u32 = 16_384;
/// The name Sentinels know the master by.
pub(crate) const MASTER: &str = "baton-test";

/// Three masters without replicas, which share all slots.
pub(crate) struct RedisCluster {
    nodes: Vec<RedisServer>,
    /// Where the nodes talk to each other, in the same order.
    buses: Vec<u16>,
    _files: TempDir,
}

impl RedisCluster {
    /// Starts the servers and waits until each says that the cluster is whole.
    pub(crate) async fn start() -> Self {
        let files = TempDir::new().unwrap();
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let bus = Cell::new(0);
            let arguments = async || {
                bus.set(free_port().await);
                cluster_arguments(&files, bus.get())
            };
            nodes.push(RedisServer::start_with(arguments).await);
            buses.push(bus.get());
        }
        let cluster = Self { nodes, buses, _files: files };
        cluster.join().await;
        cluster
    }

    async fn join(&self) {
        let [first, others @ ..] = self.nodes.as_slice() else { panic!("three nodes") };
        for (slots, node) in shares(self.nodes.len()).zip(&self.nodes) {
            let (from, to) = (slots.start.to_string(), (slots.end - 1).to_string());
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]).await;
        }
        for (other, bus) in others.iter().zip(&self.buses[1..]) {
            let (port, bus) = (other.port().to_string(), bus.to_string());
            first.cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        for node in &self.nodes {
            eventually("the cluster is whole", async || {
                let info: String =
                    redis::from_redis_value(node.cli(&["CLUSTER", "INFO"]).await).unwrap();
                let whole =
                    info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3");
                whole.then_some(())
            })
            .await;
        }
    }

    /// How a link reaches it.
    pub(crate) fn target(&self) -> Target {
        Target::Cluster(self.nodes.iter().map(RedisServer::url).collect())
    }

    /// Runs one command on each node.
    pub(crate) async fn every(&self, words: &[&str]) {
        for node in &self.nodes {
            node.cli(words).await;
        }
    }

    /// The node whose slots a key is in.
    pub(crate) async fn owner(&self, key: &str) -> &RedisServer {
        let slot = self.nodes[0].cli(&["CLUSTER", "KEYSLOT", key]).await;
        let slot: u32 = redis::from_redis_value(slot).unwrap();
        let mut shares = shares(self.nodes.len()).zip(&self.nodes);
        shares.find(|(slots, _)| slots.contains(&slot)).expect("every slot has a node").1
    }

    /// The keys on each node.
    pub(crate) async fn sizes(&self) -> Vec<i64> {
        let mut sizes = Vec::new();
        for node in &self.nodes {
            let Value::Int(size) = node.cli(&["DBSIZE"]).await else { panic!("a number") };
            sizes.push(size);
        }
        sizes
    }
}

fn cluster_arguments(files: &TempDir, bus_port: u16) -> Vec<String> {
    let nodes_file = files.path().join(format!("nodes-{bus_port}.conf"));
    let nodes_file = nodes_file.to_str().unwrap();
    let bus_port = bus_port.to_string();
    [
        ["--cluster-enabled", "yes"],
        ["--cluster-port", &bus_port],
        ["--cluster-config-file", nodes_file],
        ["--cluster-node-timeout", "2000"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

fn shares(nodes: usize) -> impl Iterator<Item = std::ops::Range<u32>> {
    let nodes = u32::try_from(nodes).unwrap();
    (0..nodes).map(move |node| SLOTS * node / nodes..SLOTS * (node + 1) / nodes)
}

/// The cluster that tests share.
pub(crate) async fn shared_cluster() -> &'static RedisCluster {
    static SHARED: OnceCell<RedisCluster> = OnceCell::const_new();
    SHARED.get_or_init(RedisCluster::start).await
}

/// A master, its replica, and one Sentinel that decides alone.
pub(crate) struct Sentinelled {
    /// The master of the start.
    pub(crate) master: RedisServer,
    /// Its replica.
    pub(crate) replica: RedisServer,
    sentinel: RedisServer,
    _files: TempDir,
}

impl Sentinelled {
    /// Starts them and waits until the Sentinel knows the replica.
    pub(crate) async fn start() -> Self {
        let files = TempDir::new().unwrap();
        let master = RedisServer::start().await;
        let replica = RedisServer::start().await;
        replica.cli(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]).await;
        let file = files.path().join("sentinel.conf");
        let rules = format!(
            "sentinel monitor {MASTER} 127.0.0.1 {} 1\nsentinel down-after-milliseconds {MASTER} \
             1000\nsentinel failover-timeout {MASTER} 5000\n",
            master.port()
        );
        let sentinel = RedisServer::sentinel(&file, &rules).await;
        eventually("the Sentinel knows the replica", async || {
            let info = sentinel.cli(&["INFO", "sentinel"]).await;
            let info: String = redis::from_redis_value(info).unwrap();
            info.contains("slaves=1").then_some(())
        })
        .await;
        Self { master, replica, sentinel, _files: files }
    }

    /// How a link reaches it.
    pub(crate) fn target(&self) -> Target {
        Target::Sentinel {
            nodes: vec![self.sentinel.url()],
            master: MASTER.to_owned(),
            access: format!("redis://{MASTER}:6379/"),
        }
    }
}
