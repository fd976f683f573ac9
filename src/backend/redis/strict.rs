//! Calls that replicas confirm before they count.

use std::time::Duration;

use redis::{Cmd, ErrorKind, Pipeline, RedisResult, Value, from_redis_value};

use super::{
    link::Link,
    live::{Live, Strict},
    script::{Arg, Script},
    trouble,
    wire::{Conn, sound},
};
use crate::domain::error::StoreError;

/// What a strict call brought: the script's reply, and how many replicas have it.
type Confirmed = (Value, u32);

impl Link {
    /// Runs a script and waits until `wait_replicas` replicas hold what it wrote.
    ///
    /// Too few confirmations within half of the time-out are
    /// [`StoreError::Unavailable`] – but the master has executed the script, and the
    /// write may survive: repeat idempotently. With no replicas wanted it is `run`.
    pub async fn run_admitted(
        &self,
        script: &Script,
        keys: &[String],
        args: &[Arg],
    ) -> Result<Value, StoreError> {
        let wanted = self.wait_replicas();
        if wanted == 0 {
            return self.run(script, keys, args).await;
        }
        let _permit = self.permits(1)?;
        let live = self.live()?;
        let call = Admission { live: &live, wait: wait(wanted, self.timeout() / 2) };
        let result = match call.send(|headed| script.evalsha(headed, keys, args), keys).await {
            Err(error) if trouble::is_noscript(&error) => {
                call.send(|headed| script.eval(headed, keys, args), keys).await
            }
            result => result,
        };
        let (reply, confirmed) = result.map_err(|error| self.store_error(error))?;
        if confirmed < wanted { Err(unconfirmed(wanted)) } else { Ok(reply) }
    }
}

struct Admission<'a> {
    live: &'a Live,
    wait: Cmd,
}

impl Admission<'_> {
    async fn send(&self, script: impl Fn(bool) -> Cmd, keys: &[String]) -> RedisResult<Confirmed> {
        let cmd = script(self.live.dialled.headed);
        match &self.live.dialled.strict {
            Some(Strict::Pool(pool)) => self.send_pooled(pool, cmd).await,
            Some(Strict::Shared(conn)) => {
                self.live.in_time(self.send_shared(conn.clone(), cmd, keys)).await
            }
            None => Err((ErrorKind::Client, "no connections for strict calls").into()),
        }
    }

    /// Script and `WAIT` in one round trip on a connection of their own.
    async fn send_pooled(&self, pool: &deadpool_redis::Pool, cmd: Cmd) -> RedisResult<Confirmed> {
        let conn = pool.get().await.map_err(from_pool)?;
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.add_command(cmd).add_command(self.wait.clone());
        let mut single = Conn::Single((*conn).clone());
        let sent = self.live.in_time(single.send_all(pipeline)).await;
        if sent.is_err() {
            // A reply may still be on its way: such a connection must not be used again.
            drop(deadpool_redis::Connection::take(conn));
        }
        let [reply, confirmed] = <[Value; 2]>::try_from(sent?).map_err(|_| malformed())?;
        let reply = sound(reply).inspect_err(|error| self.live.judge(error))?;
        Ok((reply, from_redis_value(sound(confirmed)?)?))
    }

    async fn send_shared(
        &self,
        mut conn: Conn,
        cmd: Cmd,
        keys: &[String],
    ) -> RedisResult<Confirmed> {
        let reply = conn.send(&cmd).await?;
        let key = keys.first().map(String::as_str).unwrap_or_default();
        let confirmed = conn.ask_owner(self.wait.clone(), key).await?;
        Ok((reply, from_redis_value(confirmed)?))
    }
}

fn wait(replicas: u32, within: Duration) -> Cmd {
    // 0 would wait for ever.
    let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    let mut cmd = redis::cmd("WAIT");
    cmd.arg(replicas).arg(millis);
    cmd
}

fn from_pool(error: deadpool_redis::PoolError) -> redis::RedisError {
    match error {
        deadpool_redis::PoolError::Backend(error) => error,
        deadpool_redis::PoolError::Timeout(_) => trouble::timed_out(),
        deadpool_redis::PoolError::Closed
        | deadpool_redis::PoolError::NoRuntimeSpecified
        | deadpool_redis::PoolError::PostCreateHook(_) => {
            (ErrorKind::Client, "the pool of strict connections failed").into()
        }
    }
}

fn malformed() -> redis::RedisError {
    (ErrorKind::Parse, "a strict call had another number of replies than commands").into()
}

fn unconfirmed(replicas: u32) -> StoreError {
    StoreError::Unavailable(format!("not confirmed by {replicas} replicas").into())
}
