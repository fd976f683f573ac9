//! What a secret opens, and that a wrong one tells nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::steps::{Live, call, node};
use crate::support::{
    cobrowse::{Page, PageOptions, SITE, Watcher},
    node::{SECRET, TestNode},
};

/// The refusals of both kinds of sockets.
async fn refusals(node: &TestNode, secret: &str) -> [u16; 2] {
    let at = node.node.public_addr;
    let options = PageOptions { token: Some(secret.to_owned()), ..PageOptions::default() };
    let page = Page::try_open(at, options, Some(SITE)).await;
    let watcher = Watcher::try_open(at, secret).await;
    [page.err().unwrap_or(101), watcher.err().unwrap_or(101)]
}

#[tokio::test]
async fn only_the_right_secret_is_told_that_its_session_is_over() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (live, ended) = (Live::begin(at).await, Live::begin(at).await);
    let agent = ended.join(at, SECRET, "ann", "controller").await;
    let path = format!("/cobrowse/rest/live/users/{agent}/session/stop");
    assert_eq!(call(at, Method::POST, &path, None, &Value::Null).await.0, 200);
    let never = if live.token == "000000000" { "000000001" } else { "000000000" };
    for token in [&*live.token, &*ended.token, never] {
        let wrong = format!("{token}{}", "0".repeat(32));
        assert_eq!(refusals(&node, &wrong).await, [404, 404], "{token}");
    }
    // Each is right for one of the two, and wrong for the other.
    assert_eq!(refusals(&node, &ended.customer).await, [410, 404]);
    assert_eq!(refusals(&node, &agent).await, [404, 410]);
    assert_eq!(refusals(&node, &live.customer).await, [101, 404]);
}

#[tokio::test]
async fn a_join_without_the_customers_token_tells_what_everybody_may_know() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let live = Live::begin(at).await;
    let path = format!("/cobrowse/rest/live/sessions/{}/users", live.token);
    let right = json!({ "role": 1, "customerToken": live.customer });
    let wrong = json!({ "role": 1, "customerToken": format!("{}{}", live.token, "0".repeat(32)) });
    let status = async |body: &Value| call(at, Method::POST, &path, None, body).await.0;
    // As the call that looks a session up: it goes on.
    assert_eq!([status(&json!({ "role": 1 })).await, status(&wrong).await], [403, 403]);
    let (joined, customer) = call(at, Method::POST, &path, None, &right).await;
    assert_eq!(joined, 200, "{customer}");
    let user = customer["userToken"].as_str().expect("a userToken");
    let exit = format!("/cobrowse/rest/live/users/{user}/session/exit");
    assert_eq!(call(at, Method::POST, &exit, None, &Value::Null).await.0, 200);
    for body in [&json!({ "role": 1 }), &wrong, &right] {
        assert_eq!(status(body).await, 404, "{body}");
    }
}

#[tokio::test]
async fn a_session_of_a_short_code_is_closed_to_those_without_a_secret() {
    let node = node(&[("BATON_COBROWSE__OPEN_JOIN", "true")]).await;
    let at = node.node.public_addr;
    let created = call(at, Method::PUT, "/assistserver/shortcode/create", None, &Value::Null).await;
    let code = created.1["shortCode"].as_str().expect("a code");
    let path = format!("/assistserver/shortcode/agent?appkey={code}");
    let cid = call(at, Method::GET, &path, None, &Value::Null).await.1;
    let token = &cid["cid"].as_str().expect("a cid")[..9];
    let path = format!("/cobrowse/rest/live/sessions/{token}/users");
    for (role, status) in [(1, 403), (2, 401), (3, 401)] {
        let (refused, body) = call(at, Method::POST, &path, None, &json!({ "role": role })).await;
        assert_eq!(refused, status, "{body}");
    }
}
