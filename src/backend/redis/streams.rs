//! The stream store of a cluster: every call one script on the account's three keys.

use std::sync::Arc;

use async_trait::async_trait;
use redis::Value;

use super::{
    keys::Keys,
    link::Link,
    script::{Arg, Call, Script},
    stream_codec::{Record, reason, write_json},
    stream_replies as replies,
    stream_scripts::StreamScripts,
};
use crate::domain::{
    error::StoreError,
    ids::{Generation, NodeName, SessionId},
    streams::{
        Account, ConnectOutcome, Create, CreateOutcome, EndReason, Goal, HeartbeatOutcome,
        ParkOutcome, Policy, Pool, ReleaseOutcome, Renewal, Session, StreamStore, Verdict,
        store::{ANSWER_SESSIONS, IDEMPOTENCY_MS, LIST_SESSIONS},
    },
};

/// How often a call comes again while a mass expiry is purged, 500 fields a call.
const PURGE_CALLS: usize = 100;

/// Stream sessions in Redis or Valkey.
pub struct RedisStreams {
    link: Arc<Link>,
    keys: Keys,
    scripts: StreamScripts,
}

#[derive(Debug, thiserror::Error)]
#[error("the account is still being purged after {PURGE_CALLS} calls")]
struct EndlessPurge;

impl RedisStreams {
    /// A store on that link, its keys under that prefix.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self { link, keys, scripts: StreamScripts::new() }
    }

    async fn run<const N: usize>(
        &self,
        script: &Script,
        account: &Account,
        args: [Arg; N],
    ) -> Result<Value, StoreError> {
        self.link.run(script, &self.keys.streams(account), &args).await
    }

    fn admission(&self, create: &Create) -> Result<Call, StoreError> {
        let taken_over =
            EndReason::TakenOver { by: create.session.clone(), by_name: create.name.clone() };
        let own = EndReason::Replaced { by: create.session.clone() };
        let account_limit = create.account_limit.map(|limit| limit.to_string());
        let mut args = vec![
            Arg::from(create.session.as_str()),
            Arg::from(write_json(&Record::wanted(create))?),
            Arg::from(create.first_lease_ms),
            Arg::from(u64::from(create.limit)),
            Arg::from(account_limit.unwrap_or_default()),
            Arg::from(policy_word(create.policy)),
            Arg::from(reason(&taken_over)?),
            Arg::from(reason(&own)?),
            Arg::from(create.idempotency_key.as_deref().unwrap_or_default()),
            Arg::from(
                create.idempotency_key.as_ref().map(|_| create.fingerprint()).unwrap_or_default(),
            ),
            Arg::from(IDEMPOTENCY_MS),
            Arg::from(ANSWER_SESSIONS as u64),
        ];
        if let Goal::TakeOver(target) = &create.goal {
            args.push(Arg::from(target.as_str()));
        }
        Ok(Call { keys: self.keys.streams(&create.account).into(), args })
    }
}

fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::Ask => "ask",
        Policy::Reject => "reject",
        Policy::EvictOldest => "evict_oldest",
    }
}

#[async_trait]
impl StreamStore for RedisStreams {
    async fn create(&self, create: &Create) -> Result<CreateOutcome, StoreError> {
        let script = match create.goal {
            Goal::Create | Goal::Upsert => &self.scripts.create,
            Goal::TakeOver(_) => &self.scripts.takeover,
        };
        let call = self.admission(create)?;
        for _ in 0..PURGE_CALLS {
            let reply = self.link.run_admitted(script, &call.keys, &call.args).await?;
            if let Some(outcome) = self.link.checked(replies::created(reply, create))? {
                return Ok(outcome);
            }
        }
        Err(StoreError::Unavailable(Box::new(EndlessPurge)))
    }

    async fn connect(
        &self,
        account: &Account,
        session: &SessionId,
        at_least: Generation,
        node: &NodeName,
    ) -> Result<ConnectOutcome, StoreError> {
        let args = [Arg::from(session.as_str()), Arg::from(at_least.0), Arg::from(node.as_str())];
        let reply = self.run(&self.scripts.connect, account, args).await?;
        self.link.checked(replies::connected(reply, session))
    }

    async fn renew(&self, renewals: &[Renewal]) -> Vec<Result<Verdict, StoreError>> {
        let calls: Vec<Call> = renewals.iter().map(|renewal| self.renewal(renewal)).collect();
        let results = self.link.run_many(&self.scripts.renew, &calls).await;
        let read = |(result, renewal): (Result<Value, StoreError>, &Renewal)| {
            result.and_then(|reply| self.link.checked(replies::verdict(reply, &renewal.session)))
        };
        results.into_iter().zip(renewals).map(read).collect()
    }

    async fn heartbeat(
        &self,
        account: &Account,
        session: &SessionId,
        pool: Option<&Pool>,
    ) -> Result<HeartbeatOutcome, StoreError> {
        let pool = pool.map(Pool::to_string).unwrap_or_default();
        let args = [Arg::from(session.as_str()), Arg::from(pool)];
        let reply = self.run(&self.scripts.heartbeat, account, args).await?;
        self.link.checked(replies::heartbeat(reply, session))
    }

    async fn park(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
        grace_ms: u64,
    ) -> Result<ParkOutcome, StoreError> {
        let args = [Arg::from(session.as_str()), Arg::from(generation.0), Arg::from(grace_ms)];
        let reply = self.run(&self.scripts.park, account, args).await?;
        self.link.checked(replies::parked(reply, session))
    }

    async fn release(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError> {
        let generation = generation.map(|generation| generation.0.to_string());
        let args = [
            Arg::from(session.as_str()),
            Arg::from(generation.unwrap_or_default()),
            Arg::from(reason(why)?),
        ];
        let reply = self.run(&self.scripts.release, account, args).await?;
        self.link.checked(replies::released(reply, session))
    }

    async fn reassert(&self, account: &Account, session: &Session) -> Result<Verdict, StoreError> {
        let record = write_json(&Record::whole(session))?;
        let args = [Arg::from(session.id.as_str()), Arg::from(record)];
        let reply = self.run(&self.scripts.reassert, account, args).await?;
        self.link.checked(replies::verdict(reply, &session.id))
    }

    async fn list(&self, account: &Account) -> Result<Vec<Session>, StoreError> {
        let echo = account.customer.as_str();
        let args = [Arg::from(echo), Arg::from(LIST_SESSIONS as u64)];
        let reply = self.run(&self.scripts.list, account, args).await?;
        self.link.checked(replies::listed(reply, echo))
    }
}

impl RedisStreams {
    fn renewal(&self, renewal: &Renewal) -> Call {
        let args = vec![
            Arg::from(renewal.session.as_str()),
            Arg::from(renewal.generation.0),
            Arg::from(renewal.node.as_str()),
            Arg::from(renewal.held_until_ms),
            Arg::from(if renewal.store_was_away { "1" } else { "0" }),
        ];
        Call { keys: self.keys.streams(&renewal.account).into(), args }
    }
}
