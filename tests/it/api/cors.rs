//! Players run on web pages of other origins: preflights, and answers that pages may read.

use reqwest::{Method, header::HeaderValue};
use serde_json::json;

use crate::support::{
    node::{Answer, Ask, TestNode},
    tokens::Claims,
};

const SHOP: &str = "https://shop.example.com";
/// A tenant with a list of its own.
const TENANT: &str = "[[tenants]]\npublisher_id = 'a'\nallowed_origins = ['https://a.example']\n\
                      secret = 'a secret of that tenant, and no other'";

async fn preflight(node: &TestNode, path: &str, method: &str, origin: &str) -> Answer {
    node.call(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,idempotency-key")
        .answer()
        .await
}

fn allowed(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn any_origin_may_call_unless_origins_are_listed() {
    let node = TestNode::start(&[]).await;
    for (path, method) in [
        ("/sessions", "POST"),
        ("/takeover", "POST"),
        ("/sessions/x", "DELETE"),
        ("/users/u/media_play_sessions/x", "PUT"),
        ("/api/v1/media/users/u/media_play_sessions/x", "PATCH"),
    ] {
        for origin in [SHOP, "http://localhost:3000", "null"] {
            let answer = preflight(&node, path, method, origin).await;
            assert_eq!((answer.status, allowed(&answer)), (200, origin), "{path}");
            assert_eq!(
                answer.header("access-control-allow-headers"),
                "authorization,idempotency-key"
            );
            let methods = answer.header("access-control-allow-methods");
            assert!(methods.split(',').any(|allowed| allowed == method), "{methods}");
        }
    }
}

#[tokio::test]
async fn only_listed_origins_may_call_where_there_is_a_list() {
    let list = ("BATON_STREAMS__ALLOWED_ORIGINS", "https://shop.example.com,https://*.tv.example");
    let node = TestNode::start(&[list]).await;
    for origin in [SHOP, "https://a.tv.example", "https://a.b.tv.example"] {
        assert_eq!(allowed(&preflight(&node, "/sessions", "POST", origin).await), origin);
    }
    for origin in ["https://evil.example", "http://shop.example.com", "https://tv.example", "null"]
    {
        assert_eq!(allowed(&preflight(&node, "/sessions", "POST", origin).await), "", "{origin}");
        let request = node.customer("alice").call(Method::GET, "/sessions");
        assert_eq!(allowed(&request.header("origin", origin).answer().await), "", "{origin}");
    }
}

#[tokio::test]
async fn a_listed_tenants_origins_are_allowed_beside_the_general_ones() {
    let list = ("BATON_STREAMS__ALLOWED_ORIGINS", SHOP);
    let node = TestNode::with_file(TENANT, &[list]).await;
    for (origin, expected) in
        [(SHOP, SHOP), ("https://a.example", "https://a.example"), ("https://b.example", "")]
    {
        assert_eq!(allowed(&preflight(&node, "/sessions", "POST", origin).await), expected);
    }
}

#[tokio::test]
async fn a_call_counts_from_its_own_tenants_origins_only() {
    let list = ("BATON_STREAMS__ALLOWED_ORIGINS", SHOP);
    let node = TestNode::with_file(TENANT, &[list]).await;
    let claims = Claims::of("a", "alice");
    let listed = node.bearer(claims.sign("a secret of that tenant, and no other"));
    let other = node.customer("alice");
    for (caller, own, foreign) in
        [(&listed, "https://a.example", SHOP), (&other, SHOP, "https://a.example")]
    {
        for (method, path) in
            [(Method::GET, "/sessions"), (Method::GET, "/users/alice/media_play_sessions")]
        {
            let ask = || caller.call(method.clone(), path);
            ask().answer().await.ok();
            ask().header("origin", own).answer().await.ok();
            for origin in [foreign, "null", "https://b.example"] {
                let refused = ask().header("origin", origin).answer().await;
                refused.problem(403, "OriginRefused");
            }
            let refused = ask().header("origin", own).header("origin", foreign).answer().await;
            refused.problem(403, "OriginRefused");
            let bytes = HeaderValue::from_bytes(b"https://\xff").unwrap();
            ask().header("origin", bytes).answer().await.problem(403, "OriginRefused");
        }
    }
    // Who the tenant is, is known by the token only.
    let request = node.call(Method::GET, "/sessions").header("origin", "https://b.example");
    request.answer().await.problem(401, "InvalidToken");
}

#[tokio::test]
async fn errors_can_be_read_by_pages_as_well() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "0")]).await;
    let alice = node.customer("alice");
    let body = json!({ "sessionName": "TV", "offerId": "S1" });
    for (status, request) in [
        (401, node.call(Method::POST, "/sessions").json(&body)),
        (400, alice.call(Method::POST, "/sessions").body("no JSON")),
        (409, alice.call(Method::POST, "/sessions").json(&body)),
        (413, alice.call(Method::POST, "/sessions").body("x".repeat(20_000))),
        (404, alice.call(Method::DELETE, "/sessions/unknown")),
        (404, alice.call(Method::GET, "/no/such/page")),
        (405, alice.call(Method::PATCH, "/sessions")),
        (
            403,
            alice.call(Method::POST, "/users/alice/media_play_sessions").json(&json!(
                { "data": { "attributes": { "device_type": "tv" } } }
            )),
        ),
    ] {
        let answer = request.header("origin", SHOP).answer().await;
        assert_eq!((answer.status, allowed(&answer)), (status, SHOP));
        answer.is_problem();
    }
}

#[tokio::test]
async fn pages_may_read_the_headers_of_answers_that_matter() {
    let node = TestNode::start(&[]).await;
    let request = node.customer("alice").call(Method::GET, "/users/alice/media_play_sessions");
    let answer = request.header("origin", SHOP).answer().await;
    let exposed = answer.header("access-control-expose-headers");
    for header in ["retry-after", "expires-in", "x-request-id"] {
        assert!(exposed.split(',').any(|name| name == header), "{exposed}");
    }
    assert!(answer.header("vary").contains("origin"), "caches keep origins apart");
}
