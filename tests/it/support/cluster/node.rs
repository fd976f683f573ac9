//! One node with a runtime of its own.

use std::net::SocketAddr;

use baton::{
    app::{Listeners, Node},
    config::Settings,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::super::{eventually, in_time, proxy::ChaosProxy};

/// A node of a cluster, alive or dead.
pub(crate) struct TestNode {
    /// Where clients reach it.
    pub(crate) public: SocketAddr,
    /// Where operators reach it.
    pub(crate) admin: SocketAddr,
    proxy: Option<ChaosProxy>,
    /// Between its peers and it.
    pub(super) peers: Option<ChaosProxy>,
    runtime: Option<Runtime>,
    drain: CancellationToken,
    force: CancellationToken,
    stopped: JoinHandle<()>,
}

/// What is known of a node that has started.
struct Started {
    public: SocketAddr,
    admin: SocketAddr,
    drain: CancellationToken,
    force: CancellationToken,
    stopped: JoinHandle<()>,
}

impl TestNode {
    /// Starts a node on free ports.
    pub(super) async fn start(variables: Vec<(String, String)>, proxy: Option<ChaosProxy>) -> Self {
        let settings = match Settings::load(None, variables, true) {
            Ok(settings) => settings,
            Err(error) => panic!("{error}"),
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let started = runtime.spawn(start(settings));
        let Started { public, admin, drain, force, stopped } = started.await.expect("it starts");
        Self { public, admin, proxy, peers: None, runtime: Some(runtime), drain, force, stopped }
    }

    /// What stands between it and Redis.
    pub(crate) fn proxy(&self) -> &ChaosProxy {
        self.proxy.as_ref().expect("the cluster was built through_proxies")
    }

    /// What stands between its peers and it.
    pub(crate) fn peers(&self) -> &ChaosProxy {
        self.peers.as_ref().expect("the cluster was built with_peers_apart")
    }

    /// Cancelled to drain and stop it.
    pub(crate) fn drain(&self) -> &CancellationToken {
        &self.drain
    }

    /// Cancelled to end a drain at once.
    pub(crate) fn force(&self) -> &CancellationToken {
        &self.force
    }

    /// Waits until it has stopped by itself.
    pub(crate) async fn until_stopped(&self) {
        let stopped = async || self.stopped.is_finished().then_some(());
        eventually("the node stops", stopped).await;
    }

    /// Drops everything it does in the midst of it, and closes what it has open.
    pub(super) async fn kill(&mut self) {
        self.abandon();
        let refuses = async || TcpStream::connect(self.public).await.err();
        eventually("the node is dead", refuses).await;
    }

    fn abandon(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.abandon();
    }
}

async fn start(settings: Settings) -> Started {
    let listen = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let listeners = Listeners { public: listen().await, admin: listen().await };
    let node = in_time("the start of a node", Node::start(&settings, listeners, false)).await;
    let node = node.expect("the settings are good");
    Started {
        public: node.public_addr,
        admin: node.admin_addr,
        drain: node.drain(),
        force: node.force(),
        stopped: tokio::spawn(async move { node.stopped().await.unwrap() }),
    }
}
