//! A histogram that can also be read: Prometheus scrapes it, and the node tells its peers of it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

/// Upper bounds in microseconds: a script call is well under a millisecond.
const BOUNDS_US: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000,
];
/// One more for what took longer than the last bound.
const BUCKETS: usize = BOUNDS_US.len() + 1;

/// How long things took, by buckets.
#[derive(Debug, Clone, Default)]
pub struct Timings(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    buckets: [AtomicU64; BUCKETS],
    total_us: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot([u64; BUCKETS]);

impl Timings {
    /// One more that took so long.
    pub fn observe(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < took_us);
        if let Some(count) = self.0.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.0.total_us.fetch_add(took_us, Ordering::Relaxed);
    }

    /// The counts now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.buckets.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl Snapshot {
    /// How many were observed.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What was observed after an earlier snapshot.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = *self;
        for (count, before) in since.0.iter_mut().zip(earlier.0) {
            *count = count.saturating_sub(before);
        }
        since
    }

    /// An estimate of a quantile in microseconds, as `histogram_quantile` of Prometheus makes it:
    /// even within a bucket, and never above the last bound. None where nothing was observed.
    pub fn quantile_us(&self, percent: u64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (count * percent).div_ceil(100).max(1);
        let (mut below, mut lower) = (0, 0);
        for (in_bucket, upper) in self.0.iter().zip(BOUNDS_US) {
            if below + in_bucket >= rank {
                return Some(lower + (upper - lower) * (rank - below) / in_bucket);
            }
            below += in_bucket;
            lower = upper;
        }
        Some(lower)
    }
}

impl EncodeMetric for Timings {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        let bounds = BOUNDS_US.iter().map(|us| Duration::from_micros(*us).as_secs_f64());
        let bounds = bounds.chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(snapshot.0).collect();
        let total = Duration::from_micros(self.0.total_us.load(Ordering::Relaxed));
        encoder.encode_histogram::<NoLabelSet>(
            total.as_secs_f64(),
            snapshot.count(),
            &buckets,
            None,
        )
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(took_us: impl IntoIterator<Item = u64>) -> Timings {
        let timings = Timings::default();
        took_us.into_iter().for_each(|us| timings.observe(Duration::from_micros(us)));
        timings
    }

    #[test]
    fn quantiles_are_even_within_a_bucket() {
        let snapshot = timings((1..=100).map(|number| number * 10)).snapshot();
        assert_eq!(snapshot.quantile_us(50), Some(500));
        assert_eq!(snapshot.quantile_us(75), Some(750));
        assert_eq!(snapshot.quantile_us(99), Some(990));
        assert_eq!(timings([1]).snapshot().quantile_us(50), Some(250));
        assert_eq!(timings([]).snapshot().quantile_us(99), None);
    }

    #[test]
    fn nothing_is_estimated_above_the_last_bound() {
        let snapshot = timings([60_000_000]).snapshot();
        assert_eq!((snapshot.count(), snapshot.quantile_us(50)), (1, Some(5_000_000)));
    }

    #[test]
    fn a_window_holds_what_came_after_it_began() {
        let timings = timings([5_000_000; 10]);
        let before = timings.snapshot();
        timings.observe(Duration::from_micros(900));
        let window = timings.snapshot().since(&before);
        assert_eq!((window.count(), window.quantile_us(95)), (1, Some(1_000)));
    }

    #[test]
    fn scrapers_get_buckets_that_add_up() {
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register("took", "How long", timings([100, 300, 9_000_000]));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "took_sum 9.0004",
            "took_count 3",
            "took_bucket{le=\"0.00025\"} 1",
            "took_bucket{le=\"0.0005\"} 2",
            "took_bucket{le=\"5.0\"} 2",
            "took_bucket{le=\"+Inf\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
