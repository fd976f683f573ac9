//! The v1.1 API from outside: its key, its errors, the bounds of what it takes.

use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use crate::support::node::{Answer, Ask, PUBLISHER, SECRET, TestNode};

const KEY: &str = "an API key, for tests, and long enough";
const WITH_KEY: (&str, &str) = ("BATON_WATCH__API_KEY", KEY);
const NOBODY: &str = "/v1.1/visitors/0123456789abcdef0123";

/// All calls, each for a visitor whom nobody knows where it is for one.
fn calls(node: &TestNode) -> Vec<RequestBuilder> {
    vec![
        node.call(Method::GET, "/v1.1/list.json"),
        node.call(Method::GET, "/v1.1/list.json?search=jane"),
        node.call(Method::GET, "/v1.1/usage.json"),
        node.call(Method::GET, &format!("{NOBODY}.json")),
        node.call(Method::POST, &format!("{NOBODY}/watch_url.json")).json(&ann()),
        node.call(Method::DELETE, &format!("{NOBODY}/session")),
    ]
}

fn ann() -> Value {
    json!({ "agent": { "id": "a1", "name": "Ann" } })
}

/// An error in the words of this API.
fn is_error(answer: &Answer, status: u16, word: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!((&answer.body["status"], &answer.body["error"]), (&json!("error"), &json!(word)));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(status == 401, !answer.header("www-authenticate").is_empty());
}

#[tokio::test]
async fn without_the_key_it_is_401() {
    let node = TestNode::start(&[WITH_KEY]).await;
    for wrong in [None, Some(""), Some("x"), Some(&KEY[1..]), Some(SECRET), Some(PUBLISHER)] {
        for call in calls(&node) {
            let call = match wrong {
                Some(key) => call.header("x-api-key", key),
                None => call,
            };
            is_error(&call.answer().await, 401, "invalid_api_key");
        }
    }
    for call in calls(&node) {
        let twice = call.header("x-api-key", KEY).header("x-api-key", "x");
        is_error(&twice.answer().await, 401, "invalid_api_key");
    }
    let bearer = node.service().call(Method::GET, "/v1.1/list.json").answer().await;
    is_error(&bearer, 401, "invalid_api_key");
    assert!(node.metric("baton_refused_tokens_total{outcome=\"bad_api_key\"}").await >= 30.0);
}

#[tokio::test]
async fn where_no_key_is_configured_everything_is_401() {
    let node = TestNode::start(&[]).await;
    for key in ["", KEY] {
        for call in calls(&node) {
            is_error(&call.header("x-api-key", key).answer().await, 401, "api_disabled");
        }
    }
}

#[tokio::test]
async fn an_unknown_visitor_is_404_and_nobody_is_listed() {
    let node = TestNode::start(&[WITH_KEY]).await;
    let mut answers = Vec::new();
    for call in calls(&node) {
        answers.push(call.header("x-api-key", KEY).answer().await);
    }
    for unknown in answers.split_off(3) {
        is_error(&unknown, 404, "no_such_visitor");
    }
    let usage =
        json!({ "visitors": { "online_now": 0 }, "session_counts": { "now": 0, "today": 0 } });
    assert_eq!(answers.pop().unwrap().ok(), json!({ "usage": usage }));
    for list in answers {
        assert_eq!(list.ok(), json!({ "status": "ok", "visitors": [] }));
    }
}

#[tokio::test]
async fn what_is_asked_of_a_link_is_bounded() {
    let node = TestNode::start(&[WITH_KEY]).await;
    let ask = async |body: String| {
        let call = node.call(Method::POST, &format!("{NOBODY}/watch_url.json"));
        call.header("x-api-key", KEY).body(body).answer().await
    };
    let with = |member: &str, value: Value| {
        let mut body = ann();
        body[member] = value;
        body.to_string()
    };
    let many: Map<_, _> = (0..21).map(|at| (at.to_string(), json!(at))).collect();
    let mut bad = vec![String::new(), "{".to_owned(), "[]".to_owned(), "{}".to_owned()];
    bad.extend([
        with("agent", json!(null)),
        with("agent", json!(["a1", "Ann"])),
        with("agent", json!({ "id": "a1" })),
        with("agent", json!({ "name": "Ann" })),
        with("agent", json!({ "id": "", "name": "Ann" })),
        with("agent", json!({ "id": "a1", "name": "" })),
        with("agent", json!({ "id": "a1", "name": "x".repeat(201) })),
        with("agent", json!({ "id": "x".repeat(201), "name": "Ann" })),
        with("agent", json!({ "id": "a1", "name": "A\u{0}" })),
        with("branding", json!([])),
        with("branding", json!({ "naked": "yes" })),
        with("branding", json!({ "retry_url": "javascript:alert(1)" })),
        with("branding", json!({ "on_end_url": "/end" })),
        with("branding", json!({ "on_end_url": format!("https://a.test/{}", "x".repeat(1000)) })),
        with("metadata", json!([])),
        with("metadata", json!(many)),
        with("metadata", json!({ "a": {} })),
        with("metadata", json!({ "a": [1] })),
        with("metadata", json!({ "a": "x".repeat(501) })),
        with("metadata", json!({ "x".repeat(65): 1 })),
        with("permissions", json!({ "allow_click": "yes" })),
        with("permissions", json!([true])),
        with("origin", json!("crm.test")),
        with("origin", json!("https://crm.test/page")),
        with("origin", json!("*")),
    ]);
    for body in bad {
        let answer = ask(body.clone()).await;
        is_error(&answer, 400, "invalid_request");
        assert!(answer.body["message"].as_str().is_some_and(|text| text.len() > 10), "{body}");
    }
    is_error(&ask("x".repeat(20_000)).await, 413, "body_too_large");
    // What is within the bounds is read, and only then nobody is found.
    for good in [
        with("branding", json!({ "naked": true, "retry_url": null, "more": 1 })),
        with("branding", json!(null)),
        with("metadata", json!({ "ticket": 7.5, "note": "", "vip": false, "none": null })),
        with("permissions", json!({ "allow_click": null, "allow_audio": true })),
        with("origin", json!("http://localhost:3000")),
    ] {
        is_error(&ask(good).await, 404, "no_such_visitor");
    }
    let long = format!("/v1.1/list.json?search={}", "x".repeat(201));
    let answer = node.call(Method::GET, &long).header("x-api-key", KEY).answer().await;
    is_error(&answer, 400, "invalid_request");
}

#[tokio::test]
async fn pages_may_not_call_it() {
    let node = TestNode::start(&[WITH_KEY]).await;
    for call in calls(&node) {
        let answer = call.header("origin", "https://crm.example").header("x-api-key", KEY);
        assert_eq!(answer.answer().await.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn our_own_tokens_are_no_bearer_tokens() {
    let node = TestNode::start(&[]).await;
    for aud in ["baton-watch-link", "baton-visitor"] {
        let claims = crate::support::tokens::Claims::of(PUBLISHER, "alice").with("aud", aud);
        let answer = node.bearer(claims.sign(SECRET)).get("/sessions").await;
        answer.problem(401, "InvalidToken");
    }
}
