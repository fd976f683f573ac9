//! Short codes in the Live Assist dialect: made, redeemed by both sides, and guessed by nobody.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    eventually,
    node::{Answer, Ask, TestNode},
};

const BEHIND_A_PROXY: (&str, &str) = ("BATON_TRUSTED_PROXIES", "127.0.0.0/8");

async fn get(node: &TestNode, path: &str, from: u32) -> Answer {
    let address = std::net::Ipv4Addr::from(0xCB00_0000 + from).to_string();
    let path = format!("/assistserver/shortcode/{path}");
    node.call(Method::GET, &path).header("x-forwarded-for", address).answer().await
}

async fn consumer(node: &TestNode, code: &str, from: u32) -> Answer {
    get(node, &format!("consumer?appkey={code}"), from).await
}

async fn agent(node: &TestNode, code: &str, from: u32) -> Answer {
    get(node, &format!("agent?appkey={code}"), from).await
}

async fn create(node: &TestNode) -> String {
    let created = node.call(Method::PUT, "/assistserver/shortcode/create").answer().await;
    assert_eq!(created.header("cache-control"), "no-store");
    created.ok()["shortCode"].as_str().expect("a text").to_owned()
}

/// Some code that is not that one.
fn other(code: &str, at: u32) -> String {
    let number: u64 = code.parse().unwrap();
    let codes = 10_u64.pow(u32::try_from(code.len()).unwrap());
    format!("{:0width$}", (number + 1 + u64::from(at)) % codes, width = code.len())
}

#[tokio::test]
async fn both_sides_redeem_a_code_for_the_same_session() {
    let node = TestNode::start(&[]).await;
    let code = create(&node).await;
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let early = agent(&node, &code, 1).await;
    assert_eq!(early.header("cache-control"), "no-store");
    let consumer = consumer(&node, &code, 1).await.ok();
    assert_eq!(consumer.as_object().unwrap().len(), 2, "{consumer}");
    let cid = consumer["cid"].as_str().unwrap().to_owned();
    assert_eq!(cid, cid.to_lowercase());
    assert!(consumer["session-token"].as_str().is_some_and(|token| token.len() > 30));
    for answer in [early, agent(&node, &code, 1).await, agent(&node, &code, 2).await] {
        assert_eq!(answer.ok(), json!({ "cid": cid }));
    }
}

#[tokio::test]
async fn the_length_is_a_setting() {
    for length in ["4", "12"] {
        let node = TestNode::start(&[("BATON_SHORT_CODES__LENGTH", length)]).await;
        let codes = join_all((0..20).map(|_| create(&node))).await;
        assert!(codes.iter().all(|code| code.len().to_string() == length), "{codes:?}");
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), codes.len());
        consumer(&node, &codes[0], 1).await.ok();
    }
}

