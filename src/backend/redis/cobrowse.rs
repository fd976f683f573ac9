//! The co-browse sessions of a cluster: every call one script on the session's two keys.

use std::sync::Arc;

use async_trait::async_trait;
use tracing::warn;

use super::{
    cobrowse_codec::{self as codec, LateHistory},
    cobrowse_scripts::CobrowseScripts,
    keys::Keys,
    link::Link,
    script::{Arg, Call},
};
use crate::domain::{
    cobrowse::{
        Change, ClaimOutcome, CobrowseStore, Entry, Event, HostVerdict, Hosting, Life, PutOutcome,
        Server, Session, Stored,
    },
    error::StoreError,
    ids::{HistoryId, SessionToken},
};

/// Co-browse sessions in Redis or Valkey.
pub struct RedisCobrowse {
    link: Arc<Link>,
    keys: Keys,
    scripts: CobrowseScripts,
}

impl RedisCobrowse {
    /// A store on that link, its keys under that prefix.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self { link, keys, scripts: CobrowseScripts::new() }
    }

    /// The call that keeps a history id: it lives in another slot than its session.
    fn keeping(&self, session: &SessionToken, late: &LateHistory) -> Call {
        let args = vec![late.id.as_str().into(), session.as_str().into(), late.ttl_ms.into()];
        Call { keys: vec![self.keys.history(&late.id)], args }
    }

    async fn keep_history(
        &self,
        session: &SessionToken,
        late: Option<LateHistory>,
    ) -> Result<(), StoreError> {
        let Some(late) = late else { return Ok(()) };
        let Call { keys, args } = self.keeping(session, &late);
        self.link.ask(&self.scripts.keep_history, &keys, &args).await.map(drop)
    }

    /// Keeps the history id of a session that was changed already. One failure is made up for by
    /// the next change: the script asks early enough.
    async fn try_keep_history(&self, session: &SessionToken, late: Option<LateHistory>) {
        if let Err(error) = self.keep_history(session, late).await {
            warn!(%session, %error, "the history id of a session was not kept");
        }
    }

    async fn try_keep_histories(&self, calls: &[Call]) {
        let kept = self.link.ask_many(&self.scripts.keep_history, calls).await;
        let failed = kept.iter().filter(|kept| kept.is_err()).count();
        if failed > 0 {
            warn!(failed, "the history ids of some sessions were not kept");
        }
    }
}

/// What `create` and `restore` write of a session.
fn written(session: &Session, life: Life) -> Result<Vec<Arg>, StoreError> {
    Ok(vec![
        session.token.as_str().into(),
        codec::record(session)?,
        life.live_ms.into(),
        life.remember_ms.into(),
        session.history_id.as_str().into(),
        codec::ended(session),
    ])
}

#[async_trait]
impl CobrowseStore for RedisCobrowse {
    async fn create(
        &self,
        session: &Session,
        life: Life,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        let mut args = written(session, life)?;
        args.extend(codec::events(events)?);
        let keys = self.keys.cobrowse(&session.token);
        let reply = self.link.ask_admitted(&self.scripts.create, &keys, &args).await?;
        let (created, late) = codec::written(reply, "created")?;
        // Without its history id it is not handed out: nobody will miss the session.
        self.keep_history(&session.token, late).await?;
        Ok(created)
    }

    async fn get(&self, session: &SessionToken) -> Result<Option<Stored>, StoreError> {
        let args = [session.as_str().into()];
        codec::got(self.link.ask(&self.scripts.get, &self.keys.cobrowse(session), &args).await?)
    }

    async fn put(&self, change: &Change) -> Result<PutOutcome, StoreError> {
        let Change { session, version, fence, life, events } = change;
        let optional = |number: Option<u64>| number.map_or(Arg::from(""), Arg::from);
        let mut args = vec![
            session.token.as_str().into(),
            (*version).into(),
            optional(*fence),
            codec::record(session)?,
            codec::ended(session),
            optional(life.map(|life| life.live_ms)),
            optional(life.map(|life| life.remember_ms)),
        ];
        args.extend(codec::events(events)?);
        let has_end = session.end.is_some();
        let script = if has_end { &self.scripts.put_end } else { &self.scripts.put };
        let reply = self.link.ask(script, &self.keys.cobrowse(&session.token), &args).await?;
        let (outcome, late) = codec::put(reply)?;
        self.try_keep_history(&session.token, late).await;
        Ok(outcome)
    }

