//! The token inside a socket's URL: ours alone, bound to one session and generation.
//!
//! It never expires by itself. A player reconnects to the same URL after a page reload, so the
//! token works as long as its session does, and says nothing once the session is gone.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use super::{AuthError, keys::refusal, mint, token::Unverified};
use crate::domain::{
    ids::{Generation, SessionId},
    streams::Account,
};

/// The audience of socket tokens; a customer's token with it is refused.
pub(super) const AUDIENCE: &str = "baton-socket";

/// Keeps this use of the cluster secret apart from every other; change it with the claims.
const KEY_LABEL: &[u8] = b"baton socket token v1";

/// What a socket token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketClaims {
    /// Whose session.
    pub account: Account,
    /// Which session.
    pub session: SessionId,
    /// The generation it was created with.
    pub generation: Generation,
}

/// Short names: the token is part of a URL.
#[derive(Deserialize)]
struct Compact {
    t: String,
    c: String,
    s: String,
    g: u64,
}

/// What is signed: [`Compact`] with its audience.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    t: &'a str,
    c: &'a str,
    s: &'a str,
    g: u64,
}

/// Signs and verifies socket tokens. Every node of the cluster does so alike.
pub struct SocketTokens {
    key: [u8; 32],
}

impl SocketTokens {
    /// Derives the key of socket tokens from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self { key: mint::hmac_sha256(cluster_secret, KEY_LABEL) }
    }

    /// The token for a session's endpoint URL.
    pub fn mint(&self, claims: &SocketClaims) -> String {
        let SocketClaims { account, session, generation } = claims;
        let claims = Claims {
            aud: AUDIENCE,
            t: account.tenant.as_str(),
            c: account.customer.as_str(),
            s: session.as_str(),
            g: generation.0,
        };
        // Texts and a number always serialise.
        mint::sign(&self.key, &serde_json::to_string(&claims).unwrap_or_default())
    }

    /// What a token of ours says. Whether its session still lives is for the store to say.
    ///
    /// # Errors
    /// [`AuthError`] where the token was not minted under this cluster secret.
    pub fn verify(&self, token: &str) -> Result<SocketClaims, AuthError> {
        let token = Unverified::parse(token)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.required_spec_claims = HashSet::from(["aud".to_owned()]);
        rules.set_audience(&[AUDIENCE]);
        let key = DecodingKey::from_secret(&self.key);
        let Compact { t, c, s, g } =
            jsonwebtoken::decode(token.raw, &key, &rules).map_err(|error| refusal(&error))?.claims;
        Ok(SocketClaims {
            account: Account { tenant: t.into(), customer: c.into() },
            session: s.into(),
            generation: Generation(g),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims() -> SocketClaims {
        SocketClaims {
            account: Account { tenant: "acme".into(), customer: "jane".into() },
            session: SessionId::random(),
            generation: Generation(7),
        }
    }

    #[test]
    fn a_token_says_what_was_minted_on_any_node() {
        let token = SocketTokens::new(b"cluster").mint(&claims_of("s1"));
        assert_eq!(SocketTokens::new(b"cluster").verify(&token), Ok(claims_of("s1")));
    }

    fn claims_of(session: &str) -> SocketClaims {
        SocketClaims { session: session.into(), ..claims() }
    }

    #[test]
    fn another_cluster_secret_is_refused() {
        let token = SocketTokens::new(b"cluster").mint(&claims());
        let verified = SocketTokens::new(b"other").verify(&token);
        assert_eq!(verified, Err(AuthError::BadSignature));
    }

    #[test]
    fn the_audience_is_required_even_under_our_key() {
        let tokens = SocketTokens::new(b"cluster");
        for aud in [json!(null), json!("other")] {
            let claims = json!({ "aud": aud, "t": "a", "c": "b", "s": "c", "g": 1 });
            assert!(tokens.verify(&mint::sign(&tokens.key, &claims.to_string())).is_err());
        }
    }
}
