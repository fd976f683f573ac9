//! The token that a visitor's page keeps: by it the visitor has the same `short_id` after a reload.
//!
//! It never expires, and lets nobody do more than be present under that id.

use serde::{Deserialize, Serialize};

use super::{
    AuthError,
    own_token::{OwnTokens, Purpose},
};
use crate::domain::ids::{TenantId, VisitorId};

pub(super) const PURPOSE: Purpose =
    Purpose { audience: "baton-visitor", key_label: b"baton visitor v1", expires: false };

/// What a visitor's token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorClaims {
    /// Whose site.
    #[serde(rename = "t")]
    pub tenant: TenantId,
    /// Who.
    #[serde(rename = "v")]
    pub visitor: VisitorId,
}

/// Signs and verifies the tokens of visitors.
pub struct VisitorTokens(OwnTokens);

impl VisitorTokens {
    /// Derives the key of visitors' tokens from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self(OwnTokens::new(cluster_secret, PURPOSE))
    }

    /// The token for a visitor's page to keep.
    pub fn mint(&self, claims: &VisitorClaims) -> String {
        self.0.mint(claims)
    }

    /// Who a page says it is.
    ///
    /// # Errors
    /// [`AuthError`] where the token was not minted under this cluster secret.
    pub fn verify(&self, token: &str) -> Result<VisitorClaims, AuthError> {
        self.0.verify(token)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::LinkTokens, *};

    #[test]
    fn a_token_says_what_was_minted_and_opens_nothing_else() {
        let claims = VisitorClaims { tenant: "acme".into(), visitor: VisitorId::random() };
        let tokens = VisitorTokens::new(b"cluster");
        let token = tokens.mint(&claims);
        assert_eq!(VisitorTokens::new(b"cluster").verify(&token), Ok(claims));
        let foreign = VisitorTokens::new(b"other").verify(&token);
        assert_eq!(foreign, Err(AuthError::BadSignature));
        let link = LinkTokens::new(b"cluster").verify(&token);
        assert_eq!(link, Err(AuthError::BadSignature));
    }
}
