//! Secrets that open one co-browse session.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::domain::ids::SessionToken;

/// A secret of one session: its token and 128 random bits, 41 lower-case characters.
///
/// It names its session, so it is found without an index. `customerToken`, `userToken`,
/// `session-token` and `cid` are such secrets; which one it is, the session's record tells.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(Box<str>);

impl Credential {
    const CHARS: usize = SessionToken::DIGITS + 32;

    /// A new secret of a session.
    pub fn random(session: &SessionToken) -> Self {
        Self(format!("{session}{:032x}", rand::random::<u128>()).into())
    }

    /// A secret as a client presents it; none for what no secret can be.
    pub fn read(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_credential = text.len() == Self::CHARS
            && text.bytes().take(SessionToken::DIGITS).all(|byte| byte.is_ascii_digit())
            && text.bytes().all(is_hex);
        is_credential.then(|| Self(text.into()))
    }

    /// The session it may open.
    pub fn session(&self) -> SessionToken {
        SessionToken::from(&self.0[..SessionToken::DIGITS])
    }

    /// The secret itself, for an answer or a URL.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the same time wherever two secrets begin to differ.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Credential {}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}…)", self.session())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_names_its_session_and_hides_its_secret() {
        let session = SessionToken::from("007000000");
        let credential = Credential::random(&session);
        let text = credential.expose();
        assert_eq!(Credential::read(text).as_ref(), Some(&credential));
        assert_eq!(credential.session(), session);
        assert!(!format!("{credential:?}").contains(text));
        assert_eq!(text, text.to_lowercase());
        for bad in ["", "007000000", &text[1..], &text.replace('0', "g"), "é"] {
            assert_eq!(Credential::read(bad), None, "{bad}");
        }
    }
}
