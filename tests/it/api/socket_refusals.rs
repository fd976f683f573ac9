//! DRISC: sockets that are not opened, and those that are closed for what they say.

use reqwest::Method;

use crate::support::{
    eventually,
    node::{Ask, Drisc, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
    ws::WsClient,
};

fn with_token(session: &Drisc, token: &str) -> String {
    let (url, _) = session.endpoint.split_once("token=").unwrap();
    format!("{url}token={token}")
}

#[tokio::test]
async fn a_token_that_baton_did_not_sign_is_401() {
    let node = TestNode::start(&[]).await;
    let elsewhere = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    let foreign = elsewhere.customer("alice").session("TV").await.endpoint;
    let token = session.endpoint.split_once("token=").unwrap().1.to_owned();
    let (head, signature) = token.rsplit_once('.').unwrap();
    let claims = Claims::of(PUBLISHER, "alice")
        .with("aud", "baton-socket")
        .with("t", PUBLISHER)
        .with("c", "alice")
        .with("s", session.id.as_str())
        .with("g", 1);
    let none = claims.forge(&serde_json::json!({ "alg": "none" }), b"");
    for bad in [
        String::new(),
        "x".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(9000),
        format!("{head}."),
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        alice.token.clone(),
        claims.sign(SECRET),
        none,
        foreign.split_once("token=").unwrap().1.to_owned(),
    ] {
        let url = with_token(&session, &bad);
        assert_eq!(WsClient::try_connect(&url, &[]).await.err().map(|s| s.as_u16()), Some(401));
        let path = format!("/sessions/socket?token={bad}");
        node.call(Method::GET, &path).answer().await.problem(401, "InvalidToken");
    }
    node.call(Method::GET, "/sessions/socket").answer().await.problem(401, "InvalidToken");
    // And the other way round: a socket's token opens no other door.
    node.bearer(token).ask("TV").await.problem(401, "InvalidToken");
    session.play().await;
}

#[tokio::test]
async fn only_pages_of_listed_origins_open_sockets() {
    let file = "[[tenants]]\npublisher_id = 'own'\nsecret = 'a secret of that tenant, and no other'\n\
                allowed_origins = ['https://own.example']";
    let list = ("BATON_STREAMS__ALLOWED_ORIGINS", "https://shop.example.com");
    let node = TestNode::with_file(file, &[list]).await;
    let general = node.customer("alice").session("TV").await;
    let own = Claims::of("own", "alice").sign("a secret of that tenant, and no other");
    let own = node.bearer(own).session("TV").await;
    for (session, origin, refused) in [
        (&general, Some("https://shop.example.com"), None),
        (&general, Some("https://own.example"), Some(403)),
        (&general, Some("null"), Some(403)),
        (&own, Some("https://own.example"), None),
        (&own, Some("https://shop.example.com"), Some(403)),
        // Apps are no web pages and send no origin.
        (&general, None, None),
    ] {
        let header = origin.map(|origin| ("origin", origin));
        let socket = WsClient::try_connect(&session.endpoint, header.as_slice()).await;
        assert_eq!(socket.err().map(|status| status.as_u16()), refused, "{origin:?}");
    }
    let path = general.endpoint.split_once("/sessions/socket").unwrap().1;
    let request = node.call(Method::GET, &format!("/sessions/socket{path}"));
    let answer = request.header("origin", "https://evil.example").answer().await;
    answer.problem(403, "OriginRefused");
}

#[tokio::test]
async fn without_a_list_pages_of_any_origin_open_sockets() {
    let node = TestNode::start(&[]).await;
    let session = node.customer("alice").session("TV").await;
    let socket = WsClient::try_connect(&session.endpoint, &[("origin", "https://a.example")]).await;
    assert!(socket.is_ok());
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let node = TestNode::start(&[]).await;
    let session = node.customer("alice").session("TV").await;
    let path = session.endpoint.split_once("/sessions/socket").unwrap().1;
    let path = format!("/sessions/socket{path}");
    let answer = node.call(Method::GET, &path).answer().await;
    answer.problem(426, "UpgradeRequired");
    // RFC 9110 §15.5.22: the answer must name the protocol.
    assert_eq!(answer.header("upgrade"), "websocket");
    node.call(Method::POST, &path).answer().await.problem(405, "MethodNotAllowed");
}

#[tokio::test]
async fn a_full_node_refuses_sockets_until_one_is_gone() {
    let node = TestNode::start(&[("BATON_NODE__MAX_SOCKETS", "1")]).await;
    let alice = node.customer("alice");
    let (first, second) = (alice.session("TV").await, alice.session("Phone").await);
    let socket = first.play().await;
    let refused = WsClient::try_connect(&second.endpoint, &[]).await;
    assert_eq!(refused.err().map(|status| status.as_u16()), Some(503));
    socket.send_action("FINISHED").await;
    eventually("the first socket's place", async || {
        WsClient::try_connect(&second.endpoint, &[]).await.ok()
    })
    .await;
}

/// What is said, and the close codes it is answered with.
#[tokio::test]
async fn what_is_not_the_protocol_closes_the_socket_and_spares_the_session() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "1")]).await;
    let alice = node.customer("alice");
    let session = alice.session("TV").await;
    for text in [
        r#"{"action":"JUMP"}"#,
        r#"{"action":"requested"}"#,
        r#"{"action":"PING"}"#,
        r#"{"action":7}"#,
        r#"{"action":null}"#,
        r#"{"action":["REQUESTED"]}"#,
        r#"{"action":"REQUESTED""#,
        r#"{"action":"REQUESTED"} trailing"#,
        r#"{"action":"\ud800"}"#,
        r#" ["REQUESTED"]"#,
        r#""REQUESTED""#,
        "REQUESTED",
        "{}",
        "null",
        "",
        "\0",
    ] {
        let mut bound = session.play().await;
        bound.send_text(text).await;
        assert_eq!(bound.next_close().await.0, 4006, "{text}");
        let mut unbound = WsClient::connect(&session.endpoint).await;
        unbound.send_text(text).await;
        assert_eq!(unbound.next_close().await.0, 4006, "{text}");
    }
    let mut binary = session.play().await;
    binary.send_binary(br#"{"action":"PONG"}"#).await;
    assert_eq!(binary.next_close().await.0, 1003);
    session.play().await;
    assert_eq!(alice.count().await, 1);
}

