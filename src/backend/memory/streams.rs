//! The stream store of a single process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{account::AccountState, clock::Clock, sweep::Sweeper};
use crate::domain::{
    error::StoreError,
    ids::{Generation, NodeName, SessionId},
    streams::{
        Account, ConnectOutcome, Create, CreateOutcome, EndReason, HeartbeatOutcome, ParkOutcome,
        Pool, ReleaseOutcome, Renewal, Session, StreamStore, Verdict,
    },
};

/// Stream sessions in this process's memory; gone when it ends.
#[derive(Debug)]
pub struct MemoryStreams {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    accounts: HashMap<Account, AccountState>,
    clock: Clock,
    creates: Sweeper,
}

impl MemoryStreams {
    /// An empty store.
    pub fn new() -> Self {
        let state =
            State { accounts: HashMap::new(), clock: Clock::new(), creates: Sweeper::default() };
        Self { state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one call that cannot panic half-way, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStreams {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// The account, made if need be, with the time in microseconds.
    fn account(&mut self, account: &Account) -> (&mut AccountState, u64) {
        let now_us = self.clock.tick_us();
        (self.accounts.entry(account.clone()).or_default(), now_us)
    }

    /// Asks an account; one that is not there answers like an empty one, and is not made.
    fn ask<T>(
        &mut self,
        account: &Account,
        question: impl FnOnce(&mut AccountState, u64) -> T,
    ) -> T {
        let now_ms = self.clock.tick_us() / 1000;
        match self.accounts.get_mut(account) {
            Some(account) => question(account, now_ms),
            None => question(&mut AccountState::default(), now_ms),
        }
    }

    fn sweep(&mut self) {
        if !self.creates.is_due() {
            return;
        }
        let now_ms = self.clock.tick_us() / 1000;
        self.accounts.retain(|_, account| {
            account.purge(now_ms);
            !account.is_idle(now_ms)
        });
    }
}

#[async_trait]
impl StreamStore for MemoryStreams {
    async fn create(&self, create: &Create) -> Result<CreateOutcome, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let (account, now_us) = state.account(&create.account);
        Ok(account.create(create, now_us))
    }

    async fn connect(
        &self,
        account: &Account,
        session: &SessionId,
        at_least: Generation,
        node: &NodeName,
    ) -> Result<ConnectOutcome, StoreError> {
        let connect =
            |account: &mut AccountState, now_ms| account.connect(session, at_least, node, now_ms);
        Ok(self.lock().ask(account, connect))
    }

    async fn renew(&self, renewals: &[Renewal]) -> Vec<Result<Verdict, StoreError>> {
        let mut state = self.lock();
        let renewed = renewals.iter().map(|renewal| {
            Ok(state.ask(&renewal.account, |account, now_ms| account.renew(renewal, now_ms)))
        });
        renewed.collect()
    }

    async fn heartbeat(
        &self,
        account: &Account,
        session: &SessionId,
        pool: Option<&Pool>,
    ) -> Result<HeartbeatOutcome, StoreError> {
        let heartbeat =
            |account: &mut AccountState, now_ms| account.heartbeat(session, pool, now_ms);
        Ok(self.lock().ask(account, heartbeat))
    }

    async fn park(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Generation,
        grace_ms: u64,
    ) -> Result<ParkOutcome, StoreError> {
        let park = |account: &mut AccountState, now_ms| {
            account.park(session, generation, grace_ms, now_ms)
        };
        Ok(self.lock().ask(account, park))
    }

    async fn release(
        &self,
        account: &Account,
        session: &SessionId,
        generation: Option<Generation>,
        why: &EndReason,
    ) -> Result<ReleaseOutcome, StoreError> {
        let mut state = self.lock();
        let (account, now_us) = state.account(account);
        Ok(account.release(session, generation, why, now_us / 1000))
    }

    async fn reassert(&self, account: &Account, session: &Session) -> Result<Verdict, StoreError> {
        let mut state = self.lock();
        let (account, now_us) = state.account(account);
        Ok(account.reassert(session, now_us / 1000))
    }

    async fn list(&self, account: &Account) -> Result<Vec<Session>, StoreError> {
        Ok(self.lock().ask(account, |account, now_ms| account.list(now_ms)))
    }
}
