//! Verification keys, each pinned to one algorithm, and the reading of JWK sets (RFC 7517).

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    errors::{Error, ErrorKind},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{AuthError, token::Unverified};

/// How many keys a set may hold; real sets hold fewer than ten.
pub(super) const MAX_KEYS: usize = 64;

/// How many keys are tried for a token without `kid`: bounds the work a forged token causes.
const MAX_TRIES: usize = 16;

/// How far the clock of whoever signed may be off, in seconds.
pub(super) const LEEWAY_SECONDS: u64 = 5;

/// A key that verifies one algorithm and no other.
pub(super) struct PinnedKey {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    rules: Validation,
}

impl PinnedKey {
    fn new(kid: Option<String>, algorithm: Algorithm, key: DecodingKey) -> Self {
        let mut rules = Validation::new(algorithm);
        rules.leeway = LEEWAY_SECONDS;
        rules.validate_nbf = true;
        // No setting says which audience is ours; see `customer.rs` for the one that is refused.
        rules.validate_aud = false;
        Self { kid, algorithm, key, rules }
    }

    /// A shared secret: HS256, and nothing a token's header says changes that.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Self::new(None, Algorithm::HS256, DecodingKey::from_secret(secret))
    }

    /// The claims of a token this key signed and whose time is now.
    pub(super) fn verify<C: DeserializeOwned>(
        &self,
        token: &Unverified<'_>,
    ) -> Result<C, AuthError> {
        if token.algorithm != self.algorithm {
            return Err(AuthError::AlgorithmMismatch);
        }
        let verified = jsonwebtoken::decode(token.raw, &self.key, &self.rules);
        verified.map(|verified| verified.claims).map_err(|error| refusal(&error))
    }
}

/// The keys one JWKS publishes.
pub(super) struct KeySet(Vec<PinnedKey>);

impl KeySet {
    /// Reads a JWK set. Keys we cannot use are passed over, as RFC 7517 §5 asks.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, KeySetError> {
        let set: RawSet = serde_json::from_slice(body).map_err(KeySetError::Json)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys);
        }
        let read = |key| serde_json::from_value::<RawKey>(key).ok().and_then(RawKey::pinned);
        Ok(Self(set.keys.into_iter().filter_map(read).collect()))
    }

    /// How many keys are usable.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a token with this `kid` can be judged; one without can always be.
    pub(super) fn knows(&self, kid: Option<&str>) -> bool {
        kid.is_none() || self.0.iter().any(|key| key.kid.as_deref() == kid)
    }

    /// The claims of a token one of these keys signed and whose time is now.
    pub(super) fn verify<C: DeserializeOwned>(
        &self,
        token: &Unverified<'_>,
    ) -> Result<C, AuthError> {
        if !self.knows(token.kid.as_deref()) {
            return Err(AuthError::UnknownKey);
        }
        let fits = |key: &&PinnedKey| {
            key.algorithm == token.algorithm && (token.kid.is_none() || key.kid == token.kid)
        };
        let mut answer = Err(AuthError::AlgorithmMismatch);
        for key in self.0.iter().filter(fits).take(MAX_TRIES) {
            answer = key.verify(token);
            if !matches!(answer, Err(AuthError::BadSignature)) {
                break;
            }
        }
        answer
    }
}

/// A JWK set cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeySetError {
    /// The cause is not shown: it may quote the document, and a set may hold secrets.
    #[error("it is not a JWK set: a JSON object with an array `keys`")]
    Json(#[source] serde_json::Error),
    /// Real sets hold fewer than ten.
    #[error("it holds more than {MAX_KEYS} keys")]
    TooManyKeys,
}

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<serde_json::Value>,
}

/// The members of a JWK we read. Binary members are base64url.
#[derive(Deserialize)]
struct RawKey {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    k: String,
}

impl RawKey {
    /// The key and its one algorithm; none where it is weak, broken or for something else.
    fn pinned(self) -> Option<PinnedKey> {
        let for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures {
            return None;
        }
        let algorithm = self.algorithm()?;
        let key = self.key()?;
        // Fails for a key of another family or curve than its `alg`, and for a point off its curve.
        jsonwebtoken::crypto::verify("", b"", &key, algorithm).ok()?;
        Some(PinnedKey::new(self.kid, algorithm, key))
    }

    /// `alg`, else what the type of key is commonly used for.
    fn algorithm(&self) -> Option<Algorithm> {
        match (self.alg.as_deref(), self.kty.as_str(), self.crv.as_deref()) {
            (Some(alg), _, _) => Algorithm::from_str(alg).ok(),
            (None, "RSA", _) => Some(Algorithm::RS256),
            (None, "EC", Some("P-256")) => Some(Algorithm::ES256),
            (None, "EC", Some("P-384")) => Some(Algorithm::ES384),
            (None, "OKP", Some("Ed25519")) => Some(Algorithm::EdDSA),
            (None, "oct", _) => Some(Algorithm::HS256),
            _ => None,
        }
    }

    /// The key material, if it is long enough to be safe.
    fn key(&self) -> Option<DecodingKey> {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let modulus = bytes(&self.n)?;
                let leading = modulus.iter().take_while(|byte| **byte == 0).count();
                // RFC 7518 §3.3: 2048 bits or more.
                (modulus.len() - leading >= 256).then_some(())?;
                Some(DecodingKey::from_rsa_raw_components(&modulus, &bytes(&self.e)?))
            }
            ("EC", _) => DecodingKey::from_ec_components(&self.x, &self.y).ok(),
            // The verifier slices 32 bytes without looking (jsonwebtoken 11.1): look first.
            ("OKP", Some("Ed25519")) => {
                bytes(&self.x).filter(|x| x.len() == 32).map(|x| DecodingKey::from_ed_der(&x))
            }
            // RFC 7518 §3.2: as long as the hash, of which SHA-256 is the shortest.
            ("oct", _) => {
                bytes(&self.k).filter(|k| k.len() >= 32).map(|k| DecodingKey::from_secret(&k))
            }
            _ => None,
        }
    }
}

/// Why the library refused a token.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum that grows: the rest is malformed"
)]
pub(super) fn refusal(error: &Error) -> AuthError {
    const TIME: &str = "must be a number of seconds since 1970";
    match error.kind() {
        ErrorKind::ExpiredSignature => AuthError::Expired,
        ErrorKind::ImmatureSignature => AuthError::NotYetValid,
        ErrorKind::InvalidSignature => AuthError::BadSignature,
        ErrorKind::InvalidAlgorithm => AuthError::AlgorithmMismatch,
        ErrorKind::MissingRequiredClaim(claim) if claim == "exp" => {
            AuthError::ClaimInvalid { claim: "exp", reason: "is required, in seconds since 1970" }
        }
        ErrorKind::InvalidClaimFormat(claim) if claim == "exp" => {
            AuthError::ClaimInvalid { claim: "exp", reason: TIME }
        }
        ErrorKind::InvalidClaimFormat(claim) if claim == "nbf" => {
            AuthError::ClaimInvalid { claim: "nbf", reason: TIME }
        }
        _ => AuthError::Malformed("its parts are not those of a signed JWT"),
    }
}