#[tokio::test]
async fn of_many_consumers_at_once_one_redeems() {
    let node = TestNode::start(&[BEHIND_A_PROXY]).await;
    let code = create(&node).await;
    let answers = join_all((0..20).map(|from| consumer(&node, &code, from))).await;
    let (redeemed, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((redeemed.len(), refused.len()), (1, 19));
    for refused in refused {
        refused.problem(403, "CodeRefused");
    }
    agent(&node, &code, 1).await.ok();
}

#[tokio::test]
async fn a_refusal_tells_nothing_of_the_codes_that_live() {
    let node = TestNode::start(&[BEHIND_A_PROXY]).await;
    let (used, gone) = (create(&node).await, create(&node).await);
    consumer(&node, &used, 1).await.ok();
    let customer = consumer(&node, &gone, 1).await.ok();
    let token = customer["session-token"].as_str().unwrap();
    let exit = format!("/cobrowse/rest/live/users/{token}/session/exit");
    node.call(Method::POST, &exit).answer().await.ok();
    let mut refusals = vec![consumer(&node, &used, 1).await, agent(&node, &gone, 1).await];
    for (at, bad) in [&*other(&used, 7), "", "12345x", "-12345", &"1".repeat(400), "%F0%9F%92%A3"]
        .into_iter()
        .enumerate()
    {
        let from = 10 + u32::try_from(at).unwrap();
        refusals.push(consumer(&node, bad, from).await);
        refusals.push(agent(&node, bad, from).await);
    }
    refusals.push(get(&node, "agent", 1).await);
    refusals.push(get(&node, "consumer", 1).await);
    for refusal in &refusals {
        refusal.problem(403, "CodeRefused");
        assert_eq!(refusal.body, refusals[0].body);
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<HashSet<_>>();
        assert_eq!(names(refusal), names(&refusals[0]));
    }
}

#[tokio::test]
async fn a_code_expires() {
    let node = TestNode::start(&[("BATON_SHORT_CODES__TTL_SECONDS", "2")]).await;
    let unused = create(&node).await;
    // A busy machine may take longer than a code lives.
    let code = eventually("a code is redeemed in its time", async || {
        let code = create(&node).await;
        (agent(&node, &code, 1).await.status == 200).then_some(code)
    })
    .await;
    eventually("the code expires", async || {
        (agent(&node, &code, 1).await.status == 403).then_some(())
    })
    .await;
    consumer(&node, &unused, 1).await.problem(403, "CodeRefused");
}

/// A wait that is true: within the window, and more than none.
fn is_limited(answer: &Answer) {
    answer.problem(429, "TooManyRequests");
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn ten_tries_may_fail_a_minute_from_one_address() {
    let node = TestNode::start(&[BEHIND_A_PROXY]).await;
    let code = create(&node).await;
    for at in 0..10 {
        let bad = if at % 2 == 0 { other(&code, at) } else { "x".to_owned() };
        agent(&node, &bad, 1).await.problem(403, "CodeRefused");
    }
    // The right code as well: whoever is limited learns nothing.
    is_limited(&agent(&node, &code, 1).await);
    is_limited(&consumer(&node, &code, 1).await);
    agent(&node, &code, 2).await.ok();
    consumer(&node, &code, 2).await.ok();
}

#[tokio::test]
async fn addresses_are_believed_of_trusted_proxies_only() {
    let node = TestNode::start(&[]).await;
    let code = create(&node).await;
    for from in 0..10 {
        agent(&node, &other(&code, from), from).await.problem(403, "CodeRefused");
    }
    is_limited(&agent(&node, &code, 99).await);
}

#[tokio::test]
async fn twenty_tries_may_fail_a_minute_in_all_where_codes_are_short() {
    let node = TestNode::start(&[BEHIND_A_PROXY, ("BATON_SHORT_CODES__LENGTH", "4")]).await;
    let code = create(&node).await;
    for from in 0..20 {
        agent(&node, &other(&code, from), from).await.problem(403, "CodeRefused");
    }
    is_limited(&agent(&node, &code, 99).await);
}

#[tokio::test]
async fn tries_at_once_cannot_overdraw() {
    let node = TestNode::start(&[BEHIND_A_PROXY]).await;
    let code = create(&node).await;
    let tries = (0..30).map(|at| {
        let bad = other(&code, at);
        let node = &node;
        async move { agent(node, &bad, 1).await.status }
    });
    let refused = join_all(tries).await.into_iter().filter(|status| *status == 403).count();
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn tries_that_do_not_fail_count_for_nothing() {
    let node = TestNode::start(&[]).await;
    let code = create(&node).await;
    for _ in 0..30 {
        agent(&node, &code, 1).await.ok();
    }
}

/// What an operator sees of the session of a customer.
async fn audit(node: &TestNode, customer: &Value) -> Value {
    let session = &customer["session-token"].as_str().unwrap()[..9];
    let path = format!("/api/v1/cobrowse/sessions/{session}");
    node.admin(Method::GET, &path).answer().await.ok()
}

#[tokio::test]
async fn names_are_shown_and_audited() {
    let node = TestNode::start(&[]).await;
    let path = "/assistserver/shortcode/create?auditName=page%207";
    let code = node.call(Method::PUT, path).answer().await.ok()["shortCode"].clone();
    let code = code.as_str().unwrap();
    let names = "&username=jd&displayName=Jane%20Doe&auditName=jane";
    let customer = get(&node, &format!("consumer?appkey={code}{names}"), 1).await.ok();
    let seen = audit(&node, &customer).await;
    assert_eq!(seen["users"][0]["name"], "Jane Doe");
    assert_eq!(seen["users"][0]["role"], 1);
    let events = seen["events"].as_array().unwrap().iter();
    let names: Vec<_> = events
        .filter(|event| event["event"] == "audit_name")
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["page 7", "jane"]);
    // Without a name to display, the name of the user is shown.
    let code = create(&node).await;
    let customer = get(&node, &format!("consumer?appkey={code}&username=jd&displayName="), 1).await;
    assert_eq!(audit(&node, &customer.ok()).await["users"][0]["name"], "jd");
}

#[tokio::test]
async fn names_are_bounded_plain_texts_and_cost_no_code() {
    let node = TestNode::start(&[]).await;
    let code = create(&node).await;
    let long = "x".repeat(101);
    for bad in [&*format!("displayName={long}"), "username=a%00b", "auditName=%0A"] {
        let answer = get(&node, &format!("consumer?appkey={code}&{bad}"), 1).await;
        answer.problem(400, "InvalidRequest");
    }
    let path = format!("/assistserver/shortcode/create?auditName={long}");
    node.call(Method::PUT, &path).answer().await.problem(400, "InvalidRequest");
    get(&node, &format!("agent?appkey={code}&appkey={code}"), 1)
        .await
        .problem(400, "InvalidRequest");
    consumer(&node, &code, 1).await.ok();
}

#[tokio::test]
async fn pages_of_any_origin_may_call_without_cookies() {
    let node = TestNode::start(&[]).await;
    for (method, path) in [("PUT", "create"), ("GET", "consumer"), ("GET", "agent")] {
        let path = format!("/assistserver/shortcode/{path}");
        let preflight = node
            .call(Method::OPTIONS, &path)
            .header("origin", "https://crm.example")
            .header("access-control-request-method", method)
            .answer()
            .await;
        let methods = preflight.header("access-control-allow-methods");
        assert!(methods.split(',').any(|allowed| allowed == method), "{methods}");
        let call =
            node.call(method.parse().unwrap(), &path).header("origin", "https://crm.example");
        for answer in [preflight, call.answer().await] {
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
}

#[tokio::test]
async fn an_address_creates_so_many_sessions_and_codes_a_minute() {
    let node = TestNode::start(&[BEHIND_A_PROXY]).await;
    let create = |method: Method, path: &'static str, from: &'static str| {
        node.call(method, path).header("x-forwarded-for", from).answer()
    };
    let code = |from| create(Method::PUT, "/assistserver/shortcode/create", from);
    let session = |from| create(Method::POST, "/cobrowse/rest/live/sessions", from);
    for _ in 0..10 {
        let (codes, sessions) = (
            join_all((0..30).map(|_| code("192.0.2.1"))),
            join_all((0..30).map(|_| session("192.0.2.1"))),
        );
        for created in codes.await.into_iter().chain(sessions.await) {
            created.ok();
        }
    }
    is_limited(&code("192.0.2.1").await);
    is_limited(&session("192.0.2.1").await);
    session("192.0.2.2").await.ok();
    // None of it is a guess.
    let code = code("192.0.2.2").await.ok()["shortCode"].clone();
    let code = code.as_str().unwrap();
    agent(&node, &other(code, 1), 1).await.problem(403, "CodeRefused");
    agent(&node, code, 1).await.ok();
}
