//! How stream sessions are written in Redis: the record, the tag of a pool, the reason of an end.

use redis::{FromRedisValue, ParsingError, Value, from_redis_value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{
    error::StoreError,
    ids::{DeviceId, Generation, NodeName, SessionId},
    streams::{Create, EndReason, Ended, Pool, Session},
};

/// Width of a pool's tag inside members of the `pools` key; `TAG` in the scripts.
const POOL_TAG: usize = 12;

/// The version of records this release writes; it reads any that has these members.
const VERSION: u64 = 1;

/// A session as its field in `records` holds it. Scripts read and write `t c l g h d p`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Version: two releases run side by side during a rolling upgrade.
    v: u64,
    /// Tag of the pool.
    t: String,
    /// Pool.
    p: Pool,
    /// Name.
    n: Box<str>,
    /// Device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<DeviceId>,
    /// Attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<Box<str>>,
    /// Lease in milliseconds.
    l: u64,
    /// Generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<u64>,
    /// Holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h: Option<NodeName>,
    /// Microsecond of creation, 16 digits: text, since Lua's numbers would round it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<String>,
}

impl Record {
    /// What a create call knows of the record.
    pub(super) fn wanted(create: &Create) -> Self {
        Self {
            v: VERSION,
            t: pool_tag(&create.pool),
            p: create.pool.clone(),
            n: create.name.clone(),
            d: create.device.clone(),
            a: create.attributes.clone(),
            l: create.lease_ms,
            g: None,
            h: None,
            c: None,
        }
    }

    /// The whole record of a session that is put back.
    pub(super) fn whole(session: &Session) -> Self {
        Self {
            v: VERSION,
            t: pool_tag(&session.pool),
            p: session.pool.clone(),
            n: session.name.clone(),
            d: session.device.clone(),
            a: session.attributes.clone(),
            l: session.lease_ms,
            g: Some(session.generation.0),
            h: session.holder.clone(),
            c: Some(format!("{:016}", session.created_ms * 1000)),
        }
    }

    /// The session behind a stored record.
    pub(super) fn session(
        text: &str,
        id: SessionId,
        expires_ms: u64,
    ) -> Result<Session, StoreError> {
        let record: Self = read_json(text)?;
        Ok(Session {
            id,
            pool: record.p,
            name: record.n,
            device: record.d,
            generation: Generation(record.g.unwrap_or(Generation::FIRST.0)),
            holder: record.h,
            attributes: record.a,
            created_ms: created_ms(record.c.as_deref().unwrap_or("0"))?,
            lease_ms: record.l,
            expires_ms,
        })
    }
}

/// Milliseconds of a creation stamp.
fn created_ms(stamp_us: &str) -> Result<u64, StoreError> {
    let created_us: u64 = stamp_us.parse().map_err(|error| StoreError::Corrupt(Box::new(error)))?;
    Ok(created_us / 1000)
}

/// `{session, expires_ms, record}` as several scripts answer it.
pub(super) struct Listed {
    id: String,
    expires_ms: u64,
    record: String,
}

impl FromRedisValue for Listed {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (id, expires_ms, record) = from_redis_value(value)?;
        Ok(Self { id, expires_ms, record })
    }
}

impl Listed {
    pub(super) fn session(self) -> Result<Session, StoreError> {
        Record::session(&self.record, SessionId::from(self.id), self.expires_ms)
    }

    /// All of them, oldest first.
    pub(super) fn sessions(listed: Vec<Self>) -> Result<Vec<Session>, StoreError> {
        let mut stamped = Vec::with_capacity(listed.len());
        for listed in listed {
            let stamp = read_json::<Record>(&listed.record)?.c.unwrap_or_default();
            stamped.push((stamp, listed.session()?));
        }
        stamped.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
        Ok(stamped.into_iter().map(|(_, session)| session).collect())
    }
}

/// A tombstone's text.
pub(super) fn ended(text: &str) -> Result<Ended, StoreError> {
    read_json(text)
}

/// The reason of an end, to which the script adds session, generation and holder.
pub(super) fn reason(why: &EndReason) -> Result<String, StoreError> {
    write_json(why)
}

pub(super) fn write_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(Box::new(error)))
}

pub(super) fn read_json<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(Box::new(error)))
}

/// A tag of fixed width, so that pools sort and count inside one sorted set. Two pools of one
/// account that share 48 bits would share a limit; no other account is touched.
pub(super) fn pool_tag(pool: &Pool) -> String {
    hex(&Sha256::digest(pool.to_string().as_bytes())[..POOL_TAG / 2])
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
