//! A Redis Cluster.

use std::cell::Cell;

use baton::backend::redis::link::Target;
use redis::{Value, from_redis_value};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{
    super::{
        acl, eventually,
        redis::{RedisServer, free_port, is_redis_6},
        tls::ServerTls,
    },
    tls_arguments,
};

/// Hash slots of a cluster.
const SLOTS: u32 = 16_384;
/// Where the bus of a node is that has no port for it.
const BUS_OFFSET: u16 = 10_000;
/// Primaries, which share all slots.
const PRIMARIES: usize = 3;

/// What a cluster of three primaries is like beside that.
#[derive(Default)]
pub(crate) struct ClusterShape {
    /// Each primary has a replica.
    pub(crate) replicas: bool,
    /// Clients may, and the nodes among themselves do use TLS.
    pub(crate) tls: Option<ServerTls>,
}

/// Three primaries, which share all slots, and their replicas.
pub(crate) struct RedisCluster {
    /// The primaries of the start, then the replica of each.
    nodes: Vec<RedisServer>,
    /// Where the nodes talk to each other, in the same order.
    buses: Vec<u16>,
    _files: TempDir,
}

impl RedisCluster {
    /// Three primaries without replicas.
    pub(crate) async fn start() -> Self {
        Self::of(ClusterShape::default()).await
    }

    /// Starts the servers and waits until each says that the cluster is whole.
    pub(crate) async fn of(shape: ClusterShape) -> Self {
        let files = TempDir::new().unwrap();
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        let count = if shape.replicas { 2 * PRIMARIES } else { PRIMARIES };
        for _ in 0..count {
            let bus = Cell::new(0);
            let arguments = async || {
                bus.set(free_port().await);
                let mut arguments = arguments(&files, bus.get());
                arguments.extend(tls_arguments(shape.tls.as_ref(), "--tls-cluster").await);
                arguments
            };
            let node = RedisServer::start_with(arguments).await;
            buses.push(if is_redis_6() { node.port() + BUS_OFFSET } else { bus.get() });
            nodes.push(node);
        }
        let cluster = Self { nodes, buses, _files: files };
        cluster.join().await;
        cluster.replicate().await;
        cluster
    }

    async fn join(&self) {
        let [first, others @ ..] = self.nodes.as_slice() else { panic!("some nodes") };
        for (slots, node) in shares().zip(&self.nodes) {
            let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
            let mut words = vec!["CLUSTER", "ADDSLOTS"];
            words.extend(slots.iter().map(String::as_str));
            node.cli(&words).await;
        }
        for (other, bus) in others.iter().zip(&self.buses[1..]) {
            let (port, bus) = (other.data_port().to_string(), bus.to_string());
            first.cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        self.until_all("the cluster is whole", &["CLUSTER", "INFO"], |info| {
            info.contains("cluster_state:ok") && info.contains(&known)
        })
        .await;
    }

    /// Gives each primary its replica, and waits until all of them know.
    async fn replicate(&self) {
        let (primaries, replicas) = self.nodes.split_at(PRIMARIES);
        for (primary, replica) in primaries.iter().zip(replicas) {
            let id = text(primary.cli(&["CLUSTER", "MYID"]).await);
            replica.cli(&["CLUSTER", "REPLICATE", &id]).await;
        }
        for replica in replicas {
            eventually("the replica follows its primary", async || {
                let info = text(replica.cli(&["INFO", "replication"]).await);
                info.contains("master_link_status:up").then_some(())
            })
            .await;
        }
        // One that does not know of a replica would not vote for it.
        self.until_all("every node knows the replicas", &["CLUSTER", "NODES"], |nodes| {
            nodes.lines().filter(|line| line.contains("slave")).count() == replicas.len()
        })
        .await;
    }

    async fn until_all(&self, what: &str, words: &[&str], wanted: impl Fn(&str) -> bool) {
        for node in &self.nodes {
            eventually(what, async || wanted(&text(node.cli(words).await)).then_some(())).await;
        }
    }

    /// How a link reaches it: by the primaries of the start.
    pub(crate) fn target(&self) -> Target {
        Target::Cluster(self.primaries().iter().map(RedisServer::url).collect())
    }

    /// The same as the user that operators are told to make.
    pub(crate) fn user_target(&self) -> Target {
        Target::Cluster(self.primaries().iter().map(RedisServer::user_url).collect())
    }

    /// The same by TLS.
    pub(crate) fn tls_target(&self) -> Target {
        Target::Cluster(self.primaries().iter().map(RedisServer::tls_url).collect())
    }

    /// The primaries of the start.
    pub(crate) fn primaries(&self) -> &[RedisServer] {
        &self.nodes[..PRIMARIES]
    }

    /// The replica that a primary of the start had.
    pub(crate) fn replica_of(&self, primary: &RedisServer) -> &RedisServer {
        let at = self.nodes.iter().position(|node| std::ptr::eq(node, primary));
        &self.nodes[at.expect("a node of this cluster") + PRIMARIES]
    }

    /// As `store.url` says it, with some user.
    pub(crate) fn store_url(&self, user: &str) -> String {
        let ports = self.primaries().iter().map(RedisServer::port);
        let hosts: Vec<String> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis+cluster://{user}{}", hosts.join(","))
    }

    /// Runs one command on each node.
    pub(crate) async fn every(&self, words: &[&str]) {
        for node in &self.nodes {
            node.cli(words).await;
        }
    }

    /// The primary of the start whose slots a key is in.
    pub(crate) async fn owner(&self, key: &str) -> &RedisServer {
        let slot = self.nodes[0].cli(&["CLUSTER", "KEYSLOT", key]).await;
        let slot: u32 = from_redis_value(slot).unwrap();
        let mut shares = shares().zip(&self.nodes);
        shares.find(|(slots, _)| slots.contains(&slot)).expect("every slot has a node").1
    }

    /// The keys on each primary.
    pub(crate) async fn sizes(&self) -> Vec<i64> {
        let mut sizes = Vec::new();
        for node in self.primaries() {
            let Value::Int(size) = node.cli(&["DBSIZE"]).await else { panic!("a number") };
            sizes.push(size);
        }
        sizes
    }
}

fn text(value: Value) -> String {
    from_redis_value(value).expect("a text")
}

fn arguments(files: &TempDir, bus_port: u16) -> Vec<String> {
    let nodes_file = files.path().join(format!("nodes-{bus_port}.conf"));
    let nodes_file = nodes_file.to_str().unwrap();
    let bus_port = bus_port.to_string();
    let mut words = vec!["--cluster-enabled", "yes", "--cluster-config-file", nodes_file];
    words.extend(["--cluster-node-timeout", "2000"]);
    if !is_redis_6() {
        words.extend(["--cluster-port", &bus_port]);
    }
    words.into_iter().map(str::to_owned).collect()
}

fn shares() -> impl Iterator<Item = std::ops::Range<u32>> {
    let nodes = u32::try_from(PRIMARIES).unwrap();
    (0..nodes).map(move |node| SLOTS * node / nodes..SLOTS * (node + 1) / nodes)
}

/// The cluster that tests share, with the user that operators are told to make.
pub(crate) async fn shared_cluster() -> &'static RedisCluster {
    static SHARED: OnceCell<RedisCluster> = OnceCell::const_new();
    let start = async || {
        let cluster = RedisCluster::start().await;
        for node in &cluster.nodes {
            acl::make_user(node, &["server", "watchful", "cluster"], acl::PREFIXES).await;
        }
        cluster
    };
    SHARED.get_or_init(start).await
}
