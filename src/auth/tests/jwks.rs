//! Published key sets: algorithms, rotation and failures, over real HTTP and real files.

use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

use super::support::{EAGER, Publisher, good_claims, hmac_key, jwk, keyring, secret_set, token};
use crate::auth::{AuthError, JwksSource, JwksTiming, KeySource, Keyring};

const OLD: &[u8] = b"an old secret of thirty-two bytes, for tests";
const NEW: &[u8] = b"a new secret of thirty-two bytes, for tests!";

fn signed(kid: &str, secret: &[u8]) -> String {
    token(Algorithm::HS256, Some(kid), &good_claims(), &hmac_key(secret))
}

/// A keyring of one set in a file.
fn file_keyring(file: &NamedTempFile, set: &Value) -> Keyring {
    std::fs::write(file.path(), set.to_string()).unwrap();
    keyring(KeySource::Jwks(JwksSource::File(file.path().to_owned())), EAGER)
}

/// Every asymmetric test key, and the algorithm it has by default.
fn key_pairs() -> Vec<(Algorithm, EncodingKey)> {
    macro_rules! pem {
        ($name:literal) => {
            include_bytes!(concat!("../../../tests/keys/", $name, ".pem"))
        };
    }
    vec![
        (Algorithm::RS256, EncodingKey::from_rsa_pem(pem!("rsa")).unwrap()),
        (Algorithm::ES256, EncodingKey::from_ec_pem(pem!("p256")).unwrap()),
        (Algorithm::ES384, EncodingKey::from_ec_pem(pem!("p384")).unwrap()),
        (Algorithm::EdDSA, EncodingKey::from_ed_pem(pem!("ed25519")).unwrap()),
        (Algorithm::HS256, hmac_key(OLD)),
    ]
}

