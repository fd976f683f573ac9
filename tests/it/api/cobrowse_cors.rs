//! Pages of listed sites call the co-browse routes with their cookies; others cannot.

use reqwest::Method;
use serde_json::json;

use crate::support::{
    cobrowse::rest::{Live, SESSIONS, SHOP, shop},
    node::{Answer, Ask, TestNode},
};

const EVIL: &str = "https://evil.example";

fn allowed(answer: &Answer) -> (&str, &str) {
    let credentials = answer.header("access-control-allow-credentials");
    (answer.header("access-control-allow-origin"), credentials)
}

async fn preflight(node: &TestNode, path: &str, method: &str, origin: &str) -> Answer {
    node.call(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type")
        .answer()
        .await
}

#[tokio::test]
async fn a_preflight_names_the_exact_origin_of_a_listed_site() {
    let node = shop(&[]).await;
    for (path, method) in [
        (SESSIONS, "POST"),
        ("/cobrowse/rest/live/sessions/845800826", "GET"),
        ("/cobrowse/rest/live/sessions/845800826/users", "POST"),
        ("/cobrowse/rest/live/users/x/session/stop", "GET"),
        ("/cobrowse/rest/live/users/x/session/exit", "POST"),
        ("/cobrowse/rest/history/sessions/x", "GET"),
    ] {
        let answer = preflight(&node, path, method, SHOP).await;
        assert_eq!((answer.status, allowed(&answer)), (200, (SHOP, "true")), "{path}");
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, "authorization,content-type");
        let methods = answer.header("access-control-allow-methods");
        assert!(methods.split(',').any(|allowed| allowed == method), "{methods}");
        assert!(answer.header("vary").to_lowercase().contains("origin"), "{answer:?}");
        for origin in [EVIL, "null", "http://shop.example.com"] {
            let answer = preflight(&node, path, method, origin).await;
            assert_eq!(allowed(&answer).0, "", "{path} {origin}");
        }
    }
}

#[tokio::test]
async fn answers_and_errors_can_be_read_by_listed_sites_alone() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    let users = format!("{}/users", live.path());
    for origin in [SHOP, EVIL] {
        for (status, request) in [
            (200, node.call(Method::POST, SESSIONS)),
            (if origin == SHOP { 200 } else { 403 }, node.call(Method::GET, &live.path())),
            (400, node.call(Method::POST, &users).body("{")),
            (401, node.call(Method::POST, &users).json(&json!({ "role": 2 }))),
            (403, node.call(Method::POST, &users).json(&json!({ "role": 1 }))),
            (404, node.call(Method::GET, "/cobrowse/rest/live/users/x/session/exit")),
            (405, node.call(Method::DELETE, SESSIONS)),
            (413, node.call(Method::POST, SESSIONS).body("x".repeat(20_000))),
        ] {
            let answer = request.header("origin", origin).answer().await;
            assert_eq!(answer.status, status, "{answer:?}");
            let expected = if origin == SHOP { SHOP } else { "" };
            assert_eq!(allowed(&answer).0, expected, "{answer:?}");
            let origins = answer.headers.get_all("access-control-allow-origin");
            assert!(origins.iter().count() <= 1, "{answer:?}");
            assert!(answer.header("vary").to_lowercase().contains("origin"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn streams_keep_rules_of_their_own() {
    let node = shop(&[("BATON_STREAMS__ALLOWED_ORIGINS", "https://tv.example")]).await;
    let answer = preflight(&node, "/sessions", "POST", SHOP).await;
    assert_eq!(allowed(&answer), ("", ""));
    let answer = preflight(&node, "/sessions", "POST", "https://tv.example").await;
    assert_eq!(allowed(&answer), ("https://tv.example", ""));
    let answer = preflight(&node, SESSIONS, "POST", "https://tv.example").await;
    assert_eq!(allowed(&answer).0, "");
    let unknown = node.call(Method::GET, "/no/such/page").header("origin", "https://tv.example");
    assert_eq!(allowed(&unknown.answer().await), ("https://tv.example", ""));
}

#[tokio::test]
async fn without_a_list_no_page_may_call() {
    let node = TestNode::start(&[]).await;
    assert_eq!(allowed(&preflight(&node, SESSIONS, "POST", SHOP).await).0, "");
    assert_eq!(allowed(&preflight(&node, "/sessions", "POST", SHOP).await).0, SHOP);
}

#[tokio::test]
async fn a_page_of_another_site_may_read_why_its_socket_does_not_open() {
    let node = shop(&[]).await;
    let look = node.call(Method::GET, "/cobrowse/socket/visitor").header("origin", EVIL);
    let answer = look.answer().await;
    answer.problem(403, "OriginRefused");
    // With `*` no browser sends or reads anything with credentials.
    assert_eq!(allowed(&answer).0, "*");
    let look = node.call(Method::GET, "/cobrowse/socket/visitor").header("origin", SHOP);
    let answer = look.answer().await;
    answer.problem(426, "UpgradeRequired");
    assert_eq!(allowed(&answer), (SHOP, "true"));
}
