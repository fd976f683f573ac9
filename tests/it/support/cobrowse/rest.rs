//! Co-browse sessions over the Genesys REST calls, and the tokens of agents.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::super::{
    node::{Answer, Ask, SECRET, TestNode},
    tokens::Claims,
};

/// Where sessions live.
pub(crate) const SESSIONS: &str = "/cobrowse/rest/live/sessions";
/// A site of every node of [`shop`].
pub(crate) const SHOP: &str = "https://shop.example.com";

/// A node whose visitors are on [`SHOP`], with these variables beside.
pub(crate) async fn shop(variables: &[(&str, &str)]) -> TestNode {
    let sites = [("BATON_COBROWSE__ALLOWED_ORIGINS", SHOP)];
    TestNode::start(&[&sites, variables].concat()).await
}

/// Claims of a person of the default tenant.
pub(crate) fn staff(role: &str, subject: &str) -> Claims {
    let claims = Claims::of("", "").without("publisherId").without("customerId");
    claims.with("role", role).with("sub", subject)
}

/// The token of a person of the default tenant.
pub(crate) fn token(role: &str, subject: &str) -> String {
    staff(role, subject).sign(SECRET)
}

/// A session that was created.
pub(crate) struct Live<'a> {
    node: &'a TestNode,
    /// `sessionToken`.
    pub(crate) token: String,
    /// `customerToken`.
    pub(crate) customer_token: String,
}

impl<'a> Live<'a> {
    /// A new session of the default tenant.
    pub(crate) async fn create(node: &'a TestNode) -> Self {
        Self::of(node, node.call(Method::POST, SESSIONS)).await
    }

    /// The session that a request creates.
    pub(crate) async fn of(node: &'a TestNode, request: RequestBuilder) -> Self {
        let body = request.answer().await.ok();
        let (token, customer_token) = (text(&body, "sessionToken"), text(&body, "customerToken"));
        Self { node, token, customer_token }
    }

    /// Its path.
    pub(crate) fn path(&self) -> String {
        format!("{SESSIONS}/{}", self.token)
    }

    /// Joins with a body, and with a token or none.
    pub(crate) async fn join(&self, body: Value, token: Option<&str>) -> Answer {
        let call = self.node.call(Method::POST, &format!("{}/users", self.path())).json(&body);
        let call = if let Some(token) = token { call.bearer_auth(token) } else { call };
        call.answer().await
    }

    /// The customer joins.
    pub(crate) async fn customer(&self) -> Value {
        let body = json!({ "role": 1, "name": "Vera", "customerToken": self.customer_token });
        self.join(body, None).await.ok()
    }

    /// An agent of that name joins.
    pub(crate) async fn agent(&self, subject: &str) -> Value {
        self.join(json!({ "role": 2 }), Some(&token("agent", subject))).await.ok()
    }

    /// A controller of that name joins.
    pub(crate) async fn controller(&self, subject: &str) -> Value {
        self.join(json!({ "role": 3 }), Some(&token("controller", subject))).await.ok()
    }

    /// Looks it up from the [`SHOP`].
    pub(crate) async fn look(&self) -> Answer {
        self.node.call(Method::GET, &self.path()).header("origin", SHOP).answer().await
    }
}

/// A user says `stop` or `exit`.
pub(crate) async fn say(node: &TestNode, method: Method, user: &Value, what: &str) -> Answer {
    let token = text(user, "userToken");
    let path = format!("/cobrowse/rest/live/users/{token}/session/{what}");
    node.call(method, &path).answer().await
}

/// The history of a session, asked for by whoever holds that token.
pub(crate) async fn history(node: &TestNode, user: &Value, token: &str) -> Answer {
    let id = text(user, "sessionHistoryId");
    node.bearer(token).get(&format!("/cobrowse/rest/history/sessions/{id}")).await
}

/// A member that is a text.
pub(crate) fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("{member}: {body}")).to_owned()
}
