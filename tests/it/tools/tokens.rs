//! Minted tokens verify, forged ones do not.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use crate::support::tokens::Claims;

fn verify(token: &str, secret: &str) -> Option<Value> {
    let key = DecodingKey::from_secret(secret.as_bytes());
    decode::<Value>(token, &key, &Validation::new(Algorithm::HS256)).ok().map(|data| data.claims)
}

#[test]
fn a_minted_token_carries_its_claims() {
    let token = Claims::of(17, "customer").with("limit", 2).sign("secret");
    let claims = verify(&token, "secret").unwrap();
    assert_eq!(claims["publisherId"], 17);
    assert_eq!(claims["customerId"], "customer");
    assert_eq!(claims["limit"], 2);
    assert!(verify(&token, "another secret").is_none());
}

#[test]
fn a_token_can_be_too_old_or_live_for_ever() {
    let claims = Claims::of("publisher", "customer");
    assert!(verify(&claims.clone().expires_in(-3600).sign("secret"), "secret").is_none());
    assert!(verify(&claims.without("exp").sign("secret"), "secret").is_none());
}

#[test]
fn a_forged_token_does_not_verify() {
    let claims = Claims::of("publisher", "customer");
    for algorithm in ["none", "HS256"] {
        let forged = claims.forge(&json!({ "alg": algorithm, "typ": "JWT" }), b"");
        assert_eq!(forged.split('.').count(), 3);
        assert!(verify(&forged, "secret").is_none());
    }
}
