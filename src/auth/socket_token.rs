//! The token inside a socket's URL: ours alone, bound to one session and generation.
//!
//! It never expires by itself. A player reconnects to the same URL after a page reload, so the
//! token works as long as its session does, and says nothing once the session is gone.

use serde::{Deserialize, Serialize};

use super::{
    AuthError,
    own_token::{OwnTokens, Purpose},
};
use crate::domain::{
    ids::{CustomerId, Generation, SessionId, TenantId},
    streams::Account,
};

pub(super) const PURPOSE: Purpose =
    Purpose { audience: "baton-socket", key_label: b"baton socket token v1", expires: false };

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
#[derive(Serialize, Deserialize)]
struct Compact {
    t: TenantId,
    c: CustomerId,
    s: SessionId,
    g: Generation,
}

/// Signs and verifies socket tokens.
pub struct SocketTokens(OwnTokens);

impl SocketTokens {
    /// Derives the key of socket tokens from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self(OwnTokens::new(cluster_secret, PURPOSE))
    }

    /// The token for a session's endpoint URL.
    pub fn mint(&self, claims: &SocketClaims) -> String {
        let SocketClaims { account, session, generation } = claims.clone();
        self.0.mint(&Compact { t: account.tenant, c: account.customer, s: session, g: generation })
    }

    /// What a token of ours says. Whether its session still lives is for the store to say.
    ///
    /// # Errors
    /// [`AuthError`] where the token was not minted under this cluster secret.
    pub fn verify(&self, token: &str) -> Result<SocketClaims, AuthError> {
        let Compact { t, c, s, g } = self.0.verify(token)?;
        let account = Account { tenant: t, customer: c };
        Ok(SocketClaims { account, session: s, generation: g })
    }
}

#[cfg(test)]
mod tests {
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
}
