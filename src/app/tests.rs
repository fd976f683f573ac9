//! The v1.1 calls with visitors who are there, whom no call of that API brings in.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::parts::Parts;
use crate::{
    auth::DEFAULT_TENANT,
    config::Settings,
    domain::{
        cobrowse::{Naked, Permissions},
        ids::{TenantId, VisitorId},
        visitors::{LinkClaims, OpenedLink, Profile},
    },
    http::{self, BasePaths, state::SharedApi},
};

const KEY: &str = "an API key for tests, and long enough";

struct World {
    api: SharedApi,
    router: Router,
    jane: VisitorId,
}

impl World {
    /// A node of an application, where Jane is online.
    async fn new(variables: &[(&str, &str)]) -> Self {
        let preset = [
            ("BATON_AUTH__SECRET", KEY),
            ("BATON_WATCH__API_KEY", KEY),
            ("BATON_PUBLIC_URL", "https://cb.test/x"),
        ];
        let variables = preset.iter().chain(variables);
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(None, variables, false).unwrap();
        let bound: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let api = Parts::new(&settings, bound, false).unwrap().api;
        let base_paths = BasePaths { media_sessions: "/media", cobrowse: "/cobrowse" };
        let router = http::public(api.clone(), &base_paths);
        let world = Self { api, router, jane: VisitorId::random() };
        world.enter(&world.jane, "Jane Doe").await;
        world
    }

