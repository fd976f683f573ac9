//! Stopping and exiting co-browse sessions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::rest::{Live, say, shop, text, token},
    node::{Ask, TestNode},
};

fn ms(times: &Value, member: &str) -> u64 {
    times[member].as_u64().unwrap_or_else(|| panic!("{member}: {times}"))
}

#[tokio::test]
async fn a_controller_stops_the_session_once() {
    let node = shop(&[]).await;
    for methods in [[Method::GET, Method::POST], [Method::POST, Method::GET]] {
        let live = Live::create(&node).await;
        live.customer().await;
        let controller = live.controller("cleo").await;
        let [first, second] = methods;
        let answer = say(&node, first, &controller, "stop").await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let times = answer.ok();
        assert_eq!(times.as_object().unwrap().len(), 2, "{times}");
        let (began, ended) = (ms(&times, "activationTime"), ms(&times, "deactivationTime"));
        assert!(1_600_000_000_000 < began && began <= ended, "{times}");
        live.look().await.problem(404, "NoSuchSession");
        assert_eq!(say(&node, second.clone(), &controller, "stop").await.ok(), times);
        assert_eq!(say(&node, second, &controller, "exit").await.ok(), times);
    }
}

#[tokio::test]
async fn nobody_else_stops_it() {
    let node = shop(&[("BATON_COBROWSE__OPEN_JOIN", "true")]).await;
    let live = Live::create(&node).await;
    let open = live.join(json!({ "role": 2 }), None).await.ok();
    for user in [live.customer().await, live.agent("ann").await, open] {
        for method in [Method::GET, Method::POST] {
            say(&node, method, &user, "stop").await.problem(403, "NotAllowed");
        }
    }
    live.look().await.ok();
    let controller = live.controller("cleo").await;
    say(&node, Method::GET, &controller, "stop").await.ok();
    let late = live.join(json!({ "role": 2 }), Some(&token("agent", "bob"))).await;
    late.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn unknown_and_ill_formed_user_tokens_are_nobodys() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let user = text(&live.controller("cleo").await, "userToken");
    let mut forged = user.clone().into_bytes();
    let last = forged.last_mut().unwrap();
    *last = if *last == b'0' { b'1' } else { b'0' };
    let forged = String::from_utf8(forged).unwrap();
    let upper = user.to_uppercase();
    for token in [&*forged, &*live.customer_token, &*live.token, &user[1..], "x", "%ff", "%00"]
        .into_iter()
        .chain((upper != user).then_some(&*upper))
    {
        for what in ["stop", "exit"] {
            for method in [Method::GET, Method::POST] {
                let path = format!("/cobrowse/rest/live/users/{token}/session/{what}");
                let answer = node.call(method, &path).answer().await;
                answer.problem(404, "NoSuchSession");
            }
        }
    }
}

#[tokio::test]
async fn the_customers_exit_ends_the_session() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    let (customer, agent) = (live.customer().await, live.agent("ann").await);
    let times = say(&node, Method::GET, &customer, "exit").await.ok();
    assert!(ms(&times, "activationTime") <= ms(&times, "deactivationTime"));
    live.look().await.problem(404, "NoSuchSession");
    assert_eq!(say(&node, Method::POST, &customer, "exit").await.ok(), times);
    assert_eq!(say(&node, Method::POST, &agent, "exit").await.ok(), times);
}

#[tokio::test]
async fn a_session_that_no_agent_joined_never_was_active() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    let times = say(&node, Method::POST, &customer, "exit").await.ok();
    assert_eq!(times["activationTime"], json!(null));
    ms(&times, "deactivationTime");
}

#[tokio::test]
async fn the_session_ends_with_the_last_who_watches() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    live.customer().await;
    let (agent, controller) = (live.agent("ann").await, live.controller("cleo").await);
    let going_on = say(&node, Method::POST, &controller, "exit").await.ok();
    ms(&going_on, "activationTime");
    assert_eq!(going_on["deactivationTime"], json!(null));
    live.look().await.ok();
    let bob = live.agent("bob").await;
    let ids: Vec<_> = bob["users"].as_array().unwrap().iter().map(|user| &user["userId"]).collect();
    assert!(!ids.contains(&&controller["userId"]), "those who left are not listed");
    assert_eq!(say(&node, Method::GET, &controller, "exit").await.ok(), going_on);
    say(&node, Method::GET, &agent, "exit").await.ok();
    live.look().await.ok();
    ms(&say(&node, Method::POST, &bob, "exit").await.ok(), "deactivationTime");
    live.look().await.problem(404, "NoSuchSession");
}
