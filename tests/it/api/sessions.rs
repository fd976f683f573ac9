//! DRISC: asking for a session, listing, ending, repeating.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    clock::now_ms,
    eventually,
    node::{Ask, Drisc, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
};

#[tokio::test]
async fn success_is_exactly_200_with_endpoint_session_id_and_expiry() {
    let node = TestNode::start(&[]).await;
    let body = node.customer("alice").ask("TV").await.ok();
    let endpoint = body["endpoint"].as_str().unwrap();
    let socket_of_node = format!("ws://{}/sessions/socket?token=", node.node.public_addr);
    assert!(endpoint.starts_with(&socket_of_node), "{endpoint}");
    assert!(endpoint.len() > socket_of_node.len(), "{endpoint}");
    let id = body["sessionId"].as_str().unwrap();
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "a UUID v4: {id}");
    assert!(body["expiresAt"].as_u64().unwrap() > now_ms() / 1000, "{body}");
}

#[tokio::test]
async fn the_endpoint_follows_the_public_url() {
    let public_url = ("BATON_PUBLIC_URL", "https://sessions.example.com/eu");
    let node = TestNode::start(&[public_url]).await;
    let body = node.customer("alice").ask("TV").await.ok();
    let endpoint = body["endpoint"].as_str().unwrap();
    assert!(
        endpoint.starts_with("wss://sessions.example.com/eu/sessions/socket?token="),
        "{endpoint}"
    );
}

#[tokio::test]
async fn ids_in_claims_are_texts_or_numbers() {
    let node = TestNode::start(&[]).await;
    let text = node.bearer(Claims::of("812", "42").sign(SECRET));
    let number = node.bearer(Claims::of(812, 42).sign(SECRET));
    text.session("TV").await;
    number.session("Phone").await;
    assert_eq!((text.count().await, number.count().await), (2, 2), "one account in two spellings");
}

#[tokio::test]
async fn the_body_is_json_whatever_its_content_type() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "3")]).await;
    let alice = node.customer("alice");
    let body = json!({ "sessionName": "TV", "offerId": "S1" }).to_string();
    for kind in ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"] {
        let request = alice.call(Method::POST, "/sessions").header("content-type", kind);
        Drisc::of(request.body(body.clone()).answer().await);
    }
    Drisc::of(alice.call(Method::POST, "/sessions").body(body).answer().await);
}

#[tokio::test]
async fn offers_and_tags_are_texts_or_numbers_and_pools_of_their_own() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let ask = async |body: Value| alice.post("/sessions", &body).await;
    ask(json!({ "sessionName": "TV", "offerId": "7" })).await.ok();
    ask(json!({ "sessionName": "TV", "offerId": 7 })).await.problem(409, "LimitExceeded");
    ask(json!({ "sessionName": "TV", "tag": "7" })).await.ok();
    ask(json!({ "sessionName": "TV", "tag": 7 })).await.problem(409, "LimitExceeded");
    ask(json!({ "sessionName": "TV", "offerId": null, "tag": "8" })).await.ok();
}

