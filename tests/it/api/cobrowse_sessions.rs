//! Creating co-browse sessions, finding their hosts, and the health of a node.

use std::collections::HashSet;

use reqwest::{Method, header::HeaderValue};
use serde_json::json;

use crate::support::{
    cobrowse::rest::{Live, SESSIONS, SHOP, say, shop, text},
    node::{Ask, TestNode},
};

const SERVER_URL: (&str, &str) = ("BATON_NODE__SERVER_URL", "https://n1.example.com");

#[tokio::test]
async fn a_new_session_has_nine_digits_and_names_its_host() {
    let node = TestNode::start(&[]).await;
    let answer = node.call(Method::POST, SESSIONS).answer().await;
    assert!(answer.header("set-cookie").starts_with("gcbSessionServer=it; "), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.ok();
    let token = text(&body, "sessionToken");
    assert!(token.len() == 9 && token.bytes().all(|byte| byte.is_ascii_digit()), "{token}");
    let customer_token = text(&body, "customerToken");
    let expected = json!({
        "sessionToken": token, "sessionServerName": "it", "customerToken": customer_token,
    });
    assert_eq!(body, expected, "and nothing else: no sessionServerUrl without node.server_url");
}

#[tokio::test]
async fn every_call_creates_another_session_whatever_its_body_is() {
    let node = TestNode::start(&[]).await;
    let mut tokens = HashSet::new();
    for body in ["", "{}", "null", "{", "\0", "a=b", &"x".repeat(16 * 1024)] {
        let request = node.call(Method::POST, SESSIONS).body(body.to_owned());
        tokens.insert(Live::of(&node, request).await.token);
    }
    assert_eq!(tokens.len(), 7);
    let large = node.call(Method::POST, SESSIONS).body("x".repeat(16 * 1024 + 1));
    large.answer().await.problem(413, "BodyTooLarge");
}

#[tokio::test]
async fn a_node_with_a_url_of_its_own_tells_it() {
    let node = shop(&[SERVER_URL]).await;
    let live = Live::create(&node).await;
    let body = live.look().await.ok();
    let expected = json!({
        "sessionToken": live.token, "sessionServerName": "it",
        "sessionServerUrl": "https://n1.example.com",
    });
    assert_eq!(body, expected);
    let agent = live.agent("ann").await;
    assert_eq!(agent["sessionServerUrl"], "https://n1.example.com");
}

#[tokio::test]
async fn a_session_is_found_by_pages_of_listed_sites() {
    let sites = "https://shop.example.com,https://*.tv.example,http://localhost:3000";
    let node = TestNode::start(&[("BATON_COBROWSE__ALLOWED_ORIGINS", sites)]).await;
    let live = Live::create(&node).await;
    let look = |name: &'static str, value: &str| {
        node.call(Method::GET, &live.path()).header(name, value).answer()
    };
    for origin in [SHOP, "https://a.tv.example", "https://a.b.tv.example", "http://localhost:3000"]
    {
        let answer = look("origin", origin).await;
        assert!(answer.header("set-cookie").starts_with("gcbSessionServer=it; "), "{answer:?}");
        let expected = json!({ "sessionToken": live.token, "sessionServerName": "it" });
        assert_eq!(answer.ok(), expected, "{origin}");
        look("referer", &format!("{origin}/cart?a=b#c")).await.ok();
        look("referer", origin).await.ok();
    }
    for origin in [
        "https://evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://tv.example",
        "https://evil.example/.tv.example",
        "null",
        "",
    ] {
        look("origin", origin).await.problem(403, "OriginRefused");
        look("referer", origin).await.problem(403, "OriginRefused");
    }
    for referer in ["about:blank", "no url", "https://shop.example.com@evil.example/"] {
        look("referer", referer).await.problem(403, "OriginRefused");
    }
    let bytes = HeaderValue::from_bytes(b"https://\xff").unwrap();
    let request = node.call(Method::GET, &live.path()).header("origin", bytes);
    request.answer().await.problem(403, "OriginRefused");
    node.call(Method::GET, &live.path()).answer().await.problem(403, "OriginRefused");
}

