//! Requests that are wrong: each is a problem the caller can read, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::node::{Answer, Ask, Caller, TestNode};

/// A POST to /sessions written by hand.
fn by_hand(caller: &Caller<'_>, headers: &str, body: &[u8]) -> Vec<u8> {
    let token = &caller.token;
    let head = format!(
        "POST /sessions HTTP/1.1\r\nhost: it\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn with_length(caller: &Caller<'_>, body: &[u8]) -> Vec<u8> {
    by_hand(caller, &format!("content-length: {}\r\n", body.len()), body)
}

fn chunked(caller: &Caller<'_>, body: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::new();
    for chunk in body.chunks(64 * 1024) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    by_hand(caller, "transfer-encoding: chunked\r\n", &chunks)
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.problem(status, code)["details"], json!({}));
}

#[tokio::test]
async fn wrong_members_are_400() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let long = |chars: usize| "x".repeat(chars);
    for body in [
        json!({}),
        json!([]),
        json!([{ "sessionName": "TV", "offerId": "S1" }]),
        json!(["TV", "S1", null, null]),
        json!(null),
        json!("TV"),
        json!(7),
        json!({ "sessionName": "TV" }),
        json!({ "offerId": "S1" }),
        json!({ "sessionName": "TV", "offerId": "S1", "tag": "t" }),
        json!({ "sessionName": "TV", "offerId": null, "tag": null }),
        json!({ "sessionName": null, "offerId": "S1" }),
        json!({ "sessionName": 7, "offerId": "S1" }),
        json!({ "sessionName": ["TV"], "offerId": "S1" }),
        json!({ "sessionName": { "x": "TV" }, "offerId": "S1" }),
        json!({ "sessionName": long(101), "offerId": "S1" }),
        json!({ "sessionName": "ü".repeat(101), "offerId": "S1" }),
        json!({ "sessionName": "TV", "offerId": "" }),
        json!({ "sessionName": "TV", "offerId": long(201) }),
        json!({ "sessionName": "TV", "offerId": true }),
        json!({ "sessionName": "TV", "offerId": 1.5 }),
        json!({ "sessionName": "TV", "offerId": ["S1"] }),
        json!({ "sessionName": "TV", "tag": {} }),
        json!({ "sessionName": "TV", "tag": "" }),
        json!({ "sessionName": "TV", "offerId": "S1", "deviceId": "" }),
        json!({ "sessionName": "TV", "offerId": "S1", "deviceId": long(201) }),
        json!({ "sessionName": "TV", "offerId": "S1", "deviceId": [] }),
        json!({ "sessionName": "a\u{0}b", "offerId": "S1" }),
        json!({ "sessionName": "a\u{1b}[2Jb", "offerId": "S1" }),
        json!({ "sessionName": "a\nb", "offerId": "S1" }),
        json!({ "sessionName": "TV", "offerId": "S\u{0}1" }),
        json!({ "sessionName": "TV", "offerId": "S\u{7f}1" }),
        json!({ "sessionName": "TV", "tag": "\u{85}" }),
        json!({ "sessionName": "TV", "offerId": "S1", "deviceId": "d\r\n" }),
    ] {
        let answer = alice.post("/sessions", &body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        refused(&answer, 400, "InvalidRequest");
    }
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn a_name_has_at_most_100_characters_of_any_width() {
    let node = TestNode::start(&[("BATON_STREAMS__LIMIT", "9")]).await;
    let alice = node.customer("alice");
    let names =
        ["x".repeat(100), "ü".repeat(100), "🍿".repeat(100), "}{:\"'\\ \u{2028}".to_owned()];
    for name in &names {
        alice.session(name).await;
    }
    let listed = alice.get("/sessions").await.ok();
    let stored = listed["activeSessions"].as_array().unwrap().iter().map(|s| s["name"].clone());
    assert_eq!(stored.collect::<Vec<Value>>(), names.map(Value::from));
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let deep = "[".repeat(10_000);
    let deep_member = format!(r#"{{"sessionName":"TV","offerId":"S1","x":{}"#, "[".repeat(8_000));
    for body in [
        &b""[..],
        b" ",
        b"TV",
        b"sessionName=TV&offerId=S1",
        br#"{"sessionName":"TV","offerId":"S1""#,
        br#"{"sessionName":"TV","offerId":"S1"}}"#,
        br#"{"sessionName":"TV","offerId":"S1"} {}"#,
        br#"{"sessionName":"TV","offerId":"S1","sessionName":"Phone"}"#,
        br#"{'sessionName':'TV','offerId':'S1'}"#,
        br#"{"sessionName":"TV","offerId":"S1",}"#,
        br#"{"sessionName":"\ud800","offerId":"S1"}"#,
        br#"{"sessionName":"\udc00\ud800","offerId":"S1"}"#,
        br#"{"sessionName":"\x","offerId":"S1"}"#,
        br#"{"sessionName":"TV","offerId":1e999}"#,
        br#"{"sessionName":"TV","offerId":99999999999999999999999}"#,
        br#"{"sessionName":NaN,"offerId":"S1"}"#,
        b"{\"sessionName\":\"TV\0\",\"offerId\":\"S1\"}",
        b"{\"sessionName\":\"T\nV\",\"offerId\":\"S1\"}",
        b"{\"sessionName\":\"T\xffV\",\"offerId\":\"S1\"}",
        b"{\"sessionName\":\"\xc0\xaf\",\"offerId\":\"S1\"}",
        b"{\"sessionName\":\"\xed\xa0\x80\",\"offerId\":\"S1\"}",
        b"\xef\xbb\xbf{\"sessionName\":\"TV\",\"offerId\":\"S1\"}",
        b"\xff\xfe{\0",
        deep.as_bytes(),
        deep_member.as_bytes(),
    ] {
        for bytes in [with_length(&alice, body), chunked(&alice, body)] {
            let answer = node.raw(&bytes).await;
            assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(body));
            refused(&answer, 400, "InvalidRequest");
        }
    }
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn a_body_of_two_megabytes_is_413_with_and_without_a_length() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let name = "x".repeat(2 << 20);
    let body = json!({ "sessionName": name, "offerId": "S1" }).to_string();
    for bytes in [with_length(&alice, body.as_bytes()), chunked(&alice, body.as_bytes())] {
        refused(&node.raw(&bytes).await, 413, "BodyTooLarge");
    }
    for (method, path) in [
        (Method::POST, "/sessions"),
        (Method::POST, "/takeover"),
        (Method::POST, "/users/alice/media_play_sessions"),
        (Method::PUT, "/users/alice/media_play_sessions/x"),
        (Method::PATCH, "/users/alice/media_play_sessions/x"),
    ] {
        let request = alice.call(method, path).body("x".repeat(17 * 1024));
        refused(&request.answer().await, 413, "BodyTooLarge");
    }
    assert_eq!(alice.count().await, 0);
    let padded = format!(r#"{{"sessionName":"TV","offerId":"S1"}}{}"#, " ".repeat(15 * 1024));
    alice.call(Method::POST, "/sessions").body(padded).answer().await.ok();
}

#[tokio::test]
async fn paths_that_are_no_text_or_no_page_are_problems() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    for (method, path, status) in [
        ("DELETE", "/sessions/%ff", 400),
        ("DELETE", "/sessions/%c0%af", 400),
        ("DELETE", "/sessions/%00", 404),
        ("DELETE", "/sessions/%2e%2e%2f", 404),
        ("DELETE", "/sessions/a%20b", 404),
        ("DELETE", "/sessions/%zz", 404),
        ("DELETE", "/sessions/", 404),
        ("GET", "/users/%ff/media_play_sessions", 400),
        ("GET", "/users//media_play_sessions", 404),
        ("PUT", "/users/alice/media_play_sessions/%ff", 400),
        ("PATCH", "/users/alice/media_play_sessions/%ed%a0%80", 400),
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/sessions/../sessions/x/y", 404),
        ("GET", "/demo/token?customer=alice", 404),
        ("GET", "/docs/no-such-file.js", 404),
        ("GET", "/livez", 404),
        ("GET", "/api/v1/nodes", 404),
        ("PATCH", "/sessions", 405),
        ("GET", "/takeover", 405),
        ("TRACE", "/sessions", 405),
        ("BREW", "/sessions", 405),
        ("PUT", "/sessions/socket", 405),
    ] {
        let token = &alice.token;
        let bytes = format!(
            "{method} {path} HTTP/1.1\r\nhost: it\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let answer = node.raw(bytes.as_bytes()).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answer.is_problem();
        assert_eq!(status == 405, !answer.header("allow").is_empty(), "{method} {path}");
    }
    assert_eq!(alice.count().await, 0);
}

#[tokio::test]
async fn header_bombs_and_broken_heads_hurt_nobody() {
    let node = TestNode::start(&[]).await;
    let alice = node.customer("alice");
    let body = json!({ "sessionName": "TV", "offerId": "S1" }).to_string();
    let many: String = (0..1000).map(|n| format!("x-{n}: y\r\n")).collect();
    let large = format!("x-large: {}\r\n", "y".repeat(2 << 20));
    let mut attacks = vec![
        by_hand(&alice, &many, body.as_bytes()),
        by_hand(&alice, &large, body.as_bytes()),
        by_hand(&alice, "content-length: -1\r\n", body.as_bytes()),
        by_hand(&alice, "content-length: 1\r\ncontent-length: 2\r\n", body.as_bytes()),
        by_hand(&alice, "bad header\r\n", body.as_bytes()),
        by_hand(&alice, "x-nul: \0\r\n", body.as_bytes()),
        by_hand(&alice, "transfer-encoding: chunked\r\n", b"zz\r\n\r\n"),
        b"GET /\0 HTTP/1.1\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        format!("GET /{} HTTP/1.1\r\nhost: it\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
    ];
    attacks.push([&attacks[2][..], &attacks[3][..]].concat());
    for attack in attacks {
        // The HTTP server refuses these before Baton sees them: there is a status, and no body.
        let answer = node.raw(&attack).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(alice.count().await, 0);
    alice.session("TV").await;
}

#[tokio::test]
async fn made_up_methods_and_paths_make_no_metrics() {
    let node = TestNode::start(&[]).await;
    for at in 0..20 {
        let method = format!("BREW{at}").parse().unwrap();
        let answer = node.call(method, &format!("/pot/{at}")).answer().await;
        answer.problem(404, "NotFound");
    }
    let metrics = node.admin(Method::GET, "/metrics").answer().await.body;
    let metrics = metrics.as_str().unwrap();
    assert!(!metrics.contains("BREW") && !metrics.contains("/pot"), "{metrics}");
    let others = r#"baton_requests_total{method="other",route="unmatched",status="404"}"#;
    assert_eq!(node.metric(others).await, 20.0);
}

#[tokio::test]
async fn requests_are_found_again_by_their_id() {
    let node = TestNode::start(&[]).await;
    let request = node.call(Method::GET, "/nothing").header("x-request-id", "mine");
    assert_eq!(request.answer().await.header("x-request-id"), "mine");
    let answer = node.call(Method::GET, "/nothing").answer().await;
    assert_eq!(answer.header("x-request-id").len(), 36);
}
