//! Who may join a co-browse session, as what, and what it is told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::rest::{Live, say, shop, staff, text, token},
    node::{Ask, SECRET, TestNode},
};

const OPEN: (&str, &str) = ("BATON_COBROWSE__OPEN_JOIN", "true");

#[tokio::test]
async fn a_customer_joins_with_the_token_of_the_creation() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    let (user, id) = (text(&customer, "userToken"), text(&customer, "userId"));
    let address = node.node.public_addr;
    let expected = json!({
        "userToken": user, "userId": id, "users": [{ "userId": id, "role": 1, "name": "Vera" }],
        "sessionHistoryId": customer["sessionHistoryId"], "sessionServerName": "it",
        "socketUrl": format!("ws://{address}/cobrowse/socket/visitor?token={user}"),
    });
    assert_eq!(customer, expected);
    let history = text(&customer, "sessionHistoryId");
    assert!(history.len() == 36 && !history.contains(&live.token), "{history}");
    assert_eq!(live.customer().await, customer, "a repeat is answered alike");
}

#[tokio::test]
async fn nobody_else_joins_as_the_customer() {
    let node = TestNode::start(&[]).await;
    let (live, other) = (Live::create(&node).await, Live::create(&node).await);
    let user = text(&live.customer().await, "userToken");
    for wrong in [json!(null), json!(""), json!(other.customer_token), json!(user), json!("x")] {
        let answer = live.join(json!({ "role": 1, "customerToken": wrong }), None).await;
        answer.problem(403, "NotAllowed");
    }
    live.join(json!({ "role": 1 }), None).await.problem(403, "NotAllowed");
    let controller = token("controller", "cleo");
    live.join(json!({ "role": 1 }), Some(&controller)).await.problem(403, "NotAllowed");
}

