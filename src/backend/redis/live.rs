//! The connections that stand now, and what their calls tell about them.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future;
use redis::{Client, Cmd, Pipeline, RedisError, RedisResult, Value, from_redis_value};
use tokio::sync::mpsc;

use super::{
    sentinel::Lookout,
    trouble::{self, Verdict},
    wire::Conn,
};

/// Time-outs in a row that mean a frozen server, not a slow answer.
const SILENT_CALLS: u32 = 3;

/// Connections that were dialled and found to lead to a writable server.
pub(super) struct Dialled {
    /// Shared by all calls; at least one.
    pub(super) conns: Vec<Conn>,
    /// For calls that replicas must confirm, where wanted.
    pub(super) strict: Option<Strict>,
    /// Where subscriptions may be made.
    pub(super) subscribers: Vec<Client>,
    /// The server knows `#!lua`.
    pub(super) headed: bool,
    /// Watches for another master, where Sentinels decide.
    pub(super) lookout: Option<Lookout>,
}

/// Connections for calls that wait for replicas.
pub(super) enum Strict {
    /// One connection for each call: `WAIT` blocks the connection it is sent on.
    Pool(deadpool_redis::Pool),
    /// One for all such calls of a cluster. `WAIT` covers every earlier write of a
    /// connection, so sharing keeps its meaning; only other strict calls wait along.
    Shared(Conn),
}

/// One generation of connections. Replaced as a whole.
pub(super) struct Live {
    pub(super) dialled: Dialled,
    timeout: Duration,
    next: AtomicUsize,
    silent: AtomicU32,
    /// Some reply was not the answer to its question: no other can be believed either.
    distrusted: AtomicBool,
    causes: mpsc::Sender<String>,
}

impl Live {
    /// Puts connections to work. The receiver hears why they should be replaced.
    pub(super) fn new(dialled: Dialled, timeout: Duration) -> (Self, mpsc::Receiver<String>) {
        // One cause is enough: the first makes the supervisor replace everything.
        let (causes, heard) = mpsc::channel(1);
        let (next, silent) = (AtomicUsize::new(0), AtomicU32::new(0));
        let distrusted = AtomicBool::new(false);
        (Self { dialled, timeout, next, silent, distrusted, causes }, heard)
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.dialled.conns.first().is_some_and(Conn::is_cluster)
    }

    /// One of the shared connections, in turn.
    fn conn(&self) -> RedisResult<Conn> {
        let conns = &self.dialled.conns;
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % conns.len().max(1);
        conns.get(turn).cloned().ok_or_else(|| (redis::ErrorKind::Client, "no connection").into())
    }

    pub(super) async fn send(&self, cmd: &Cmd) -> RedisResult<Value> {
        let mut conn = self.conn()?;
        self.in_time(conn.send(cmd)).await
    }

    /// Sends all at once; an error of one command is its reply.
    pub(super) async fn send_all(&self, pipeline: Pipeline) -> RedisResult<Vec<Value>> {
        let mut conn = self.conn()?;
        let replies = self.in_time(conn.send_all(pipeline)).await?;
        for reply in &replies {
            if let Value::ServerError(error) = reply {
                self.judge(&error.clone().into());
            }
        }
        Ok(replies)
    }

    /// Bounds a call and draws conclusions from how it ended.
    pub(super) async fn in_time<T>(
        &self,
        call: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        let ended = tokio::time::timeout(self.timeout, call).await;
        let result = ended.unwrap_or_else(|_| Err(trouble::timed_out()));
        if !self.is_trusted() {
            return Err(trouble::distrusted());
        }
        match &result {
            Ok(_) => self.heard(),
            Err(error) => self.judge(error),
        }
        result
    }

    /// In a cluster an answer of one server does not excuse the silence of another:
    /// there, silence is forgotten by the second only (see `probe`).
    fn heard(&self) {
        if self.silent.load(Ordering::Relaxed) > 0 && !self.is_cluster() {
            self.silent.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn judge(&self, error: &RedisError) {
        match trouble::verdict(error) {
            Verdict::Sound => self.heard(),
            Verdict::Broken => self.give_up(error.to_string()),
            Verdict::Silent => {
                if self.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT_CALLS {
                    self.give_up(format!("{SILENT_CALLS} calls in a row had no answer"));
                }
            }
        }
    }

    /// Refuses all that these connections answer from now on, calls in flight included.
    pub(super) fn distrust(&self, why: &'static str) {
        self.distrusted.store(true, Ordering::Relaxed);
        self.give_up(why.to_owned());
    }

    pub(super) fn is_trusted(&self) -> bool {
        !self.distrusted.load(Ordering::Relaxed)
    }

    fn give_up(&self, cause: String) {
        // Full: the supervisor has been told. Closed: it replaces them already.
        let _ = self.causes.try_send(cause);
    }

    /// Asks every connection whether it still leads to a writable server.
    pub(super) async fn probe(&self) -> Result<(), String> {
        if self.is_cluster() {
            self.silent.store(0, Ordering::Relaxed);
        }
        let probes = self.dialled.conns.iter().map(|conn| self.probe_one(conn.clone()));
        let ended = tokio::time::timeout(self.timeout, future::try_join_all(probes)).await;
        match ended {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(cause),
            Err(_) => Err("the self-probe had no answer".to_owned()),
        }
    }

    /// `ROLE` and not `PING`: a demoted primary answers pings for ever.
    async fn probe_one(&self, mut conn: Conn) -> Result<(), String> {
        let question = if conn.is_cluster() { "PING" } else { "ROLE" };
        match conn.ask(redis::cmd(question)).await {
            Ok(Value::Array(role)) => judge_role(role),
            Ok(_) => Ok(()),
            // The ACL forbids the question, but the server answered.
            Err(error) if trouble::is_denied(&error) => Ok(()),
            Err(error) => Err(format!("the self-probe failed: {error}")),
        }
    }
}

fn judge_role(role: Vec<Value>) -> Result<(), String> {
    let role: Option<String> = role.into_iter().next().and_then(|r| from_redis_value(r).ok());
    match role.as_deref() {
        Some("slave") => Err("the server became a replica".to_owned()),
        Some(_) | None => Ok(()),
    }
}
