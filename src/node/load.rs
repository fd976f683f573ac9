//! What the node tells its peers of its load, read off its metrics.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::AtomicI64},
};

use prometheus_client::metrics::gauge::Gauge;

use crate::{
    clock::wall_clock_ms,
    domain::cluster::{Latency, Load, Tally},
    metrics::{Metrics, Snapshot},
};

/// Readings that latency is judged by. One a second: a single second has too few answers for a
/// 99th percentile.
const WINDOW: usize = 10;

/// Reads the load of one node.
pub struct LoadMeter {
    metrics: Arc<Metrics>,
    /// The oldest first.
    readings: VecDeque<Snapshot>,
}

impl LoadMeter {
    /// Of the node that has these metrics.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let readings = VecDeque::from([metrics.request_seconds.snapshot()]);
        Self { metrics, readings }
    }

    /// The load now; called about once a second.
    pub fn take(&mut self, ready: bool) -> Load {
        let metrics = &self.metrics;
        let answered = metrics.request_seconds.snapshot();
        let before = self.readings.front().copied().unwrap_or_default();
        self.readings.push_back(answered);
        if self.readings.len() > WINDOW {
            self.readings.pop_front();
        }
        Load {
            at_ms: wall_clock_ms(),
            ready,
            held_streams: level(&metrics.held_streams),
            hosted_sessions: level(&metrics.hosted_sessions),
            visitors: level(&metrics.presences),
            since_start: Tally {
                requests: answered.count(),
                creates: Metrics::counted(&metrics.admissions, "admitted"),
                refusals: Metrics::counted(&metrics.admissions, "limit_reached"),
                takeovers: Metrics::counted(&metrics.stream_ends, "taken_over"),
                relay_frames: metrics.relay_frames.get(),
                relay_bytes: metrics.relay_bytes.get(),
            },
            latency: latency(&answered.since(&before)),
        }
    }
}

/// A level is never below zero.
fn level(gauge: &Gauge<i64, AtomicI64>) -> u64 {
    u64::try_from(gauge.get()).unwrap_or(0)
}

fn latency(window: &Snapshot) -> Option<Latency> {
    Some(Latency {
        p50_us: window.quantile_us(50)?,
        p95_us: window.quantile_us(95)?,
        p99_us: window.quantile_us(99)?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn latency_is_that_of_the_last_readings_only() {
        let metrics = Arc::new(Metrics::new());
        metrics.request_seconds.observe(Duration::from_secs(60));
        let mut meter = LoadMeter::new(metrics.clone());
        assert_eq!(meter.take(true).latency, None);
        metrics.request_seconds.observe(Duration::from_micros(200));
        let latency = || Some(Latency { p50_us: 250, p95_us: 250, p99_us: 250 });
        for _ in 0..WINDOW {
            assert_eq!(meter.take(true).latency, latency());
        }
        let quiet = meter.take(true);
        assert_eq!((quiet.latency, quiet.since_start.requests), (None, 2));
    }
}