#[tokio::test]
async fn agents_and_controllers_join_with_a_token_of_their_tenant() {
    let node = TestNode::start(&[("BATON_PUBLIC_URL", "https://baton.example.com/x")]).await;
    let live = Live::create(&node).await;
    let vera = live.customer().await;
    assert!(text(&vera, "socketUrl").starts_with("wss://baton.example.com/x/cobrowse/socket/"));
    let named = staff("agent", "ann").with("name", "Ann").sign(SECRET);
    let ann = live.join(json!({ "role": 2 }), Some(&named)).await.ok();
    let user = text(&ann, "userToken");
    let socket = format!("wss://baton.example.com/x/cobrowse/socket/viewer?token={user}");
    assert_eq!(ann["socketUrl"], socket);
    let given = json!({ "role": 3, "name": "Cleo" });
    let cleo = live.join(given, Some(&token("controller", "cleo"))).await.ok();
    let roles: Vec<_> = cleo["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (&user["role"], &user["name"]))
        .collect();
    let (one, two, three) = (json!(1), json!(2), json!(3));
    let (vera, ann, cleo) = (json!("Vera"), json!("Ann"), json!("Cleo"));
    assert_eq!(roles, [(&one, &vera), (&two, &ann), (&three, &cleo)]);
}

#[tokio::test]
async fn a_tokens_role_bounds_what_its_bearer_may_be() {
    let node = TestNode::start(&[("BATON_COBROWSE__SESSIONS_PER_AGENT", "100")]).await;
    let customer = staff("customer", "x").with("customerId", "alice").sign(SECRET);
    for (bearer, agent, controller) in [
        (token("agent", "a"), 200, 403),
        (token("controller", "b"), 200, 200),
        (token("service", "c"), 200, 200),
        (customer, 403, 403),
        ("forged".to_owned(), 401, 401),
        (staff("agent", "d").expires_in(-60).sign(SECRET), 401, 401),
        (staff("agent", "e").sign("another secret, of nobody at all"), 401, 401),
    ] {
        for (role, status) in [(2, agent), (3, controller)] {
            let live = Live::create(&node).await;
            live.join(json!({ "role": role }), Some(&bearer)).await.has(status);
        }
    }
    let live = Live::create(&node).await;
    for role in [2, 3] {
        live.join(json!({ "role": role }), None).await.problem(401, "InvalidToken");
    }
}

#[tokio::test]
async fn with_open_join_the_session_token_is_enough() {
    let node = TestNode::start(&[OPEN]).await;
    for role in [1, 2, 3] {
        let live = Live::create(&node).await;
        let user = live.join(json!({ "role": role, "name": "N" }), None).await.ok();
        assert_eq!(
            user["users"][0],
            json!({ "userId": user["userId"], "role": role, "name": "N" })
        );
    }
    let live = Live::create(&node).await;
    live.join(json!({ "role": 3 }), Some("forged")).await.problem(401, "InvalidToken");
    live.join(json!({ "role": 3 }), Some(&token("agent", "a"))).await.problem(403, "NotAllowed");
}

#[tokio::test]
async fn an_agent_holds_one_session_at_a_time() {
    let node = TestNode::start(&[]).await;
    let (first, second) = (Live::create(&node).await, Live::create(&node).await);
    let joined = first.agent("ann").await;
    assert_eq!(first.agent("ann").await["userToken"], joined["userToken"], "a repeat");
    let ann = token("agent", "ann");
    second.join(json!({ "role": 2 }), Some(&ann)).await.problem(409, "AgentBusy");
    second.agent("bob").await;
    say(&node, Method::POST, &joined, "exit").await.ok();
    second.agent("ann").await;
}

#[tokio::test]
async fn an_agents_session_counts_no_more_when_it_is_over() {
    let node = TestNode::start(&[("BATON_COBROWSE__SESSIONS_PER_AGENT", "2")]).await;
    let (first, second) = (Live::create(&node).await, Live::create(&node).await);
    let third = Live::create(&node).await;
    let customer = first.customer().await;
    first.agent("ann").await;
    second.controller("ann").await;
    let ann = token("agent", "ann");
    third.join(json!({ "role": 2 }), Some(&ann)).await.problem(409, "AgentBusy");
    say(&node, Method::POST, &customer, "exit").await.ok();
    third.agent("ann").await;
}

#[tokio::test]
async fn whoever_is_in_a_session_twice_holds_it_until_both_are_out() {
    let node = TestNode::start(&[]).await;
    let (first, second) = (Live::create(&node).await, Live::create(&node).await);
    let (agent, controller) = (first.agent("ann").await, first.controller("ann").await);
    assert_ne!(agent["userId"], controller["userId"]);
    let ann = token("agent", "ann");
    say(&node, Method::POST, &agent, "exit").await.ok();
    second.join(json!({ "role": 2 }), Some(&ann)).await.problem(409, "AgentBusy");
    first.agent("ann").await;
    say(&node, Method::POST, &agent, "exit").await.ok();
    say(&node, Method::POST, &controller, "exit").await.ok();
    second.join(json!({ "role": 2 }), Some(&ann)).await.problem(409, "AgentBusy");
}

#[tokio::test]
async fn nameless_agents_and_services_are_not_counted() {
    let node = TestNode::start(&[]).await;
    let nameless = staff("agent", "").without("sub").sign(SECRET);
    for bearer in [nameless, token("service", "crm")] {
        for _ in 0..2 {
            let live = Live::create(&node).await;
            let one = live.join(json!({ "role": 2 }), Some(&bearer)).await.ok();
            let two = live.join(json!({ "role": 2 }), Some(&bearer)).await.ok();
            assert_ne!(one["userId"], two["userId"], "nobody tells that they are one person");
        }
    }
}

#[tokio::test]
async fn a_session_holds_200_users() {
    let node = TestNode::start(&[OPEN]).await;
    let live = Live::create(&node).await;
    let mut users = Vec::new();
    for _ in 0..200 {
        users.push(live.join(json!({ "role": 2 }), None).await.ok());
    }
    live.join(json!({ "role": 2 }), None).await.problem(409, "SessionFull");
    say(&node, Method::POST, &users[7], "exit").await.ok();
    live.join(json!({ "role": 2 }), None).await.ok();
}

#[tokio::test]
async fn a_body_that_is_no_join_is_refused() {
    let node = shop(&[OPEN]).await;
    let live = Live::create(&node).await;
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "role": 0 }),
        json!({ "role": 4 }),
        json!({ "role": "2" }),
        json!({ "role": 2.5 }),
        json!({ "role": -1 }),
        json!({ "role": null }),
        json!({ "role": 2, "name": 7 }),
        json!({ "role": 2, "name": "x".repeat(101) }),
        json!({ "role": 2, "name": "a\u{0}b" }),
        json!({ "role": 1, "customerToken": 7 }),
    ] {
        live.join(body, None).await.problem(400, "InvalidRequest");
    }
    let path = format!("{}/users", live.path());
    for garbage in ["", "{", "role=2", "\0", "{}{}"] {
        let request = node.call(Method::POST, &path).body(garbage);
        request.answer().await.problem(400, "InvalidRequest");
    }
    let large = node.call(Method::POST, &path).body("x".repeat(20_000));
    large.answer().await.problem(413, "BodyTooLarge");
    let nobody: Value = live.join(json!({ "role": 2, "name": "" }), None).await.ok();
    assert_eq!(nobody["users"][0]["name"], json!(null));
}
