//! The visitors of a cluster: every call one script on the tenant's four keys.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    keys::{Keys, tag},
    link::Link,
    script::{Arg, Call, Script, lua},
    visitor_codec as codec,
};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, TenantId, VisitorId},
    visitors::{
        Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, Profile, Visitor, VisitorStore,
        VisitorsPage, store::DAY_COUNT_MS,
    },
};

/// Beats of one call: about 2 ms of the server's time, so that others are not kept waiting.
const BEATS: usize = 256;

/// How often a listing comes again while forgotten visitors are purged, 500 a call.
const PURGE_CALLS: usize = 100;

/// Visitors in Redis or Valkey.
pub struct RedisVisitors {
    link: Arc<Link>,
    keys: Keys,
    scripts: Scripts,
}

#[derive(Debug, thiserror::Error)]
#[error("the visitors are still being purged after {PURGE_CALLS} calls")]
struct EndlessPurge;

#[derive(Debug)]
struct Scripts {
    enter: Script,
    tell: Script,
    beat: Script,
    leave: Script,
    find: Script,
    list: Script,
    online: Script,
    invite: Script,
    use_up: Script,
    count: Script,
}

macro_rules! script {
    ($new:ident $name:literal $(, $part:literal)*) => {
        Script::$new($name, &[lua!("visitor_prelude"), $(lua!($part),)* lua!($name)])
    };
}

impl Scripts {
    fn new() -> Self {
        Self {
            enter: script!(new "visitor_enter", "visitor_purge"),
            tell: script!(new "visitor_tell"),
            beat: script!(when_full "visitor_beat", "visitor_purge"),
            leave: script!(when_full "visitor_leave"),
            find: script!(when_full "visitor_find", "visitor_show"),
            list: script!(when_full "visitor_list", "visitor_purge", "visitor_show"),
            online: script!(when_full "visitor_online"),
            invite: script!(new "visitor_invite"),
            use_up: Script::new("visitor_use_up", &[lua!("visitor_use_up")]),
            count: Script::new("visitor_count", &[lua!("visitor_count")]),
        }
    }
}

impl RedisVisitors {
    /// A store on that link, its keys under that prefix.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self { link, keys, scripts: Scripts::new() }
    }
}

fn beats(beats: &[Beat], lease_ms: u64, remember_ms: u64) -> Vec<Arg> {
    let first = beats.first().map(|beat| beat.visitor.as_str()).unwrap_or_default();
    let terms = [first.into(), lease_ms.into(), remember_ms.into()];
    let each = beats.iter().flat_map(|beat| [beat.visitor.as_str().into(), beat.connection.into()]);
    terms.into_iter().chain(each).collect()
}

#[async_trait]
impl VisitorStore for RedisVisitors {
    async fn enter(
        &self,
        tenant: &TenantId,
        entrance: &Entrance,
    ) -> Result<EnterOutcome, StoreError> {
        let mut args = vec![
            entrance.visitor.as_str().into(),
            codec::profile(&entrance.profile)?.into(),
            codec::seat(&entrance.seat).into(),
            entrance.lease_ms.into(),
            entrance.remember_ms.into(),
            entrance.code_ms.into(),
        ];
        args.extend(entrance.codes.iter().map(|code| Arg::from(&*code.0)));
        let keys = self.keys.visitors(tenant);
        codec::entered(self.link.ask(&self.scripts.enter, &keys, &args).await?)
    }

    async fn tell(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        profile: &Profile,
    ) -> Result<bool, StoreError> {
        let args = [visitor.as_str().into(), connection.into(), codec::profile(profile)?.into()];
        let keys = self.keys.visitors(tenant);
        let reply = self.link.ask(&self.scripts.tell, &keys, &args).await?;
        match reply.word() {
            "told" => Ok(true),
            "not_seated" => Ok(false),
            _ => Err(reply.unknown().into()),
        }
    }

    async fn beat(
        &self,
        tenant: &TenantId,
        all: &[Beat],
        lease_ms: u64,
        remember_ms: u64,
    ) -> Result<Vec<BeatOutcome>, StoreError> {
        let keys = self.keys.visitors(tenant);
        let call = |chunk: &[Beat]| Call {
            keys: keys.to_vec(),
            args: beats(chunk, lease_ms, remember_ms),
        };
        let calls: Vec<Call> = all.chunks(BEATS).map(call).collect();
        let replies = self.link.ask_many(&self.scripts.beat, &calls).await;
        let mut outcomes = Vec::with_capacity(all.len());
        for (reply, chunk) in replies.into_iter().zip(all.chunks(BEATS)) {
            outcomes.extend(codec::beaten(reply?, chunk.len())?);
        }
        Ok(outcomes)
    }

    async fn leave(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        remember_ms: u64,
    ) -> Result<(), StoreError> {
        let args = [visitor.as_str().into(), connection.into(), remember_ms.into()];
        let keys = self.keys.visitors(tenant);
        let reply = self.link.ask(&self.scripts.leave, &keys, &args).await?;
        if reply.word() == "left" { Ok(()) } else { Err(reply.unknown().into()) }
    }

    async fn find(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
    ) -> Result<Option<Visitor>, StoreError> {
        let args = [visitor.as_str().into()];
        let keys = self.keys.visitors(tenant);
        codec::found(self.link.ask(&self.scripts.find, &keys, &args).await?)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        skip: u64,
        most: u64,
    ) -> Result<VisitorsPage, StoreError> {
        let args = [tag(&[tenant.as_str()]).into(), skip.into(), most.into()];
        let keys = self.keys.visitors(tenant);
        for _ in 0..PURGE_CALLS {
            let reply = self.link.ask(&self.scripts.list, &keys, &args).await?;
            if let Some((count, visitors)) = codec::listed(reply)? {
                let end = skip.saturating_add(most);
                return Ok(VisitorsPage { visitors, next: (end < count).then_some(end) });
            }
        }
        Err(StoreError::Unavailable(Box::new(EndlessPurge)))
    }

    async fn online(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let args = [tag(&[tenant.as_str()]).into()];
        let keys = self.keys.visitors(tenant);
        codec::counted(self.link.ask(&self.scripts.online, &keys, &args).await?, "online")
    }

    async fn invite(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        expected: Option<&SessionToken>,
        session: &SessionToken,
    ) -> Result<InviteOutcome, StoreError> {
        let expected = expected.map(SessionToken::as_str).unwrap_or_default();
        let args = [visitor.as_str().into(), expected.into(), session.as_str().into()];
        let keys = self.keys.visitors(tenant);
        codec::invited(self.link.ask(&self.scripts.invite, &keys, &args).await?)
    }

    async fn use_up(&self, id: &str, ttl_ms: u64) -> Result<bool, StoreError> {
        let args = [tag(&[id]).into(), ttl_ms.into()];
        let reply = self.link.ask(&self.scripts.use_up, &[self.keys.used_up(id)], &args).await?;
        match reply.word() {
            "used_up" => Ok(true),
            "used" => Ok(false),
            _ => Err(reply.unknown().into()),
        }
    }

    async fn count_session(
        &self,
        tenant: &TenantId,
        day: u64,
        add: u64,
    ) -> Result<u64, StoreError> {
        let args = [day.into(), add.into(), DAY_COUNT_MS.into()];
        let keys = [self.keys.day_count(tenant, day)];
        codec::counted(self.link.ask(&self.scripts.count, &keys, &args).await?, "counted")
    }
}
