//! A published key set: loaded on use, kept, refreshed and rotated.
//!
//! Fetches run as tasks of their own: a client that hangs up cannot stop a rotation half-way.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    AuthError,
    fetch::{FetchError, Origin},
    keys::KeySet,
};

/// When key sets are fetched again.
#[derive(Debug, Clone, Copy)]
pub struct JwksTiming {
    /// Age at which use of a set starts a refresh in the background.
    pub refresh: Duration,
    /// Pause after a failed fetch, and between fetches caused by unknown `kid`s.
    pub retry: Duration,
    /// How long one fetch may take.
    pub timeout: Duration,
}

impl Default for JwksTiming {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(300),
            retry: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
        }
    }
}

/// The keys of one source, and the plan of fetching them.
pub(super) struct JwksCache {
    feed: Arc<Feed>,
    schedule: Mutex<Schedule>,
}

/// When fetches were started, and the one under way.
#[derive(Default)]
struct Schedule {
    tried_at: Option<Instant>,
    forced_at: Option<Instant>,
    flight: Option<Flight>,
}

/// A fetch under way; dropping the cache ends it.
struct Flight {
    landed: CancellationToken,
    _task: AbortOnDropHandle<()>,
}

impl JwksCache {
    pub(super) fn new(origin: Origin, timing: JwksTiming) -> Self {
        let feed = Feed { origin, timing, loaded: Mutex::default() };
        Self { feed: Arc::new(feed), schedule: Mutex::default() }
    }

    /// The keys to judge a token with this `kid` by. Waits only where the keys at hand don't do.
    pub(super) async fn keys(&self, kid: Option<&str>) -> Result<Arc<KeySet>, AuthError> {
        if let Some(landed) = self.plan(kid) {
            landed.cancelled().await;
        }
        lock(&self.feed.loaded).as_ref().map(Loaded::keys).ok_or(AuthError::KeysUnavailable)
    }

    /// Starts a fetch where one is due; answers what to wait for, if anything.
    fn plan(&self, kid: Option<&str>) -> Option<CancellationToken> {
        let JwksTiming { refresh, retry, .. } = self.feed.timing;
        let over = |last: Option<Instant>| last.is_none_or(|last| last.elapsed() >= retry);
        let mut schedule = lock(&self.schedule);
        let at_hand = lock(&self.feed.loaded).as_ref().map(|l| (l.keys.knows(kid), l.at.elapsed()));
        match at_hand {
            None => {
                let due = over(schedule.tried_at);
                self.flight(&mut schedule, due)
            }
            // A new key may have been published; a forged `kid` looks the same, hence the pause.
            Some((false, _)) => {
                let due = over(schedule.forced_at);
                let flight = self.flight(&mut schedule, due);
                if due {
                    schedule.forced_at = schedule.tried_at;
                }
                flight
            }
            Some((true, age)) => {
                let due = age >= refresh && over(schedule.tried_at);
                self.flight(&mut schedule, due);
                None
            }
        }
    }

    /// The fetch under way, or one started now if it is due: many callers, one fetch.
    fn flight(&self, schedule: &mut Schedule, due: bool) -> Option<CancellationToken> {
        let running = schedule.flight.as_ref().filter(|flight| !flight.landed.is_cancelled());
        if let Some(flight) = running {
            return Some(flight.landed.clone());
        }
        if !due {
            return None;
        }
        let landed = CancellationToken::new();
        // Dropped, and so announced, however the task ends.
        let announce = landed.clone().drop_guard();
        let feed = Arc::clone(&self.feed);
        let task = tokio::spawn(async move {
            let _announce = announce;
            feed.load().await;
        });
        let flight = Flight { landed: landed.clone(), _task: AbortOnDropHandle::new(task) };
        schedule.tried_at = Some(Instant::now());
        schedule.flight = Some(flight);
        Some(landed)
    }

    /// Waits for the fetch under way, if any.
    #[cfg(test)]
    pub(super) async fn settle(&self) {
        let flight = self.flight(&mut lock(&self.schedule), false);
        if let Some(landed) = flight {
            landed.cancelled().await;
        }
    }
}

/// A source and what was last read from it.
struct Feed {
    origin: Origin,
    timing: JwksTiming,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    keys: Arc<KeySet>,
    at: Instant,
}

impl Loaded {
    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys)
    }
}

impl Feed {
    /// Fetches the set. A failure leaves the keys at hand in force.
    async fn load(&self) {
        let fetched = tokio::time::timeout(self.timing.timeout, self.origin.fetch()).await;
        match fetched.unwrap_or(Err(FetchError::Timeout)) {
            Ok(keys) => {
                if keys.len() == 0 {
                    tracing::warn!(source = %self.origin, "key set holds no usable key");
                }
                let loaded = Loaded { keys: Arc::new(keys), at: Instant::now() };
                *lock(&self.loaded) = Some(loaded);
            }
            Err(error) => {
                let stale = lock(&self.loaded).is_some();
                tracing::warn!(source = %self.origin, %error, stale, "key set could not be loaded");
            }
        }
    }
}

/// A poisoned lock guards nothing here that a panic could have left half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