    async fn claim(
        &self,
        session: &SessionToken,
        host: &Server,
        lease_ms: u64,
        life: Life,
    ) -> Result<ClaimOutcome, StoreError> {
        let hosted = [Event::Hosted { node: host.name.clone(), fence: 0 }];
        let mut args = vec![
            session.as_str().into(),
            codec::owner(Some(host))?,
            lease_ms.into(),
            life.live_ms.into(),
            life.remember_ms.into(),
        ];
        args.extend(codec::events(&hosted)?);
        let keys = self.keys.cobrowse(session);
        let reply = self.link.ask(&self.scripts.claim, &keys, &args).await?;
        let (outcome, late) = codec::claimed(reply)?;
        self.try_keep_history(session, late).await;
        Ok(outcome)
    }

    async fn renew(&self, hostings: &[Hosting]) -> Vec<Result<HostVerdict, StoreError>> {
        let calls: Vec<Call> = hostings.iter().map(|hosting| self.renewal(hosting)).collect();
        let replies = self.link.ask_many(&self.scripts.renew, &calls).await;
        let mut late_histories = Vec::new();
        let mut verdicts = Vec::with_capacity(hostings.len());
        for (reply, hosting) in replies.into_iter().zip(hostings) {
            verdicts.push(reply.and_then(codec::renewed).map(|(verdict, late)| {
                late_histories.extend(late.map(|late| self.keeping(&hosting.session, &late)));
                verdict
            }));
        }
        if !late_histories.is_empty() {
            self.try_keep_histories(&late_histories).await;
        }
        verdicts
    }

    async fn let_go(
        &self,
        session: &SessionToken,
        fence: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        let mut args = vec![
            session.as_str().into(),
            fence.into(),
            life.live_ms.into(),
            life.remember_ms.into(),
        ];
        args.extend(codec::events(&[Event::VisitorLost])?);
        let keys = self.keys.cobrowse(session);
        let reply = self.link.ask(&self.scripts.let_go, &keys, &args).await?;
        let (let_go, late) = codec::let_go(reply)?;
        self.try_keep_history(session, late).await;
        Ok(let_go)
    }

    async fn restore(
        &self,
        stored: &Stored,
        lease_ms: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        let mut args = written(&stored.session, life)?;
        args.extend([
            stored.version.into(),
            stored.created_ms.into(),
            stored.fence.into(),
            codec::owner(stored.owner.as_ref())?,
            lease_ms.into(),
        ]);
        let token = &stored.session.token;
        let reply = self.link.ask(&self.scripts.restore, &self.keys.cobrowse(token), &args).await?;
        let (restored, late) = codec::written(reply, "restored")?;
        self.try_keep_history(token, late).await;
        Ok(restored)
    }

    async fn events(&self, session: &SessionToken) -> Result<Vec<Entry>, StoreError> {
        let args = [session.as_str().into()];
        let keys = self.keys.cobrowse(session);
        codec::trail(self.link.ask(&self.scripts.events, &keys, &args).await?)
    }

    async fn find(&self, history: &HistoryId) -> Result<Option<SessionToken>, StoreError> {
        let keys = [self.keys.history(history)];
        let args = [history.as_str().into()];
        let mut reply = self.link.ask(&self.scripts.read_history, &keys, &args).await?;
        let session = match reply.word() {
            "history" => SessionToken::from(reply.field::<String>()?),
            "unknown" => return Ok(None),
            _ => return Err(reply.unknown().into()),
        };
        // The id outlives its session, whose token may be another's by now.
        let found = self.get(&session).await?;
        Ok(found.filter(|found| found.session.history_id == *history).map(|_| session))
    }
}

impl RedisCobrowse {
    fn renewal(&self, hosting: &Hosting) -> Call {
        let args = vec![
            hosting.session.as_str().into(),
            hosting.fence.into(),
            hosting.lease_ms.into(),
            hosting.life.live_ms.into(),
            hosting.life.remember_ms.into(),
        ];
        Call { keys: self.keys.cobrowse(&hosting.session).into(), args }
    }
}
