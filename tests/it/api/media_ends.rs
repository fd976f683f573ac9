//! Media Play Sessions: what a client is told once its session is over, or is not as it thinks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    eventually,
    node::{Ask, Caller, Drisc, TestNode},
};

const TV: &str = "/users/alice/media_play_sessions/tv";

fn playing(device_type: &str) -> Value {
    json!({ "data": { "attributes": { "device_type": device_type } } })
}

async fn start_tv(alice: &Caller<'_>) {
    alice.put(TV, &playing("tv")).await.has(201);
}

#[tokio::test]
async fn unknown_expired_and_finished_ids_are_404() {
    let node = TestNode::start(&[("BATON_MEDIA_SESSIONS__TTL_SECONDS", "3")]).await;
    let alice = node.customer("alice");
    alice.patch(TV).await.problem(404, "NoSuchSession");
    alice.delete(TV).await.problem(404, "NoSuchSession");

    start_tv(&alice).await;
    alice.delete(TV).await.has(204);
    alice.patch(TV).await.problem(404, "NoSuchSession");
    alice.delete(TV).await.problem(404, "NoSuchSession");

    start_tv(&alice).await;
    eventually("it expires", async || (alice.count().await == 0).then_some(())).await;
    alice.patch(TV).await.problem(404, "NoSuchSession");
    alice.delete(TV).await.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn another_device_type_than_stored_is_409_and_keeps_nothing_alive() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    start_tv(&alice).await;
    alice.put(TV, &playing("phone")).await.problem(409, "OtherDeviceType");
    let patch = alice.call(Method::PATCH, TV).json(&playing("phone"));
    patch.answer().await.problem(409, "OtherDeviceType");
    let patch = alice.call(Method::PATCH, TV).json(&playing("tv"));
    assert_eq!(patch.answer().await.ok()["data"]["attributes"]["device_type"], "tv");
}

#[tokio::test]
async fn a_takeover_by_the_other_dialect_is_told_to_the_next_heartbeat() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    start_tv(&alice).await;
    let body = json!({ "sessionId": "tv", "sessionName": "Tablet", "offerId": "S1" });
    let new = Drisc::of(alice.post("/takeover", &body).await);
    let told = alice.patch(TV).await;
    let told = told.problem(410, "SessionEnded");
    assert_eq!(told["reason"], "taken_over");
    assert_eq!(told["takenOverBy"], json!({ "sessionId": new.id, "name": "Tablet" }));
    alice.delete(TV).await.problem(404, "NoSuchSession");
    // Its id is free for a new life.
    start_tv(&alice).await;
    alice.patch(TV).await.ok();
}

#[tokio::test]
async fn an_end_by_an_operator_is_told_with_his_reason() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    start_tv(&alice).await;
    let path = "/api/v1/accounts/acme/alice/sessions/tv";
    let request = node.admin(Method::DELETE, path).json(&json!({ "reason": "unpaid" }));
    request.answer().await.has(204);
    let told = alice.patch(TV).await;
    let told = told.problem(410, "SessionEnded");
    assert_eq!((&told["reason"], &told["note"]), (&json!("operator"), &json!("unpaid")));
}

#[tokio::test]
async fn sessions_with_a_socket_are_not_media_play_sessions() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let path = format!("/users/alice/media_play_sessions/{}", session.id);
    assert_eq!(alice.get("/users/alice/media_play_sessions").await.ok()["data"], json!([]));
    alice.patch(&path).await.problem(404, "NoSuchSession");
    alice.put(&path, &json!({})).await.problem(404, "NoSuchSession");
    let patch = alice.call(Method::PATCH, &path).json(&playing("S1"));
    patch.answer().await.problem(404, "NoSuchSession");
    let taken = alice.put(&path, &playing("S1")).await;
    let detail = &taken.problem(409, "OtherDeviceType")["detail"];
    assert!(!detail.to_string().contains("S1"), "an offer is no device type: {detail}");
    assert_eq!(alice.count().await, 1);
}

#[tokio::test]
async fn creating_needs_a_device_type_and_texts_of_bounded_length() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let attributes = |attributes: Value| json!({ "data": { "attributes": attributes } });
    for body in [
        json!({}),
        json!({ "data": {} }),
        json!({ "data": null }),
        json!({ "data": [] }),
        json!({ "data": [{ "device_type": "tv" }] }),
        json!({ "data": { "attributes": ["tv", "live"] } }),
        json!([]),
        json!("tv"),
        attributes(json!({ "service": "live" })),
        attributes(json!({ "device_type": null })),
        attributes(json!({ "device_type": 7 })),
        attributes(json!({ "device_type": "" })),
        attributes(json!({ "device_type": "x".repeat(129) })),
        attributes(json!({ "device_type": "tv\u{0}" })),
        attributes(json!({ "device_type": "tv", "service": "x".repeat(129) })),
        attributes(json!({ "device_type": "tv", "service": "a\nb" })),
        attributes(json!({ "device_type": "tv", "service": {} })),
    ] {
        let answer = alice.post("/users/alice/media_play_sessions", &body).await;
        answer.problem(400, "InvalidRequest");
        alice.put(TV, &body).await.problem(400, "InvalidRequest");
    }
    let long = format!("/users/alice/media_play_sessions/{}", "x".repeat(129));
    alice.put(&long, &playing("tv")).await.problem(400, "InvalidRequest");
    for id in ["a%00b", "%0a", "%7f"] {
        let path = format!("/users/alice/media_play_sessions/{id}");
        alice.put(&path, &playing("tv")).await.problem(400, "InvalidRequest");
    }
    assert_eq!(alice.count().await, 0);
    let id = "ü".repeat(128);
    let path = format!("/users/alice/media_play_sessions/{id}");
    let body = attributes(json!({ "device_type": "ü".repeat(128), "service": "" }));
    alice.put(&path, &body).await.problem(400, "InvalidRequest");
    let body = attributes(json!({ "device_type": "ü".repeat(128), "service": null }));
    assert_eq!(alice.put(&path, &body).await.has(201)["data"]["id"], id);
}

#[tokio::test]
async fn a_service_names_users_as_tokens_may() {
    let node = TestNode::start(&[]).await;
    let service = node.service();
    for user in ["x".repeat(201), "a%00b".to_owned(), "%0d%0a".to_owned()] {
        let path = format!("/users/{user}/media_play_sessions");
        service.post(&path, &playing("tv")).await.problem(400, "InvalidRequest");
        service.get(&path).await.problem(400, "InvalidRequest");
        // To others the answer is that of every other user.
        node.customer("bob").get(&path).await.problem(404, "NoSuchSession");
    }
    let path = format!("/users/{}/media_play_sessions", "x".repeat(200));
    service.post(&path, &playing("tv")).await.has(201);
}
