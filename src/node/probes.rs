//! Probes of the own channel: what was sent, and what came back.

use std::sync::atomic::{AtomicU64, Ordering};

/// Probes that may be silent before the subscription counts as deaf.
pub const SILENT_PROBES: u64 = 2;

/// Counts the probes of one node.
#[derive(Debug, Default)]
pub struct Probes {
    sent: AtomicU64,
    heard: AtomicU64,
}

impl Probes {
    /// The nonce of the next probe.
    pub fn next(&self) -> u64 {
        self.sent.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many were sent after the last one that came back.
    pub fn silent(&self) -> u64 {
        let heard = self.heard.load(Ordering::Relaxed);
        self.sent.load(Ordering::Relaxed).saturating_sub(heard)
    }

    /// A probe came back. True where it is young enough to prove that the bus is up.
    pub fn hear(&self, nonce: u64) -> bool {
        self.heard.fetch_max(nonce, Ordering::Relaxed);
        self.silent() < SILENT_PROBES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_probe_proves_nothing() {
        let probes = Probes::default();
        let [first, _, third] = [probes.next(), probes.next(), probes.next()];
        assert!(!probes.hear(first));
        assert_eq!(probes.silent(), 2);
        assert!(probes.hear(third));
        assert_eq!(probes.silent(), 0);
    }
}
