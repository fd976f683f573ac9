//! DRISC: the life of a socket, from `REQUESTED` to its close frame.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    eventually,
    node::{Ask, Drisc, TestNode},
    ws::WsClient,
};

const LIMIT_1: (&str, &str) = ("BATON_STREAMS__LIMIT", "1");

/// Says `REQUESTED`, is told `EXPIRED`, and closed.
async fn expires(session: &Drisc) {
    let mut socket = WsClient::connect(&session.endpoint).await;
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "EXPIRED");
    assert_eq!(socket.next_close().await.0, 4004);
}

#[tokio::test]
async fn requested_is_answered_ok_as_often_as_it_is_said() {
    let node = TestNode::start(&[]).await;
    let mut socket = node.customer("alice").session("TV").await.play().await;
    for text in [r#"{"action":"REQUESTED"}"#, r#" { "more" : [1], "action" : "REQUESTED" } "#] {
        socket.send_text(text).await;
        assert_eq!(socket.next_action().await, ("OK".to_owned(), json!({ "action": "OK" })));
    }
}

#[tokio::test]
async fn a_session_that_was_deleted_is_expired() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut socket = session.play().await;
    alice.delete(&format!("/sessions/{}", session.id)).await.has(204);
    // Not EXPIRED, on which the player would ask for the next session.
    assert_eq!(socket.next_action().await.0, "TERMINATE");
    assert_eq!(socket.next_close().await.0, 4003);
    expires(&session).await;
}

#[tokio::test]
async fn a_session_whose_grace_is_over_is_expired() {
    let connects = TestNode::start(&[("BATON_STREAMS__CONNECT_GRACE_SECONDS", "1")]).await;
    let reconnects = TestNode::start(&[("BATON_STREAMS__RECONNECT_GRACE_SECONDS", "1")]).await;
    let (alice, bob) = (connects.customer("alice"), reconnects.customer("bob"));
    let never_connected = alice.session("TV").await;
    let dropped = bob.session("Phone").await;
    dropped.play().await.close().await;
    eventually("both are gone", async || {
        (alice.count().await + bob.count().await == 0).then_some(())
    })
    .await;
    expires(&never_connected).await;
    expires(&dropped).await;
}

#[tokio::test]
async fn a_held_session_outlives_its_lease() {
    let node = TestNode::start(&[
        ("BATON_STREAMS__LEASE_SECONDS", "3"),
        ("BATON_STREAMS__CONNECT_GRACE_SECONDS", "5"),
    ])
    .await;
    let alice = node.customer("alice");
    // Longer than the lease; first, because nobody here answers the PING of a later request.
    alice.session("never connected").await;
    let _socket = alice.session("TV").await.play().await;
    eventually("the other is gone", async || (alice.count().await == 1).then_some(())).await;
    let listed = alice.get("/sessions").await.ok();
    assert_eq!(listed["activeSessions"][0]["name"], "TV");
}

#[tokio::test]
async fn finished_frees_the_slot_at_once() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut socket = session.play().await;
    socket.send_action("FINISHED").await;
    assert_eq!(socket.next_close().await.0, 4000);
    alice.session("Phone").await;
    expires(&session).await;
}

#[tokio::test]
async fn finished_needs_no_requested_before_it() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut playing = session.play().await;
    let mut other = WsClient::connect(&session.endpoint).await;
    other.send_action("FINISHED").await;
    assert_eq!(other.next_close().await.0, 4000);
    alice.session("Phone").await;
    assert_eq!(playing.next_action().await.0, "TERMINATE");
    assert_eq!(playing.next_close().await.0, 4003);
}

#[tokio::test]
async fn the_newest_socket_of_a_session_wins() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut first = session.play().await;
    let mut second = session.play().await;
    assert_eq!(first.next_action().await.0, "TERMINATE");
    assert_eq!(first.next_close().await.0, 4002);
    assert_eq!(alice.count().await, 1, "the end of the first is not the end of the session");
    alice.ask("Phone").await.problem(409, "LimitExceeded");
    assert_eq!(second.next_action().await.0, "PING", "it is the second that is asked");
}

