//! The co-browse sessions of a single process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{clock::Clock, kept::Kept, sweep::Sweeper};
use crate::domain::{
    cobrowse::{
        Change, ClaimOutcome, CobrowseStore, Entry, Event, HostVerdict, Hosting, Life, PutOutcome,
        Server, Session, Stored,
    },
    error::StoreError,
    ids::{HistoryId, SessionToken},
};

/// Co-browse sessions in this process's memory; gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryCobrowse {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// May hold forgotten sessions until the next sweep; they are nowhere to be seen.
    sessions: HashMap<SessionToken, Box<Kept>>,
    histories: HashMap<HistoryId, SessionToken>,
    clock: Clock,
    writes: Sweeper,
}

impl MemoryCobrowse {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one call that cannot panic half-way, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Asks a session that is remembered, with the time.
    fn ask<T>(
        &mut self,
        session: &SessionToken,
        question: impl FnOnce(&mut Kept, u64) -> T,
    ) -> Option<T> {
        let now_ms = self.clock.now_ms();
        let kept = self.sessions.get_mut(session).filter(|kept| kept.is_remembered(now_ms))?;
        Some(question(kept, now_ms))
    }

    /// Writes a session; false where its token is taken.
    fn insert(&mut self, session: &Session, make: impl FnOnce(u64) -> Kept) -> bool {
        if self.ask(&session.token, |_, _| ()).is_some() {
            return false;
        }
        self.sweep();
        let now_ms = self.clock.now_ms();
        let kept = Box::new(make(now_ms));
        if let Some(forgotten) = self.sessions.insert(session.token.clone(), kept) {
            self.histories.remove(&forgotten.session.history_id);
        }
        self.histories.insert(session.history_id.clone(), session.token.clone());
        true
    }

    fn sweep(&mut self) {
        if self.writes.is_due() {
            let now_ms = self.clock.now_ms();
            self.sessions.retain(|_, kept| kept.is_remembered(now_ms));
            let sessions = &self.sessions;
            self.histories.retain(|_, session| sessions.contains_key(session));
        }
    }
}

#[async_trait]
impl CobrowseStore for MemoryCobrowse {
    async fn create(
        &self,
        session: &Session,
        life: Life,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        Ok(self.lock().insert(session, |now_ms| Kept::new(session, life, events, now_ms)))
    }

    async fn get(&self, session: &SessionToken) -> Result<Option<Stored>, StoreError> {
        Ok(self.lock().ask(session, |kept, now_ms| kept.stored(now_ms)))
    }

    async fn put(&self, change: &Change) -> Result<PutOutcome, StoreError> {
        let put = |kept: &mut Kept, now_ms| kept.put(change, now_ms);
        Ok(self.lock().ask(&change.session.token, put).unwrap_or(PutOutcome::Unknown))
    }

    async fn claim(
        &self,
        session: &SessionToken,
        host: &Server,
        lease_ms: u64,
        life: Life,
    ) -> Result<ClaimOutcome, StoreError> {
        let claim = |kept: &mut Kept, now_ms| kept.claim(host, lease_ms, life, now_ms);
        Ok(self.lock().ask(session, claim).unwrap_or(ClaimOutcome::Unknown))
    }

    async fn renew(&self, hostings: &[Hosting]) -> Vec<Result<HostVerdict, StoreError>> {
        let mut state = self.lock();
        let renewed = hostings.iter().map(|hosting| {
            let renew = |kept: &mut Kept, now_ms| kept.renew(hosting, now_ms);
            Ok(state.ask(&hosting.session, renew).unwrap_or(HostVerdict::Unknown))
        });
        renewed.collect()
    }

    async fn let_go(
        &self,
        session: &SessionToken,
        fence: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        let let_go = |kept: &mut Kept, now_ms| kept.let_go(fence, life, now_ms);
        Ok(self.lock().ask(session, let_go).unwrap_or(false))
    }

    async fn restore(
        &self,
        stored: &Stored,
        lease_ms: u64,
        life: Life,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let restore = |kept: &mut Kept, now_ms| kept.restore(stored, lease_ms, life, now_ms);
        if let Some(restored) = state.ask(&stored.session.token, restore) {
            return Ok(restored);
        }
        let make = |now_ms| Kept::restored(stored, lease_ms, life, now_ms);
        Ok(state.insert(&stored.session, make))
    }

    async fn events(&self, session: &SessionToken) -> Result<Vec<Entry>, StoreError> {
        Ok(self.lock().ask(session, |kept, _| kept.events()).unwrap_or_default())
    }

    async fn find(&self, history: &HistoryId) -> Result<Option<SessionToken>, StoreError> {
        let mut state = self.lock();
        let Some(session) = state.histories.get(history).cloned() else { return Ok(None) };
        let is_its = state.ask(&session, |kept, _| kept.session.history_id == *history);
        Ok((is_its == Some(true)).then_some(session))
    }
}
