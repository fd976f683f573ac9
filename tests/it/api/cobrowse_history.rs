//! What remains of a co-browse session, and who may see it.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    cobrowse::rest::{Live, history, say, staff, text, token},
    eventually,
    node::{Ask, SECRET, TestNode},
};

#[tokio::test]
async fn it_is_there_after_the_end_only() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    let controller = live.controller("cleo").await;
    let cleo = token("controller", "cleo");
    let early = history(&node, &customer, &cleo).await;
    let problem = early.problem(404, "NoSuchSession");
    assert!(text(problem, "detail").contains("not over"), "{problem}");
    let times = say(&node, Method::POST, &controller, "stop").await.ok();
    let told = history(&node, &customer, &cleo).await.ok();
    let created = told["creationTime"].as_u64().unwrap();
    let expected = json!({
        "id": customer["sessionHistoryId"], "sessionToken": live.token, "creationTime": created,
        "activationTime": times["activationTime"], "deactivationTime": times["deactivationTime"],
        "pages": [],
    });
    assert_eq!(told, expected);
    assert!(created <= times["activationTime"].as_u64().unwrap(), "{told}");
    let by_token = format!("/cobrowse/rest/history/sessions/{}", live.token);
    node.bearer(cleo).get(&by_token).await.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn it_is_for_people_and_backends_of_the_tenant() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    say(&node, Method::POST, &customer, "exit").await.ok();
    for role in ["agent", "controller", "service"] {
        history(&node, &customer, &token(role, "x")).await.ok();
        let foreign = staff(role, "x").with("publisherId", "other").sign(SECRET);
        history(&node, &customer, &foreign).await.problem(404, "NoSuchSession");
    }
    let alice = staff("customer", "x").with("customerId", "alice").sign(SECRET);
    history(&node, &customer, &alice).await.problem(403, "NotAllowed");
    history(&node, &customer, "forged").await.problem(401, "InvalidToken");
    let path = format!("/cobrowse/rest/history/sessions/{}", text(&customer, "sessionHistoryId"));
    node.call(Method::GET, &path).answer().await.problem(401, "InvalidToken");
    let user = text(&customer, "userToken");
    history(&node, &customer, &user).await.problem(401, "InvalidToken");
}

#[tokio::test]
async fn what_is_no_history_is_not_found() {
    let node = TestNode::start(&[]).await;
    for id in ["x", "%ff", "%00", "845800826", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"] {
        let answer = node.bearer(token("agent", "ann"));
        let answer = answer.get(&format!("/cobrowse/rest/history/sessions/{id}")).await;
        answer.problem(404, "NoSuchSession");
    }
}

#[tokio::test]
async fn it_is_kept_for_a_configured_time() {
    let node = TestNode::start(&[("BATON_COBROWSE__HISTORY_SECONDS", "1")]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    say(&node, Method::POST, &customer, "exit").await.ok();
    eventually("the history is forgotten", async || {
        let answer = history(&node, &customer, &token("agent", "ann")).await;
        (answer.status == 404).then_some(())
    })
    .await;
}