    async fn enter(&self, visitor: &VisitorId, name: &str) {
        let profile = Profile {
            identities: vec![name.into()],
            tags: vec!["vip".into()],
            last_url: Some("shop.test/cart".into()),
            browser_name: Some("Firefox".into()),
            ..Profile::default()
        };
        let visitors = &self.api.visitors;
        visitors.enter(&tenant(), visitor.clone(), profile, 1).await.unwrap();
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("x-api-key", KEY);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let text = || String::from_utf8_lossy(&bytes).into_owned().into();
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Jane, as the API shows her.
    async fn shown(&self) -> Value {
        self.get(&format!("/v1.1/visitors/{}.json", self.jane)).await["visitor"].clone()
    }

    async fn ask(&self, visitor: &VisitorId, body: &Value) -> (u16, Value) {
        self.call("POST", &format!("/v1.1/visitors/{visitor}/watch_url.json"), body).await
    }

    /// What a link to Jane says.
    async fn link(&self, body: &Value) -> LinkClaims {
        let (status, answer) = self.ask(&self.jane, body).await;
        assert_eq!(status, 200, "{answer}");
        let url = answer["watch_url"].as_str().unwrap();
        let token = url.strip_prefix("https://cb.test/x/cobrowse/watch/").expect(url);
        self.api.link_tokens.verify(token).unwrap()
    }
}

fn tenant() -> TenantId {
    DEFAULT_TENANT.into()
}

fn ann() -> Value {
    json!({ "agent": { "id": 7, "name": "Ann" } })
}

#[tokio::test]
async fn visitors_are_listed_and_found() {
    let world = World::new(&[]).await;
    world.enter(&VisitorId::random(), "John Roe").await;
    let shown = world.shown().await;
    assert_eq!(shown["short_id"], world.jane.as_str());
    for (member, value) in [
        ("unique_id", Value::Null),
        ("identities", json!(["Jane Doe"])),
        ("tags", json!(["vip"])),
        ("is_online", json!(true)),
        ("is_in_session", json!(false)),
        ("last_url", json!("shop.test/cart")),
        ("browser_name", json!("Firefox")),
        ("device_type", Value::Null),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    assert_eq!(shown["lookup_code"].as_str().unwrap().len(), 4);
    for time in ["first_seen_at", "last_seen_at"] {
        let time = shown[time].as_str().unwrap();
        assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
    let all = world.get("/v1.1/list.json").await;
    assert_eq!((&all["status"], all["visitors"].as_array().unwrap().len()), (&json!("ok"), 2));
    let found = world.get("/v1.1/list.json?search=jane%20d").await;
    assert_eq!(found["visitors"], json!([shown]));
    world.api.visitors.leave(&tenant(), &world.jane, 1).await.unwrap();
    assert_eq!(world.shown().await["is_online"], false);
}

#[tokio::test]
async fn a_link_says_what_was_asked_for() {
    let world = World::new(&[]).await;
    let link = world.link(&ann()).await;
    assert_eq!((&link.tenant, &link.visitor), (&tenant(), &world.jane));
    assert_eq!((link.agent.as_str(), &*link.agent_name), ("7", "Ann"));
    assert_eq!(link.permissions, Permissions::default());
    let asked = json!({
        "agent": { "id": "a", "name": "Ann" },
        "branding": { "naked": "page_only", "retry_url": "https://crm.test/r", "on_end_url": null },
        "metadata": { "ticket": 7, "note": "x", "vip": true, "none": null },
        "permissions": { "allow_type": false, "allow_console": true },
        "origin": "https://crm.test",
    });
    let link = world.link(&asked).await;
    let expected = Permissions { allow_type: false, allow_console: true, ..Permissions::default() };
    assert_eq!(link.permissions, expected);
    assert_eq!(link.terms.branding.naked, Naked::PageOnly);
    assert_eq!(link.terms.branding.retry_url.as_deref(), Some("https://crm.test/r"));
    assert_eq!(link.terms.branding.on_end_url, None);
    assert_eq!((link.terms.metadata.len(), &link.terms.metadata["ticket"]), (4, &json!(7)));
    assert_eq!(link.terms.origin.as_deref(), Some("https://crm.test"));
}

#[tokio::test]
async fn a_link_that_would_be_too_long_is_refused() {
    let world = World::new(&[]).await;
    let metadata: serde_json::Map<_, _> =
        (0..20).map(|at| (format!("m{at}"), json!("x".repeat(500)))).collect();
    let body = json!({ "agent": { "id": "a", "name": "Ann" }, "metadata": metadata });
    let (status, answer) = world.ask(&world.jane, &body).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")), "{answer}");
}

#[tokio::test]
async fn a_watched_session_is_shown_counted_and_ended() {
    let world = World::new(&[]).await;
    let delete = format!("/v1.1/visitors/{}/session", world.jane);
    assert_eq!(world.call("DELETE", &delete, &Value::Null).await, (200, json!("ok")));
    let opened = world.api.visitors.open_link(&world.link(&ann()).await).await.unwrap();
    assert!(matches!(opened, OpenedLink::In { .. }), "{opened:?}");
    assert_eq!(world.shown().await["is_in_session"], true);
    let counts = |now| json!({ "now": now, "today": 1 });
    let usage = world.get("/v1.1/usage.json").await["usage"].clone();
    assert_eq!(usage, json!({ "visitors": { "online_now": 1 }, "session_counts": counts(1) }));
    assert_eq!(world.call("DELETE", &delete, &Value::Null).await, (200, json!("ok")));
    assert_eq!(world.shown().await["is_in_session"], false);
    assert_eq!(world.get("/v1.1/usage.json").await["usage"]["session_counts"], counts(0));
}

#[tokio::test]
async fn above_the_limit_of_sessions_it_is_402() {
    let world = World::new(&[("BATON_WATCH__MAX_SESSIONS", "1")]).await;
    let john = VisitorId::random();
    world.enter(&john, "John Roe").await;
    world.api.visitors.open_link(&world.link(&ann()).await).await.unwrap();
    let (status, answer) = world.ask(&john, &ann()).await;
    assert_eq!((status, &answer["status"]), (402, &json!("error")));
    assert_eq!(answer["error"], "too_many_watched");
    // One more who watches Jane makes no more sessions.
    world.link(&ann()).await;
}
