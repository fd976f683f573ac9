//! Signing of HS256 tokens: our own, and those of `baton token` and `--dev`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac, digest::KeyInit};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Identity;

/// A token as a tenant would sign it with its secret, valid from now for `ttl`.
pub fn mint_token(secret: &[u8], bearer: &Identity, ttl: Duration) -> String {
    // A clock before 1970 makes a token that is expired, which is what it deserves.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Identity { tenant, customer, role, subject, name, limit } = bearer;
    let claims = [
        ("publisherId", Some(json!(tenant))),
        ("customerId", customer.as_ref().map(|customer| json!(customer))),
        ("role", Some(json!(role.as_str()))),
        ("sub", subject.as_ref().map(|subject| json!(subject))),
        ("name", name.as_ref().map(|name| json!(name))),
        ("limit", limit.map(|limit| json!(limit))),
        ("exp", Some(json!(now.saturating_add(ttl).as_secs()))),
    ];
    let claims = claims.into_iter().filter_map(|(claim, value)| Some((claim.to_owned(), value?)));
    sign(secret, &Value::Object(claims.collect()).to_string())
}

/// `{"alg":"HS256","typ":"JWT"}` in base64url, and the dot behind it.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";

/// A compact JWT of claims in JSON. Cannot fail, unlike the library's: minting needs no error path.
pub(super) fn sign(key: &[u8], claims: &str) -> String {
    let mut token = HEADER.to_owned();
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = hmac_sha256(key, token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// HMAC-SHA256 (RFC 2104) under a key of any length.
pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    // The key is fitted to the block here, as HMAC does itself: `new_from_slice` only looks fallible.
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 2 (short key) and 6 (key longer than the block).
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let hex = |mac: [u8; 32]| mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(hmac_sha256(&[0xaa; 131], message)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
