//! What a node knows of its own state: whether it may take work, and whether its store lost data.

mod epoch;

pub use epoch::Epoch;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::metrics::Metrics;

/// Flags behind `/readyz`. `/livez` asks none of them: a fleet must not restart because its store
/// is down.
#[derive(Debug)]
pub struct Health {
    store: AtomicBool,
    bus: AtomicBool,
    has_heard: AtomicBool,
    draining: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Health {
    /// Not ready until the store and the bus have answered.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            store: AtomicBool::new(false),
            bus: AtomicBool::new(false),
            has_heard: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            metrics,
        }
    }

    /// The store answers, or not. True where that is news.
    pub fn set_store(&self, up: bool) -> bool {
        self.metrics.store_up.set(i64::from(up));
        let is_news = self.store.swap(up, Ordering::Relaxed) != up;
        self.tell_readiness();
        is_news
    }

    /// Messages to the own channel come back, or not. True where that is news.
    pub fn set_bus(&self, up: bool) -> bool {
        self.metrics.bus_up.set(i64::from(up));
        self.has_heard.fetch_or(up, Ordering::Relaxed);
        let is_news = self.bus.swap(up, Ordering::Relaxed) != up;
        self.tell_readiness();
        is_news
    }

    /// The node drains from now on. True for the first call.
    pub fn set_draining(&self) -> bool {
        self.metrics.draining.set(1);
        let is_news = !self.draining.swap(true, Ordering::Relaxed);
        self.tell_readiness();
        is_news
    }

    /// Two that change at once may tell it in either order; the next pulse puts it right.
    fn tell_readiness(&self) {
        self.metrics.ready.set(i64::from(self.obstacles().is_empty()));
    }

    /// Whether it drains.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether its name may get into a record: it has heard its channel, so it can be told of
    /// what it holds. What a later silence costs, renewals make good.
    pub fn may_hold(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    /// What stands in the way of taking work; empty when ready.
    pub fn obstacles(&self) -> Vec<&'static str> {
        let mut obstacles = Vec::new();
        if !self.store.load(Ordering::Relaxed) {
            obstacles.push("the store does not answer");
        }
        if !self.bus.load(Ordering::Relaxed) {
            obstacles.push("messages to this node do not arrive");
        }
        if self.is_draining() {
            obstacles.push("this node is draining");
        }
        obstacles
    }
}
