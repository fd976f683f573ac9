//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// First wait after a loss: short, a restarted server is back at once.
const FIRST: Duration = Duration::from_millis(50);

/// Longest wait: bounds how late a node notices that Redis is back.
const LONGEST: Duration = Duration::from_secs(1);

/// Connections that lived shorter do not reset the wait: a server that greets
/// and then refuses (e.g. NOREPLICAS) must not be dialled in a tight loop.
const STABLE: Duration = Duration::from_secs(5);

/// Doubling waits with jitter, so that a fleet does not dial in step.
#[derive(Debug)]
pub(super) struct Backoff {
    wait: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { wait: FIRST }
    }

    /// The next wait, between half of the present step and all of it.
    pub(super) fn next(&mut self) -> Duration {
        let step = self.wait;
        self.wait = (step * 2).min(LONGEST);
        step.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// A connection stood for that long.
    pub(super) fn lived(&mut self, time: Duration) {
        if time >= STABLE {
            self.wait = FIRST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_second_and_only_a_stable_connection_resets_them() {
        let mut backoff = Backoff::new();
        assert!(backoff.next() <= FIRST);
        for _ in 0..10 {
            assert!(backoff.next() <= LONGEST);
        }
        backoff.lived(Duration::from_millis(10));
        assert!(backoff.next() >= LONGEST / 2);
        backoff.lived(STABLE);
        assert!(backoff.next() <= FIRST);
    }
}
