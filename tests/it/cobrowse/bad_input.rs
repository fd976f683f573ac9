//! What clients must not do, and how each end is told so.

use std::net::SocketAddr;

use baton::auth::{NodeClaims, NodeTokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::steps::{Live, call, node, watched};
use crate::support::{
    cluster::{Cluster, SECRET as CLUSTER},
    cobrowse::{API_KEY, Desk, Page, PageOptions, SITE, Watcher, socket_url},
    node::{SECRET, TestNode},
    tokens::Claims,
    ws::WsClient,
};

const FROM_SITE: [(&str, &str); 1] = [("origin", SITE)];
/// More than a text frame may have.
const TOO_LONG: usize = 16 * 1024 + 1;

/// The status a socket is refused with.
async fn refused(at: SocketAddr, end: &str, token: Option<&str>) -> Option<u16> {
    let socket = WsClient::try_connect(&socket_url(at, end, token), &FROM_SITE).await;
    socket.err().map(|status| status.as_u16())
}

/// A socket that has said nothing yet.
async fn silent(at: SocketAddr, end: &str, token: &str) -> WsClient {
    let socket = WsClient::try_connect(&socket_url(at, end, Some(token)), &FROM_SITE).await;
    socket.unwrap_or_else(|status| panic!("refused with {status}"))
}

/// A live session, and the tokens of its customer and of its agent.
async fn session(node: &TestNode) -> (SocketAddr, Live, String) {
    let at = node.node.public_addr;
    let live = Live::begin(at).await;
    let agent = live.join(at, SECRET, "ann", "agent").await;
    (at, live, agent)
}

#[tokio::test]
async fn a_token_that_nobody_has_opens_no_socket() {
    let node = node(&[]).await;
    let (at, live, agent) = session(&node).await;
    let secret = &agent[9..];
    let long = "x".repeat(9000);
    let wrong = format!("{}{}", live.token, "0".repeat(secret.len()));
    let elsewhere =
        format!("{:09}{secret}", (live.token.parse::<u32>().unwrap() + 1) % 1_000_000_000);
    let shorter = &agent[..agent.len() - 1];
    for end in ["visitor", "viewer"] {
        for token in ["", "x", "%00", &live.token, &wrong, &elsewhere, shorter, &long, "a.b.c"] {
            assert_eq!(refused(at, end, Some(token)).await, Some(404), "{end} {token}");
        }
    }
    assert_eq!(refused(at, "viewer", None).await, Some(404));
}

#[tokio::test]
async fn a_token_of_one_end_opens_not_the_other() {
    let node = node(&[]).await;
    let (at, live, agent) = session(&node).await;
    let join = json!({ "role": 1, "customerToken": live.customer });
    let path = format!("/cobrowse/rest/live/sessions/{}/users", live.token);
    let customer = call(at, Method::POST, &path, None, &join).await.1["userToken"].clone();
    for token in [&*live.customer, customer.as_str().unwrap()] {
        assert_eq!(refused(at, "viewer", Some(token)).await, Some(404));
    }
    assert_eq!(refused(at, "visitor", Some(&agent)).await, Some(404));
    let code = call(at, Method::PUT, "/assistserver/shortcode/create", None, &Value::Null).await;
    let path = format!(
        "/assistserver/shortcode/consumer?appkey={}",
        code.1["shortCode"].as_str().unwrap()
    );
    let consumer = call(at, Method::GET, &path, None, &Value::Null).await.1;
    assert_eq!(refused(at, "viewer", consumer["session-token"].as_str()).await, Some(404));
    assert_eq!(refused(at, "visitor", consumer["cid"].as_str()).await, Some(404));
}

/// What opens a socket of either end, and a message its clients send later than `hello`.
fn ends<'a>(live: &'a Live, agent: &'a str) -> [(&'static str, &'a str, &'static str); 2] {
    let end = r#"{"type":"end"}"#;
    [("visitor", live.customer.as_str(), end), ("viewer", agent, end)]
}

