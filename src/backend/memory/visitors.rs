//! The visitors of a single process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{clock::Clock, presence::Presence, sweep::Sweeper};
use crate::domain::{
    error::StoreError,
    ids::{SessionToken, TenantId, VisitorId},
    visitors::{
        Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, Profile, Visitor, VisitorStore,
        VisitorsPage, store::DAY_COUNT_MS,
    },
};

/// Visitors in this process's memory; gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryVisitors {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tenants: HashMap<TenantId, Presence>,
    /// Ids that were used, and until when they may not be used again.
    used: HashMap<Box<str>, u64>,
    /// Sessions of a day, and until when they are told.
    days: HashMap<(TenantId, u64), (u64, u64)>,
    clock: Clock,
    writes: Sweeper,
}

impl MemoryVisitors {
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
    /// Asks a tenant; one that is not there answers like an empty one, and is not made.
    fn ask<T>(&mut self, tenant: &TenantId, question: impl FnOnce(&mut Presence, u64) -> T) -> T {
        let now_ms = self.clock.now_ms();
        match self.tenants.get_mut(tenant) {
            Some(presence) => question(presence, now_ms),
            None => question(&mut Presence::default(), now_ms),
        }
    }

    fn sweep(&mut self) {
        if self.writes.is_due() {
            let now_ms = self.clock.now_ms();
            self.tenants.retain(|_, presence| {
                presence.purge(now_ms);
                !presence.is_empty()
            });
            self.used.retain(|_, until_ms| *until_ms > now_ms);
            self.days.retain(|_, (_, until_ms)| *until_ms > now_ms);
        }
    }
}

#[async_trait]
impl VisitorStore for MemoryVisitors {
    async fn enter(
        &self,
        tenant: &TenantId,
        entrance: &Entrance,
    ) -> Result<EnterOutcome, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        Ok(state.tenants.entry(tenant.clone()).or_default().enter(entrance, now_ms))
    }

    async fn tell(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        profile: &Profile,
    ) -> Result<bool, StoreError> {
        let tell =
            |presence: &mut Presence, now_ms| presence.tell(visitor, connection, profile, now_ms);
        Ok(self.lock().ask(tenant, tell))
    }

    async fn beat(
        &self,
        tenant: &TenantId,
        beats: &[Beat],
        lease_ms: u64,
        remember_ms: u64,
    ) -> Result<Vec<BeatOutcome>, StoreError> {
        let renew = |presence: &mut Presence, now_ms| {
            beats.iter().map(|beat| presence.beat(beat, lease_ms, remember_ms, now_ms)).collect()
        };
        Ok(self.lock().ask(tenant, renew))
    }

    async fn leave(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        connection: u64,
        remember_ms: u64,
    ) -> Result<(), StoreError> {
        let leave = |presence: &mut Presence, now_ms| {
            presence.leave(visitor, connection, remember_ms, now_ms);
        };
        self.lock().ask(tenant, leave);
        Ok(())
    }

    async fn find(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
    ) -> Result<Option<Visitor>, StoreError> {
        Ok(self.lock().ask(tenant, |presence, now_ms| presence.find(visitor, now_ms)))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        skip: u64,
        most: u64,
    ) -> Result<VisitorsPage, StoreError> {
        Ok(self.lock().ask(tenant, |presence, now_ms| presence.list(skip, most, now_ms)))
    }

    async fn online(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        Ok(self.lock().ask(tenant, |presence, now_ms| presence.online(now_ms)))
    }

    async fn invite(
        &self,
        tenant: &TenantId,
        visitor: &VisitorId,
        expected: Option<&SessionToken>,
        session: &SessionToken,
    ) -> Result<InviteOutcome, StoreError> {
        let invite =
            |presence: &mut Presence, now_ms| presence.invite(visitor, expected, session, now_ms);
        Ok(self.lock().ask(tenant, invite))
    }

    async fn use_up(&self, id: &str, ttl_ms: u64) -> Result<bool, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        if state.used.get(id).is_some_and(|until_ms| *until_ms > now_ms) {
            return Ok(false);
        }
        state.used.insert(id.into(), now_ms + ttl_ms);
        Ok(true)
    }

    async fn count_session(
        &self,
        tenant: &TenantId,
        day: u64,
        add: u64,
    ) -> Result<u64, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        let (count, until_ms) = state.days.entry((tenant.clone(), day)).or_default();
        if *until_ms <= now_ms {
            *count = 0;
        }
        *count += add;
        *until_ms = now_ms + DAY_COUNT_MS;
        Ok(*count)
    }
}
