//! Media Play Sessions: the calls, the entity, and who may act for whom.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    clock::now_ms,
    eventually,
    node::{Answer, Ask, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
};

const JSON_API: &str = "application/vnd.api+json";
const BASE: &str = "/api/v1/media";

fn playing(device_type: &str) -> Value {
    json!({ "data": { "type": "MediaPlaySession", "attributes": {
        "device_type": device_type, "service": "catchup",
    }}})
}

fn id(answer: &Answer) -> String {
    answer.body["data"]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn every_call_answers_below_the_base_path_and_at_the_root() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    for base in [BASE, ""] {
        let sessions = format!("{base}/users/alice/media_play_sessions");
        let created = alice.post(&sessions, &playing("tv")).await;
        assert_eq!(created.status, 201, "{created:?}");
        let first = format!("{sessions}/{}", id(&created));
        let chosen = format!("{sessions}/my-id");
        let put = alice.put(&chosen, &playing("tv")).await;
        assert_eq!((put.status, id(&put).as_str()), (201, "my-id"));
        assert_eq!(alice.put(&chosen, &playing("tv")).await.status, 200);
        assert_eq!(alice.patch(&first).await.status, 200);
        let index = alice.get(&sessions).await.ok();
        assert_eq!(index["data"].as_array().map(Vec::len), Some(2), "{index}");
        assert_eq!(alice.delete(&first).await.has(204), "");
        let older = format!("{base}/media_play_sessions/my-id");
        assert_eq!(alice.delete(&older).await.has(204), "");
        assert_eq!(alice.get(&sessions).await.ok()["data"], json!([]));
    }
}

#[tokio::test]
async fn the_base_path_is_configured() {
    let node = TestNode::start(&[("BATON_MEDIA_SESSIONS__BASE_PATH", "/mps")]).await;
    let alice = node.customer("alice");
    alice.get("/mps/users/alice/media_play_sessions").await.ok();
    alice.get("/users/alice/media_play_sessions").await.ok();
    let other = format!("{BASE}/users/alice/media_play_sessions");
    alice.get(&other).await.problem(404, "NotFound");
}

#[tokio::test]
async fn an_entity_tells_what_is_played_where_and_since_when() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let before = now_ms() / 1000;
    let created = alice.post("/users/alice/media_play_sessions", &playing("tv")).await;
    let data = created.clone().has(201)["data"].clone();
    assert_eq!(created.header("content-type"), JSON_API);
    assert_eq!(data["type"], "MediaPlaySession");
    let attributes = &data["attributes"];
    assert_eq!(attributes["service"], "catchup");
    assert_eq!(attributes["device_type"], "tv");
    assert_eq!(attributes["ip4_address"], "127.0.0.1");
    for timestamp in ["play_started_timestamp", "last_updated_timestamp"] {
        let seconds = attributes[timestamp].as_u64().expect("unix seconds");
        assert!((before..=now_ms() / 1000).contains(&seconds), "{attributes}");
    }
    let index = alice.get("/users/alice/media_play_sessions").await;
    assert_eq!(index.header("content-type"), JSON_API);
    assert_eq!(index.ok()["data"], json!([data]));
}

#[tokio::test]
async fn json_api_and_plain_json_are_accepted() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    for kind in [JSON_API, "application/json", "text/plain"] {
        let path = format!("/users/alice/media_play_sessions/{}", kind.len());
        let request = alice.call(Method::PUT, &path).header("content-type", kind);
        let answer = request.body(playing(kind).to_string()).answer().await;
        assert_eq!((answer.status, answer.header("content-type")), (201, JSON_API));
        let request = alice.call(Method::PATCH, &path).header("content-type", kind);
        request.body(playing(kind).to_string()).answer().await.ok();
    }
}

#[tokio::test]
async fn every_answer_tells_how_often_to_send_heartbeats() {
    let node = TestNode::start(&[("BATON_MEDIA_SESSIONS__TTL_SECONDS", "90")]).await;
    let alice = node.customer("alice");
    let path = "/users/alice/media_play_sessions/tv";
    for answer in [
        alice.put(path, &playing("tv")).await,
        alice.put(path, &playing("tv")).await,
        alice.put(path, &json!({})).await,
        alice.patch(path).await,
        alice.get("/users/alice/media_play_sessions").await,
    ] {
        assert_eq!(answer.header("expires-in"), "90", "{answer:?}");
        assert_eq!(answer.header("cache-control"), "");
        let meta = &answer.body["meta"];
        assert_eq!(meta, &json!({ "expires_in_seconds": 90, "heartbeat_seconds": 30 }));
    }
}

#[tokio::test]
async fn the_default_life_is_two_hours() {
    let node = TestNode::start(&[]).await;
    let index = node.customer("alice").get("/users/alice/media_play_sessions").await;
    assert_eq!(index.header("expires-in"), "7200");
}

