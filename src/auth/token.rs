//! A token as it arrives: its shape and header. Nothing here is verified.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{AuthError, MAX_TOKEN_BYTES};

/// The token of an `Authorization` header's value.
///
/// # Errors
/// [`AuthError::Missing`] without a header or with another scheme than `Bearer`.
pub fn bearer(authorization: Option<&str>) -> Result<&str, AuthError> {
    let (scheme, token) =
        authorization.and_then(|value| value.trim().split_once(' ')).ok_or(AuthError::Missing)?;
    // RFC 9110 §11.1: the scheme is case-insensitive.
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(AuthError::Missing) }
}

/// A token that says which key it wants, and has proved nothing yet.
pub(super) struct Unverified<'a> {
    pub(super) raw: &'a str,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    payload: Vec<u8>,
}

/// What we read of a JOSE header; embedded keys and key URLs (`jwk`, `jku`, `x5u`) never count.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(raw: &'a str) -> Result<Self, AuthError> {
        let (header, payload) = parts(raw)?;
        let header: Header = serde_json::from_slice(&header)
            .map_err(|_| AuthError::Malformed("its header is not a JOSE header"))?;
        if header.crit.is_some() {
            // RFC 7515 §4.1.11: extensions marked critical and not understood must be refused.
            return Err(AuthError::Malformed("its header demands extensions (`crit`)"));
        }
        // An algorithm we do not know, `none` before all, is no key's algorithm.
        let algorithm =
            Algorithm::from_str(&header.alg).map_err(|_| AuthError::AlgorithmMismatch)?;
        Ok(Self { raw, algorithm, kid: header.kid, payload })
    }

    /// Reads claims nobody has vouched for: good for choosing keys, for nothing else.
    pub(super) fn claims<C: DeserializeOwned>(&self) -> Result<C, AuthError> {
        serde_json::from_slice(&self.payload)
            .map_err(|_| AuthError::Malformed("its payload is not a JSON object of claims"))
    }
}

/// Header and payload, decoded.
fn parts(raw: &str) -> Result<(Vec<u8>, Vec<u8>), AuthError> {
    if raw.is_empty() {
        return Err(AuthError::Missing);
    }
    if raw.len() > MAX_TOKEN_BYTES {
        return Err(AuthError::TokenTooLarge);
    }
    let mut parts = raw.split('.');
    let (Some(header), Some(payload), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(AuthError::Malformed("a JWT has three parts separated by dots"));
    };
    let decode = |part| {
        URL_SAFE_NO_PAD
            .decode(part)
            .map_err(|_| AuthError::Malformed("its parts are not base64url without padding"))
    };
    Ok((decode(header)?, decode(payload)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(bearer(Some("bEARER a.b.c")), Ok("a.b.c"));
        assert_eq!(bearer(Some("Basic a.b.c")), Err(AuthError::Missing));
        assert_eq!(bearer(Some("a.b.c")), Err(AuthError::Missing));
        assert_eq!(bearer(None), Err(AuthError::Missing));
    }

    #[test]
    fn what_is_no_token_is_named() {
        let refusal = |raw: &str| Unverified::parse(raw).err();
        assert_eq!(refusal(""), Some(AuthError::Missing));
        assert_eq!(refusal(&"x".repeat(MAX_TOKEN_BYTES + 1)), Some(AuthError::TokenTooLarge));
        for raw in ["x", "a.b", "a.b.c.d", "=.=.=", "e30.e30.x"] {
            assert!(matches!(refusal(raw), Some(AuthError::Malformed(_))), "{raw}");
        }
    }

    #[test]
    fn critical_extensions_are_refused() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#);
        let refusal = Unverified::parse(&format!("{header}.e30.x")).err();
        assert!(matches!(refusal, Some(AuthError::Malformed(_))));
    }
}
