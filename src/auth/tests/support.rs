//! Keyrings, tokens signed with the test keys, and a server that publishes key sets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::auth::{JwksSource, JwksTiming, KeySource, Keyring};

pub(super) const SECRET: &[u8] = b"a secret of the default tenant, for tests";

/// Refreshes and retries at every use.
pub(super) const EAGER: JwksTiming =
    JwksTiming { refresh: Duration::ZERO, retry: Duration::ZERO, timeout: Duration::from_secs(5) };

pub(super) fn secret_keyring() -> Keyring {
    keyring(KeySource::Secret(SECRET.to_vec()), JwksTiming::default())
}

pub(super) fn keyring(source: KeySource, timing: JwksTiming) -> Keyring {
    Keyring::new(Some(source), HashMap::new(), timing).unwrap()
}

pub(super) fn hmac_key(secret: &[u8]) -> EncodingKey {
    EncodingKey::from_secret(secret)
}

pub(super) fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

/// Claims that are accepted.
pub(super) fn good_claims() -> Value {
    json!({ "publisherId": 812, "customerId": "jane", "exp": now() + 60 })
}

/// The good claims with some of them replaced; `null` removes.
pub(super) fn claims_with(changes: Value) -> Value {
    let mut claims = good_claims();
    for (claim, value) in changes.as_object().unwrap() {
        claims[claim] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub(super) fn token(
    alg: Algorithm,
    kid: Option<&str>,
    claims: &Value,
    key: &EncodingKey,
) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(alg) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// The good claims signed with the default tenant's secret, some of them replaced.
pub(super) fn secret_token(changes: Value) -> String {
    token(Algorithm::HS256, None, &claims_with(changes), &hmac_key(SECRET))
}

/// The JWK of a key, with members replaced or (`null`) removed.
pub(super) fn jwk(alg: Algorithm, key: &EncodingKey, changes: Value) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, alg).unwrap()).unwrap();
    for (member, value) in changes.as_object().unwrap() {
        jwk[member] = value.clone();
    }
    jwk.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    jwk
}

/// A key set of one secret under a `kid`.
pub(super) fn secret_set(kid: &str, secret: &[u8]) -> Value {
    json!({ "keys": [jwk(Algorithm::HS256, &hmac_key(secret), json!({ "kid": kid }))] })
}

/// A real server on a free port whose answer tests change, and which counts what it was asked.
#[derive(Clone)]
pub(super) struct Publisher {
    state: Arc<Mutex<(StatusCode, String, usize)>>,
    pub(super) source: KeySource,
}

impl Publisher {
    pub(super) async fn start(status: StatusCode, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new((status, body, 0)));
        let shared = Arc::clone(&state);
        let answer = move || async move {
            let mut state = shared.lock().unwrap();
            state.2 += 1;
            (state.0, state.1.clone())
        };
        let router = Router::new().route("/jwks.json", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { state, source: KeySource::Jwks(JwksSource::Url(url.parse().unwrap())) }
    }

    pub(super) fn publish(&self, status: StatusCode, set: &Value) {
        let mut state = self.state.lock().unwrap();
        (state.0, state.1) = (status, set.to_string());
    }

    pub(super) fn asked(&self) -> usize {
        self.state.lock().unwrap().2
    }
}
