//! The wall clock of this machine, which the stores under test share.

use std::time::{SystemTime, UNIX_EPOCH};

use super::eventually;

/// An hour: a lease no test outlives.
pub(crate) const HOUR_MS: u64 = 3_600_000;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    u64::try_from(age.as_millis()).expect("fits for 500 million years")
}

/// Waits for the next millisecond, so that what happens next is younger by any clock in use.
pub(crate) async fn tick() {
    let before = now_ms();
    eventually("the next millisecond", async || (now_ms() > before).then_some(())).await;
}
