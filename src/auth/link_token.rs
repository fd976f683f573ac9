//! The token inside a watch link: who may watch whom, on what terms, for some minutes.
//!
//! That it opens once only is for the store to say.

use serde::{Deserialize, Serialize};

use super::{
    AuthError,
    own_token::{OwnTokens, Purpose},
};
use crate::domain::{
    cobrowse::{LinkTerms, Permissions},
    ids::{AgentId, TenantId, VisitorId},
    visitors::LinkClaims,
};

pub(super) const PURPOSE: Purpose =
    Purpose { audience: "baton-watch-link", key_label: b"baton watch link v1", expires: true };

/// Short names: the token is part of a URL.
#[derive(Serialize, Deserialize)]
struct Compact {
    jti: Box<str>,
    exp: u64,
    t: TenantId,
    v: VisitorId,
    a: AgentId,
    n: Box<str>,
    p: Permissions,
    l: LinkTerms,
}

impl Compact {
    fn claims(self) -> LinkClaims {
        let Self { jti, exp, t, v, a, n, p, l } = self;
        LinkClaims {
            id: jti,
            tenant: t,
            visitor: v,
            agent: a,
            agent_name: n,
            permissions: p,
            terms: l,
            expires: exp,
        }
    }
}

/// Signs and verifies watch links.
pub struct LinkTokens(OwnTokens);

impl LinkTokens {
    /// Derives the key of watch links from `cluster.secret`.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self(OwnTokens::new(cluster_secret, PURPOSE))
    }

    /// The token for a link's URL.
    pub fn mint(&self, claims: &LinkClaims) -> String {
        let LinkClaims { id, tenant, visitor, agent, agent_name, permissions, terms, expires } =
            claims.clone();
        self.0.mint(&Compact {
            jti: id,
            exp: expires,
            t: tenant,
            v: visitor,
            a: agent,
            n: agent_name,
            p: permissions,
            l: terms,
        })
    }

    /// What a link of ours says, while it can be opened.
    ///
    /// # Errors
    /// [`AuthError`] where it has expired, or was not minted under this cluster secret.
    pub fn verify(&self, token: &str) -> Result<LinkClaims, AuthError> {
        self.0.verify(token).map(Compact::claims)
    }

    /// What a link of ours says, or said before it expired: it is not to be opened by that.
    ///
    /// # Errors
    /// [`AuthError`] where it was not minted under this cluster secret.
    pub fn verify_signature(&self, token: &str) -> Result<LinkClaims, AuthError> {
        self.0.verify_signature(token).map(Compact::claims)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::cobrowse::{Branding, Naked};

    fn claims() -> LinkClaims {
        let metadata = [("ticket".to_owned(), json!(7)), ("vip".to_owned(), json!(null))];
        LinkClaims {
            id: "one".into(),
            tenant: "acme".into(),
            visitor: VisitorId::random(),
            agent: "a1".into(),
            agent_name: "Ann".into(),
            permissions: Permissions { allow_type: false, ..Permissions::default() },
            terms: LinkTerms {
                branding: Branding {
                    naked: Naked::PageOnly,
                    retry_url: Some("https://crm.test/again".into()),
                    on_end_url: None,
                },
                metadata: metadata.into_iter().collect(),
                origin: Some("https://crm.test".into()),
            },
            expires: 4_000_000_000,
        }
    }

    #[test]
    fn a_link_says_what_was_minted_on_any_node() {
        let token = LinkTokens::new(b"cluster").mint(&claims());
        let read = LinkTokens::new(b"cluster").verify(&token).unwrap();
        assert_eq!(read, LinkClaims { visitor: read.visitor.clone(), ..claims() });
    }

    #[test]
    fn expired_and_foreign_links_are_refused() {
        let links = LinkTokens::new(b"cluster");
        let past = links.mint(&LinkClaims { expires: 1_000_000_000, ..claims() });
        assert_eq!(links.verify(&past), Err(AuthError::Expired));
        let foreign = LinkTokens::new(b"other").mint(&claims());
        assert_eq!(links.verify(&foreign), Err(AuthError::BadSignature));
    }

    #[test]
    fn a_changed_link_is_refused() {
        let links = LinkTokens::new(b"cluster");
        let token = links.mint(&claims());
        let parts: Vec<_> = token.split('.').collect();
        let other = links.mint(&LinkClaims { visitor: "me".into(), ..claims() });
        let payload = other.split('.').nth(1).unwrap();
        let forged = [parts[0], payload, parts[2]].join(".");
        assert_eq!(links.verify(&forged), Err(AuthError::BadSignature));
        // {"alg":"none"}
        let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
        assert!(links.verify(&unsigned).is_err());
    }
}
