//! DRISC: taking a running session over.

use serde_json::{Value, json};

use crate::support::{
    node::{Answer, Caller, Drisc, SECRET, TestNode},
    tokens::Claims,
};

async fn take_over(caller: &Caller<'_>, session: &str, name: &str) -> Answer {
    let body = json!({ "sessionId": session, "sessionName": name, "offerId": "S1" });
    caller.post("/takeover", &body).await
}

#[tokio::test]
async fn the_old_session_ends_its_player_is_told_and_the_new_one_lives() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let old = alice.session("TV").await;
    let mut socket = old.play().await;
    let new = Drisc::of(take_over(&alice, &old.id, "Küche 🍳").await);
    let (action, message) = socket.next_action().await;
    assert_eq!((action.as_str(), &message["sessionName"]), ("TAKE_OVER", &json!("Küche 🍳")));
    assert_eq!(socket.next_close().await.0, 4001);
    let listed = alice.get("/sessions").await.ok();
    let ids: Vec<&Value> =
        listed["activeSessions"].as_array().unwrap().iter().map(|s| &s["sessionId"]).collect();
    assert_eq!(ids, [&json!(new.id)]);
    new.play().await;
}

#[tokio::test]
async fn a_victim_that_reconnects_learns_who_plays() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let old = alice.session("TV").await;
    Drisc::of(take_over(&alice, &old.id, "Phone").await);
    let mut socket = crate::support::ws::WsClient::connect(&old.endpoint).await;
    socket.send_action("REQUESTED").await;
    let (action, message) = socket.next_action().await;
    assert_eq!((action.as_str(), &message["sessionName"]), ("TAKE_OVER", &json!("Phone")));
    assert_eq!(socket.next_close().await.0, 4001);
}

#[tokio::test]
async fn a_session_that_is_not_there_or_not_the_callers_is_404() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let (alice, bob) = (node.customer("alice"), node.customer("bob"));
    let mallory = node.bearer(Claims::of("other", "alice").sign(SECRET));
    let session = alice.session("TV").await;
    let mut socket = session.play().await;
    for (caller, target) in [
        (&alice, "9b2e5a54-9a39-4c37-a1a5-c6a3c1d3f000"),
        (&alice, "no uuid"),
        (&alice, ""),
        (&bob, &session.id),
        (&mallory, &session.id),
    ] {
        let answer = take_over(caller, target, "X").await;
        assert_eq!(answer.problem(404, "NoSuchSession")["details"], json!({}));
    }
    assert_eq!((alice.count().await, bob.count().await, mallory.count().await), (1, 0, 0));
    // The player is not disturbed.
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "OK");

    alice.delete(&format!("/sessions/{}", session.id)).await.has(204);
    take_over(&alice, &session.id, "X").await.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn the_body_is_that_of_sessions_with_the_session_beside() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    for body in [
        json!({ "sessionName": "X", "offerId": "S1" }),
        json!({ "sessionId": 5, "sessionName": "X", "offerId": "S1" }),
        json!({ "sessionId": session.id, "offerId": "S1" }),
        json!({ "sessionId": session.id, "sessionName": "X" }),
        json!({ "sessionId": session.id, "sessionName": "X", "offerId": "S1", "tag": "t" }),
        json!({ "sessionId": session.id, "sessionName": "x".repeat(101), "offerId": "S1" }),
    ] {
        let answer = alice.post("/takeover", &body).await;
        assert_eq!(answer.problem(400, "InvalidRequest")["details"], json!({}), "{body}");
    }
    assert_eq!(alice.count().await, 1);
    let by_tag = json!({ "sessionId": session.id, "sessionName": "X", "tag": 9 });
    Drisc::of(alice.post("/takeover", &by_tag).await);
}

#[tokio::test]
async fn where_it_is_off_nobody_takes_over() {
    let node =
        TestNode::start(&[("BATON_STREAMS__TAKEOVER", "false"), ("BATON_STREAMS__LIMIT", "1")])
            .await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let refused = alice.ask("Phone").await;
    let details = &refused.problem(409, "LimitExceeded")["details"];
    assert_eq!(details["takeOverEnabled"], false);
    assert_eq!(details["activeSessions"][0]["name"], "TV");
    let refused = take_over(&alice, &session.id, "Phone").await;
    let details = &refused.problem(403, "TakeOverDisabled")["details"];
    assert_eq!(details["takeOverEnabled"], false);
    assert_eq!(alice.count().await, 1);
}

#[tokio::test]
async fn a_repeated_takeover_takes_over_once() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let body = json!({ "sessionId": session.id, "sessionName": "Phone", "offerId": "S1" });
    let ask = async || {
        use crate::support::node::Ask;
        let request = alice.call(reqwest::Method::POST, "/takeover").json(&body);
        request.header("idempotency-key", "k").answer().await
    };
    let first = ask().await.ok();
    assert_eq!(ask().await.ok(), first);
    assert_eq!(alice.count().await, 1);
}
