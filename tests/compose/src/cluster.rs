//! A cluster as its clients see it: the balancer's listeners, and what the tests must know to call.

use std::{net::SocketAddr, sync::OnceLock, time::Duration};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    answer::{Answer, Trouble},
    support::{cobrowse::SITE, eventually, tokens::Claims},
};

/// Nodes of the cluster.
pub const NODES: usize = 3;
/// The cookie that brings a customer back to the host.
pub const COOKIE: &str = "gcbSessionServer";
/// The publisher of the tests' customers.
const TENANT: &str = "acme";
/// One call; nobody waits for longer than a player would.
const PATIENCE: Duration = Duration::from_secs(10);

/// One look at where the balancer sends somebody.
const LOOK: Duration = Duration::from_secs(1);

/// The name of a node, which is also the cookie's value.
pub fn name(node: usize) -> String {
    format!("node{}", node + 1)
}

/// Where a cluster is reached, and the secrets of those who call it.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The balancer's listener for all nodes.
    pub public: SocketAddr,
    /// Its listeners for one node each.
    pub nodes: [SocketAddr; NODES],
    /// Its listener for the nodes' admin API.
    pub admin: SocketAddr,
    /// `admin.token`.
    pub admin_token: String,
    /// `auth.secret`.
    pub auth_secret: String,
}

/// A node as the registry knows it.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// It takes work.
    pub is_ready: bool,
    /// When this life of it began.
    pub started_ms: u64,
    /// Sockets open at it.
    pub sockets: u64,
    /// Stream sessions whose socket it holds.
    pub held: u64,
    /// Co-browse sessions it hosts.
    pub hosted: u64,
}

impl Cluster {
    /// Calls a listener. `credentials`: headers beside the site's origin.
    pub(crate) async fn call(
        &self,
        at: SocketAddr,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, Trouble> {
        let mut request = http().request(method, format!("http://{at}{path}"));
        request = request.header("origin", SITE).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await?).await
    }

    /// A customer's `Authorization`, whose account has that limit.
    pub(crate) fn customer(&self, customer: &str, limit: u32) -> String {
        bearer(&Claims::of(TENANT, customer).with("limit", limit).sign(&self.auth_secret))
    }

    /// An agent's `Authorization`.
    pub(crate) fn agent(&self, agent: &str) -> String {
        let claims = Claims::of("default", "").without("customerId").with("role", "agent");
        bearer(&claims.with("sub", agent).with("name", agent).sign(&self.auth_secret))
    }

    /// Reads the admin API, by whatever node answers.
    pub(crate) async fn admin(&self, path: &str) -> Result<Answer, Trouble> {
        let token = bearer(&self.admin_token);
        let headers = [("authorization", token.as_str())];
        self.call(self.admin, Method::GET, path, &headers, &Value::Null).await?.only(200)
    }

    /// Ids of the live sessions of an account and the nodes that hold their sockets, in order.
    pub(crate) async fn account(&self, customer: &str) -> Vec<(String, Option<String>)> {
        let path = format!("/api/v1/accounts/{TENANT}/{customer}/sessions");
        let body = eventually("the account is told", async || self.admin(&path).await.ok()).await;
        let sessions = body.json["sessions"].as_array().expect("a list").iter();
        let mut found: Vec<_> = sessions
            .map(|session| {
                let id = session["id"].as_str().expect("an id").to_owned();
                (id, session["node"].as_str().map(str::to_owned))
            })
            .collect();
        found.sort();
        found
    }

    /// The nodes that the registry lists, by name.
    pub(crate) async fn members(&self) -> Result<Vec<Member>, Trouble> {
        let body = self.admin("/api/v1/nodes").await?;
        let nodes = body.json["nodes"].as_array().ok_or("no list of nodes")?.iter();
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let mut members: Vec<_> = nodes
            .map(|node| Member {
                name: node["name"].as_str().unwrap_or_default().to_owned(),
                is_ready: node["load"]["ready"] == true && node["draining"] == false,
                started_ms: count(&node["started_ms"]),
                sockets: count(&node["sockets"]),
                held: count(&node["load"]["held_streams"]),
                hosted: count(&node["load"]["hosted_sessions"]),
            })
            .collect();
        members.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(members)
    }

    /// A member by its name; none where the registry does not list it.
    pub(crate) async fn member(&self, node: usize) -> Option<Member> {
        let members = self.members().await.ok()?;
        members.into_iter().find(|member| member.name == name(node))
    }

    /// Waits until the registry says that of its members.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&[Member]) -> bool) -> Vec<Member> {
        eventually(what, async || self.members().await.ok().filter(|members| holds(members))).await
    }

    /// Waits until a node is a member that takes work, and the balancer sends it some. A life that
    /// began before `after_ms` does not count.
    pub async fn joined(&self, node: usize, after_ms: u64) {
        let what = format!("{} is a member", name(node));
        self.until(&what, |members| {
            members.iter().any(|member| {
                member.name == name(node) && member.is_ready && member.started_ms > after_ms
            })
        })
        .await;
        self.is_served_by(node).await;
    }

    /// Waits until the balancer sends those who bring a node's cookie to that node.
    pub(crate) async fn is_served_by(&self, node: usize) {
        eventually(&format!("the balancer uses {}", name(node)), async || {
            let to = self.led_to(node).await?;
            (to == name(node)).then_some(())
        })
        .await;
    }

    /// Waits until the balancer sends nobody to a node any more.
    pub(crate) async fn is_avoided(&self, node: usize) {
        eventually(&format!("the balancer avoids {}", name(node)), async || {
            let to = self.led_to(node).await?;
            (to != name(node)).then_some(())
        })
        .await;
    }

    /// Where the balancer sends those who bring a node's cookie; none where nobody answers.
    async fn led_to(&self, node: usize) -> Option<String> {
        let cookie = format!("{COOKIE}={}", name(node));
        let headers = [("cookie", cookie.as_str())];
        let call = self.call(self.public, Method::GET, "/cobrowse/health", &headers, &Value::Null);
        // A node that just went may keep a call until the balancer gives it up.
        let answer = timeout(LOOK, call).await.ok()?.ok()?.only(200).ok()?;
        // Sent elsewhere, a client is told so by another cookie.
        Some(answer.server().map_or_else(|| name(node), str::to_owned))
    }

    /// Waits until all nodes are there and take work.
    pub async fn is_whole(&self) {
        for node in 0..NODES {
            self.joined(node, 0).await;
        }
    }

    /// Creates a stream session: its id and its `endpoint`, or the answer that refused it.
    pub(crate) async fn create(
        &self,
        at: SocketAddr,
        bearer: &str,
        name: &str,
        key: &str,
    ) -> Result<Answer, Trouble> {
        let headers = [("authorization", bearer), ("idempotency-key", key)];
        let body = json!({ "sessionName": name, "offerId": "S1" });
        self.call(at, Method::POST, "/sessions", &headers, &body).await
    }
}

/// The value of an `Authorization` header.
fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// One client for all: its connections to the balancer are kept, as browsers keep theirs.
fn http() -> &'static Client {
    static HTTP: OnceLock<Client> = OnceLock::new();
    HTTP.get_or_init(|| {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build();
        client.expect("a client")
    })
}