#[tokio::test]
async fn at_the_limit_the_answer_lists_the_running_sessions() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let running = [alice.session("TV").await, alice.session("Phone").await];
    let answer = alice.ask("Tablet").await;
    let details = &answer.problem(409, "LimitExceeded")["details"];
    assert_eq!(details["takeOverEnabled"], true);
    let listed = |index: usize| {
        let session = &details["activeSessions"][index];
        (session["sessionId"].as_str().unwrap().to_owned(), session["name"].clone())
    };
    assert_eq!(listed(0), (running[0].id.clone(), json!("TV")));
    assert_eq!(listed(1), (running[1].id.clone(), json!("Phone")));
    assert_eq!(details["activeSessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(alice.count().await, 2, "a refusal stores nothing");
}

#[tokio::test]
async fn tracking_disabled_is_said_in_all_three_members() {
    let node = TestNode::start(&[("BATON_STREAMS__ENABLED", "false")]).await;
    let alice = node.customer("alice");
    let disabled = json!({
        "status": "disabled", "message": "Session tracking disabled.", "enabled": false,
    });
    for _ in 0..3 {
        assert_eq!(alice.ask("TV").await.ok(), disabled);
    }
    let takeover = json!({ "sessionId": "any", "sessionName": "TV", "offerId": "S1" });
    assert_eq!(alice.post("/takeover", &takeover).await.ok(), disabled);
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn own_sessions_are_listed_and_ended() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let body = json!({ "sessionName": "TV", "offerId": "S1", "deviceId": "d1" });
    let first = Drisc::of(alice.post("/sessions", &body).await);
    let second = alice.session("Phone").await;
    let _socket = second.play().await;

    let listed = alice.get("/sessions").await.ok();
    let [one, two] = &listed["activeSessions"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(
        (&one["sessionId"], &one["name"], &one["offerId"], &one["deviceId"], &one["connected"]),
        (&json!(first.id), &json!("TV"), &json!("S1"), &json!("d1"), &json!(false)),
    );
    assert_eq!((&two["sessionId"], &two["connected"]), (&json!(second.id), &json!(true)));

    let path = format!("/sessions/{}", first.id);
    assert_eq!(alice.delete(&path).await.has(204), "");
    assert_eq!(alice.delete(&path).await.has(204), "", "a repeat is as good");
    assert_eq!(alice.count().await, 1);
    alice.session("Tablet").await;
}

#[tokio::test]
async fn an_unknown_session_and_another_customers_cannot_be_told_apart() {
    let node = TestNode::start(&[]).await;
    let (alice, bob) = (node.customer("alice"), node.customer("bob"));
    let mallory = node.bearer(Claims::of("other", "alice").sign(SECRET));
    let session = alice.session("TV").await;
    let path = format!("/sessions/{}", session.id);
    let unknown = alice.delete("/sessions/9b2e5a54-9a39-4c37-a1a5-c6a3c1d3f000").await;
    let unknown = unknown.problem(404, "NoSuchSession");
    assert_eq!(bob.delete(&path).await.problem(404, "NoSuchSession"), unknown);
    assert_eq!(mallory.delete(&path).await.problem(404, "NoSuchSession"), unknown);
    assert_eq!((bob.count().await, mallory.count().await, alice.count().await), (0, 0, 1));
}

#[tokio::test]
async fn a_device_that_starts_again_replaces_its_own_session() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let ask = async |device: Value| {
        let body = json!({ "sessionName": "TV", "offerId": "S1", "deviceId": device });
        alice.post("/sessions", &body).await
    };
    let first = Drisc::of(ask(json!(7)).await);
    let mut socket = first.play().await;
    let second = Drisc::of(ask(json!("7")).await);
    assert_eq!(socket.next_action().await.0, "TERMINATE");
    assert_eq!(socket.next_close().await.0, 4002);
    assert_ne!(first.id, second.id);
    assert_eq!(alice.count().await, 1, "it uses no second slot");
    ask(json!("8")).await.problem(409, "LimitExceeded");
}

#[tokio::test]
async fn a_repeated_idempotency_key_is_answered_what_the_first_was() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let (alice, bob) = (node.customer("alice"), node.customer("bob"));
    let body = json!({ "sessionName": "TV", "offerId": "S1" });
    let ask = async |body: &Value, key: &str| {
        let request = alice.call(Method::POST, "/sessions").json(body);
        request.header("idempotency-key", key).answer().await
    };
    let first = ask(&body, "k1").await.ok();
    assert_eq!(ask(&body, "k1").await.ok(), first);
    assert_eq!(alice.count().await, 1);

    let refused = ask(&body, "k2").await.problem(409, "LimitExceeded").clone();
    alice.delete(&format!("/sessions/{}", first["sessionId"].as_str().unwrap())).await.has(204);
    assert_eq!(ask(&body, "k2").await.body, refused, "also a refusal is repeated");

    let other = json!({ "sessionName": "Phone", "offerId": "S1" });
    ask(&other, "k1").await.problem(422, "IdempotencyKeyReused");
    let theirs = bob.call(Method::POST, "/sessions").json(&other).header("idempotency-key", "k1");
    assert_ne!(
        theirs.answer().await.ok()["sessionId"],
        first["sessionId"],
        "keys are an account's"
    );
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn an_idempotency_key_is_a_line_of_1_to_255_characters() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let body = json!({ "sessionName": "TV", "offerId": "S1" });
    for key in ["".to_owned(), "k".repeat(256), "ключ".to_owned()] {
        let request = alice.call(Method::POST, "/sessions").json(&body);
        let answer = request.header("idempotency-key", key).answer().await;
        answer.problem(400, "InvalidRequest");
    }
    assert_eq!(alice.count().await, 0);
    let request = alice.call(Method::POST, "/sessions").json(&body);
    request.header("idempotency-key", "k".repeat(255)).answer().await.ok();
}

#[tokio::test]
async fn a_session_nobody_connects_to_is_gone_after_its_grace() {
    let grace = ("BATON_STREAMS__CONNECT_GRACE_SECONDS", "1");
    let node = TestNode::start(&[grace]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    eventually("the grace is over", async || (alice.count().await == 0).then_some(())).await;
    let path = format!("/sessions/{}", session.id);
    alice.delete(&path).await.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn a_token_that_names_no_publisher_is_of_the_default_tenant() {
    let node = TestNode::start(&[]).await;
    let alice = node.bearer(Claims::of(PUBLISHER, "alice").without("publisherId").sign(SECRET));
    alice.session("TV").await;
    let named = node.bearer(Claims::of("default", "alice").sign(SECRET));
    assert_eq!((alice.count().await, named.count().await), (1, 1));
    assert_eq!(node.customer("alice").count().await, 0);
}
