//! Which claims are accepted, and what they mean.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use super::support::{SECRET, now, secret_keyring, secret_token};
use crate::auth::{
    AuthError, Identity, JwksTiming, KeySource, Keyring, KeyringError, Role, mint_token,
};

async fn verify(changes: Value) -> Result<Identity, AuthError> {
    secret_keyring().verify(&secret_token(changes)).await
}

/// The claim a token with these changes is refused for.
async fn refused_claim(changes: Value) -> &'static str {
    match verify(changes.clone()).await {
        Err(AuthError::ClaimInvalid { claim, .. }) => claim,
        other => panic!("{changes}: {other:?}"),
    }
}

#[tokio::test]
async fn every_claim_reaches_the_identity() {
    let changes = json!({ "publisherId": "acme", "role": "agent", "sub": "a1", "name": "Ann",
                          "limit": 0, "aud": "anything", "nbf": now() });
    let expected = Identity {
        tenant: "acme".into(),
        customer: Some("jane".into()),
        role: Role::Agent,
        subject: Some("a1".to_owned()),
        name: Some("Ann".to_owned()),
        limit: Some(0),
    };
    assert_eq!(verify(changes).await, Ok(expected));
}

#[tokio::test]
async fn ids_may_be_numbers() {
    let number = verify(json!({ "publisherId": 812, "customerId": 18446744073709551615_u64 }));
    let text = verify(json!({ "publisherId": "812", "customerId": "18446744073709551615" }));
    let number = number.await.unwrap();
    assert_eq!(number.tenant.as_str(), "812");
    assert_eq!(number, text.await.unwrap());
}

#[tokio::test]
async fn ids_must_be_texts_or_integers_of_sane_length() {
    let bad =
        [json!(1.5), json!(1e30), json!(""), json!("x".repeat(201)), json!(true), json!("a\nb")];
    for value in bad.into_iter().chain([json!([1]), json!({})]) {
        assert_eq!(refused_claim(json!({ "customerId": value })).await, "customerId");
        assert_eq!(refused_claim(json!({ "publisherId": value })).await, "publisherId");
    }
    assert!(verify(json!({ "customerId": "é".repeat(200) })).await.is_ok());
}

#[tokio::test]
async fn a_customer_must_say_who_it_is_and_others_need_not() {
    assert_eq!(refused_claim(json!({ "customerId": null })).await, "customerId");
    let service = verify(json!({ "customerId": null, "role": "service" })).await.unwrap();
    assert_eq!((service.role, service.customer), (Role::Service, None));
}

#[tokio::test]
async fn unknown_roles_and_odd_limits_are_refused() {
    for role in [json!("admin"), json!(""), json!("Agent"), json!(1)] {
        assert_eq!(refused_claim(json!({ "role": role })).await, "role");
    }
    for limit in [json!(-1), json!(1_000_001), json!(2.0), json!("2"), json!(u64::MAX)] {
        assert_eq!(refused_claim(json!({ "limit": limit })).await, "limit");
    }
    assert_eq!(verify(json!({ "limit": 1_000_000 })).await.unwrap().limit, Some(1_000_000));
}

#[tokio::test]
async fn exp_is_required_and_honoured() {
    assert_eq!(refused_claim(json!({ "exp": null })).await, "exp");
    assert_eq!(refused_claim(json!({ "exp": "tomorrow" })).await, "exp");
    assert_eq!(verify(json!({ "exp": now() - 30 })).await, Err(AuthError::Expired));
    assert!(verify(json!({ "exp": now() - 1 })).await.is_ok(), "within the leeway");
}

#[tokio::test]
async fn nbf_is_honoured_where_present() {
    assert_eq!(verify(json!({ "nbf": now() + 30 })).await, Err(AuthError::NotYetValid));
    assert_eq!(refused_claim(json!({ "nbf": "tomorrow" })).await, "nbf");
    assert!(verify(json!({ "nbf": now() + 1 })).await.is_ok(), "within the leeway");
}

#[tokio::test]
async fn a_token_without_publisher_is_of_the_default_tenant() {
    let identity = verify(json!({ "publisherId": null })).await.unwrap();
    assert_eq!(identity.tenant.as_str(), "default");
}

#[tokio::test]
async fn a_listed_tenant_is_verified_with_its_own_keys_only() {
    let own = b"a secret of acme's own, for tests".to_vec();
    let tenants = HashMap::from([("acme".into(), KeySource::Secret(own.clone()))]);
    let default = Some(KeySource::Secret(SECRET.to_vec()));
    let keyring = Keyring::new(default, tenants, JwksTiming::default()).unwrap();
    let mint = |secret: &[u8], tenant: &str| {
        let identity = Identity::new(tenant.into(), Role::Customer);
        let identity = Identity { customer: Some("jane".into()), limit: Some(3), ..identity };
        mint_token(secret, &identity, Duration::from_secs(60))
    };
    assert_eq!(keyring.verify(&mint(&own, "acme")).await.unwrap().limit, Some(3));
    assert_eq!(keyring.verify(&mint(SECRET, "acme")).await, Err(AuthError::BadSignature));
    assert_eq!(keyring.verify(&mint(&own, "other")).await, Err(AuthError::BadSignature));
    assert!(keyring.verify(&mint(SECRET, "other")).await.is_ok());
}

#[tokio::test]
async fn without_a_source_nothing_is_accepted() {
    let keyring = Keyring::new(None, HashMap::new(), JwksTiming::default()).unwrap();
    assert_eq!(keyring.verify(&secret_token(json!({}))).await, Err(AuthError::UnknownKey));
}

#[test]
fn an_empty_secret_is_refused_at_start() {
    let tenants = HashMap::from([("acme".into(), KeySource::Secret(Vec::new()))]);
    let keyring = Keyring::new(None, tenants, JwksTiming::default());
    assert!(
        matches!(keyring.err(), Some(KeyringError::EmptySecret(tenant)) if tenant == "acme".into())
    );
}
