//! The short codes of a cluster, and the budgets of those who guess at them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    keys::{Keys, tag},
    link::Link,
    reply::Reply,
    script::{Script, lua},
};
use crate::domain::{
    cobrowse::Credential,
    error::StoreError,
    short_codes::{CodeEntry, Guess, GuessBudget, RedeemAs, ShortCode, ShortCodeStore},
};

/// Short codes in Redis or Valkey.
pub struct RedisShortCodes {
    link: Arc<Link>,
    keys: Keys,
    create: Script,
    redeem: Script,
    spend: Script,
    refund: Script,
}

impl RedisShortCodes {
    /// A store on that link, its keys under that prefix.
    pub fn new(link: Arc<Link>, keys: Keys) -> Self {
        Self {
            link,
            keys,
            create: Script::new("short_code_create", &[lua!("short_code_create")]),
            redeem: Script::when_full("short_code_redeem", &[lua!("short_code_redeem")]),
            spend: Script::new("guess_spend", &[lua!("guess_spend")]),
            refund: Script::when_full("guess_refund", &[lua!("guess_refund")]),
        }
    }
}

#[async_trait]
impl ShortCodeStore for RedisShortCodes {
    async fn create(
        &self,
        code: &ShortCode,
        entry: &CodeEntry,
        ttl_ms: u64,
    ) -> Result<bool, StoreError> {
        let args = [
            code.expose().into(),
            entry.customer_token.expose().into(),
            entry.cid.expose().into(),
            ttl_ms.into(),
        ];
        let reply = self.link.ask(&self.create, &[self.keys.short_code(code)], &args).await?;
        match reply.word() {
            "created" => Ok(true),
            "taken" => Ok(false),
            _ => Err(reply.unknown().into()),
        }
    }

    async fn redeem(
        &self,
        code: &ShortCode,
        by: RedeemAs,
    ) -> Result<Option<CodeEntry>, StoreError> {
        let who = match by {
            RedeemAs::Consumer => "consumer",
            RedeemAs::Agent => "agent",
        };
        let args = [code.expose().into(), who.into()];
        let mut reply = self.link.ask(&self.redeem, &[self.keys.short_code(code)], &args).await?;
        match reply.word() {
            "redeemed" => {
                let (customer_token, cid) = (credential(&mut reply)?, credential(&mut reply)?);
                Ok(Some(CodeEntry { customer_token, cid }))
            }
            "used" | "unknown" => Ok(None),
            _ => Err(reply.unknown().into()),
        }
    }

    async fn spend(&self, address: &str, budget: GuessBudget) -> Result<Guess, StoreError> {
        let args = [
            tag(&[address]).into(),
            u64::from(budget.per_address).into(),
            u64::from(budget.in_all).into(),
            budget.window_ms.into(),
        ];
        let mut reply = self.link.ask(&self.spend, &self.keys.guesses(address), &args).await?;
        match reply.word() {
            "allowed" => Ok(Guess::Allowed),
            "limited" => Ok(Guess::Limited { retry_ms: reply.field()? }),
            _ => Err(reply.unknown().into()),
        }
    }

    async fn refund(&self, address: &str) -> Result<(), StoreError> {
        let args = [tag(&[address]).into()];
        let reply = self.link.ask(&self.refund, &self.keys.guesses(address), &args).await?;
        match reply.word() {
            "refunded" => Ok(()),
            _ => Err(reply.unknown().into()),
        }
    }
}

fn credential(reply: &mut Reply) -> Result<Credential, StoreError> {
    let text: String = reply.field()?;
    Credential::read(&text).ok_or_else(|| StoreError::Corrupt("not a credential".into()))
}