#[tokio::test]
async fn a_heartbeat_moves_the_last_update_and_not_the_start() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let path = "/users/alice/media_play_sessions/tv";
    let times = |body: &Value| {
        let attributes = &body["data"]["attributes"];
        let of = |name: &str| attributes[name].as_u64().unwrap();
        (of("play_started_timestamp"), of("last_updated_timestamp"))
    };
    let (started, updated) = times(&alice.put(path, &playing("tv")).await.has(201));
    for beat in ["PATCH", "PUT"] {
        let (_, before) = times(&alice.patch(path).await.ok());
        eventually("the last update moves", async || {
            let answer = alice.call(beat.parse().unwrap(), path).json(&playing("tv"));
            let (still, now) = times(&answer.answer().await.ok());
            assert_eq!(still, started);
            (now > before).then_some(())
        })
        .await;
    }
    assert!(updated >= started);
}

#[tokio::test]
async fn a_heartbeat_never_creates() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let path = "/users/alice/media_play_sessions/tv";
    alice.patch(path).await.problem(404, "NoSuchSession");
    let request = alice.call(Method::PATCH, path).json(&playing("tv"));
    request.answer().await.problem(404, "NoSuchSession");
    alice.put(path, &json!({})).await.problem(400, "InvalidRequest");
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn ids_are_scoped_to_the_user() {
    let node = TestNode::start(&[]).await;
    for user in ["alice", "bob"] {
        let path = format!("/users/{user}/media_play_sessions/same");
        assert_eq!(node.customer(user).put(&path, &playing(user)).await.status, 201);
    }
    let bob = node.customer("bob");
    bob.delete("/media_play_sessions/same").await.has(204);
    let alices = node.customer("alice").get("/users/alice/media_play_sessions").await.ok();
    assert_eq!(alices["data"][0]["attributes"]["device_type"], "alice");
}

#[tokio::test]
async fn a_service_acts_for_any_user_of_its_tenant_and_of_no_other() {
    let node = TestNode::start(&[]).await;
    let service = node.service();
    let path = "/users/alice/media_play_sessions/tv";
    assert_eq!(service.put(path, &playing("tv")).await.status, 201);
    service.patch(path).await.ok();
    let alice = node.customer("alice");
    assert_eq!(alice.count().await, 1, "it is the user's own session");
    let claims = Claims::of("other", "").without("customerId").with("role", "service");
    let foreign = node.bearer(claims.sign(SECRET));
    assert_eq!(foreign.get("/users/alice/media_play_sessions").await.ok()["data"], json!([]));
    foreign.patch(path).await.problem(404, "NoSuchSession");
    service.delete(path).await.has(204);
    assert_eq!(alice.count().await, 0);
    // Calls that act for the bearer itself need one.
    service.delete("/media_play_sessions/tv").await.problem(401, "InvalidToken");
    service.ask("TV").await.problem(401, "InvalidToken");
}

#[tokio::test]
async fn other_users_are_not_there() {
    let node = TestNode::start(&[]).await;
    let path = "/users/alice/media_play_sessions/tv";
    node.customer("alice").put(path, &playing("tv")).await.has(201);
    let bob = node.customer("bob");
    let agent = Claims::of(PUBLISHER, "bob").with("role", "agent").sign(SECRET);
    for other in [bob, node.bearer(agent)] {
        let body = playing("tv");
        for answer in [
            other.get("/users/alice/media_play_sessions").await,
            other.get("/users/nobody/media_play_sessions").await,
            other.post("/users/alice/media_play_sessions", &body).await,
            other.put(path, &body).await,
            other.patch(path).await,
            other.delete(path).await,
            other.delete("/media_play_sessions/tv").await,
        ] {
            answer.problem(404, "NoSuchSession");
        }
    }
    assert_eq!(node.customer("alice").count().await, 1);
}

#[tokio::test]
async fn the_users_id_may_be_a_number_in_the_token() {
    let node = TestNode::start(&[]).await;
    let user = node.bearer(Claims::of(PUBLISHER, 42).sign(SECRET));
    let path = "/users/42/media_play_sessions";
    assert_eq!(user.post(path, &playing("tv")).await.status, 201);
}

#[tokio::test]
async fn the_address_is_forwarded_by_trusted_proxies_only() {
    for (trusted, expected) in [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9")] {
        let node = TestNode::start(&[("BATON_TRUSTED_PROXIES", trusted)]).await;
        let request = node.customer("alice").call(Method::POST, "/users/alice/media_play_sessions");
        let request = request.header("x-forwarded-for", "198.51.100.1, 203.0.113.9");
        let body = request.json(&playing("tv")).answer().await.has(201);
        assert_eq!(body["data"]["attributes"]["ip4_address"], expected);
    }
}
