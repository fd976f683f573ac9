//! The slots of a single process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{clock::Clock, sweep::Sweeper};
use crate::domain::{
    cobrowse::{SlotOutcome, SlotScope, SlotStore, store::FULL_SESSIONS},
    error::StoreError,
    ids::SessionToken,
};

/// Slots in this process's memory; gone when it ends.
#[derive(Debug, Default)]
pub struct MemorySlots {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Who holds a slot until when.
    scopes: HashMap<SlotScope, HashMap<SessionToken, u64>>,
    clock: Clock,
    writes: Sweeper,
}

impl MemorySlots {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sweep(&mut self) {
        if self.writes.is_due() {
            let now_ms = self.clock.now_ms();
            self.scopes.retain(|_, holders| holders.values().any(|until_ms| *until_ms > now_ms));
        }
    }
}

#[async_trait]
impl SlotStore for MemorySlots {
    async fn take(
        &self,
        scope: &SlotScope,
        session: &SessionToken,
        limit: u32,
        lease_ms: u64,
    ) -> Result<SlotOutcome, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        let holders = state.scopes.entry(scope.clone()).or_default();
        holders.retain(|_, until_ms| *until_ms > now_ms);
        if holders.contains_key(session) || u64::from(limit) > holders.len() as u64 {
            holders.insert(session.clone(), now_ms + lease_ms);
            return Ok(SlotOutcome::Taken);
        }
        let mut others: Vec<_> = holders.iter().collect();
        others.sort_by_key(|(holder, until_ms)| (**until_ms, *holder));
        let told = others.into_iter().take(FULL_SESSIONS).map(|(holder, _)| holder.clone());
        Ok(SlotOutcome::Full(told.collect()))
    }

    async fn renew(
        &self,
        slots: &[(SlotScope, SessionToken)],
        lease_ms: u64,
    ) -> Vec<Result<(), StoreError>> {
        let mut state = self.lock();
        let now_ms = state.clock.now_ms();
        let renewed = slots.iter().map(|(scope, session)| {
            let holders = state.scopes.get_mut(scope);
            if let Some(until_ms) = holders.and_then(|holders| holders.get_mut(session))
                && *until_ms > now_ms
            {
                *until_ms = now_ms + lease_ms;
            }
            Ok(())
        });
        renewed.collect()
    }

    async fn free(&self, scope: &SlotScope, session: &SessionToken) -> Result<(), StoreError> {
        if let Some(holders) = self.lock().scopes.get_mut(scope) {
            holders.remove(session);
        }
        Ok(())
    }

    async fn held(&self, scope: &SlotScope) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let now_ms = state.clock.now_ms();
        let held = |holders: &HashMap<_, u64>| {
            holders.values().filter(|until_ms| **until_ms > now_ms).count()
        };
        Ok(state.scopes.get(scope).map_or(0, held) as u64)
    }
}
