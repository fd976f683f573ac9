//! How much a socket may send: a token bucket.

use std::time::Duration;

use tokio::time::Instant;

/// Refills at a rate, holds a burst at most; starts full. Not `Copy`: a copy would spend twice.
#[derive(Debug, Clone)]
pub struct Budget {
    rate_per_second: u64,
    burst: u64,
    left: f64,
    since: Option<Instant>,
}

impl Budget {
    /// Text frames of a viewer: cursor, pointer and drawing at 60 a second fit.
    pub const VIEWER_MESSAGES: Self = Self::new(200, 400);
    /// Text frames of a visitor.
    pub const VISITOR_MESSAGES: Self = Self::new(100, 200);
    /// Binary frames of a visitor: a page that changes 60 times a second uses a fifth.
    pub const VISITOR_FRAMES: Self = Self::new(300, 600);
    /// Bytes of binary frames of a visitor: four of the largest snapshots at once.
    pub const VISITOR_BYTES: Self = Self::new(4 << 20, 16 << 20);

    /// A full bucket.
    pub const fn new(rate_per_second: u64, burst: u64) -> Self {
        Self { rate_per_second, burst, left: burst as f64, since: None }
    }

    /// Takes that much, or says in how long it would fit ([`Duration::MAX`]: never).
    pub fn spend(&mut self, amount: u64, now: Instant) -> Result<(), Duration> {
        let rate = self.rate_per_second as f64;
        let passed = self.since.map(|since| now.saturating_duration_since(since));
        let gained = passed.unwrap_or_default().as_secs_f64() * rate;
        self.left = (self.left + gained).min(self.burst as f64);
        self.since = Some(self.since.map_or(now, |since| since.max(now)));
        if amount > self.burst {
            return Err(Duration::MAX);
        }
        let missing = amount as f64 - self.left;
        if missing > 0.0 {
            return Err(Duration::try_from_secs_f64(missing / rate).unwrap_or(Duration::MAX));
        }
        self.left -= amount as f64;
        Ok(())
    }

    /// Takes that much, into debt if need be, and says how long to take no more.
    pub fn charge(&mut self, amount: u64, now: Instant) -> Option<Duration> {
        // Refills; nothing always fits.
        let _ = self.spend(0, now);
        self.left -= amount as f64;
        let debt = -self.left / self.rate_per_second as f64;
        (debt > 0.0).then(|| Duration::try_from_secs_f64(debt).unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_budget_spends_its_burst_and_then_its_rate() {
        let mut budget = Budget::new(10, 20);
        let start = Instant::now();
        assert_eq!(budget.spend(20, start), Ok(()));
        assert_eq!(budget.spend(1, start), Err(Duration::from_millis(100)));
        assert_eq!(budget.spend(1, start + Duration::from_millis(100)), Ok(()));
        assert!(budget.spend(1, start + Duration::from_millis(100)).is_err());
        // An hour away gives no more than a burst.
        let later = start + Duration::from_secs(3600);
        assert_eq!(budget.spend(20, later), Ok(()));
        assert_eq!(budget.spend(10, later), Err(Duration::from_secs(1)));
        // A clock that stands still, or an older reading, gives nothing.
        assert!(budget.spend(1, start).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_the_burst_never_fits() {
        let mut budget = Budget::new(10, 20);
        assert_eq!(budget.spend(21, Instant::now()), Err(Duration::MAX));
        assert_eq!(budget.spend(20, Instant::now()), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_largest_snapshot_fits_into_the_bytes_of_a_visitor() {
        let snapshot = super::super::frame::SNAPSHOT_BYTES as u64;
        let mut bytes = Budget::VISITOR_BYTES;
        for _ in 0..4 {
            assert_eq!(bytes.spend(snapshot, Instant::now()), Ok(()));
        }
        assert_eq!(bytes.spend(snapshot, Instant::now()), Err(Duration::from_secs(1)));
    }
}
