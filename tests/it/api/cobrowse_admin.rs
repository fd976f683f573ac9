//! What operators see of co-browse sessions, and how they end them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::rest::{Live, history, say, shop, text, token},
    node::{Answer, Ask, TestNode},
};

async fn ask(node: &TestNode, method: Method, id: &str) -> Answer {
    node.admin(method, &format!("/api/v1/cobrowse/sessions/{id}")).answer().await
}

/// The words of the audit trail.
fn words(session: &Value) -> Vec<&str> {
    let events = session["events"].as_array().unwrap();
    assert!(events.iter().all(|event| event["at_ms"].is_u64()), "{session}");
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_operator_sees_a_session_and_all_that_happened_but_no_secret() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let before = ask(&node, Method::GET, &live.token).await.ok();
    assert_eq!((&before["status"], &before["begun"]), (&json!("created"), &json!("live")));
    assert_eq!(words(&before), ["created"]);
    let customer = live.customer().await;
    let controller = live.controller("cleo").await;
    let seen = ask(&node, Method::GET, &live.token).await.ok();
    for (member, value) in [
        ("session_token", json!(live.token)),
        ("history_id", customer["sessionHistoryId"].clone()),
        ("tenant", json!("default")),
        ("status", json!("waiting")),
        ("host", json!(null)),
        ("home", json!("it")),
        ("ended_ms", json!(null)),
    ] {
        assert_eq!(seen[member], value, "{member}: {seen}");
    }
    let expected = json!([
        { "user_id": customer["userId"], "role": 1, "name": "Vera", "agent": null, "left": false },
        { "user_id": controller["userId"], "role": 3, "name": null, "agent": "cleo", "left": false },
    ]);
    assert_eq!(seen["users"], expected);
    assert_eq!(words(&seen), ["created", "joined", "joined"]);
    say(&node, Method::POST, &controller, "stop").await.ok();
    let over = ask(&node, Method::GET, &text(&customer, "sessionHistoryId")).await.ok();
    assert_eq!(over["status"], "terminated");
    assert_eq!(over["ended_by"], json!({ "agent": controller["userId"] }));
    assert_eq!(words(&over), ["created", "joined", "joined", "ended"]);
    let secrets =
        [&live.customer_token, &text(&customer, "userToken"), &text(&controller, "userToken")];
    for shown in [&before, &seen, &over] {
        assert!(secrets.iter().all(|secret| !shown.to_string().contains(*secret)), "{shown}");
    }
}

#[tokio::test]
async fn an_operator_ends_a_session_by_either_name() {
    let node = shop(&[]).await;
    for by_history in [false, true] {
        let live = Live::create(&node).await;
        let controller = live.controller("cleo").await;
        let history_id = text(&controller, "sessionHistoryId");
        let id = if by_history { &history_id } else { &live.token };
        ask(&node, Method::DELETE, id).await.has(204);
        live.look().await.problem(404, "NoSuchSession");
        let seen = ask(&node, Method::GET, id).await.ok();
        assert_eq!(
            (&seen["status"], &seen["ended_by"]),
            (&json!("terminated"), &json!("operator"))
        );
        ask(&node, Method::DELETE, id).await.has(204);
        let times = say(&node, Method::POST, &controller, "stop").await.ok();
        let told = history(&node, &controller, &token("agent", "ann")).await.ok();
        assert_eq!(told["deactivationTime"], times["deactivationTime"]);
    }
}

#[tokio::test]
async fn what_names_no_session_is_not_found() {
    let node = TestNode::start(&[]).await;
    for id in ["x", "000000000", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "%00"] {
        for method in [Method::GET, Method::DELETE] {
            ask(&node, method, id).await.problem(404, "NoSuchSession");
        }
    }
}

#[tokio::test]
async fn only_operators_ask() {
    let node = TestNode::start(&[("BATON_ADMIN__TOKEN", "the token of the operators")]).await;
    let live = Live::create(&node).await;
    let path = format!("/api/v1/cobrowse/sessions/{}", live.token);
    for method in [Method::GET, Method::DELETE] {
        node.admin(method.clone(), &path).answer().await.problem(401, "InvalidToken");
        let service = node.admin(method.clone(), &path).bearer_auth(token("service", "x"));
        service.answer().await.problem(401, "InvalidToken");
        node.call(method, &path).answer().await.problem(404, "NotFound");
    }
    let operator = node.admin(Method::GET, &path).bearer_auth("the token of the operators");
    operator.answer().await.ok();
}
