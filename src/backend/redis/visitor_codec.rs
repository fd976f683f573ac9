//! How visitors are written in Redis, and how the replies about them are read.

use redis::{FromRedisValue, ParsingError, Value, from_redis_value};
use serde::{Deserialize, Serialize};

use super::{
    reply::Reply,
    stream_codec::{read_json, write_json},
};
use crate::domain::{
    error::StoreError,
    ids::{NodeName, SessionToken, VisitorId},
    visitors::{BeatOutcome, EnterOutcome, InviteOutcome, LookupCode, Profile, Seat, Visitor},
};

/// The version of profiles this release writes; it reads any that has these members.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    v: u32,
    p: &'a Profile,
}

#[derive(Deserialize)]
struct Reading {
    p: Profile,
}

/// A profile as its field holds it.
pub(super) fn profile(profile: &Profile) -> Result<String, StoreError> {
    write_json(&Writing { v: VERSION, p: profile })
}

/// `<connection> <node>`.
pub(super) fn seat(seat: &Seat) -> String {
    format!("{} {}", seat.connection, seat.node)
}

fn read_seat(text: &str) -> Result<Option<Seat>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.split_once(' ').and_then(|(connection, node)| {
        Some(Seat { node: NodeName::from(node), connection: connection.parse().ok()? })
    });
    read.map(Some).ok_or_else(|| StoreError::Corrupt("not a seat".into()))
}

/// An id, or `''` for none.
fn optional<T>(text: String, of: impl FnOnce(String) -> T) -> Option<T> {
    (!text.is_empty()).then(|| of(text))
}

fn lookup_code(text: String) -> LookupCode {
    LookupCode(text.into())
}

/// A visitor as replies hold it.
pub(super) struct Shown {
    fields: [String; 5],
    first_seen_ms: u64,
    last_seen_ms: u64,
}

impl FromRedisValue for Shown {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (id, profile, seat, session, code, first_seen_ms, last_seen_ms) =
            from_redis_value(value)?;
        Ok(Self { fields: [id, profile, seat, session, code], first_seen_ms, last_seen_ms })
    }
}

impl Shown {
    pub(super) fn visitor(self) -> Result<Visitor, StoreError> {
        let [id, profile, seat, session, code] = self.fields;
        let Reading { p: profile } = read_json(&profile)?;
        Ok(Visitor {
            id: VisitorId::from(id),
            profile,
            seat: read_seat(&seat)?,
            session: optional(session, SessionToken::from),
            lookup_code: optional(code, lookup_code),
            first_seen_ms: self.first_seen_ms,
            last_seen_ms: self.last_seen_ms,
        })
    }
}

pub(super) fn entered(mut reply: Reply) -> Result<EnterOutcome, StoreError> {
    match reply.word() {
        "entered" => Ok(EnterOutcome {
            lookup_code: optional(reply.field()?, lookup_code),
            session: optional(reply.field()?, SessionToken::from),
            previous: read_seat(&reply.field::<String>()?)?,
        }),
        _ => Err(reply.unknown().into()),
    }
}

/// The outcomes of so many beats.
pub(super) fn beaten(mut reply: Reply, count: usize) -> Result<Vec<BeatOutcome>, StoreError> {
    let outcomes: Vec<(String, String)> = match reply.word() {
        "beaten" => reply.field()?,
        _ => return Err(reply.unknown().into()),
    };
    if outcomes.len() != count {
        return Err(StoreError::Corrupt("another number of outcomes than of beats".into()));
    }
    outcomes.into_iter().map(|(word, session)| beat(&word, session)).collect()
}

fn beat(word: &str, session: String) -> Result<BeatOutcome, StoreError> {
    match word {
        "present" => Ok(BeatOutcome::Present { session: optional(session, SessionToken::from) }),
        "standby" => Ok(BeatOutcome::Standby),
        "unknown" => Ok(BeatOutcome::Unknown),
        _ => Err(StoreError::Corrupt(format!("{word:?} is no outcome of a beat").into())),
    }
}

pub(super) fn found(mut reply: Reply) -> Result<Option<Visitor>, StoreError> {
    match reply.word() {
        "visitor" => reply.field::<Shown>()?.visitor().map(Some),
        "unknown" => Ok(None),
        _ => Err(reply.unknown().into()),
    }
}

/// How many visitors there are, and those asked for. `None`: the script must be called again.
pub(super) fn listed(mut reply: Reply) -> Result<Option<(u64, Vec<Visitor>)>, StoreError> {
    match reply.word() {
        "visitors" => {
            let (count, shown): (u64, Vec<Shown>) = (reply.field()?, reply.field()?);
            let visitors = shown.into_iter().map(Shown::visitor).collect::<Result<_, _>>()?;
            Ok(Some((count, visitors)))
        }
        "again" => Ok(None),
        _ => Err(reply.unknown().into()),
    }
}

pub(super) fn invited(mut reply: Reply) -> Result<InviteOutcome, StoreError> {
    match reply.word() {
        "invited" => Ok(InviteOutcome::Invited(read_seat(&reply.field::<String>()?)?)),
        "other" => Ok(InviteOutcome::Other(SessionToken::from(reply.field::<String>()?))),
        "unknown" => Ok(InviteOutcome::Unknown),
        _ => Err(reply.unknown().into()),
    }
}

/// A number behind the word that is expected.
pub(super) fn counted(mut reply: Reply, word: &str) -> Result<u64, StoreError> {
    if reply.word() == word { Ok(reply.field()?) } else { Err(reply.unknown().into()) }
}
