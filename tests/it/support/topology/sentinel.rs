//! A primary, its replicas, and the Sentinels that watch them.

use baton::backend::redis::link::Target;
use redis::from_redis_value;
use tempfile::TempDir;

use super::{
    super::{eventually, redis::RedisServer, tls::ServerTls},
    tls_arguments,
};

/// The name Sentinels know the primary by.
const MASTER: &str = "baton-test";

/// How many servers there are beside the primary.
pub(crate) struct SentinelShape {
    pub(crate) replicas: usize,
    pub(crate) sentinels: usize,
    /// Clients may, and the servers among themselves do use TLS.
    pub(crate) tls: Option<ServerTls>,
}

impl SentinelShape {
    /// One replica, and one Sentinel that decides alone.
    pub(crate) fn small() -> Self {
        Self { replicas: 1, sentinels: 1, tls: None }
    }

    /// As people run it: two replicas, and three Sentinels of which two must agree.
    pub(crate) fn full() -> Self {
        Self { replicas: 2, sentinels: 3, tls: None }
    }
}

/// The servers.
pub(crate) struct Sentinelled {
    /// The primary of the start.
    pub(crate) master: RedisServer,
    /// Its replicas.
    pub(crate) replicas: Vec<RedisServer>,
    /// Those who watch.
    pub(crate) sentinels: Vec<RedisServer>,
    _files: TempDir,
}

impl Sentinelled {
    /// Starts them and waits until each Sentinel knows all replicas and the other Sentinels.
    pub(crate) async fn of(shape: SentinelShape) -> Self {
        let files = TempDir::new().unwrap();
        let tls = shape.tls.as_ref();
        let server = async || {
            RedisServer::start_with(async || tls_arguments(tls, "--tls-replication").await).await
        };
        let master = server().await;
        let port = master.data_port().to_string();
        let mut replicas = Vec::new();
        for _ in 0..shape.replicas {
            let replica = server().await;
            replica.cli(&["REPLICAOF", "127.0.0.1", &port]).await;
            replicas.push(replica);
        }
        let rules = rules(&port, shape.sentinels / 2 + 1);
        let mut sentinels = Vec::new();
        for number in 0..shape.sentinels {
            let file = files.path().join(format!("sentinel-{number}.conf"));
            let arguments = async || tls_arguments(tls, "--tls-replication").await;
            sentinels.push(RedisServer::sentinel(&file, &rules, arguments).await);
        }
        let servers = Self { master, replicas, sentinels, _files: files };
        servers.until_known().await;
        servers
    }

    /// A replica whose link is not up yet would be no candidate.
    async fn until_known(&self) {
        for replica in &self.replicas {
            eventually("the replica follows its primary", async || {
                let info: String =
                    from_redis_value(replica.cli(&["INFO", "replication"]).await).unwrap();
                info.contains("master_link_status:up").then_some(())
            })
            .await;
        }
        let known = format!("slaves={},sentinels={}", self.replicas.len(), self.sentinels.len());
        for sentinel in &self.sentinels {
            eventually("the Sentinel knows the others", async || {
                let info = sentinel.cli(&["INFO", "sentinel"]).await;
                let info: String = from_redis_value(info).unwrap();
                info.contains(&known).then_some(())
            })
            .await;
        }
    }

    /// How a link reaches it.
    pub(crate) fn target(&self) -> Target {
        self.reached_by("redis", RedisServer::url)
    }

    /// The same by TLS.
    pub(crate) fn tls_target(&self) -> Target {
        self.reached_by("rediss", RedisServer::tls_url)
    }

    fn reached_by(&self, scheme: &str, url: impl Fn(&RedisServer) -> String) -> Target {
        Target::Sentinel {
            nodes: self.sentinels.iter().map(url).collect(),
            master: MASTER.to_owned(),
            access: format!("{scheme}://{MASTER}:6379/"),
        }
    }

    /// As `store.url` says it, with some user, and parameters after it.
    pub(crate) fn store_url(&self, user: &str, parameters: &str) -> String {
        let ports = self.sentinels.iter().map(RedisServer::port);
        let hosts: Vec<String> = ports.map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis+sentinel://{user}{}/{MASTER}{parameters}", hosts.join(","))
    }
}

fn rules(port: &str, quorum: usize) -> String {
    format!(
        "sentinel monitor {MASTER} 127.0.0.1 {port} {quorum}\nsentinel down-after-milliseconds \
         {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n"
    )
}
