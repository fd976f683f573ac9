//! The steps every test takes: a session, an agent in it, a page that is watched.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::{Page, PageOptions, SITE, Watcher, agent_token, http},
    in_time,
    node::TestNode,
};

/// Settings of a node whose visitors are on [`SITE`].
pub(crate) const SITES: (&str, &str) = ("BATON_COBROWSE__ALLOWED_ORIGINS", SITE);

/// One node with its embedded store.
pub(crate) async fn node(more: &[(&str, &str)]) -> TestNode {
    TestNode::start(&[&[SITES], more].concat()).await
}

/// Calls a node and takes the JSON of a good answer.
pub(crate) async fn call(
    node: SocketAddr,
    method: Method,
    path: &str,
    bearer: Option<&str>,
    body: &Value,
) -> (u16, Value) {
    let mut request = http().request(method, format!("http://{node}{path}"));
    request = request.header("origin", SITE).json(body);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    in_time("an answer", async {
        let response = request.send().await.expect("the node answers");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a whole answer");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    })
    .await
}

/// A session that its customer's page began.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) token: String,
    pub(crate) customer: String,
}

impl Live {
    /// Creates one at a node.
    pub(crate) async fn begin(node: SocketAddr) -> Self {
        let path = "/cobrowse/rest/live/sessions";
        let (status, body) = call(node, Method::POST, path, None, &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        let text = |member: &str| body[member].as_str().expect(member).to_owned();
        Self { token: text("sessionToken"), customer: text("customerToken") }
    }

    /// Lets an agent or controller join at a node: its `userToken`.
    pub(crate) async fn join(
        &self,
        node: SocketAddr,
        secret: &str,
        agent: &str,
        role: &str,
    ) -> String {
        let number = if role == "controller" { 3 } else { 2 };
        let bearer = agent_token(secret, agent, role);
        let path = format!("/cobrowse/rest/live/sessions/{}/users", self.token);
        let body = json!({ "role": number });
        let (status, body) = call(node, Method::POST, &path, Some(&bearer), &body).await;
        assert_eq!(status, 200, "{body}");
        body["userToken"].as_str().expect("a userToken").to_owned()
    }
}

/// An active session: a page that shows itself at one node, and its agent at another.
pub(crate) async fn watched(
    visitor_at: SocketAddr,
    agent_at: SocketAddr,
    secret: &str,
) -> (Live, Page, Watcher) {
    let live = Live::begin(visitor_at).await;
    let user = live.join(agent_at, secret, "ann", "agent").await;
    let mut page = Page::of_session(visitor_at, &live.customer).await;
    let mut watcher = Watcher::open(agent_at, &user).await;
    page.status("active").await;
    watcher.status("active").await;
    (live, page, watcher)
}

/// The same page with a new line, to a node: the old one is broken.
pub(crate) async fn back(mut page: Page, node: SocketAddr, options: PageOptions) -> Page {
    let text = String::from_utf8(page.text().await).expect("pages are texts");
    let epoch = page.seen().epoch + 1;
    drop(page);
    Page::open(node, PageOptions { text, epoch, ..options }).await
}

/// The options of a page that has the customer's secret of a session, and is not asked again.
pub(crate) fn of_session(customer: &str) -> PageOptions {
    PageOptions { token: Some(customer.to_owned()), ..PageOptions::default() }
}
