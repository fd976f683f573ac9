//! How co-browse sessions are written in Redis, and how the replies about them are read.

use serde::{Deserialize, Serialize};

use super::{
    reply::Reply,
    script::Arg,
    stream_codec::{read_json, write_json},
};
use crate::domain::{
    cobrowse::{ClaimOutcome, Entry, Event, HostVerdict, PutOutcome, Server, Session, Stored},
    error::StoreError,
    ids::HistoryId,
};

/// The version of records this release writes; it reads any that has these members.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Writing<'a> {
    v: u32,
    s: &'a Session,
}

#[derive(Deserialize)]
struct Reading {
    s: Session,
}

/// A record as its field holds it.
pub(super) fn record(session: &Session) -> Result<Arg, StoreError> {
    write_json(&Writing { v: VERSION, s: session }).map(Arg::from)
}

/// Whether a record has an end.
pub(super) fn ended(session: &Session) -> Arg {
    Arg::from(if session.end.is_some() { "1" } else { "" })
}

/// A host, or none.
pub(super) fn owner(owner: Option<&Server>) -> Result<Arg, StoreError> {
    owner.map_or(Ok(Arg::from("")), |owner| write_json(owner).map(Arg::from))
}

/// Events without their time, which is the store's.
pub(super) fn events(events: &[Event]) -> Result<Vec<Arg>, StoreError> {
    events.iter().map(|event| write_json(event).map(Arg::from)).collect()
}

fn read_owner(text: &str) -> Result<Option<Server>, StoreError> {
    if text.is_empty() { Ok(None) } else { read_json(text).map(Some) }
}

/// A history id whose key must be kept so long.
#[derive(Debug)]
pub(super) struct LateHistory {
    pub(super) id: HistoryId,
    pub(super) ttl_ms: u64,
}

/// `history id, history_ttl_ms`, as they follow each other in replies.
pub(super) fn late_history(reply: &mut Reply) -> Result<Option<LateHistory>, StoreError> {
    let (id, ttl_ms): (String, u64) = (reply.field()?, reply.field()?);
    Ok((!id.is_empty()).then(|| LateHistory { id: HistoryId::from(id), ttl_ms }))
}

/// A session as replies hold it.
fn stored(reply: &mut Reply) -> Result<Stored, StoreError> {
    type Shown = (String, u64, u64, u64, u64, String, u64);
    let (record, version, created_ms, now_ms, expires_ms, owner, fence): Shown = reply.field()?;
    let Reading { s: session } = read_json(&record)?;
    let owner = read_owner(&owner)?;
    Ok(Stored { session, version, created_ms, now_ms, expires_ms, owner, fence })
}

pub(super) fn got(mut reply: Reply) -> Result<Option<Stored>, StoreError> {
    match reply.word() {
        "session" => stored(&mut reply).map(Some),
        "unknown" => Ok(None),
        _ => Err(reply.unknown().into()),
    }
}

/// Of a script that answers `word` or that the token is taken.
pub(super) fn written(
    mut reply: Reply,
    word: &str,
) -> Result<(bool, Option<LateHistory>), StoreError> {
    match reply.word() {
        done if done == word => Ok((true, late_history(&mut reply)?)),
        "taken" => Ok((false, None)),
        _ => Err(reply.unknown().into()),
    }
}

pub(super) fn put(mut reply: Reply) -> Result<(PutOutcome, Option<LateHistory>), StoreError> {
    let outcome = match reply.word() {
        "put" => {
            let late = late_history(&mut reply)?;
            return Ok((PutOutcome::Put { version: reply.field()? }, late));
        }
        "fenced" => PutOutcome::Fenced,
        "changed" => PutOutcome::Changed,
        "unknown" => PutOutcome::Unknown,
        _ => return Err(reply.unknown().into()),
    };
    Ok((outcome, None))
}

pub(super) fn claimed(mut reply: Reply) -> Result<(ClaimOutcome, Option<LateHistory>), StoreError> {
    let outcome = match reply.word() {
        "claimed" => {
            let late = late_history(&mut reply)?;
            let previous = read_owner(&reply.field::<String>()?)?;
            let stored = Box::new(stored(&mut reply)?);
            return Ok((ClaimOutcome::Claimed { stored, previous }, late));
        }
        "over" => ClaimOutcome::Over,
        "unknown" => ClaimOutcome::Unknown,
        _ => return Err(reply.unknown().into()),
    };
    Ok((outcome, None))
}

pub(super) fn renewed(mut reply: Reply) -> Result<(HostVerdict, Option<LateHistory>), StoreError> {
    let verdict = match reply.word() {
        "kept" => {
            let late = late_history(&mut reply)?;
            return Ok((HostVerdict::Kept { version: reply.field()? }, late));
        }
        "fenced" => HostVerdict::Fenced,
        "over" => HostVerdict::Over,
        "unknown" => HostVerdict::Unknown,
        _ => return Err(reply.unknown().into()),
    };
    Ok((verdict, None))
}

pub(super) fn let_go(mut reply: Reply) -> Result<(bool, Option<LateHistory>), StoreError> {
    match reply.word() {
        "let_go" => Ok((true, late_history(&mut reply)?)),
        "stale" => Ok((false, None)),
        _ => Err(reply.unknown().into()),
    }
}

pub(super) fn trail(mut reply: Reply) -> Result<Vec<Entry>, StoreError> {
    match reply.word() {
        "events" => reply.field::<Vec<String>>()?.iter().map(|text| entry(text)).collect(),
        _ => Err(reply.unknown().into()),
    }
}

/// `<ms> <JSON>`.
fn entry(text: &str) -> Result<Entry, StoreError> {
    let malformed = || StoreError::Corrupt("an event without its time".into());
    let (at_ms, event) = text.split_once(' ').ok_or_else(malformed)?;
    let at_ms = at_ms.parse().map_err(|_| malformed())?;
    Ok(Entry { at_ms, event: read_json(event)? })
}
