//! An agent's application: it lists visitors and makes watch links, at any node.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use super::http;
use crate::support::node::{Answer, Ask};

/// `watch.api_key`.
pub(crate) const API_KEY: &str = "the key of the agents' application, for tests";

/// The application, calling one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desk(pub(crate) SocketAddr);

impl Desk {
    /// Calls the v1.1 API.
    pub(crate) async fn call(self, method: Method, path: &str, body: &Value) -> Answer {
        let request = http().request(method, format!("http://{}/v1.1{path}", self.0));
        request.header("x-api-key", API_KEY).json(body).answer().await
    }

    /// The visitors that a search names.
    pub(crate) async fn list(self, search: &str) -> Vec<Value> {
        let path = format!("/list.json?search={search}");
        let body = self.call(Method::GET, &path, &Value::Null).await.ok();
        body["visitors"].as_array().expect("a list").clone()
    }

    /// The ids of the visitors that a search names.
    pub(crate) async fn ids(self, search: &str) -> Vec<String> {
        let id = |visitor: &Value| visitor["short_id"].as_str().expect("an id").to_owned();
        self.list(search).await.iter().map(id).collect()
    }

    /// One visitor.
    pub(crate) async fn visitor(self, id: &str) -> Value {
        let path = format!("/visitors/{id}.json");
        self.call(Method::GET, &path, &Value::Null).await.ok()["visitor"].clone()
    }

    /// Asks for a watch link.
    pub(crate) async fn ask(self, visitor: &str, agent: &str, permissions: &Value) -> Answer {
        let agent = json!({ "id": agent, "name": format!("Agent {agent}") });
        let body = json!({ "agent": agent, "permissions": permissions });
        self.call(Method::POST, &format!("/visitors/{visitor}/watch_url.json"), &body).await
    }

    /// The token of a watch link with the usual permissions.
    pub(crate) async fn link(self, visitor: &str, agent: &str) -> String {
        self.link_with(visitor, agent, &json!({})).await
    }

    /// The token of a watch link.
    pub(crate) async fn link_with(self, visitor: &str, agent: &str, may: &Value) -> String {
        let body = self.ask(visitor, agent, may).await.ok();
        let url = body["watch_url"].as_str().expect("a URL");
        url.rsplit_once('/').expect("a path").1.to_owned()
    }

    /// Ends the session of a visitor.
    pub(crate) async fn end(self, visitor: &str) -> Answer {
        self.call(Method::DELETE, &format!("/visitors/{visitor}/session"), &Value::Null).await
    }

    /// `online_now`, and the sessions watched `now` and `today`.
    pub(crate) async fn usage(self) -> [u64; 3] {
        let usage = self.call(Method::GET, "/usage.json", &Value::Null).await.ok()["usage"].take();
        let sessions = &usage["session_counts"];
        [&usage["visitors"]["online_now"], &sessions["now"], &sessions["today"]]
            .map(|count| count.as_u64().expect("a count"))
    }
}
