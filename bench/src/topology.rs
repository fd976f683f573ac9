//! Redis as people run it: one server, a primary with replicas and Sentinels, or a cluster.

use std::{env, fs, net::TcpListener, ops::Range, path::PathBuf, time::Duration};

use tokio::time::sleep;

use crate::{Result, redis_server::RedisServer};

/// Below the ports of outgoing connections: a server that was killed finds its own free again.
const PORTS: Range<u16> = 12_000..22_000;
/// Where the bus of a cluster's node is, above its port.
const BUS_OFFSET: u16 = 10_000;
/// Hash slots of a cluster, and primaries that share them.
const SLOTS: usize = 16_384;
const PRIMARIES: usize = 3;
/// The name of the primary at the Sentinels.
const NAME: &str = "bench";
/// Between two looks at a server, and how many.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 600;

/// Some servers.
pub(crate) struct Topology {
    /// `store.url`.
    pub(crate) url: String,
    /// Those that may hold an account: primaries.
    pub(crate) primaries: Vec<RedisServer>,
    _others: Vec<RedisServer>,
    _files: Vec<ConfigFile>,
}

impl Topology {
    /// One server.
    pub(crate) async fn standalone() -> Result<Self> {
        let server = server(&[]).await?;
        Ok(Self { url: server.url(), primaries: vec![server], _others: vec![], _files: vec![] })
    }

    /// A primary, two replicas, and three Sentinels of which two must agree within a second.
    pub(crate) async fn sentinels() -> Result<Self> {
        let primary = server(&[]).await?;
        let (port, mut others, mut files) = (primary.port().to_string(), vec![], vec![]);
        for _ in 0..2 {
            others.push(server(&["--replicaof", "127.0.0.1", &port]).await?);
        }
        let mut ports = Vec::new();
        for number in 0..3 {
            let file = ConfigFile::new(number, &port)?;
            let sentinel = server(&[&file.path(), "--sentinel"]).await?;
            ports.push(format!("127.0.0.1:{}", sentinel.port()));
            others.push(sentinel);
            files.push(file);
        }
        for replica in &others[..2] {
            until(replica, &["INFO", "replication"], "master_link_status:up").await?;
        }
        for sentinel in &others[2..] {
            until(sentinel, &["INFO", "sentinel"], "slaves=2,sentinels=3").await?;
        }
        let url = format!("redis+sentinel://{}/{NAME}", ports.join(","));
        Ok(Self { url, primaries: vec![primary], _others: others, _files: files })
    }

    /// Three primaries with a replica each, which are missed after two seconds.
    pub(crate) async fn cluster() -> Result<Self> {
        let mut nodes = Vec::new();
        for _ in 0..2 * PRIMARIES {
            nodes.push(cluster_node().await?);
        }
        for (number, node) in nodes.iter().enumerate() {
            let port = node.port().to_string();
            let () = nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port]).await?;
            if number < PRIMARIES {
                let slots = SLOTS * number / PRIMARIES..SLOTS * (number + 1) / PRIMARIES;
                let (from, to) = (slots.start.to_string(), (slots.end - 1).to_string());
                let () = node.command(&["CLUSTER", "ADDSLOTSRANGE", &from, &to]).await?;
            }
        }
        let all = format!("cluster_known_nodes:{}", nodes.len());
        for node in &nodes {
            until(node, &["CLUSTER", "INFO"], "cluster_state:ok").await?;
            until(node, &["CLUSTER", "INFO"], &all).await?;
        }
        let replicas = nodes.split_off(PRIMARIES);
        for (primary, replica) in nodes.iter().zip(&replicas) {
            let id: String = primary.command(&["CLUSTER", "MYID"]).await?;
            let () = replica.command(&["CLUSTER", "REPLICATE", &id]).await?;
            until(replica, &["INFO", "replication"], "master_link_status:up").await?;
        }
        for node in nodes.iter().chain(&replicas) {
            for replica in &replicas {
                until(node, &["CLUSTER", "NODES"], &format!(":{}@", replica.port())).await?;
            }
            until_count(node, &["CLUSTER", "NODES"], "slave", replicas.len()).await?;
        }
        let hosts: Vec<String> =
            nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let url = format!("redis+cluster://{}", hosts.join(","));
        Ok(Self { url, primaries: nodes, _others: replicas, _files: vec![] })
    }
}

/// A Sentinel's file, which it writes to.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn new(number: u32, port: &str) -> Result<Self> {
        let name = format!("baton-bench-{}-sentinel-{number}.conf", std::process::id());
        let path = env::temp_dir().join(name);
        let rules = format!(
            "sentinel monitor {NAME} 127.0.0.1 {port} 2\n\
             sentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 5000\n"
        );
        fs::write(&path, rules)?;
        Ok(Self(path))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        // A temporary file that stays is no reason to fail.
        let _ = fs::remove_file(&self.0);
    }
}

async fn server(arguments: &[&str]) -> Result<RedisServer> {
    RedisServer::start_at(free_port()?, arguments).await
}

async fn cluster_node() -> Result<RedisServer> {
    let words = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    server(&words).await
}

/// A port that is free, and so is the one of a bus.
fn free_port() -> Result<u16> {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    // Those that were just taken are not free any more.
    PORTS
        .clone()
        .find(|&port| free(port) && free(port + BUS_OFFSET))
        .ok_or("no port is free".into())
}

async fn until(server: &RedisServer, words: &[&str], part: &str) -> Result<()> {
    until_count(server, words, part, 1).await
}

/// Waits until an answer holds a part so many times at least.
async fn until_count(server: &RedisServer, words: &[&str], part: &str, times: usize) -> Result<()> {
    for _ in 0..LOOKS {
        let answer: String = server.command(words).await?;
        if answer.matches(part).count() >= times {
            return Ok(());
        }
        sleep(LOOK_EVERY).await;
    }
    Err(format!("{part:?} never came up in {}", words.join(" ")).into())
}
