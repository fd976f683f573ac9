//! Why a token is refused, in words its sender can act on.

use super::MAX_TOKEN_BYTES;

/// A token is refused, or cannot be judged for now.
///
/// Messages name the claim and the rule, never a value, a secret or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("no token: send the header `Authorization: Bearer <JWT>`")]
    Missing,
    /// It is not a JWT.
    #[error("the token cannot be read: {0}")]
    Malformed(&'static str),
    /// Its `exp` is past.
    #[error("the token has expired: ask for a new one")]
    Expired,
    /// Its `nbf` is to come.
    #[error("the token is not valid yet: check `nbf` and the clocks")]
    NotYetValid,
    /// It was signed with another key, or changed afterwards.
    #[error("the signature does not match: sign with the key of this publisherId")]
    BadSignature,
    /// Its `alg` is not the one its key is pinned to.
    #[error("the token's `alg` is not the one its key is for")]
    AlgorithmMismatch,
    /// Nothing is configured or published that could verify it.
    #[error("no key is known for this token: check its `publisherId` and `kid`")]
    UnknownKey,
    /// A claim breaks a rule.
    #[error("claim `{claim}`: {reason}")]
    ClaimInvalid {
        /// The claim.
        claim: &'static str,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// It is longer than any token has reason to be.
    #[error("the token is larger than {MAX_TOKEN_BYTES} bytes")]
    TokenTooLarge,
    /// The tenant's keys could not be loaded yet; the token may be good.
    #[error("the keys of this tenant are unavailable for now: try again later")]
    KeysUnavailable,
}

impl AuthError {
    /// Whether the same token may be accepted later: a 503, not a 401.
    pub fn is_transient(self) -> bool {
        match self {
            Self::KeysUnavailable => true,
            Self::Missing
            | Self::Malformed(_)
            | Self::Expired
            | Self::NotYetValid
            | Self::BadSignature
            | Self::AlgorithmMismatch
            | Self::UnknownKey
            | Self::ClaimInvalid { .. }
            | Self::TokenTooLarge => false,
        }
    }

    /// Its name in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed(_) => "malformed",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::BadSignature => "bad_signature",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::UnknownKey => "unknown_key",
            Self::ClaimInvalid { .. } => "claim_invalid",
            Self::TokenTooLarge => "too_large",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }
}
