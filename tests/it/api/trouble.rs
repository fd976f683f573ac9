//! What callers are told while something Baton needs is away.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::{
    node::{Answer, Ask, Caller, TestNode},
    ws::WsClient,
};

const SECRET_OF_CLUSTER: (&str, &str) =
    ("BATON_CLUSTER__SECRET", "0123456789abcdef0123456789abcdef");

/// A node whose Redis refuses connections: its port is taken, and nobody listens there.
async fn without_store(on_failure: &str) -> (TestNode, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("redis://{}", socket.local_addr().unwrap());
    let node = TestNode::unready(
        "",
        &[
            SECRET_OF_CLUSTER,
            ("BATON_STORE__URL", &url),
            ("BATON_STORE__ON_FAILURE", on_failure),
            ("BATON_STORE__TIMEOUT_MS", "100"),
        ],
    )
    .await;
    (node, socket)
}

async fn play_media(caller: &Caller<'_>, method: &str) -> Answer {
    let body = json!({ "data": { "attributes": { "device_type": "tv" } } });
    let path = match method {
        "GET" | "POST" => "/users/alice/media_play_sessions",
        _ => "/users/alice/media_play_sessions/tv",
    };
    caller.call(method.parse().unwrap(), path).json(&body).answer().await
}

fn unavailable(answer: &Answer) {
    assert_eq!(answer.problem(503, "StoreUnavailable")["details"], json!({}));
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test]
async fn without_its_store_a_node_denies_with_503_and_says_why_it_is_not_ready() {
    let (node, _port) = without_store("deny").await;
    let alice = node.customer("alice");
    unavailable(&alice.ask("TV").await);
    let takeover = json!({ "sessionId": "x", "sessionName": "TV", "offerId": "S1" });
    unavailable(&alice.post("/takeover", &takeover).await);
    unavailable(&alice.get("/sessions").await);
    unavailable(&alice.delete("/sessions/x").await);

    node.admin(Method::GET, "/livez").answer().await.ok();
    let readiness = node.admin(Method::GET, "/readyz").answer().await.has(503);
    assert_eq!(readiness["ready"], false);
    let obstacles = readiness["obstacles"].as_array().unwrap();
    assert!(obstacles.contains(&json!("the store does not answer")), "{readiness}");
}

#[tokio::test]
async fn media_play_sessions_without_the_store_are_503_and_never_403() {
    // Clients play on anything but 403, whatever the policy for the other dialect.
    for policy in ["deny", "allow"] {
        let (node, _port) = without_store(policy).await;
        let alice = node.customer("alice");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            unavailable(&play_media(&alice, method).await);
        }
    }
}

#[tokio::test]
async fn with_on_failure_allow_players_play_untracked() {
    let (node, _port) = without_store("allow").await;
    let alice = node.customer("alice");
    let disabled: Value = alice.ask("TV").await.ok();
    assert_eq!((&disabled["status"], &disabled["enabled"]), (&json!("disabled"), &json!(false)));
    assert_eq!(disabled["message"], "Session tracking disabled.");
    alice.ask("TV").await.ok();
    alice.ask("no limit").await.ok();
}

#[tokio::test]
async fn while_keys_cannot_be_loaded_tokens_are_503_and_not_401() {
    let file = "[[tenants]]\npublisher_id = 'p'\njwks = '/no/such/file.json'";
    let node = TestNode::with_file(file, &[]).await;
    let token =
        crate::support::tokens::Claims::of("p", "alice").sign("whatever it was signed with");
    let answer = node.bearer(token).ask("TV").await;
    assert_eq!(answer.problem(503, "KeysUnavailable")["details"], json!({}));
    assert!(
        !answer.body.to_string().contains("/no/such"),
        "files of the server are its own affair"
    );
    node.customer("alice").session("TV").await;
}

#[tokio::test]
async fn a_draining_node_takes_no_new_sessions_or_sockets() {
    let drain = |name| (name, "600");
    let node = TestNode::start(&[
        drain("BATON_NODE__DRAIN_SECONDS"),
        drain("BATON_NODE__DRAIN_DEADLINE_SECONDS"),
    ])
    .await;
    let alice = node.customer("alice");
    let waiting = alice.session("Phone").await;
    let mut socket = alice.session("TV").await.play().await;
    node.node.drain().cancel();
    assert_eq!(socket.next_close().await.0, 4500);
    let refused = alice.ask("Tablet").await;
    assert_eq!(refused.problem(503, "NodeUnavailable")["details"], json!({}));
    play_media(&alice, "POST").await.problem(503, "NodeUnavailable");
    let refused = WsClient::try_connect(&waiting.endpoint, &[]).await;
    assert_eq!(refused.err().map(|status| status.as_u16()), Some(503));
    // What runs is still served.
    assert_eq!(alice.count().await, 2);
    alice.delete(&format!("/sessions/{}", waiting.id)).await.has(204);
    let readiness = node.admin(Method::GET, "/readyz").answer().await.has(503);
    assert_eq!(readiness["obstacles"], json!(["this node is draining"]));
    node.admin(Method::GET, "/livez").answer().await.ok();
}
