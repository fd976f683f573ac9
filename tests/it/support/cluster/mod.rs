//! Clusters of real nodes in this process, and who talks to them.
//!
//! Each node has a runtime of its own, so that it can die as a process does.

mod builder;
mod customer;
mod node;
mod player;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

pub(crate) use self::{
    builder::ClusterBuilder,
    customer::{Customer, Ticket},
    node::TestNode,
    player::Player,
};
use super::{eventually, in_time, redis::RedisServer, tokens::Claims};

/// HS256 secret of the tenant, which is also that of the cluster.
pub(crate) const SECRET: &str = "a secret of the tests, longer than 32 bytes";
/// The tenant of all customers.
pub(crate) const TENANT: &str = "streamer";

/// Some nodes on one Redis.
pub(crate) struct Cluster {
    nodes: Vec<TestNode>,
    redis: Redis,
    prefix: String,
    http: reqwest::Client,
}

/// The server the nodes are on.
enum Redis {
    Shared(&'static RedisServer),
    Own(RedisServer),
    /// The test keeps it; `store.url`.
    Elsewhere(String),
}

/// What a node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Null where the answer had no body.
    pub(crate) body: Value,
}

impl Cluster {
    /// A cluster of so many nodes, to be described further.
    pub(crate) fn of(nodes: usize) -> ClusterBuilder {
        ClusterBuilder::new(nodes)
    }

    /// The node of that number, counted from 0.
    pub(crate) fn node(&self, node: usize) -> &TestNode {
        &self.nodes[node]
    }

    /// How many nodes there are, the dead included.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The Redis of the cluster.
    pub(crate) fn redis(&self) -> &RedisServer {
        match &self.redis {
            Redis::Shared(server) => server,
            Redis::Own(server) => server,
            Redis::Elsewhere(_) => panic!("the servers are the test's"),
        }
    }

    /// What all its keys and channels begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A customer with a token of the tenant.
    pub(crate) fn customer(&self, id: &str) -> Customer<'_> {
        Customer::new(self, id, Claims::of(TENANT, id).sign(SECRET))
    }

    /// Ends a node as SIGKILL does: nothing is said, nothing is put in order.
    pub(crate) async fn kill(&mut self, node: usize) {
        self.nodes[node].kill().await;
    }

    /// Waits until every node takes work.
    pub(crate) async fn ready(&self) {
        for node in 0..self.len() {
            self.until_ready(node).await;
        }
    }

    /// Waits until a node takes work.
    pub(crate) async fn until_ready(&self, node: usize) {
        self.until_readiness(node, true).await;
    }

    /// Waits until a node takes no work. It is alive all the time.
    pub(crate) async fn until_not_ready(&self, node: usize) {
        self.until_readiness(node, false).await;
    }

    async fn until_readiness(&self, node: usize, ready: bool) {
        let what = format!("node {node} is {}ready", if ready { "" } else { "not " });
        eventually(&what, async || {
            assert!(self.is_alive(node).await, "/livez of node {node}");
            (self.is_ready(node).await == ready).then_some(())
        })
        .await;
    }

    /// What `/readyz` says.
    pub(crate) async fn is_ready(&self, node: usize) -> bool {
        self.admin(node, Method::GET, "/readyz").await.status == StatusCode::OK
    }

    /// What `/livez` says.
    pub(crate) async fn is_alive(&self, node: usize) -> bool {
        self.admin(node, Method::GET, "/livez").await.status == StatusCode::OK
    }

    /// The value of a metric, written with its labels as in the text; 0 where it was never counted.
    pub(crate) async fn metric(&self, node: usize, name: &str) -> u64 {
        let url = format!("http://{}/metrics", self.nodes[node].admin);
        let text = in_time("metrics", async {
            self.http.get(url).send().await.expect("a node").text().await.expect("a text")
        });
        let text = text.await;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(value).unwrap_or(0)
    }

    /// A call to a node's admin listener.
    pub(crate) async fn admin(&self, node: usize, method: Method, path: &str) -> Answer {
        let url = format!("http://{}{path}", self.nodes[node].admin);
        self.answer(self.http.request(method, url)).await
    }

    /// The names in the registry of nodes, as one node shows it.
    pub(crate) async fn registered(&self, node: usize) -> Vec<String> {
        let answer = self.admin(node, Method::GET, "/api/v1/nodes").await;
        let nodes = answer.body["nodes"].as_array().expect("a list of nodes").clone();
        nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// A request to a node's public listener.
    pub(crate) fn request(
        &self,
        node: usize,
        method: Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.nodes[node].public))
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        in_time("an answer", async {
            let response = request.send().await.expect("the node answers");
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response.text().await.expect("the answer is a text");
            Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
        })
        .await
    }
}
