//! Replies of the stream scripts, read into the outcomes of the domain.

use redis::Value;

use super::{
    echo::open,
    reply::{Reply, ReplyError},
    stream_codec::{Listed, Record, ended},
};
use crate::domain::{
    error::StoreError,
    ids::{Generation, NodeName, SessionId},
    streams::{
        ConnectOutcome, Create, CreateOutcome, HeartbeatOutcome, Holder, ParkOutcome,
        ReleaseOutcome, Session, Verdict,
    },
};

/// `None`: the script purged all the time and must be called again.
pub(super) fn created(value: Value, create: &Create) -> Result<Option<CreateOutcome>, StoreError> {
    let mut reply = open(value, create.session.as_str())?;
    let outcome = match reply.word() {
        "again" => return Ok(None),
        "repeated" => {
            let first = Reply::read(reply.field()?)?;
            CreateOutcome::Repeated(Box::new(first_answer(first)?))
        }
        "key_reused" => CreateOutcome::KeyReused,
        "crowded" => CreateOutcome::Crowded,
        _ => answer(reply)?,
    };
    Ok(Some(outcome))
}

/// The first request's reply echoes the session it asked for, which may be another one.
fn first_answer(mut first: Reply) -> Result<CreateOutcome, StoreError> {
    let _its_session: String = first.field()?;
    answer(first)
}

fn answer(mut reply: Reply) -> Result<CreateOutcome, StoreError> {
    Ok(match reply.word() {
        "created" => {
            let session = reply.field::<Listed>()?.session()?;
            let nodes = nodes(&mut reply)?;
            let tombstones: Vec<String> = reply.field()?;
            let ended = tombstones.iter().map(|text| ended(text)).collect::<Result<_, _>>()?;
            CreateOutcome::Created { session, ended, nodes }
        }
        "renewed" => CreateOutcome::Renewed(reply.field::<Listed>()?.session()?),
        "other_pool" => CreateOutcome::OtherPool(reply.field::<Listed>()?.session()?),
        "limit_reached" => {
            let nodes = nodes(&mut reply)?;
            CreateOutcome::LimitReached { active: Listed::sessions(reply.field()?)?, nodes }
        }
        "no_such_session" => CreateOutcome::NoSuchSession,
        _ => return Err(reply.unknown().into()),
    })
}

fn nodes(reply: &mut Reply) -> Result<Vec<NodeName>, ReplyError> {
    let names: Vec<String> = reply.field()?;
    Ok(names.into_iter().map(NodeName::from).collect())
}

pub(super) fn connected(value: Value, id: &SessionId) -> Result<ConnectOutcome, StoreError> {
    let mut reply = open(value, id.as_str())?;
    Ok(match reply.word() {
        "connected" => {
            let session = session(&mut reply, id)?;
            let node: String = reply.field()?;
            let generation = Generation(session.generation.0.saturating_sub(1));
            let previous =
                (!node.is_empty()).then(|| Holder { node: NodeName::from(node), generation });
            ConnectOutcome::Connected { session, previous }
        }
        "ended" => ConnectOutcome::Ended(ended(&reply.field::<String>()?)?),
        "unknown" => ConnectOutcome::Unknown,
        _ => return Err(reply.unknown().into()),
    })
}

/// `expires_ms` and the record, as they follow each other in replies.
fn session(reply: &mut Reply, id: &SessionId) -> Result<Session, StoreError> {
    let expires_ms: u64 = reply.field()?;
    let record: String = reply.field()?;
    Record::session(&record, id.clone(), expires_ms)
}

pub(super) fn verdict(value: Value, id: &SessionId) -> Result<Verdict, StoreError> {
    let mut reply = open(value, id.as_str())?;
    Ok(match reply.word() {
        "live" => Verdict::Live { expires_ms: reply.field()? },
        "ended" => Verdict::Ended(ended(&reply.field::<String>()?)?),
        "superseded" => Verdict::Superseded(Generation(reply.field()?)),
        "expired" => Verdict::Expired,
        "forgotten" => Verdict::Forgotten,
        _ => return Err(reply.unknown().into()),
    })
}

pub(super) fn heartbeat(value: Value, id: &SessionId) -> Result<HeartbeatOutcome, StoreError> {
    let mut reply = open(value, id.as_str())?;
    Ok(match reply.word() {
        "live" => HeartbeatOutcome::Live(session(&mut reply, id)?),
        "other_pool" => HeartbeatOutcome::OtherPool(session(&mut reply, id)?),
        "ended" => HeartbeatOutcome::Ended(ended(&reply.field::<String>()?)?),
        "unknown" => HeartbeatOutcome::Unknown,
        _ => return Err(reply.unknown().into()),
    })
}

pub(super) fn parked(value: Value, id: &SessionId) -> Result<ParkOutcome, StoreError> {
    let reply = open(value, id.as_str())?;
    Ok(match reply.word() {
        "parked" => ParkOutcome::Parked,
        "stale" => ParkOutcome::Stale,
        _ => return Err(reply.unknown().into()),
    })
}

pub(super) fn released(value: Value, id: &SessionId) -> Result<ReleaseOutcome, StoreError> {
    let mut reply = open(value, id.as_str())?;
    Ok(match reply.word() {
        "released" => ReleaseOutcome::Released(ended(&reply.field::<String>()?)?),
        "already_ended" => ReleaseOutcome::AlreadyEnded(ended(&reply.field::<String>()?)?),
        "stale" => ReleaseOutcome::Stale,
        "unknown" => ReleaseOutcome::Unknown,
        _ => return Err(reply.unknown().into()),
    })
}

pub(super) fn listed(value: Value, echo: &str) -> Result<Vec<Session>, StoreError> {
    let mut reply = open(value, echo)?;
    match reply.word() {
        "sessions" => Listed::sessions(reply.field()?),
        _ => Err(reply.unknown().into()),
    }
}
