//! What players send: `POST /sessions` with a token of the customer, metadata of real size.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::Result;

/// Signs the customers' tokens.
pub(crate) const SECRET: &str = "bench-secret-bench-secret-bench-secret";
/// 2100-01-01, in seconds since 1970.
const EXPIRES: u64 = 4_102_444_800;
/// More sessions than any row creates in one account.
const LIMIT: u32 = 1_000_000;

/// The request of a customer's player number `player`, ready to be written.
pub(crate) fn create(customer: &str, player: u64) -> Result<Vec<u8>> {
    let body = json!({
        "sessionName": format!("Living room TV {:05}", player % 100_000),
        "offerId": "PREMIUM_EUROPE_4K",
        "deviceId": device(customer, player),
    })
    .to_string();
    let token = token(customer)?;
    let length = body.len();
    Ok(format!(
        "POST /sessions HTTP/1.1\r\nhost: sessions.example.com\r\naccept: */*\r\n\
         authorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes())
}

/// One request of each of many customers, whose names begin alike.
pub(crate) fn creates(name: &str, customers: u64, player: u64) -> Result<Vec<Vec<u8>>> {
    (0..customers).map(|customer| create(&format!("{name}-{customer:08}"), player)).collect()
}

/// An HS256 token. Its `limit` lets any number of sessions in.
fn token(customer: &str) -> Result<String> {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = json!({
        "publisherId": "871940271", "customerId": customer, "exp": EXPIRES, "limit": LIMIT,
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}

/// A device id in the form of a UUID, one for each player of each customer.
fn device(customer: &str, player: u64) -> String {
    let hash = customer.bytes().fold(player.wrapping_mul(0x9e37_79b9_7f4a_7c15), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let (a, b) = (hash >> 32, hash & 0xffff_ffff);
    format!("{a:08x}-{:04x}-4{:03x}-8{:03x}-{b:08x}{:04x}", b >> 16, b & 0xfff, a & 0xfff, a >> 16)
}
