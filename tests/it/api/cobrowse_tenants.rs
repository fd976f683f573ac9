//! Whose co-browse session it is, and that nobody else sees it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cobrowse::rest::{Live, SESSIONS, SHOP, history, say, staff},
    node::{Answer, Ask, SECRET, TestNode},
};

const A: &str = "https://www.a.example";
const B: &str = "https://b.example";
const SECRET_OF_A: &str = "a secret of tenant a, and no other one";
const TENANTS: &str = "[[tenants]]\npublisher_id = 'a'\nallowed_origins = ['https://*.a.example']\n\
                       secret = 'a secret of tenant a, and no other one'\n\
                       [[tenants]]\npublisher_id = 'b'\nallowed_origins = ['https://b.example']\n\
                       secret = 'a secret of tenant b, and no other one'\n\
                       [[tenants]]\npublisher_id = 'c'\n\
                       secret = 'a secret of tenant c, and no other one'\n";

async fn node() -> TestNode {
    TestNode::with_file(TENANTS, &[("BATON_COBROWSE__ALLOWED_ORIGINS", SHOP)]).await
}

async fn look(node: &TestNode, live: &Live<'_>, origin: &str) -> Answer {
    node.call(Method::GET, &live.path()).header("origin", origin).answer().await
}

async fn tenant(node: &TestNode, live: &Live<'_>) -> Value {
    let path = format!("/api/v1/cobrowse/sessions/{}", live.token);
    node.admin(Method::GET, &path).answer().await.ok()["tenant"].clone()
}

#[tokio::test]
async fn a_session_is_of_the_tenant_that_lists_the_site() {
    let node = node().await;
    for (header, value, expected) in [
        ("origin", A, "a"),
        ("referer", "https://www.a.example/cart", "a"),
        ("origin", B, "b"),
        ("origin", SHOP, "default"),
        ("origin", "https://evil.example", "default"),
        ("x-other", "x", "default"),
    ] {
        let request = node.call(Method::POST, SESSIONS).header(header, value);
        let live = Live::of(&node, request).await;
        assert_eq!(tenant(&node, &live).await, expected, "{header}: {value}");
    }
}

#[tokio::test]
async fn visitors_of_another_tenants_site_do_not_see_it() {
    let node = node().await;
    let of_a = Live::of(&node, node.call(Method::POST, SESSIONS).header("origin", A)).await;
    let of_default = Live::create(&node).await;
    look(&node, &of_a, A).await.ok();
    look(&node, &of_default, SHOP).await.ok();
    for (live, origin) in [(&of_a, B), (&of_a, SHOP), (&of_default, A), (&of_default, B)] {
        look(&node, live, origin).await.problem(404, "NoSuchSession");
    }
    look(&node, &of_a, "https://a.example").await.problem(403, "OriginRefused");
}

#[tokio::test]
async fn agents_see_their_own_tenants_sessions_on_any_listed_site() {
    let node = node().await;
    let of_a = Live::of(&node, node.call(Method::POST, SESSIONS).header("origin", A)).await;
    let of_default = Live::create(&node).await;
    let ann = staff("agent", "ann").with("publisherId", "a").sign(SECRET_OF_A);
    let look = |live: &Live<'_>, origin: &str| {
        let request = node.call(Method::GET, &live.path()).header("origin", origin);
        request.bearer_auth(&ann).answer()
    };
    look(&of_a, SHOP).await.ok();
    look(&of_default, SHOP).await.problem(404, "NoSuchSession");
    look(&of_a, "https://evil.example").await.problem(403, "OriginRefused");
}

#[tokio::test]
async fn agents_of_another_tenant_do_not_find_it() {
    let node = node().await;
    let of_a = Live::of(&node, node.call(Method::POST, SESSIONS).header("origin", A)).await;
    let own = staff("controller", "ann").with("publisherId", "a").sign(SECRET_OF_A);
    let foreign = |tenant: &str| staff("controller", "ann").with("publisherId", tenant);
    let of_b = foreign("b").sign("a secret of tenant b, and no other one");
    for bearer in [&of_b, &foreign("d").sign(SECRET), &staff("service", "x").sign(SECRET)] {
        for role in [2, 3] {
            let answer = of_a.join(json!({ "role": role }), Some(bearer)).await;
            answer.problem(404, "NoSuchSession");
        }
    }
    let forged = foreign("a").sign(SECRET);
    of_a.join(json!({ "role": 2 }), Some(&forged)).await.problem(401, "InvalidToken");
    let controller = of_a.join(json!({ "role": 3 }), Some(&own)).await.ok();
    say(&node, Method::POST, &controller, "stop").await.ok();
    history(&node, &controller, &own).await.ok();
    history(&node, &controller, &of_b).await.problem(404, "NoSuchSession");
}

#[tokio::test]
async fn agents_of_two_tenants_are_two_persons() {
    let node = node().await;
    let of_a = Live::of(&node, node.call(Method::POST, SESSIONS).header("origin", A)).await;
    let of_default = Live::create(&node).await;
    let of_a_too = Live::of(&node, node.call(Method::POST, SESSIONS).header("origin", A)).await;
    let ann_of_a = staff("agent", "ann").with("publisherId", "a").sign(SECRET_OF_A);
    of_a.join(json!({ "role": 2 }), Some(&ann_of_a)).await.ok();
    of_default.agent("ann").await;
    let busy = of_a_too.join(json!({ "role": 2 }), Some(&ann_of_a)).await;
    busy.problem(409, "AgentBusy");
}
