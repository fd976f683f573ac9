//! What attackers try.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use tempfile::NamedTempFile;

use super::support::{
    EAGER, SECRET, good_claims, hmac_key, jwk, keyring, now, secret_keyring, secret_token, token,
};
use crate::{
    auth::{AuthError, JwksSource, KeySource, SocketClaims, SocketTokens},
    domain::{
        ids::{Generation, SessionId},
        streams::Account,
    },
};

#[tokio::test]
async fn a_changed_payload_is_refused() {
    let token = secret_token(json!({}));
    let parts: Vec<_> = token.split('.').collect();
    let claims = json!({ "publisherId": 812, "customerId": "joe", "exp": now() + 60 });
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_eq!(secret_keyring().verify(&forged).await, Err(AuthError::BadSignature));
}

#[tokio::test]
async fn another_secret_is_refused() {
    let forged = token(Algorithm::HS256, None, &good_claims(), &hmac_key(b"guessed"));
    assert_eq!(secret_keyring().verify(&forged).await, Err(AuthError::BadSignature));
}

#[tokio::test]
async fn alg_none_is_refused() {
    for alg in ["none", "None", "NONE", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
        let payload = URL_SAFE_NO_PAD.encode(good_claims().to_string());
        let forged = format!("{header}.{payload}.");
        assert_eq!(secret_keyring().verify(&forged).await, Err(AuthError::AlgorithmMismatch));
    }
}

#[tokio::test]
async fn a_secret_is_pinned_to_hs256() {
    let strong = token(Algorithm::HS512, None, &good_claims(), &hmac_key(SECRET));
    assert_eq!(secret_keyring().verify(&strong).await, Err(AuthError::AlgorithmMismatch));
}

#[tokio::test]
async fn a_public_key_is_no_hmac_secret() {
    let public: &[u8] = include_bytes!("../../../tests/keys/rsa.pub.pem");
    let private = EncodingKey::from_rsa_pem(include_bytes!("../../../tests/keys/rsa.pem")).unwrap();
    let set = json!({ "keys": [jwk(Algorithm::RS256, &private, json!({ "kid": "k" }))] });
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set.to_string()).unwrap();
    let keyring = keyring(KeySource::Jwks(JwksSource::File(file.path().to_owned())), EAGER);
    for kid in [None, Some("k")] {
        let forged = token(Algorithm::HS256, kid, &good_claims(), &hmac_key(public));
        assert_eq!(keyring.verify(&forged).await, Err(AuthError::AlgorithmMismatch));
    }
}

#[tokio::test]
async fn a_duplicated_claim_is_refused() {
    // Two readers could each believe another one of them.
    let claims = format!(r#"{{"customerId":"jane","customerId":"joe","exp":{}}}"#, now() + 60);
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let key = hmac_key(SECRET);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    let verified = secret_keyring().verify(&format!("{message}.{signature}")).await;
    assert!(matches!(verified, Err(AuthError::Malformed(_))));
}

#[tokio::test]
async fn socket_tokens_and_customer_tokens_never_pass_for_each_other() {
    // The same secret in both places is the worst case.
    let sockets = SocketTokens::new(SECRET);
    let socket = sockets.mint(&SocketClaims {
        account: Account { tenant: "812".into(), customer: "jane".into() },
        session: SessionId::random(),
        generation: Generation::FIRST,
    });
    assert_eq!(secret_keyring().verify(&socket).await, Err(AuthError::BadSignature));
    let customer = secret_token(json!({ "t": "812", "c": "jane", "s": "s", "g": 1 }));
    assert_eq!(sockets.verify(&customer), Err(AuthError::BadSignature));

    let posing = json!({ "aud": "baton-socket", "t": "812", "c": "jane", "s": "s", "g": 1 });
    assert_eq!(sockets.verify(&secret_token(posing)), Err(AuthError::BadSignature));
    for aud in ["baton-socket", "baton-watch-link", "baton-visitor"] {
        let posing = json!({ "aud": ["x", aud], "customerId": "jane", "publisherId": "812" });
        let verified = secret_keyring().verify(&secret_token(posing)).await;
        assert!(matches!(verified, Err(AuthError::ClaimInvalid { claim: "aud", .. })), "{aud}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let shown = format!("{:?}", KeySource::Secret(SECRET.to_vec()));
    assert_eq!(shown, "Secret([redacted])");
    let url = "https://user:pass@idp.example:8443/jwks?key=k".parse().unwrap();
    let shown = format!("{:?}", KeySource::Jwks(JwksSource::Url(url)));
    assert_eq!(shown, "Jwks(https://idp.example:8443/jwks)");
}
