//! A customer of a streaming company, who may ask any node.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Cluster, Player};

/// A customer with a token.
pub(crate) struct Customer<'a> {
    cluster: &'a Cluster,
    /// The `customerId`.
    pub(crate) id: String,
    token: String,
}

/// An admission: what the player of a session needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) session: String,
    pub(crate) endpoint: String,
}

impl Ticket {
    /// What an answer admits to.
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let text = |member: &str| answer.body[member].as_str().expect(member).to_owned();
        Self { session: text("sessionId"), endpoint: text("endpoint") }
    }
}

impl<'a> Customer<'a> {
    pub(super) fn new(cluster: &'a Cluster, id: &str, token: String) -> Self {
        Self { cluster, id: id.to_owned(), token }
    }

    /// Asks a node for a session of that name.
    pub(crate) async fn ask(&self, node: usize, name: &str) -> Answer {
        self.post(node, "/sessions", None, &json!({ "sessionName": name, "offerId": "basic" }))
            .await
    }

    /// Asks a node for a session of that name, to be answered once per key.
    pub(crate) async fn ask_once(&self, node: usize, name: &str, key: &str) -> Answer {
        let body = json!({ "sessionName": name, "offerId": "basic" });
        self.post(node, "/sessions", Some(key), &body).await
    }

    /// Asks a node for a session, which has to be admitted.
    pub(crate) async fn admitted(&self, node: usize, name: &str) -> Ticket {
        Ticket::of(&self.ask(node, name).await)
    }

    /// Asks a node for a session, which has to be refused; the names of those that play.
    pub(crate) async fn refused(&self, node: usize, name: &str) -> Vec<String> {
        let answer = self.ask(node, name).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        names(&answer.body["details"]["activeSessions"])
    }

    /// Asks a node for a session in the place of a running one.
    pub(crate) async fn take_over(&self, node: usize, running: &str, name: &str) -> Answer {
        let body = json!({ "sessionName": name, "offerId": "basic", "sessionId": running });
        self.post(node, "/takeover", None, &body).await
    }

    /// A session through one node, its player's socket on another.
    pub(crate) async fn plays(&self, asked: usize, node: usize, name: &str) -> (Ticket, Player) {
        let ticket = self.admitted(asked, name).await;
        let player = Player::starts(self.cluster, node, &ticket).await;
        (ticket, player)
    }

    /// The running sessions as a node lists them.
    pub(crate) async fn list(&self, node: usize) -> Vec<Value> {
        let answer = self.call(node, Method::GET, "/sessions").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body["activeSessions"].as_array().expect("a list of sessions").clone()
    }

    /// The names of the running sessions.
    pub(crate) async fn names(&self, node: usize) -> Vec<String> {
        names(&Value::Array(self.list(node).await))
    }

    /// Ends a session.
    pub(crate) async fn end(&self, node: usize, session: &str) -> StatusCode {
        self.call(node, Method::DELETE, &format!("/sessions/{session}")).await.status
    }

    /// A call of the Media Play Sessions dialect, below the customer's own sessions.
    pub(crate) async fn media(&self, node: usize, method: Method, below: &str) -> Answer {
        let path = format!("/users/{}/media_play_sessions{below}", self.id);
        let body = json!({ "data": { "attributes": { "device_type": "tv" } } });
        let request = self.cluster.request(node, method, &path).json(&body);
        self.cluster.answer(request.bearer_auth(&self.token)).await
    }

    async fn call(&self, node: usize, method: Method, path: &str) -> Answer {
        let request = self.cluster.request(node, method, path).bearer_auth(&self.token);
        self.cluster.answer(request).await
    }

    async fn post(&self, node: usize, path: &str, key: Option<&str>, body: &Value) -> Answer {
        let mut request = self.cluster.request(node, Method::POST, path).bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.cluster.answer(request.json(body)).await
    }
}

fn names(sessions: &Value) -> Vec<String> {
    let sessions = sessions.as_array().expect("a list of sessions");
    sessions.iter().map(|session| session["name"].as_str().expect("a name").to_owned()).collect()
}