#[tokio::test]
async fn a_player_reconnects_to_the_same_url() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let left = session.play().await;
    left.close().await;
    let broken = session.play().await;
    drop(broken);
    session.play().await;
    assert_eq!(alice.count().await, 1);
}

#[tokio::test]
async fn a_new_request_pings_all_sockets_of_the_customer_and_nobody_elses() {
    let node = TestNode::start(&[]).await;
    let (alice, bob) = (node.customer("alice"), node.customer("bob"));
    let mut bobs = bob.session("TV").await.play().await;
    let mut first = alice.session("TV").await.play().await;
    let mut second = alice.session("Phone").await.play().await;
    assert_eq!(first.next_action().await, ("PING".to_owned(), json!({ "action": "PING" })));
    first.send_action("PONG").await;
    // A refused request asks for the dead as well. Another PING proves that PONG was heard.
    alice.ask("Tablet").await.problem(409, "LimitExceeded");
    for socket in [&mut first, &mut second] {
        assert_eq!(socket.next_action().await.0, "PING");
    }
    bobs.send_action("REQUESTED").await;
    assert_eq!(bobs.next_action().await.0, "OK");
}

#[tokio::test]
async fn a_ping_that_is_not_answered_frees_the_slot() {
    let node = TestNode::start(&[LIMIT_1, ("BATON_STREAMS__PONG_TIMEOUT_MS", "3000")]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut zombie = session.play().await;
    alice.ask("Phone").await.problem(409, "LimitExceeded");
    assert_eq!(zombie.next_action().await.0, "PING");
    assert_eq!(zombie.next_close().await.0, 4005);
    alice.session("Phone").await;
    expires(&session).await;
}

/// A machine that sleeps keeps its connection: nothing but the missing pongs tells.
#[tokio::test]
async fn a_dead_connection_is_found_by_transport_pings() {
    let node = TestNode::start(&[
        LIMIT_1,
        ("BATON_STREAMS__PING_SECONDS", "5"),
        ("BATON_STREAMS__RECONNECT_GRACE_SECONDS", "1"),
    ])
    .await;
    let (alice, bob) = (node.customer("alice"), node.customer("bob"));
    let dead = alice.session("TV").await.play().await;
    let _alive = bob.session("TV").await.play().await;
    dead.play_dead(true);
    eventually("the dead is found", async || (alice.count().await == 0).then_some(())).await;
    assert_eq!(bob.count().await, 1);
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_changes_nothing() {
    let node = TestNode::start(&[]).await;
    let session = node.customer("alice").session("TV").await;
    let mut socket = WsClient::connect(&session.endpoint).await;
    socket.send_action("PONG").await;
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "OK");
    socket.send_action("PONG").await;
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "OK");
}

#[tokio::test]
async fn an_operator_ends_a_session_and_its_player_is_told() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let mut socket = session.play().await;
    let path = format!("/api/v1/accounts/acme/alice/sessions/{}", session.id);
    let request = node.admin(Method::DELETE, &path).json(&json!({ "reason": "fraud" }));
    request.answer().await.has(204);
    assert_eq!(socket.next_action().await.0, "TERMINATE");
    assert_eq!(socket.next_close().await.0, 4003);
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn a_draining_node_sends_its_players_away_and_keeps_their_sessions() {
    let node = TestNode::start(&[
        ("BATON_NODE__DRAIN_SECONDS", "600"),
        ("BATON_NODE__DRAIN_DEADLINE_SECONDS", "600"),
    ])
    .await;
    let alice = node.customer("alice");
    let mut socket = alice.session("TV").await.play().await;
    node.node.drain().cancel();
    assert_eq!(socket.next_close().await.0, 4500);
    let path = "/api/v1/accounts/acme/alice/sessions";
    let listed = node.admin(Method::GET, path).answer().await.ok();
    assert_eq!(listed["sessions"][0]["name"], "TV");
}