#[tokio::test]
async fn an_oversize_message_ends_its_own_socket_only() {
    let node = TestNode::start(&[]).await;
    let mut other = node.customer("bob").session("TV").await.play().await;
    let session = node.customer("alice").session("TV").await;
    let filled = format!(r#"{{"action":"PONG","x":"{}"}}"#, "x".repeat(3000));
    let mut socket = session.play().await;
    socket.send_text(&filled).await;
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "OK", "4 KiB are allowed");
    socket.send_text(&"x".repeat(5000)).await;
    assert!([1006, 1009].contains(&socket.next_close().await.0));
    let mut huge = WsClient::connect(&session.endpoint).await;
    huge.send_binary(&vec![0; 8 << 20]).await;
    assert!([1006, 1009].contains(&huge.next_close().await.0));
    other.send_action("REQUESTED").await;
    assert_eq!(other.next_action().await.0, "OK");
    session.play().await;
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let node = TestNode::start(&[("BATON_STREAMS__PONG_TIMEOUT_MS", "3000")]).await;
    let session = node.customer("alice").session("TV").await;
    let mut silent = WsClient::connect(&session.endpoint).await;
    assert_eq!(silent.next_close().await.0, 4007);
    session.play().await;
    eventually("no socket is left", async || {
        (node.metric("baton_sockets").await == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_messages_closes_the_socket() {
    let node = TestNode::start(&[]).await;
    let session = node.customer("alice").session("TV").await;
    let mut socket = session.play().await;
    for _ in 0..100 {
        // Nothing is answered to it, so the close frame is what comes next.
        socket.send_action("PONG").await;
    }
    assert_eq!(socket.next_close().await.0, 4008);
    session.play().await;
}