#[tokio::test]
async fn every_kind_of_key_verifies_with_and_without_alg_and_kid() {
    let file = NamedTempFile::new().unwrap();
    for (alg, key) in key_pairs() {
        for published in [json!(format!("{alg:?}")), Value::Null] {
            let named = jwk(alg, &key, json!({ "alg": published, "kid": "k1", "use": "sig" }));
            let keyring = file_keyring(&file, &json!({ "keys": [named] }));
            for kid in [Some("k1"), None] {
                let token = token(alg, kid, &good_claims(), &key);
                assert!(keyring.verify(&token).await.is_ok(), "{alg:?} {published} {kid:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_verifies_its_pinned_algorithm_only() {
    let file = NamedTempFile::new().unwrap();
    let rsa = &key_pairs()[0].1;
    let set = json!({ "keys": [jwk(Algorithm::PS256, rsa, json!({ "kid": "k" }))] });
    let keyring = file_keyring(&file, &set);
    assert!(keyring.verify(&token(Algorithm::PS256, Some("k"), &good_claims(), rsa)).await.is_ok());
    let other = token(Algorithm::RS256, Some("k"), &good_claims(), rsa);
    assert_eq!(keyring.verify(&other).await, Err(AuthError::AlgorithmMismatch));
}

#[tokio::test]
async fn unusable_keys_are_passed_over() {
    let pairs = key_pairs();
    let weak = include_bytes!("../../../tests/keys/rsa-weak.pem");
    let weak = EncodingKey::from_rsa_pem(weak).unwrap();
    let x = "AAAA";
    let set = json!({ "keys": [
        jwk(Algorithm::HS256, &hmac_key(OLD), json!({ "kid": "enc", "use": "enc" })),
        jwk(Algorithm::HS256, &hmac_key(b"short"), json!({ "kid": "short" })),
        jwk(Algorithm::RS256, &weak, json!({ "kid": "weak" })),
        jwk(Algorithm::ES256, &pairs[1].1, json!({ "kid": "curve", "alg": "ES384" })),
        jwk(Algorithm::RS256, &pairs[0].1, json!({ "kid": "family", "alg": "HS256" })),
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "stub" },
        { "kty": "martian", "kid": "martian" }, { "kid": 7 }, "no object",
        jwk(Algorithm::HS256, &hmac_key(NEW), json!({ "kid": "good" })),
    ]});
    let file = NamedTempFile::new().unwrap();
    let keyring = file_keyring(&file, &set);
    for kid in ["enc", "short", "weak", "curve", "family", "stub", "martian"] {
        assert_eq!(keyring.verify(&signed(kid, OLD)).await, Err(AuthError::UnknownKey), "{kid}");
    }
    assert!(keyring.verify(&signed("good", NEW)).await.is_ok());
}

#[tokio::test]
async fn an_unknown_kid_fetches_at_once_but_not_again_within_the_pause() {
    let publisher = Publisher::start(StatusCode::OK, secret_set("old", OLD).to_string()).await;
    let keyring = keyring(publisher.source.clone(), JwksTiming::default());
    assert!(keyring.verify(&signed("old", OLD)).await.is_ok());
    publisher.publish(StatusCode::OK, &secret_set("new", NEW));
    assert!(keyring.verify(&signed("old", OLD)).await.is_ok(), "no refresh is due yet");
    let new = signed("new", NEW);
    let (one, two) = tokio::join!(keyring.verify(&new), keyring.verify(&new));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(publisher.asked(), 2, "concurrent refreshes are one");
    for kid in ["old", "forged", "forged again"] {
        assert_eq!(keyring.verify(&signed(kid, OLD)).await, Err(AuthError::UnknownKey));
    }
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_rotation() {
    let publisher = Publisher::start(StatusCode::OK, secret_set("old", OLD).to_string()).await;
    let keyring = keyring(publisher.source.clone(), JwksTiming::default());
    keyring.load().await;
    publisher.publish(StatusCode::OK, &secret_set("new", NEW));
    let new = signed("new", NEW);
    // Polled once, which starts the fetch, then dropped.
    let hung_up = futures_util::FutureExt::now_or_never(keyring.verify(&new));
    assert!(hung_up.is_none());
    assert!(keyring.verify(&new).await.is_ok());
}

#[tokio::test]
async fn a_file_is_read_again() {
    let file = NamedTempFile::new().unwrap();
    let keyring = file_keyring(&file, &secret_set("old", OLD));
    assert!(keyring.verify(&signed("old", OLD)).await.is_ok());
    keyring.settle().await;
    std::fs::write(file.path(), secret_set("new", NEW).to_string()).unwrap();
    assert!(keyring.verify(&signed("new", NEW)).await.is_ok());
    assert_eq!(keyring.verify(&signed("old", OLD)).await, Err(AuthError::UnknownKey));
}

#[tokio::test]
async fn keys_that_are_down_at_start_are_loaded_once_they_are_up() {
    let publisher = Publisher::start(StatusCode::BAD_GATEWAY, String::new()).await;
    let patient = keyring(publisher.source.clone(), JwksTiming::default());
    let keyring = keyring(publisher.source.clone(), EAGER);
    for keyring in [&patient, &keyring] {
        keyring.load().await;
    }
    let token = signed("k", OLD);
    assert_eq!(keyring.verify(&token).await, Err(AuthError::KeysUnavailable));
    publisher.publish(StatusCode::OK, &secret_set("k", OLD));
    assert!(keyring.verify(&token).await.is_ok());
    let refused = patient.verify(&token).await;
    assert_eq!(refused, Err(AuthError::KeysUnavailable), "the pause after a failure holds");
}

#[tokio::test]
async fn a_refused_connection_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let keyring = keyring(KeySource::Jwks(JwksSource::Url(url)), EAGER);
    assert!(keyring.verify(&signed("k", OLD)).await.is_err_and(AuthError::is_transient));
}

#[tokio::test]
async fn stale_keys_survive_a_failing_refresh() {
    let publisher = Publisher::start(StatusCode::OK, secret_set("k", OLD).to_string()).await;
    let keyring = keyring(publisher.source.clone(), EAGER);
    let token = signed("k", OLD);
    assert!(keyring.verify(&token).await.is_ok());
    let too_many = json!({ "keys": vec![json!({}); 65] });
    let too_large = json!({ "keys": [], "padding": "x".repeat(256 * 1024) });
    for (status, answer) in [
        (StatusCode::BAD_GATEWAY, json!({})),
        (StatusCode::FOUND, json!({ "keys": [] })),
        (StatusCode::OK, json!("no set")),
        (StatusCode::OK, too_many),
        (StatusCode::OK, too_large),
    ] {
        keyring.settle().await;
        publisher.publish(status, &answer);
        let before = publisher.asked();
        assert!(keyring.verify(&token).await.is_ok());
        keyring.settle().await;
        assert_eq!(publisher.asked(), before + 1, "a refresh was tried in the background");
        assert!(keyring.verify(&token).await.is_ok(), "{status}");
    }
}
