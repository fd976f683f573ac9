//! The link to Redis: every command of a node travels through it.
//!
//! Knows scripts and commands, not what they mean. `supervisor` keeps it connected.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use redis::{Client, Cmd, RedisError, Value};
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    dial::Dialer,
    live::Live,
    script::{Arg, Script},
    supervisor,
    tls::Tls,
    trouble,
};
use crate::domain::error::StoreError;

/// Calls in flight at once, all connections together. Beyond it Redis is so far
/// behind that queueing more only turns refusals into time-outs.
const MAX_IN_FLIGHT: u32 = 20_000;

/// Where Redis is.
#[derive(Clone)]
pub enum Target {
    /// One server.
    Single(String),
    /// Some nodes of a Redis Cluster; the others are found through them.
    Cluster(Vec<String>),
    /// Sentinels, and the name of the master they watch.
    Sentinel {
        /// URLs of the Sentinels, with their own credentials.
        nodes: Vec<String>,
        /// As the Sentinels call it.
        master: String,
        /// URL whose credentials, database and TLS are the master's; its host is not used.
        access: String,
    },
}

/// How to reach Redis. URLs: `redis://` or `rediss://`, `user:password@` for an ACL user.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// Where Redis is.
    pub target: Target,
    /// Shared connections; calls take them in turn.
    pub connections: usize,
    /// Bound of every call, and of connecting.
    pub timeout: Duration,
    /// Replicas that must confirm admissions; 0 asks none.
    pub wait_replicas: u32,
    /// For URLs that ask for TLS.
    pub tls: Tls,
}

/// Options no link can be made of.
#[derive(Debug, thiserror::Error)]
pub enum LinkConfigError {
    /// A URL that cannot be read, or URLs that contradict each other.
    #[error("a Redis URL is not valid")]
    Url(#[source] RedisError),
    /// A cluster or Sentinel target without URLs.
    #[error("no Redis node is configured")]
    NoNodes,
    /// No connection could carry a call.
    #[error("at least one connection is needed")]
    NoConnections,
}

/// Whether calls can be answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkState {
    /// A writable server is connected; of a cluster, enough of it to know its slots.
    pub up: bool,
    /// Grows whenever the connections were rebuilt: check against the store what you hold.
    pub incarnation: u64,
}

/// Shared connections to Redis that rebuild themselves.
pub struct Link {
    options: LinkOptions,
    live: RwLock<Option<Arc<Live>>>,
    permits: Semaphore,
    state: watch::Sender<LinkState>,
}

impl Link {
    /// Begins to connect in the background and returns at once, also when Redis is away.
    pub fn open(
        options: LinkOptions,
        tracker: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Arc<Self>, LinkConfigError> {
        let dialer = Dialer::new(&options)?;
        let permits = Semaphore::new(MAX_IN_FLIGHT as usize);
        let state = watch::Sender::new(LinkState::default());
        let link = Arc::new(Self { options, live: RwLock::new(None), permits, state });
        tracker.spawn(supervisor::supervise(Arc::clone(&link), dialer, shutdown));
        Ok(link)
    }

    /// The state, and every change of it.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// Runs a script where its keys live. Loads it where the server lost it.
    pub async fn run(
        &self,
        script: &Script,
        keys: &[String],
        args: &[Arg],
    ) -> Result<Value, StoreError> {
        let _permit = self.permits(1)?;
        let live = self.live()?;
        let headed = live.dialled.headed;
        match live.send(&script.evalsha(headed, keys, args)).await {
            Err(error) if trouble::is_noscript(&error) => {
                live.send(&script.eval(headed, keys, args)).await
            }
            result => result,
        }
        .map_err(|error| self.store_error(error))
    }

    /// Sends one command.
    pub async fn command(&self, cmd: &Cmd) -> Result<Value, StoreError> {
        let _permit = self.permits(1)?;
        self.live()?.send(cmd).await.map_err(|error| self.store_error(error))
    }

    /// Gives the present connections up, for good: a reply was not the answer to its question.
    ///
    /// Calls fail at once, also those in flight, until the supervisor has dialled again.
    pub fn distrust(&self, why: &'static str) {
        if let Ok(live) = self.live() {
            live.distrust(why);
        }
    }

    pub(super) fn wait_replicas(&self) -> u32 {
        self.options.wait_replicas
    }

    pub(super) fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// The connections that stand now. Never waits for others.
    pub(super) fn live(&self) -> Result<Arc<Live>, StoreError> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.clone().filter(|live| live.is_trusted()).ok_or_else(not_connected)
    }

    /// A place among the calls in flight, refused at once when there is none.
    pub(super) fn permits(&self, calls: usize) -> Result<SemaphorePermit<'_>, StoreError> {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.permits.try_acquire_many(calls).map_err(|_| crowded())
    }

    /// A server where subscriptions reach every message.
    pub(super) fn subscriber(&self) -> Result<Client, StoreError> {
        let live = self.live()?;
        let clients = &live.dialled.subscribers;
        // Any node of a cluster hears all; the next attempt may get another one.
        let pick = rand::random_range(0..clients.len().max(1));
        let none = || StoreError::Unavailable("no server to subscribe at".into());
        clients.get(pick).cloned().ok_or_else(none)
    }

    pub(super) fn store_error(&self, error: RedisError) -> StoreError {
        trouble::store_error(error, self.options.timeout)
    }

    /// Puts new connections in place and tells everybody. Returns their number.
    pub(super) fn install(&self, live: Arc<Live>) -> u64 {
        self.replace(Some(live));
        self.state.send_modify(|state| {
            *state = LinkState { up: true, incarnation: state.incarnation + 1 };
        });
        self.state.borrow().incarnation
    }

    /// Takes the connections away: calls fail at once instead of waiting.
    pub(super) fn uninstall(&self) {
        self.replace(None);
        self.state.send_if_modified(|state| std::mem::replace(&mut state.up, false));
    }

    fn replace(&self, live: Option<Arc<Live>>) {
        let mut place = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *place, live);
        drop(place);
        // Closing sockets is done without the lock.
        drop(old);
    }

    /// The target without secrets, for logs.
    pub(super) fn place(&self) -> &Target {
        &self.options.target
    }
}

pub(super) fn not_connected() -> StoreError {
    StoreError::Unavailable("redis is not connected".into())
}

pub(super) fn crowded() -> StoreError {
    StoreError::Unavailable("too many calls are in flight".into())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(url) => f.write_str(&redacted(url)),
            Self::Cluster(urls) => f.write_str(&redacted_all(urls)),
            Self::Sentinel { nodes, master, access: _ } => {
                write!(f, "{master} of {}", redacted_all(nodes))
            }
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

fn redacted_all(urls: &[String]) -> String {
    urls.iter().map(|url| redacted(url)).collect::<Vec<_>>().join(",")
}

/// Scheme, host and port; user, password, path and query are left out.
fn redacted(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => {
            let host = url.host_str().unwrap_or("local");
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{host}{port}", url.scheme())
        }
        Err(_) => "(not a URL)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_secrets() {
        let target = Target::Single("rediss://baton:secret@redis.internal:6380/2?x=secret".into());
        assert_eq!(target.to_string(), "rediss://redis.internal:6380");
        assert!(!format!("{target:?}").contains("secret"));
        assert_eq!(Target::Single("secret".into()).to_string(), "(not a URL)");
    }
}
