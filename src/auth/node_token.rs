//! The token one node shows another when it passes a viewer's socket on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{
    AuthError,
    own_token::{OwnTokens, Purpose},
};
use crate::domain::ids::{SessionToken, UserId};

pub(super) const PURPOSE: Purpose =
    Purpose { audience: "baton-node", key_label: b"baton node v1", expires: true };

/// Life of a token: it is minted for one handshake. Clocks of nodes may differ by as much.
const TTL: Duration = Duration::from_secs(60);

/// What such a token says: this viewer was let in by a node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClaims {
    /// The session it watches.
    #[serde(rename = "s")]
    pub session: SessionToken,
    /// Who it is there.
    #[serde(rename = "u")]
    pub user: UserId,
    /// When its socket was opened, in milliseconds since 1970, by the clock of the node it is at.
    #[serde(rename = "o", default)]
    pub opened_ms: Option<u64>,
}

#[derive(Serialize)]
struct Expiring<'a> {
    exp: u64,
    #[serde(flatten)]
    claims: &'a NodeClaims,
}

/// Signs and verifies the tokens of nodes.
pub struct NodeTokens(OwnTokens);

impl NodeTokens {
    /// Derives the key from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self(OwnTokens::new(cluster_secret, PURPOSE))
    }

    /// The token for one handshake.
    pub fn mint(&self, claims: &NodeClaims) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.mint(&Expiring { exp: now.saturating_add(TTL).as_secs(), claims })
    }

    /// Whom another node passes on.
    ///
    /// # Errors
    /// [`AuthError`] where no node of this cluster minted the token, or too long ago.
    pub fn verify(&self, token: &str) -> Result<NodeClaims, AuthError> {
        self.0.verify(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_node_of_the_cluster_can_pass_viewers_on() {
        let claims =
            NodeClaims { session: "007000000".into(), user: "u".into(), opened_ms: Some(7) };
        let token = NodeTokens::new(b"cluster").mint(&claims);
        assert_eq!(NodeTokens::new(b"cluster").verify(&token), Ok(claims));
        assert!(NodeTokens::new(b"other").verify(&token).is_err());
    }
}
