//! The memory store's clock: wall time that never steps back and never repeats.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, strictly growing: creation order is total.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_us: u64,
    last_us: u64,
}

impl Clock {
    pub(super) fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            started_us: u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX),
            last_us: 0,
        }
    }

    pub(super) fn tick_us(&mut self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last_us = (self.started_us + elapsed).max(self.last_us + 1);
        self.last_us
    }

    /// The same in milliseconds, as leases are told.
    pub(super) fn now_ms(&mut self) -> u64 {
        self.tick_us() / 1000
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
