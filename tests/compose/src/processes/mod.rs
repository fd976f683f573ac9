//! A cluster of processes: redis-server, three `baton` nodes and HAProxy on loopback.

mod child;
pub(crate) mod ports;

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
};

use futures_util::FutureExt;
use tokio::{net::TcpStream, sync::Mutex};

use self::child::Child;
use crate::{
    cluster::{Cluster, NODES, name},
    machines::Machines,
    support::{cobrowse::SITE, eventually},
};

/// Not worth a secret: all of it listens on loopback, for as long as a test runs.
const SECRET: &str = "of-the-tests-0123456789-0123456789";
/// Waves in which a draining node sends its sockets away are spread over so many seconds.
const DRAIN_SECONDS: &str = "2";

/// The machines.
pub struct Processes {
    cluster: Cluster,
    redis: Child,
    redis_at: SocketAddr,
    balancer: Child,
    nodes: [Mutex<Node>; NODES],
}

/// One node, which runs or does not.
struct Node {
    listen: SocketAddr,
    admin: SocketAddr,
    process: Option<Child>,
}

impl Processes {
    /// Runs a scenario on a cluster of its own; where it fails, what the programs wrote is shown.
    pub async fn run(scenario: impl AsyncFnOnce(&Self)) {
        let processes = Self::start().await;
        let outcome = AssertUnwindSafe(scenario(&processes)).catch_unwind().await;
        if outcome.is_err() {
            eprintln!("{}", processes.log().await);
        }
        processes.end().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    }

    /// Starts a cluster; returns once every node takes work.
    async fn start() -> Self {
        let redis_at = ports::free();
        let port = redis_at.port().to_string();
        let redis = [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
        ];
        let redis = Child::start(&redis, &[], "").await;
        eventually("redis-server listens", async || TcpStream::connect(redis_at).await.ok()).await;
        let cluster = Cluster {
            public: ports::free(),
            nodes: std::array::from_fn(|_| ports::free()),
            admin: ports::free(),
            admin_token: SECRET.to_owned(),
            auth_secret: SECRET.to_owned(),
        };
        let nodes = std::array::from_fn(|_| Node {
            listen: ports::free(),
            admin: ports::free(),
            process: None,
        });
        let config = balancer(&cluster, &nodes);
        let balancer = Child::start(&["haproxy", "-db", "-f", "config"], &[], &config).await;
        let nodes = nodes.map(Mutex::new);
        let processes = Self { cluster, redis, redis_at, balancer, nodes };
        for node in 0..NODES {
            processes.start(node).await;
        }
        processes.cluster.is_whole().await;
        processes
    }

    /// Ends them all.
    async fn end(self) {
        for node in self.nodes {
            if let Some(process) = node.into_inner().process {
                process.end().await;
            }
        }
        self.balancer.end().await;
        self.redis.end().await;
    }

    /// What they wrote, for those who look for a fault.
    async fn log(&self) -> String {
        let mut log = format!("haproxy:\n{}", self.balancer.log());
        for (at, node) in self.nodes.iter().enumerate() {
            let node = node.lock().await;
            let told = node.process.as_ref().map(Child::log).unwrap_or_default();
            log.push_str(&format!("{}:\n{told}", name(at)));
        }
        log
    }

    async fn take(&self, node: usize) -> Child {
        self.nodes[node].lock().await.process.take().expect("it runs")
    }
}

impl Machines for Processes {
    fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    async fn kill(&self, node: usize) {
        self.take(node).await.end().await;
    }

    async fn stop(&self, node: usize) {
        let mut process = self.take(node).await;
        process.signal("TERM").await;
        let code = process.ended().await;
        assert_eq!(code, 0, "{} drained in order:\n{}", name(node), process.log());
        process.end().await;
    }

    async fn start(&self, node: usize) {
        let mut own = self.nodes[node].lock().await;
        let (listen, admin) = (own.listen.to_string(), own.admin.to_string());
        let variables = [
            ("BATON_LISTEN", listen.clone()),
            ("BATON_ADMIN__LISTEN", admin),
            ("BATON_ADMIN__TOKEN", SECRET.to_owned()),
            ("BATON_NODE__NAME", name(node)),
            ("BATON_NODE__SERVER_URL", format!("http://{}", self.cluster.nodes[node])),
            ("BATON_NODE__INTERNAL_URL", format!("http://{listen}")),
            ("BATON_NODE__DRAIN_SECONDS", DRAIN_SECONDS.to_owned()),
            ("BATON_PUBLIC_URL", format!("http://{}", self.cluster.public)),
            ("BATON_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("BATON_STORE__URL", format!("redis://{}", self.redis_at)),
            ("BATON_CLUSTER__SECRET", SECRET.to_owned()),
            ("BATON_AUTH__SECRET", SECRET.to_owned()),
            ("BATON_COBROWSE__ALLOWED_ORIGINS", SITE.to_owned()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let binary = binary();
        let arguments = [binary.to_str().expect("a readable path"), "serve"];
        own.process = Some(Child::start(&arguments, &variables, "").await);
    }

    async fn freeze_store(&self) {
        self.redis.signal("STOP").await;
    }

    async fn thaw_store(&self) {
        self.redis.signal("CONT").await;
    }

    async fn is_green(&self, node: usize, probe: &str) -> bool {
        let admin = self.nodes[node].lock().await.admin;
        let get = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = get.get(format!("http://{admin}/{probe}")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

/// The configuration of docker-compose.yml's balancer, with addresses of this cluster in it.
fn balancer(cluster: &Cluster, nodes: &[Node; NODES]) -> String {
    let shipped = include_str!("../../../../deploy/compose/haproxy.cfg");
    let mut config = shipped.to_owned();
    let mut set = |shipped: &str, ours: &dyn std::fmt::Display| {
        assert!(config.contains(shipped), "deploy/compose/haproxy.cfg has no {shipped}");
        config = config.replace(shipped, &ours.to_string());
    };
    set("bind :8700", &format!("bind {}", cluster.public));
    set("bind :8701", &format!("bind {}", cluster.admin));
    set("bind :8405", &format!("bind {}", ports::free()));
    for (at, node) in nodes.iter().enumerate() {
        let (name, port, own) = (name(at), 8711 + at, cluster.nodes[at]);
        set(&format!("bind :{port}"), &format!("bind {own}"));
        set(&format!("dst_port {port}"), &format!("dst_port {}", own.port()));
        // The nodes of containers have one port for their probes; here each has its own.
        let checked = format!("check port {}", node.admin.port());
        set(
            &format!("{name}:8700 cookie {name} check port 8701"),
            &format!("{} cookie {name} {checked}", node.listen),
        );
        set(&format!("{name}:8700 check port 8701"), &format!("{} {checked}", node.listen));
        set(&format!("{name}:8700"), &node.listen);
        set(&format!("{name}:8701"), &node.admin);
    }
    config
}

/// The `baton` program, which cargo puts two directories above a test, or beside a program.
fn binary() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let mut places = this.ancestors().skip(1).take(2).map(|place: &Path| place.join("baton"));
    let found = places.find(|path| path.is_file());
    found.expect("no `baton` beside the tests: cargo build --workspace --all-targets")
}
