//! The short codes of a single process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{clock::Clock, sweep::Sweeper};
use crate::domain::{
    error::StoreError,
    short_codes::{CodeEntry, Guess, GuessBudget, RedeemAs, ShortCode, ShortCodeStore},
};

/// Short codes in this process's memory; gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryShortCodes {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: HashMap<ShortCode, Code>,
    addresses: HashMap<Box<str>, Window>,
    all: Window,
    clock: Clock,
    writes: Sweeper,
}

#[derive(Debug)]
struct Code {
    entry: CodeEntry,
    until_ms: u64,
    /// The consumer has redeemed it.
    is_consumed: bool,
}

/// Tries from the first one to the end of the window.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    tries: u32,
    until_ms: u64,
}

impl Window {
    /// The window that runs now, perhaps an empty one that begins.
    fn at(self, now_ms: u64, window_ms: u64) -> Self {
        if self.until_ms > now_ms { self } else { Self { tries: 0, until_ms: now_ms + window_ms } }
    }

    /// How long a try must wait; nothing where there is room for it.
    fn wait_ms(self, most: u32, now_ms: u64) -> Option<u64> {
        (self.tries >= most).then(|| (self.until_ms - now_ms).max(1))
    }

    fn spend(self) -> Self {
        Self { tries: self.tries + 1, ..self }
    }

    fn refund(&mut self, now_ms: u64) {
        if self.until_ms > now_ms {
            self.tries = self.tries.saturating_sub(1);
        }
    }
}

impl MemoryShortCodes {
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
            self.codes.retain(|_, code| code.until_ms > now_ms);
            self.addresses.retain(|_, window| window.until_ms > now_ms);
        }
    }
}

#[async_trait]
impl ShortCodeStore for MemoryShortCodes {
    async fn create(
        &self,
        code: &ShortCode,
        entry: &CodeEntry,
        ttl_ms: u64,
    ) -> Result<bool, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        if state.codes.get(code).is_some_and(|code| code.until_ms > now_ms) {
            return Ok(false);
        }
        let fresh = Code { entry: entry.clone(), until_ms: now_ms + ttl_ms, is_consumed: false };
        state.codes.insert(code.clone(), fresh);
        Ok(true)
    }

    async fn redeem(
        &self,
        code: &ShortCode,
        by: RedeemAs,
    ) -> Result<Option<CodeEntry>, StoreError> {
        let mut state = self.lock();
        let now_ms = state.clock.now_ms();
        let Some(code) = state.codes.get_mut(code).filter(|code| code.until_ms > now_ms) else {
            return Ok(None);
        };
        let is_late = match by {
            RedeemAs::Consumer => std::mem::replace(&mut code.is_consumed, true),
            RedeemAs::Agent => false,
        };
        Ok((!is_late).then(|| code.entry.clone()))
    }

    async fn spend(&self, address: &str, budget: GuessBudget) -> Result<Guess, StoreError> {
        let mut state = self.lock();
        state.sweep();
        let now_ms = state.clock.now_ms();
        let own = state.addresses.get(address).copied().unwrap_or_default();
        let own = own.at(now_ms, budget.window_ms);
        let all = state.all.at(now_ms, budget.window_ms);
        let waits = [own.wait_ms(budget.per_address, now_ms), all.wait_ms(budget.in_all, now_ms)];
        if let Some(retry_ms) = waits.into_iter().flatten().max() {
            return Ok(Guess::Limited { retry_ms });
        }
        state.addresses.insert(address.into(), own.spend());
        state.all = all.spend();
        Ok(Guess::Allowed)
    }

    async fn refund(&self, address: &str) -> Result<(), StoreError> {
        let mut state = self.lock();
        let now_ms = state.clock.now_ms();
        if let Some(own) = state.addresses.get_mut(address) {
            own.refund(now_ms);
        }
        state.all.refund(now_ms);
        Ok(())
    }
}