#[tokio::test]
async fn hello_comes_first() {
    let node = node(&[]).await;
    let (at, live, agent) = session(&node).await;
    for (end, token, other) in ends(&live, &agent) {
        let mut socket = silent(at, end, token).await;
        socket.send_text(other).await;
        assert_eq!(socket.next_close().await.0, 4007, "{end}: another message");
        let mut socket = silent(at, end, token).await;
        socket.send_binary(&[1; 32]).await;
        assert_eq!(socket.next_close().await.0, 4006, "{end}: a binary frame");
        let mut socket = silent(at, end, token).await;
        socket.send_text(r#"{"type":"hello","protocol":2}"#).await;
        assert_eq!(socket.next_close().await.0, 4010, "{end}: a version of tomorrow");
    }
    // None of them did anything in the session.
    let mut page = Page::of_session(at, &live.customer).await;
    page.status("active").await;
}

#[tokio::test]
async fn who_says_no_hello_is_closed() {
    let node = node(&[]).await;
    let (at, live, agent) = session(&node).await;
    let [visitor, viewer] = ends(&live, &agent);
    let mut visitor = silent(at, visitor.0, visitor.1).await;
    let mut viewer = silent(at, viewer.0, viewer.1).await;
    let (visitor, viewer) = tokio::join!(visitor.next_close(), viewer.next_close());
    assert_eq!((visitor.0, viewer.0), (4007, 4007));
}

#[tokio::test]
async fn what_is_no_message_closes_either_end() {
    let node = node(&[]).await;
    let (at, live, agent) = session(&node).await;
    let garbage = [
        "",
        " ",
        "null",
        "1",
        "hello",
        "{",
        "[]",
        "[\"hello\",1]",
        "{}",
        "{\"type\":7}",
        "[{\"type\":\"hello\",\"protocol\":1}]",
        "{\"type\":\"HELLO\",\"protocol\":1}",
        "{\"type\":\"hello\"}",
        "{\"type\":\"hello\",\"protocol\":\"1\"}",
        "{\"type\":\"nothing\"}",
    ];
    for text in garbage {
        for (end, token, _) in ends(&live, &agent) {
            let mut first = silent(at, end, token).await;
            first.send_text(text).await;
            assert_eq!(first.next_close().await.0, 4006, "{end}, as the first: {text}");
        }
        let mut page = Page::of_session(at, &live.customer).await;
        let mut watcher = Watcher::open(at, &agent).await;
        page.status("active").await;
        page.raw(text.into());
        watcher.raw(text.into());
        assert_eq!((page.closed().await, watcher.closed().await), (4006, 4006), "later: {text}");
    }
}

#[tokio::test]
async fn a_viewer_is_judged_alike_at_every_node() {
    let cluster = Cluster::of(2).with("cobrowse.allowed_origins", SITE).start().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, _ann) = watched(at(0), at(0), CLUSTER).await;
    let user = live.join(at(0), CLUSTER, "bob", "agent").await;
    let long = format!("{:TOO_LONG$}", r#"{"type":"clear"}"#);
    let longer = "x".repeat(200 * 1024);
    let cases: [(tokio_tungstenite::tungstenite::Message, u16); 5] = [
        (vec![3; 32].into(), 4006),
        ("[1]".into(), 4006),
        (r#"{"type":"page","url":"https://shop.test"}"#.into(), 4006),
        (long.into(), 1009),
        (longer.into(), 1009),
    ];
    for node in [0, 1] {
        for (message, code) in &cases {
            let mut watcher = Watcher::open(at(node), &user).await;
            watcher.status("active").await;
            watcher.raw(message.clone());
            assert_eq!(watcher.closed().await, *code, "node {node}, {} bytes", message.len());
        }
    }
    page.append("unmoved");
    assert_eq!(page.seen().closed, None);
    page.raw("x".repeat(TOO_LONG).into());
    assert_eq!(page.closed().await, 1009);
}

#[tokio::test]
async fn only_nodes_pass_viewers_on() {
    let cluster = Cluster::of(2)
        .with("cobrowse.allowed_origins", SITE)
        .with("watch.api_key", API_KEY)
        .start()
        .await;
    let at = cluster.node(0).public;
    let (live, mut page, mut watcher) = watched(at, at, CLUSTER).await;
    let user = watcher.told("welcome").await["userId"].as_str().unwrap().to_owned();
    let claims =
        NodeClaims { session: (&*live.token).into(), user: (&*user).into(), opened_ms: None };
    let mut visitor = Page::of_visitor(at, json!({})).await;
    let visitor = visitor.told("welcome").await;
    let link = Desk(at).link(visitor["visitorId"].as_str().unwrap(), "eve").await;
    let forged = Claims::of("", "").with("aud", "baton-node");
    let forged = forged.with("s", live.token.as_str()).with("u", user.as_str());
    let url = format!("ws://{at}/internal/cobrowse/viewer");
    for bad in [
        String::new(),
        "Bearer ".to_owned(),
        "Bearer x.y.z".to_owned(),
        format!("Bearer {}", forged.sign(CLUSTER)),
        format!("Bearer {}", forged.forge(&json!({ "alg": "none" }), b"")),
        format!("Bearer {}", NodeTokens::new(b"another cluster").mint(&claims)),
        // Ours, but for other doors.
        format!("Bearer {}", visitor["visitorToken"].as_str().unwrap()),
        format!("Bearer {link}"),
        format!("Bearer {}", crate::support::cobrowse::agent_token(CLUSTER, "ann", "agent")),
        format!("Bearer {}", live.customer),
    ] {
        let socket = WsClient::try_connect(&url, &[("authorization", &bad)]).await;
        assert_eq!(socket.err().map(|status| status.as_u16()), Some(401), "{bad}");
    }
    let none = WsClient::try_connect(&url, &[]).await;
    assert_eq!(none.err().map(|status| status.as_u16()), Some(401));
    page.append("still theirs");
    assert_eq!(watcher.shows(b"still theirs").await.closed, None);
}

#[tokio::test]
async fn a_visitor_without_session_or_profile_has_no_business() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let mut page = Page::open(at, PageOptions::default()).await;
    assert_eq!(page.closed().await, 4006, "neither in a session nor online");
    let hello = json!({ "visitor": { "tags": vec!["x"; 21] } });
    let mut page = Page::open(at, PageOptions { hello, ..PageOptions::default() }).await;
    assert_eq!(page.closed().await, 4006);
    // A name that another cluster gave is no name: the visitor gets a new one.
    let hello = json!({ "visitor": {}, "visitorToken": "x.y.z" });
    let mut page = Page::open(at, PageOptions { hello, ..PageOptions::default() }).await;
    assert!(page.told("welcome").await["visitorId"].is_string());
    page.raw(r#"{"type":"click","node":1,"x":1,"y":1}"#.into());
    assert_eq!(page.closed().await, 4006, "only viewers click");
}
