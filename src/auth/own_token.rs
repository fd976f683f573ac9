//! What all tokens of our own share: a key derived from the cluster secret, and an audience.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    AuthError,
    keys::{LEEWAY_SECONDS, refusal},
    mint,
    token::Unverified,
};

/// A use of the cluster secret for tokens of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose {
    /// The audience of its tokens; tenants' tokens with it are refused.
    pub(super) audience: &'static str,
    /// Keeps this use of the cluster secret apart from every other; change it with the claims.
    pub(super) key_label: &'static [u8],
    /// Its tokens must have an `exp`, and end with it; others never end by themselves.
    pub(super) expires: bool,
}

/// Signs and verifies tokens of one kind. Every node of the cluster does so alike.
pub(super) struct OwnTokens {
    key: [u8; 32],
    purpose: Purpose,
}

/// What is signed: claims with their audience.
#[derive(Serialize)]
struct Signed<'a, C> {
    aud: &'static str,
    #[serde(flatten)]
    claims: &'a C,
}

impl OwnTokens {
    pub(super) fn new(cluster_secret: &[u8], purpose: Purpose) -> Self {
        Self { key: mint::hmac_sha256(cluster_secret, purpose.key_label), purpose }
    }

    /// A token that says so. Claims are texts, numbers and JSON, which always serialise.
    pub(super) fn mint<C: Serialize>(&self, claims: &C) -> String {
        let signed = Signed { aud: self.purpose.audience, claims };
        mint::sign(&self.key, &serde_json::to_string(&signed).unwrap_or_default())
    }

    /// What a token of ours says, while it lasts.
    pub(super) fn verify<C: DeserializeOwned>(&self, token: &str) -> Result<C, AuthError> {
        self.read(token, self.purpose.expires)
    }

    /// What a token of ours says, or said: it lets nobody in.
    pub(super) fn verify_signature<C: DeserializeOwned>(
        &self,
        token: &str,
    ) -> Result<C, AuthError> {
        self.read(token, false)
    }

    fn read<C: DeserializeOwned>(&self, token: &str, heeds_end: bool) -> Result<C, AuthError> {
        let token = Unverified::parse(token)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY_SECONDS;
        rules.validate_exp = heeds_end;
        let exp = self.purpose.expires.then_some("exp");
        rules.required_spec_claims =
            HashSet::from_iter(["aud"].into_iter().chain(exp).map(str::to_owned));
        rules.set_audience(&[self.purpose.audience]);
        let key = DecodingKey::from_secret(&self.key);
        let verified = jsonwebtoken::decode(token.raw, &key, &rules);
        verified.map(|verified| verified.claims).map_err(|error| refusal(&error))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PURPOSE: Purpose = Purpose { audience: "us", key_label: b"a use", expires: false };

    fn tokens(purpose: Purpose) -> OwnTokens {
        OwnTokens::new(b"cluster", purpose)
    }

    #[test]
    fn another_secret_label_or_audience_is_refused() {
        let claims = json!({ "x": 1 });
        let token = tokens(PURPOSE).mint(&claims);
        assert_eq!(tokens(PURPOSE).verify::<Value>(&token).unwrap()["x"], 1);
        let other = OwnTokens::new(b"other", PURPOSE).verify::<Value>(&token);
        assert_eq!(other, Err(AuthError::BadSignature));
        let relabelled = Purpose { key_label: b"another use", ..PURPOSE };
        let relabelled = tokens(relabelled).verify::<Value>(&token);
        assert_eq!(relabelled, Err(AuthError::BadSignature));
        assert!(tokens(Purpose { audience: "them", ..PURPOSE }).verify::<Value>(&token).is_err());
        for aud in [json!(null), json!("them"), json!(["them"])] {
            let token = mint::sign(&tokens(PURPOSE).key, &json!({ "aud": aud }).to_string());
            assert!(tokens(PURPOSE).verify::<Value>(&token).is_err(), "{aud}");
        }
        let none = mint::sign(&tokens(PURPOSE).key, "{}");
        assert!(tokens(PURPOSE).verify::<Value>(&none).is_err());
    }

    #[test]
    fn the_end_is_required_and_heeded_where_tokens_expire() {
        let expiring = tokens(Purpose { expires: true, ..PURPOSE });
        let verify = |claims: Value| expiring.verify::<Value>(&expiring.mint(&claims)).map(drop);
        assert!(matches!(verify(json!({})), Err(AuthError::ClaimInvalid { claim: "exp", .. })));
        assert_eq!(verify(json!({ "exp": 1_000_000_000 })), Err(AuthError::Expired));
        assert_eq!(verify(json!({ "exp": 4_000_000_000_u64 })), Ok(()));
        let over = expiring.mint(&json!({ "exp": 1_000_000_000 }));
        assert!(expiring.verify_signature::<Value>(&over).is_ok());
        assert!(tokens(PURPOSE).verify_signature::<Value>("a.b.c").is_err());
        let lasting = tokens(PURPOSE);
        let past = lasting.mint(&json!({ "exp": 1_000_000_000 }));
        assert!(lasting.verify::<Value>(&past).is_ok());
    }
}
