//! Bearer tokens over HTTP: whose count, and how the others are refused.

use std::io::Write;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    clock::now_ms,
    node::{Ask, PUBLISHER, SECRET, TestNode},
    tokens::Claims,
};

const RSA: &[u8] = include_bytes!("../../keys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("../../keys/rsa.pub.pem");
const P256: &[u8] = include_bytes!("../../keys/p256.pem");
const ED25519: &[u8] = include_bytes!("../../keys/ed25519.pem");

/// Every call that takes a customer's token.
const CALLS: [(&str, &str); 10] = [
    ("POST", "/sessions"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/x"),
    ("POST", "/takeover"),
    ("GET", "/users/alice/media_play_sessions"),
    ("POST", "/api/v1/media/users/alice/media_play_sessions"),
    ("PUT", "/users/alice/media_play_sessions/x"),
    ("PATCH", "/api/v1/media/users/alice/media_play_sessions/x"),
    ("DELETE", "/users/alice/media_play_sessions/x"),
    ("DELETE", "/media_play_sessions/x"),
];

/// A body that each of the calls would take.
fn good_body() -> String {
    json!({
        "sessionId": "x", "sessionName": "TV", "offerId": "S1",
        "data": { "attributes": { "device_type": "tv" } },
    })
    .to_string()
}

#[tokio::test]
async fn without_a_bearer_token_every_call_is_401() {
    let node = TestNode::start(&[]).await;
    let token = node.customer("alice").token;
    let basic = format!("Basic {token}");
    for (method, path) in CALLS {
        for value in [None, Some(""), Some("Bearer"), Some("Bearer "), Some(&*token), Some(&*basic)]
        {
            let mut request = node.call(method.parse().unwrap(), path).body(good_body());
            if let Some(value) = value {
                request = request.header("authorization", value);
            }
            let answer = request.answer().await;
            assert_eq!(answer.problem(401, "InvalidToken")["details"], json!({}), "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    assert_eq!(node.customer("alice").count().await, 0);
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case() {
    let node = TestNode::start(&[]).await;
    let value = format!("bEARER {}", node.customer("alice").token);
    let request = node.call(Method::GET, "/sessions").header("authorization", value);
    request.answer().await.ok();
}

#[tokio::test]
async fn a_bad_token_is_401_on_every_call() {
    let node = TestNode::start(&[]).await;
    let good = Claims::of(PUBLISHER, "alice");
    let token = good.sign(SECRET);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let hs = |algorithm| {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let claims = json!({ "publisherId": PUBLISHER, "customerId": "alice",
            "exp": now_ms() / 1000 + 60 });
        jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap()
    };
    let raw_signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let bad = [
        "x".to_owned(),
        "a.b.c".to_owned(),
        "..".to_owned(),
        head.to_owned(),
        format!("{head}."),
        format!("{token}.x"),
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        "x".repeat(9000),
        format!("{token}{}", "A".repeat(9000)),
        good.sign("the secret of somebody else, long enough"),
        good.sign(""),
        good.clone().expires_in(-3600).sign(SECRET),
        good.clone().without("exp").sign(SECRET),
        good.clone().with("exp", "tomorrow").sign(SECRET),
        good.clone().with("exp", json!(null)).sign(SECRET),
        good.clone().with("nbf", now_ms() / 1000 + 3600).sign(SECRET),
        good.forge(&json!({ "alg": "none" }), b""),
        good.forge(&json!({ "alg": "None", "typ": "JWT" }), b""),
        good.forge(&json!({ "alg": "none" }), &raw_signature),
        good.forge(&json!({ "alg": "RS256" }), &raw_signature),
        good.forge(&json!({ "alg": "HS256", "crit": ["exp"] }), &raw_signature),
        good.forge(&json!({}), &raw_signature),
        good.forge(&json!([]), &raw_signature),
        hs(Algorithm::HS384),
        hs(Algorithm::HS512),
        good.clone().without("customerId").sign(SECRET),
        good.clone().with("customerId", "").sign(SECRET),
        good.clone().with("customerId", 1.5).sign(SECRET),
        good.clone().with("customerId", json!(["alice"])).sign(SECRET),
        good.clone().with("customerId", "a\u{0}b").sign(SECRET),
        good.clone().with("customerId", "x".repeat(201)).sign(SECRET),
        good.clone().with("publisherId", json!({})).sign(SECRET),
        good.clone().with("role", "root").sign(SECRET),
        good.clone().with("aud", "baton-socket").sign(SECRET),
    ];
    for (at, token) in bad.iter().enumerate() {
        // Every token on one call, and every call with some of them: they share one extractor.
        let (method, path) = CALLS[at % CALLS.len()];
        for (method, path) in [CALLS[0], (method, path)] {
            let request = node.call(method.parse().unwrap(), path).bearer_auth(token);
            let answer = request.body(good_body()).answer().await;
            assert_eq!(answer.status, 401, "{at}: {method} {path} {token:.80}");
            assert_eq!(answer.problem(401, "InvalidToken")["details"], json!({}));
            assert!(!answer.body.to_string().contains(SECRET));
        }
    }
    assert_eq!(node.customer("alice").count().await, 0);
}

#[tokio::test]
async fn a_listed_tenants_tokens_are_verified_with_its_own_secret_only() {
    let own = "the secret of one tenant and no other";
    let file = format!("[[tenants]]\npublisher_id = 812\nsecret = '{own}'");
    let node = TestNode::with_file(&file, &[]).await;
    node.bearer(Claims::of(812, "alice").sign(own)).session("TV").await;
    let general = Claims::of(812, "alice").sign(SECRET);
    node.bearer(general).ask("TV").await.problem(401, "InvalidToken");
    let wrong = Claims::of(PUBLISHER, "alice").sign(own);
    node.bearer(wrong).ask("TV").await.problem(401, "InvalidToken");
    node.customer("alice").session("TV").await;
}

#[tokio::test]
async fn published_keys_count_with_their_own_algorithm_only() {
    let keys = [
        (Algorithm::RS256, "rsa", EncodingKey::from_rsa_pem(RSA).unwrap()),
        (Algorithm::ES256, "p256", EncodingKey::from_ec_pem(P256).unwrap()),
        (Algorithm::EdDSA, "ed", EncodingKey::from_ed_pem(ED25519).unwrap()),
    ];
    let set = keys.iter().map(|(algorithm, kid, key)| {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(key, *algorithm).unwrap()).unwrap();
        jwk["kid"] = (*kid).into();
        jwk
    });
    let set = json!({ "keys": set.collect::<Vec<_>>() }).to_string();
    let mut published = tempfile::NamedTempFile::new().unwrap();
    published.write_all(set.as_bytes()).unwrap();
    let file = format!("[[tenants]]\npublisher_id = 'p'\njwks = '{}'", published.path().display());
    let node = TestNode::with_file(&file, &[("BATON_STREAMS__LIMIT", "9")]).await;

    let claims = json!({ "publisherId": "p", "customerId": "alice", "exp": now_ms() / 1000 + 60 });
    for (algorithm, kid, key) in &keys {
        let header = Header { kid: Some((*kid).to_owned()), ..Header::new(*algorithm) };
        let token = jsonwebtoken::encode(&header, &claims, key).unwrap();
        node.bearer(token.clone()).session("TV").await;
        // A key of one algorithm verifies no other.
        let (other, _, _) = keys.iter().find(|(other, ..)| other != algorithm).unwrap();
        let signature = token.rsplit_once('.').unwrap().1;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let confused =
            Claims::of("p", "alice").forge(&json!({ "alg": other, "kid": kid }), &signature);
        node.bearer(confused).ask("TV").await.problem(401, "InvalidToken");
    }
    // The classic: the public key, known to all, taken for an HMAC secret.
    for kid in [Some("rsa".to_owned()), None] {
        for secret in [RSA_PUBLIC, RSA_PUBLIC.trim_end()] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let header = Header { kid: kid.clone(), ..Header::new(Algorithm::HS256) };
            let confused = jsonwebtoken::encode(&header, &claims, &key).unwrap();
            node.bearer(confused).ask("TV").await.problem(401, "InvalidToken");
        }
    }
    assert_eq!(
        node.metric("baton_refused_tokens_total{outcome=\"algorithm_mismatch\"}").await,
        7.0
    );
}