#[tokio::test]
async fn either_header_will_do() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    for (origin, referer) in [("null", "https://shop.example.com/x"), (SHOP, "https://evil.test/")]
    {
        let request = node.call(Method::GET, &live.path());
        request.header("origin", origin).header("referer", referer).answer().await.ok();
    }
}

#[tokio::test]
async fn without_a_list_no_site_is_allowed() {
    let node = TestNode::start(&[]).await;
    let live = Live::create(&node).await;
    live.look().await.problem(403, "OriginRefused");
}

#[tokio::test]
async fn unknown_ended_and_ill_formed_tokens_name_no_session() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    let customer = live.customer().await;
    live.look().await.ok();
    say(&node, Method::POST, &customer, "exit").await.ok();
    let unknown = if live.token == "000000000" { "000000001" } else { "000000000" };
    for id in [&*live.token, unknown, "1", "84580082x", "%ff", "%00", "a%2Fb", "%F0%9F%92%A3"] {
        let request = node.call(Method::GET, &format!("{SESSIONS}/{id}")).header("origin", SHOP);
        request.answer().await.problem(404, "NoSuchSession");
        let join = node.call(Method::POST, &format!("{SESSIONS}/{id}/users"));
        let join = join.json(&json!({ "role": 1, "customerToken": live.customer_token }));
        join.answer().await.problem(404, "NoSuchSession");
    }
}

#[tokio::test]
async fn a_session_nobody_uses_ends() {
    let node = shop(&[("BATON_COBROWSE__IDLE_SECONDS", "1")]).await;
    let live = Live::create(&node).await;
    crate::support::eventually("the session lapses", async || {
        (live.look().await.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_path_has_its_methods_only() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    let user = format!("/cobrowse/rest/live/users/{}/session", live.customer_token);
    for (method, path) in [
        (Method::GET, SESSIONS.to_owned()),
        (Method::DELETE, live.path()),
        (Method::POST, live.path()),
        (Method::GET, format!("{}/users", live.path())),
        (Method::DELETE, format!("{user}/stop")),
        (Method::PUT, format!("{user}/exit")),
        (Method::POST, "/cobrowse/health".to_owned()),
        (Method::POST, "/cobrowse/rest/history/sessions/x".to_owned()),
    ] {
        let answer = node.call(method.clone(), &path).answer().await;
        answer.problem(405, "MethodNotAllowed");
        assert!(!answer.header("allow").is_empty(), "{method} {path}");
    }
    node.call(Method::GET, "/cobrowse/rest/live").answer().await.problem(404, "NotFound");
}

#[tokio::test]
async fn the_base_path_is_configuration() {
    let node = TestNode::start(&[("BATON_COBROWSE__BASE_PATH", "/gcb/v9")]).await;
    let live = Live::of(&node, node.call(Method::POST, "/gcb/v9/rest/live/sessions")).await;
    let join = node.call(Method::POST, &format!("/gcb/v9/rest/live/sessions/{}/users", live.token));
    let join = join.json(&json!({ "role": 1, "customerToken": live.customer_token }));
    let joined = join.answer().await.ok();
    let socket = text(&joined, "socketUrl");
    assert!(socket.contains("/gcb/v9/socket/visitor?token="), "{socket}");
    node.call(Method::GET, "/gcb/v9/health").answer().await.ok();
    node.call(Method::POST, SESSIONS).answer().await.problem(404, "NotFound");
}

#[tokio::test]
async fn a_ready_node_is_healthy_without_a_word() {
    let node = TestNode::start(&[]).await;
    let answer = node.call(Method::GET, "/cobrowse/health").answer().await;
    assert_eq!(answer.header("content-length"), "0");
    assert_eq!(answer.ok(), "");
}

#[tokio::test]
async fn a_node_without_its_store_is_not_healthy() {
    let variables = [
        ("BATON_STORE__URL", "redis://127.0.0.1:1"),
        ("BATON_CLUSTER__SECRET", "0123456789abcdef0123456789abcdef"),
    ];
    let node = TestNode::unready("", &variables).await;
    let answer = node.call(Method::GET, "/cobrowse/health").answer().await;
    answer.problem(503, "NodeUnavailable");
}
