//! Customer tokens as a streaming company mints them, and forged ones.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::clock::now_ms;

/// Claims of a customer token, to be signed or forged.
#[derive(Clone)]
pub(crate) struct Claims(Value);

impl Claims {
    /// A customer of a publisher, for the next hour. Each id is a string or a number.
    pub(crate) fn of(publisher: impl Into<Value>, customer: impl Into<Value>) -> Self {
        let exp = now_ms() / 1000 + 3600;
        Self(json!({
            "publisherId": publisher.into(),
            "customerId": customer.into(),
            "exp": exp,
        }))
    }

    /// Sets a claim, of whatever name and type.
    #[must_use]
    pub(crate) fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.0[claim] = value.into();
        self
    }

    /// Removes a claim.
    #[must_use]
    pub(crate) fn without(mut self, claim: &str) -> Self {
        self.0.as_object_mut().expect("claims are an object").remove(claim);
        self
    }

    /// Sets the end of life, in seconds from now; negative: in the past.
    #[must_use]
    pub(crate) fn expires_in(self, seconds: i64) -> Self {
        let now = i64::try_from(now_ms() / 1000).expect("seconds fit");
        self.with("exp", now + seconds)
    }

    /// The token, signed with HS256.
    pub(crate) fn sign(&self, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::default(), &self.0, &key).expect("the claims are JSON")
    }

    /// A token with any header and any signature, such as `alg: none` and nothing.
    pub(crate) fn forge(&self, header: &Value, signature: &[u8]) -> String {
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let header = part(header.to_string().as_bytes());
        let claims = part(self.0.to_string().as_bytes());
        format!("{header}.{claims}.{}", part(signature))
    }
}
