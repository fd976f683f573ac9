//! The token one node shows another when it passes a viewer's socket on.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use super::{AuthError, keys::refusal, mint, token::Unverified};
use crate::domain::ids::{SessionToken, UserId};

/// The audience of these tokens.
const AUDIENCE: &str = "baton-node";
/// Keeps this use of the cluster secret apart from every other; change it with the claims.
const KEY_LABEL: &[u8] = b"baton node token v1";
/// Life of a token: it is minted for one handshake. Clocks of nodes may differ by as much.
const TTL: Duration = Duration::from_secs(60);

/// What such a token says: this viewer was let in by a node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClaims {
    /// The session it watches.
    pub session: SessionToken,
    /// Who it is there.
    pub user: UserId,
}

#[derive(Deserialize)]
struct Compact {
    s: String,
    u: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: u64,
    s: &'a str,
    u: &'a str,
}

/// Signs and verifies the tokens of nodes. Every node of the cluster does so alike.
pub struct NodeTokens {
    key: [u8; 32],
}

impl NodeTokens {
    /// Derives the key from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self { key: mint::hmac_sha256(cluster_secret, KEY_LABEL) }
    }

    /// The token for one handshake.
    pub fn mint(&self, claims: &NodeClaims) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = Claims {
            aud: AUDIENCE,
            exp: now.saturating_add(TTL).as_secs(),
            s: claims.session.as_str(),
            u: claims.user.as_str(),
        };
        // Texts and a number always serialise.
        mint::sign(&self.key, &serde_json::to_string(&claims).unwrap_or_default())
    }

    /// Whom another node passes on.
    ///
    /// # Errors
    /// [`AuthError`] where no node of this cluster minted the token, or too long ago.
    pub fn verify(&self, token: &str) -> Result<NodeClaims, AuthError> {
        let token = Unverified::parse(token)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.required_spec_claims = HashSet::from(["aud".to_owned(), "exp".to_owned()]);
        rules.set_audience(&[AUDIENCE]);
        let key = DecodingKey::from_secret(&self.key);
        let Compact { s, u } =
            jsonwebtoken::decode(token.raw, &key, &rules).map_err(|error| refusal(&error))?.claims;
        Ok(NodeClaims { session: s.into(), user: u.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_of_the_cluster_can_pass_viewers_on() {
        let claims = NodeClaims { session: "007000000".into(), user: "u".into() };
        let token = NodeTokens::new(b"cluster").mint(&claims);
        assert_eq!(NodeTokens::new(b"cluster").verify(&token), Ok(claims));
        assert!(NodeTokens::new(b"other").verify(&token).is_err());
        let socket_token = mint::sign(&[0; 32], "{}");
        assert!(NodeTokens::new(b"cluster").verify(&socket_token).is_err());
    }
}
