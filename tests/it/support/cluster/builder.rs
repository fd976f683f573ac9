//! Describes a cluster and starts it.

use std::time::Duration;

use super::{
    super::{
        proxy::ChaosProxy,
        redis::{RedisServer, shared_redis, unique_prefix},
    },
    Cluster, Redis, SECRET, TestNode,
};

/// A connection that was idle for longer is not used again: after 30 s its node closes it.
const IDLE: Duration = Duration::from_secs(10);

/// A setting's key, and its value at the node of that number.
type OfEach = (String, fn(usize) -> String);

/// What a cluster shall be like.
pub(crate) struct ClusterBuilder {
    nodes: usize,
    own_redis: bool,
    store_url: Option<String>,
    through_proxies: bool,
    peers_apart: bool,
    settings: Vec<(String, String)>,
    own: Vec<OfEach>,
}

impl ClusterBuilder {
    pub(super) fn new(nodes: usize) -> Self {
        let settings = [
            ("cluster.secret", SECRET),
            ("auth.secret", SECRET),
            // What a test does not ask for must not happen in it, however slow the machine is.
            ("streams.lease_seconds", "600"),
            ("streams.connect_grace_seconds", "600"),
            ("streams.reconnect_grace_seconds", "600"),
            ("streams.pong_timeout_ms", "60000"),
            ("store.timeout_ms", "5000"),
            ("node.drain_seconds", "0"),
        ];
        let settings =
            settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        Self {
            nodes,
            own_redis: false,
            store_url: None,
            through_proxies: false,
            peers_apart: false,
            settings,
            own: Vec::new(),
        }
    }

    /// Sets a setting of every node, by its key as in the file.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// Sets a setting of each node by its number.
    #[must_use]
    pub(crate) fn with_each(mut self, key: &str, value: fn(usize) -> String) -> Self {
        self.own.push((key.to_owned(), value));
        self
    }

    /// The cluster has a Redis of its own, to be stopped, frozen, flushed or watched.
    #[must_use]
    pub(crate) fn on_own_redis(mut self) -> Self {
        self.own_redis = true;
        self
    }

    /// The cluster is at servers that the test keeps.
    #[must_use]
    pub(crate) fn at(mut self, store_url: String) -> Self {
        self.store_url = Some(store_url);
        self
    }

    /// Each node reaches Redis through a proxy of its own.
    #[must_use]
    pub(crate) fn through_proxies(mut self) -> Self {
        self.through_proxies = true;
        self
    }

    /// Each node is reached by its peers through a proxy of its own.
    #[must_use]
    pub(crate) fn with_peers_apart(mut self) -> Self {
        self.peers_apart = true;
        self
    }

    /// Starts the nodes and waits until all of them are ready.
    pub(crate) async fn start(self) -> Cluster {
        let redis = if let Some(url) = self.store_url {
            Redis::Elsewhere(url)
        } else if self.own_redis {
            Redis::Own(RedisServer::start().await)
        } else {
            Redis::Shared(shared_redis().await)
        };
        // Proxies of the environment have no business between a test and its nodes.
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(IDLE).build();
        let http = http.expect("a client");
        let prefix = unique_prefix();
        let mut cluster = Cluster { nodes: Vec::new(), redis, prefix, http };
        for number in 0..self.nodes {
            let proxy = if self.through_proxies {
                Some(ChaosProxy::start(cluster.redis().port()).await)
            } else {
                None
            };
            let url = match (&proxy, &cluster.redis) {
                (Some(proxy), _) => proxy.url(),
                (None, Redis::Elsewhere(url)) => url.clone(),
                (None, Redis::Shared(server)) => server.user_url(),
                (None, Redis::Own(server)) => server.url(),
            };
            let name = format!("node-{number}");
            let own = [
                ("store.url".to_owned(), url),
                ("store.key_prefix".to_owned(), cluster.prefix.clone()),
                ("node.name".to_owned(), name),
            ];
            let peers = if self.peers_apart { Some(ChaosProxy::start(0).await) } else { None };
            let internal = peers.as_ref().map(|peers| {
                ("node.internal_url".to_owned(), format!("http://127.0.0.1:{}", peers.port()))
            });
            let each = self.own.iter().map(|(key, value)| (key.clone(), value(number)));
            let settings = self.settings.iter().cloned().chain(own).chain(internal).chain(each);
            let variables = settings.map(variable);
            let mut node = TestNode::start(variables.collect(), proxy).await;
            if let Some(peers) = &peers {
                peers.lead_to(node.public.port());
            }
            node.peers = peers;
            cluster.nodes.push(node);
        }
        cluster.ready().await;
        cluster
    }
}

/// A setting as an environment variable.
fn variable((key, value): (String, String)) -> (String, String) {
    (format!("BATON_{}", key.replace('.', "__").to_uppercase()), value)
}
