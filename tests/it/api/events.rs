//! What a console is told, over the admin listener.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::rest::{Live, say, text},
    eventually, in_time,
    node::{Ask, TestNode},
    watching::Watching,
};

const EVENTS: &str = "/api/v1/events";

async fn watch(node: &TestNode) -> Watching {
    Watching::start(node.admin(Method::GET, EVENTS)).await
}

/// The members of an activity that are the same each time.
fn shown(activity: &Value, members: &[&str]) -> Value {
    assert!(activity["at_ms"].is_u64() && activity["node"] == "it", "{activity}");
    members.iter().map(|member| activity[*member].clone()).collect()
}

#[tokio::test]
async fn what_happens_to_stream_sessions_is_told_as_it_happens() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let mut watching = watch(&node).await;
    let alice = node.customer("alice");
    let tv = alice.session("TV").await;
    let created = watching.anything().await;
    let of_tv = ["kind", "tenant", "customer", "session", "name", "pool"];
    let expected = json!(["stream_created", "acme", "alice", tv.id, "TV", "offer:S1"]);
    assert_eq!(shown(&created, &of_tv), expected);
    let mut socket = tv.play().await;

    alice.ask("Phone").await.problem(409, "LimitExceeded");
    let refused = watching.anything().await;
    let expected = json!(["stream_refused", "acme", "alice", null, "Phone", "offer:S1"]);
    assert_eq!(shown(&refused, &of_tv), expected);

    let wish = json!({ "sessionId": tv.id, "sessionName": "Phone", "offerId": "S1" });
    let phone = alice.post("/takeover", &wish).await.ok()["sessionId"].clone();
    assert_eq!(
        shown(&watching.anything().await, &["kind", "name"]),
        json!(["stream_created", "Phone"])
    );
    let taken = shown(&watching.anything().await, &["kind", "session", "reason", "by", "by_name"]);
    assert_eq!(taken, json!(["stream_ended", tv.id, "taken_over", phone, "Phone"]));
    // The refused call had asked whether the player is there.
    let told = [socket.next_action().await.0, socket.next_action().await.0];
    assert_eq!(told, ["PING", "TAKE_OVER"]);

    let path = format!("/api/v1/accounts/acme/alice/sessions/{}", phone.as_str().unwrap());
    let body = json!({ "reason": "maintenance" }).to_string();
    node.admin(Method::DELETE, &path).body(body).answer().await.has(204);
    let ended = shown(&watching.anything().await, &["kind", "session", "reason", "note"]);
    assert_eq!(ended, json!(["stream_ended", phone, "operator", "maintenance"]));
}

#[tokio::test]
async fn a_repeated_create_is_told_once() {
    let node = TestNode::start(&[]).await;
    let mut watching = watch(&node).await;
    let alice = node.customer("alice");
    for (name, key) in [("TV", "1"), ("TV", "1"), ("Phone", "2")] {
        let body = json!({ "sessionName": name, "offerId": "S1" });
        let request = alice.call(Method::POST, "/sessions").json(&body);
        request.header("idempotency-key", key).answer().await.ok();
    }
    for name in ["TV", "Phone"] {
        assert_eq!(watching.anything().await["name"], name);
    }
}

#[tokio::test]
async fn co_browse_sessions_are_told_without_what_lets_people_in() {
    let node = TestNode::start(&[]).await;
    let mut watching = watch(&node).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    let controller = live.controller("cleo").await;
    say(&node, Method::POST, &controller, "stop").await.ok();
    let history = &customer["sessionHistoryId"];
    for expected in [
        json!(["cobrowse_created", "default", history, null, null]),
        json!(["cobrowse_joined", "default", history, "customer", null]),
        json!(["cobrowse_joined", "default", history, "controller", null]),
        json!(["cobrowse_ended", "default", history, null, "agent"]),
    ] {
        let told = watching.anything().await;
        assert_eq!(shown(&told, &["kind", "tenant", "session", "role", "by"]), expected);
        let secrets = [
            &live.token,
            &live.customer_token,
            &text(&customer, "userToken"),
            &text(&controller, "userToken"),
        ];
        assert!(secrets.iter().all(|secret| !told.to_string().contains(*secret)), "{told}");
    }
}

#[tokio::test]
async fn the_load_of_a_node_follows_what_it_does() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let mut watching = watch(&node).await;
    let alice = node.customer("alice");
    let _socket = alice.session("TV").await.play().await;
    alice.ask("Phone").await.problem(409, "LimitExceeded");
    let load = watching.nodes(|nodes| {
        let node = &nodes[0];
        let is_told = node["load"]["since_start"]["refusals"] == 1;
        (is_told && node["sockets"] == 1).then(|| node["load"].clone())
    });
    let load = load.await;
    let levels = ["ready", "held_streams", "hosted_sessions", "visitors"];
    let levels: Value = levels.iter().map(|level| load[*level].clone()).collect();
    assert_eq!(levels, json!([true, 1, 0, 0]), "{load}");
    let tally = &load["since_start"];
    assert_eq!((&tally["creates"], &tally["takeovers"]), (&json!(1), &json!(0)), "{load}");
    assert!(tally["requests"].as_u64().unwrap() >= 2, "{load}");
    let took = |percent: &str| load["latency"][percent].as_u64().unwrap();
    assert!(took("p50_us") <= took("p95_us") && took("p95_us") <= took("p99_us"), "{load}");
}

#[tokio::test]
async fn only_operators_watch() {
    let node = TestNode::start(&[("BATON_ADMIN__TOKEN", "the token of the operators")]).await;
    let ask = |token: &str| node.admin(Method::GET, EVENTS).bearer_auth(token);
    node.admin(Method::GET, EVENTS).answer().await.problem(401, "InvalidToken");
    ask(&node.customer("alice").token).answer().await.problem(401, "InvalidToken");
    node.call(Method::GET, EVENTS).answer().await.problem(404, "NotFound");
    Watching::start(ask("the token of the operators")).await;
}

#[tokio::test]
async fn so_many_may_watch_and_their_places_are_given_back() {
    let node = TestNode::start(&[]).await;
    let mut watching = Vec::new();
    for _ in 0..16 {
        watching.push(watch(&node).await);
    }
    node.admin(Method::GET, EVENTS).answer().await.problem(429, "TooManyRequests");
    watching.pop();
    eventually("a place is free", async || {
        let answer = node.admin(Method::GET, EVENTS).send().await.unwrap();
        (answer.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_node_that_drains_ends_what_it_tells() {
    let node = TestNode::start(&[]).await;
    let mut watching = watch(&node).await;
    node.node.drain().cancel();
    let ended = async { while watching.next().await.is_some() {} };
    in_time("the events end", ended).await;
    in_time("the node stops", node.node.stopped()).await.unwrap();
}

#[tokio::test]
async fn the_console_is_on_the_admin_listener_only() {
    let node = TestNode::start(&[("BATON_ADMIN__TOKEN", "the token of the operators")]).await;
    for path in ["/", "/console"] {
        let home = node.admin(Method::GET, path).answer().await;
        assert_eq!((home.status, home.header("location")), (307, "/console/"));
    }
    node.call(Method::GET, "/console/").answer().await.problem(404, "NotFound");
}
