//! Media Play Sessions: limits per user and device type, and zombies.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    eventually,
    node::{Answer, Ask, Caller, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
};

const LIMIT_1: (&str, &str) = ("BATON_STREAMS__LIMIT", "1");
const SESSIONS: &str = "/users/alice/media_play_sessions";

fn playing(device_type: &str) -> Value {
    json!({ "data": { "attributes": { "device_type": device_type } } })
}

/// The source's own members, beside those of every problem.
fn too_many(answer: &Answer) {
    let body = answer.problem(403, "df1e80a");
    assert!(body["id"].is_u64(), "{body}");
    assert_eq!(body["title"], "Too many sessions");
    assert!(body["details"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
}

/// How many sessions of a device type the user gets.
async fn admitted(user: &Caller<'_>, device_type: &str) -> usize {
    for count in 0..20 {
        let answer = user.post(SESSIONS, &playing(device_type)).await;
        if answer.status != 201 {
            too_many(&answer);
            return count;
        }
    }
    panic!("no limit")
}

#[tokio::test]
async fn at_the_limit_creating_is_403_with_the_sources_members() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let path = format!("{SESSIONS}/tv");
    assert_eq!(alice.put(&path, &playing("tv")).await.status, 201);
    too_many(&alice.post(SESSIONS, &playing("tv")).await);
    too_many(&alice.put(&format!("{SESSIONS}/other"), &playing("tv")).await);
    assert_eq!(alice.put(&path, &playing("tv")).await.status, 200, "what lives is kept alive");
    assert_eq!(alice.count().await, 1);
    alice.delete(&path).await.has(204);
    assert_eq!(alice.post(SESSIONS, &playing("tv")).await.status, 201);
}

#[tokio::test]
async fn the_limit_is_per_user_and_device_type_by_rule_or_default() {
    let rules = "[[streams.rules]]\ndevice_type = 'mobile*'\nlimit = 3\n\
                 [[streams.rules]]\ndevice_type = 'web'\nlimit = 0\n\
                 [[streams.rules]]\noffer = 'tv'\nlimit = 9";
    let node = TestNode::with_file(rules, &[LIMIT_1]).await;
    let alice = node.customer("alice");
    let mut counts = Vec::new();
    for device_type in ["mobile-ios", "mobile", "web", "tv"] {
        counts.push(admitted(&alice, device_type).await);
    }
    assert_eq!(counts, [3, 3, 0, 1]);
    let bobs = node.customer("bob").post("/users/bob/media_play_sessions", &playing("tv")).await;
    assert_eq!(bobs.status, 201);
}

#[tokio::test]
async fn the_limit_claim_counts_here_as_well() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.bearer(Claims::of(PUBLISHER, "alice").with("limit", 3).sign(SECRET));
    assert_eq!(admitted(&alice, "tv").await, 3);
}

#[tokio::test]
async fn evict_oldest_ends_the_oldest_which_its_next_heartbeat_tells() {
    let node = TestNode::start(&[LIMIT_1, ("BATON_STREAMS__POLICY", "evict_oldest")]).await;
    let alice = node.customer("alice");
    let old = format!("{SESSIONS}/old");
    alice.put(&old, &playing("tv")).await.has(201);
    let new = alice.post(SESSIONS, &playing("tv")).await.has(201);
    let told = alice.patch(&old).await;
    let told = told.problem(410, "SessionEnded");
    assert_eq!(told["reason"], "taken_over");
    assert_eq!(told["takenOverBy"]["sessionId"], new["data"]["id"]);
    assert_eq!(alice.count().await, 1);
}

#[tokio::test]
async fn a_repeated_idempotency_key_creates_once() {
    let node = TestNode::start(&[LIMIT_1]).await;
    let alice = node.customer("alice");
    let ask = async |device_type: &str| {
        let request = alice.call(Method::POST, SESSIONS).json(&playing(device_type));
        request.header("idempotency-key", "k").answer().await
    };
    let first = ask("tv").await.has(201);
    assert_eq!(ask("tv").await.has(201)["data"]["id"], first["data"]["id"]);
    ask("phone").await.problem(422, "IdempotencyKeyReused");
    assert_eq!(alice.count().await, 1);
}

/// The example of the source: two users play, one is switched off without a DELETE.
#[tokio::test]
async fn a_zombie_counts_until_its_time_is_over_and_then_no_more() {
    let node = TestNode::start(&[LIMIT_1, ("BATON_MEDIA_SESSIONS__TTL_SECONDS", "3")]).await;
    let service = node.service();
    let path = |user: &str| format!("/users/{user}/media_play_sessions");
    for user in ["u1", "u2"] {
        let tv = format!("{}/tv", path(user));
        assert_eq!(service.put(&tv, &playing("tv")).await.status, 201);
    }
    // u2 is switched off without a DELETE: a zombie, which holds its slot.
    too_many(&service.post(&path("u2"), &playing("tv")).await);
    // u1 goes on with heartbeats; they are what tells the two apart.
    eventually("the zombie is cleaned up", async || {
        service.patch(&format!("{}/tv", path("u1"))).await.ok();
        let index = service.get(&path("u2")).await.ok();
        (index["data"] == json!([])).then_some(())
    })
    .await;
    let alive = service.get(&path("u1")).await.ok();
    assert_eq!(alive["data"].as_array().map(Vec::len), Some(1), "{alive}");
    assert_eq!(service.post(&path("u2"), &playing("tv")).await.status, 201);
    let late = service.patch(&format!("{}/tv", path("u2"))).await;
    late.problem(404, "NoSuchSession");
}
