//! The slots of a cluster: every call one script on the scope's key.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    keys::Keys,
    link::Link,
    reply::Reply,
    script::{Call, Script, lua},
};
use crate::domain::{
    cobrowse::{SlotOutcome, SlotScope, SlotStore, store::FULL_SESSIONS},
    error::StoreError,
    ids::SessionToken,
};

/// Slots in Redis or Valkey.
pub struct RedisSlots {
    link: Arc<Link>,
    keys: Keys,
    take: Script,
    renew: Script,
    free: Script,
    held: Script,
}

impl RedisSlots {
    /// A store on that link, its keys under that prefix.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self {
            link,
            keys,
            take: Script::new("slot_take", &[lua!("slot_take")]),
            renew: Script::when_full("slot_renew", &[lua!("slot_renew")]),
            free: Script::when_full("slot_free", &[lua!("slot_free")]),
            held: Script::when_full("slot_held", &[lua!("slot_held")]),
        }
    }
}

/// Of a script that has one answer.
fn done(reply: Reply, word: &str) -> Result<(), StoreError> {
    if reply.word() == word { Ok(()) } else { Err(reply.unknown().into()) }
}

#[async_trait]
impl SlotStore for RedisSlots {
    async fn take(
        &self,
        scope: &SlotScope,
        session: &SessionToken,
        limit: u32,
        lease_ms: u64,
    ) -> Result<SlotOutcome, StoreError> {
        let args = [
            session.as_str().into(),
            u64::from(limit).into(),
            lease_ms.into(),
            (FULL_SESSIONS as u64).into(),
        ];
        let keys = [self.keys.slots(scope)];
        let mut reply = self.link.ask_admitted(&self.take, &keys, &args).await?;
        match reply.word() {
            "taken" => Ok(SlotOutcome::Taken),
            "full" => {
                let holders: Vec<String> = reply.field()?;
                Ok(SlotOutcome::Full(holders.into_iter().map(SessionToken::from).collect()))
            }
            _ => Err(reply.unknown().into()),
        }
    }

    async fn renew(
        &self,
        slots: &[(SlotScope, SessionToken)],
        lease_ms: u64,
    ) -> Vec<Result<(), StoreError>> {
        let call = |(scope, session): &(SlotScope, SessionToken)| Call {
            keys: vec![self.keys.slots(scope)],
            args: vec![session.as_str().into(), lease_ms.into()],
        };
        let calls: Vec<Call> = slots.iter().map(call).collect();
        let replies = self.link.ask_many(&self.renew, &calls).await;
        replies.into_iter().map(|reply| done(reply?, "renewed")).collect()
    }

    async fn free(&self, scope: &SlotScope, session: &SessionToken) -> Result<(), StoreError> {
        let keys = [self.keys.slots(scope)];
        done(self.link.ask(&self.free, &keys, &[session.as_str().into()]).await?, "freed")
    }

    async fn held(&self, scope: &SlotScope) -> Result<u64, StoreError> {
        let key = self.keys.slots(scope);
        let echo = key.as_str().into();
        let mut reply = self.link.ask(&self.held, &[key], &[echo]).await?;
        match reply.word() {
            "held" => Ok(reply.field()?),
            _ => Err(reply.unknown().into()),
        }
    }
}
