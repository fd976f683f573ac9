//! The admin listener: accounts, nodes, drain, probes, metrics, and who may ask.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    in_time,
    node::{Ask, TestNode},
};

const OF_ALICE: &str = "/api/v1/accounts/acme/alice/sessions";

#[tokio::test]
async fn an_account_shows_the_sessions_of_both_dialects() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let _socket = alice.session("TV").await.play().await;
    let body = json!({ "data": { "attributes": { "device_type": "phone" } } });
    alice.put("/users/alice/media_play_sessions/m", &body).await.has(201);
    let listed = node.admin(Method::GET, OF_ALICE).answer().await.ok();
    let [tv, phone] = &listed["sessions"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(
        (&tv["name"], &tv["pool"], &tv["node"], &tv["generation"]),
        (&json!("TV"), &json!("offer:S1"), &json!("it"), &json!(2))
    );
    assert_eq!(
        (&phone["id"], &phone["pool"], &phone["node"]),
        (&json!("m"), &json!("device_type:phone"), &json!(null))
    );
    let other = node.admin(Method::GET, "/api/v1/accounts/other/alice/sessions").answer().await;
    assert_eq!(other.ok(), json!({ "sessions": [] }));
}

#[tokio::test]
async fn ending_takes_a_reason_or_none_and_may_be_repeated() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let path = format!("{OF_ALICE}/{}", alice.session("TV").await.id);
    let end = |body: String| node.admin(Method::DELETE, &path).body(body);
    let long = json!({ "reason": "x".repeat(201) }).to_string();
    end(long).answer().await.problem(400, "InvalidRequest");
    end("{".to_owned()).answer().await.problem(400, "InvalidRequest");
    assert_eq!(alice.count().await, 1);
    end(String::new()).answer().await.has(204);
    end(json!({ "reason": "x" }).to_string()).answer().await.has(204);
    let unknown = node.admin(Method::DELETE, &format!("{OF_ALICE}/unknown")).answer().await;
    unknown.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn with_a_token_configured_nobody_else_is_an_operator() {
    let node = TestNode::start(&[("BATON_ADMIN__TOKEN", "the token of the operators")]).await;
    let customer = node.customer("alice").token;
    let service = node.service().token;
    for (method, path) in [
        (Method::GET, OF_ALICE.to_owned()),
        (Method::DELETE, format!("{OF_ALICE}/x")),
        (Method::GET, "/api/v1/nodes".to_owned()),
        (Method::POST, "/api/v1/nodes/it/drain".to_owned()),
    ] {
        node.admin(method.clone(), &path).answer().await.problem(401, "InvalidToken");
        for token in [&*customer, &service, "", "the token of the operator", "x"] {
            let request = node.admin(method.clone(), &path).bearer_auth(token);
            request.answer().await.problem(401, "InvalidToken");
        }
    }
    let request = node.admin(Method::GET, OF_ALICE).bearer_auth("the token of the operators");
    request.answer().await.ok();
    for open in ["/livez", "/readyz", "/metrics"] {
        node.admin(Method::GET, open).answer().await.ok();
    }
}

#[tokio::test]
async fn the_registry_shows_the_node_and_drains_it() {
    let node = TestNode::start(&[]).await;
    let listed = node.admin(Method::GET, "/api/v1/nodes").answer().await.ok();
    let [only] = &listed["nodes"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!((&only["name"], &only["draining"]), (&json!("it"), &json!(false)));
    let drain = |name: &str| node.admin(Method::POST, &format!("/api/v1/nodes/{name}/drain"));
    drain("elsewhere").answer().await.problem(404, "NoSuchNode");
    drain("it").answer().await.has(202);
    in_time("the node stops", node.node.stopped()).await.unwrap();
}

#[tokio::test]
async fn operators_and_customers_have_listeners_of_their_own() {
    let node = TestNode::start(&[]).await;
    node.call(Method::GET, OF_ALICE).answer().await.problem(404, "NotFound");
    node.call(Method::GET, "/metrics").answer().await.problem(404, "NotFound");
    let customer = node.admin(Method::GET, "/sessions").bearer_auth(node.customer("alice").token);
    customer.answer().await.problem(404, "NotFound");
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let _socket = alice.session("TV").await.play().await;
    alice.ask("Phone").await.problem(409, "LimitExceeded");
    node.bearer("forged").ask("TV").await.problem(401, "InvalidToken");
    for (sample, count) in [
        ("baton_stream_admissions_total{outcome=\"admitted\"}", 1.0),
        ("baton_stream_admissions_total{outcome=\"limit_reached\"}", 1.0),
        ("baton_refused_tokens_total{outcome=\"malformed\"}", 1.0),
        ("baton_requests_total{method=\"POST\",route=\"/sessions\",status=\"409\"}", 1.0),
        ("baton_sockets", 1.0),
        ("baton_held_streams", 1.0),
        ("baton_store_up", 1.0),
        ("baton_ready", 1.0),
        ("baton_max_sockets", 100_000.0),
        (concat!("baton_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(node.metric(sample).await, count, "{sample}");
    }
    let answer = node.admin(Method::GET, "/metrics").answer().await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    assert!(answer.body.as_str().unwrap().ends_with("# EOF\n"));
}

#[tokio::test]
async fn without_a_token_no_page_of_another_site_is_obeyed() {
    let node = TestNode::start(&[]).await;
    let ask = async |method: Method, path: &str, name: &str, value: &str| {
        node.admin(method, path).header(name, value).answer().await
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.test"),
        ("host", "127.0.0.1.evil.test:8701"),
        ("host", "10.0.0.1"),
    ] {
        let drain = ask(Method::POST, "/api/v1/nodes/it/drain", name, value).await;
        drain.problem(403, "OriginRefused");
        ask(Method::GET, "/api/v1/nodes", name, value).await.problem(403, "OriginRefused");
    }
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("host", "localhost:8701"),
        ("host", "[::1]:8701"),
    ] {
        ask(Method::GET, "/api/v1/nodes", name, value).await.ok();
    }
    // With a token the token decides.
    let guarded = TestNode::start(&[("BATON_ADMIN__TOKEN", "of the operators, for tests")]).await;
    let call = guarded.admin(Method::GET, "/api/v1/nodes").header("host", "admin.test");
    call.bearer_auth("of the operators, for tests").answer().await.ok();
}
