//! This machine's clock: for people, never for leases, which the store's clock decides.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, since 1970.
pub fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Now, in milliseconds since 1970.
pub fn wall_clock_ms() -> u64 {
    u64::try_from(wall_clock().as_millis()).unwrap_or(u64::MAX)
}
