//! Every metric of Baton, declared in one place.
//!
//! A registry per node and none per process: a test runs three nodes side by side.

mod timings;

pub use timings::{Snapshot, Timings};

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::{Registry, Unit},
};

/// One label that names what happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// A word from a fixed set.
    pub outcome: &'static str,
}

/// A request by its route (the pattern, never the path) and status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Pattern of the route, or `unmatched`.
    pub route: String,
    /// Status code.
    pub status: u16,
}

/// The metrics of one node.
pub struct Metrics {
    registry: Registry,
    /// Requests answered.
    pub requests: Family<Request, Counter>,
    /// Time from request to answer.
    pub request_seconds: Timings,
    /// Sockets open now.
    pub sockets: Gauge,
    /// Sockets this node takes at most.
    pub max_sockets: Gauge,
    /// Stream sessions whose socket this node holds.
    pub held_streams: Gauge,
    /// Co-browse sessions this node hosts.
    pub hosted_sessions: Gauge,
    /// Visitors who are online here.
    pub presences: Gauge,
    /// Binary frames of visitors.
    pub relay_frames: Counter,
    /// Their bytes.
    pub relay_bytes: Counter,
    /// Ends of co-browse sockets by reason.
    pub relay_ends: Family<Outcome, Counter>,
    /// Viewers' sockets passed on to another node, by outcome.
    pub passed_on: Family<Outcome, Counter>,
    /// Requests for stream sessions by outcome.
    pub admissions: Family<Outcome, Counter>,
    /// Ends of stream sessions by reason.
    pub stream_ends: Family<Outcome, Counter>,
    /// Socket ends by reason.
    pub socket_ends: Family<Outcome, Counter>,
    /// Renewals by verdict.
    pub renewals: Family<Outcome, Counter>,
    /// Messages of the bus that arrived, by kind.
    pub bus_messages: Family<Outcome, Counter>,
    /// Messages that this node could not publish, since its start.
    pub bus_dropped: Gauge,
    /// Times all held sessions were checked against the store, by cause.
    pub rechecks: Family<Outcome, Counter>,
    /// 1 while the store answers.
    pub store_up: Gauge,
    /// 1 while messages to the own channel come back.
    pub bus_up: Gauge,
    /// Failed calls to the store, by what was tried.
    pub store_errors: Family<Outcome, Counter>,
    /// 1 while `/readyz` is green.
    pub ready: Gauge,
    /// 1 while draining.
    pub draining: Gauge<i64>,
    /// Tokens refused, by reason.
    pub refused_tokens: Family<Outcome, Counter>,
    /// Seconds since 1970 at which the node started.
    started: Gauge<f64, AtomicU64>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("baton"),
            requests: Family::default(),
            request_seconds: Timings::default(),
            sockets: Gauge::default(),
            max_sockets: Gauge::default(),
            held_streams: Gauge::default(),
            hosted_sessions: Gauge::default(),
            presences: Gauge::default(),
            relay_frames: Counter::default(),
            relay_bytes: Counter::default(),
            relay_ends: Family::default(),
            passed_on: Family::default(),
            admissions: Family::default(),
            stream_ends: Family::default(),
            socket_ends: Family::default(),
            renewals: Family::default(),
            bus_messages: Family::default(),
            bus_dropped: Gauge::default(),
            rechecks: Family::default(),
            store_up: Gauge::default(),
            bus_up: Gauge::default(),
            store_errors: Family::default(),
            ready: Gauge::default(),
            draining: Gauge::default(),
            refused_tokens: Family::default(),
            started: Gauge::default(),
        };
        metrics.begin_at_zero();
        metrics.declare();
        metrics
    }

    /// What alerts look at is there before it first happens: a rate sees no growth in a series that
    /// begins with its first event.
    fn begin_at_zero(&self) {
        let watched: [(&Family<Outcome, Counter>, &[&'static str]); 7] = [
            (&self.admissions, &["admitted", "limit_reached"]),
            (&self.passed_on, &["connected", "failed"]),
            (&self.relay_ends, &["dropped", "too_slow"]),
            (&self.socket_ends, &["dropped", "too_slow"]),
            (&self.rechecks, &["data_lost", "forgotten", "reconnected", "resubscribed"]),
            (&self.renewals, &["live", "failed"]),
            (&self.store_errors, &["beat", "connect", "create", "host", "leave", "pulse"]),
        ];
        for (family, outcomes) in watched {
            for outcome in outcomes {
                drop(family.get_or_create(&Outcome { outcome }));
            }
        }
    }

    fn declare(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from request to answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("sockets", "Sockets open now", self.sockets.clone());
        registry.register(
            "max_sockets",
            "Sockets the node takes at most: node.max_sockets",
            self.max_sockets.clone(),
        );
        registry.register(
            "held_streams",
            "Stream sessions whose socket this node holds",
            self.held_streams.clone(),
        );
        registry.register(
            "stream_admissions",
            "Requests for stream sessions by outcome",
            self.admissions.clone(),
        );
        registry.register(
            "stream_ends",
            "Stream sessions ended by calls and sockets of this node, by reason",
            self.stream_ends.clone(),
        );
        registry.register(
            "cobrowse_hosted",
            "Co-browse sessions this node hosts",
            self.hosted_sessions.clone(),
        );
        registry.register(
            "visitors_online",
            "Visitors whose presence connection this node holds",
            self.presences.clone(),
        );
        registry.register(
            "relay_frames",
            "Binary frames received from visitors",
            self.relay_frames.clone(),
        );
        registry.register(
            "relay_bytes",
            "Bytes of binary frames received from visitors",
            self.relay_bytes.clone(),
        );
        registry.register(
            "cobrowse_socket_ends",
            "Co-browse sockets closed, by reason",
            self.relay_ends.clone(),
        );
        registry.register(
            "relay_passed_on",
            "Viewers' sockets passed on to the host of their session, by outcome",
            self.passed_on.clone(),
        );
        registry.register("socket_ends", "Sockets closed, by reason", self.socket_ends.clone());
        registry.register("stream_renewals", "Renewals by verdict", self.renewals.clone());
        registry.register("bus_messages", "Messages received by kind", self.bus_messages.clone());
        registry.register(
            "bus_dropped",
            "Messages not published since the start",
            self.bus_dropped.clone(),
        );
        registry.register(
            "rechecks",
            "Times all held sessions were checked against the store, by cause",
            self.rechecks.clone(),
        );
        registry.register("store_up", "1 while the store answers", self.store_up.clone());
        registry.register("bus_up", "1 while the node hears itself", self.bus_up.clone());
        registry.register(
            "store_errors",
            "Failed calls to the store by what was tried",
            self.store_errors.clone(),
        );
        registry.register("ready", "1 while the node takes work: /readyz", self.ready.clone());
        registry.register("draining", "1 while draining", self.draining.clone());
        registry.register(
            "refused_tokens",
            "Bearer tokens refused, by reason",
            self.refused_tokens.clone(),
        );
        registry.register_with_unit(
            "start_time",
            "When the node started, since 1970",
            Unit::Seconds,
            self.started.clone(),
        );
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The release of the node", version);
    }

    /// Notes the start time.
    pub fn started(&self, since_epoch: Duration) {
        self.started.set(since_epoch.as_secs_f64());
    }

    /// Counts one event of a family.
    pub fn count(family: &Family<Outcome, Counter>, outcome: &'static str) {
        family.get_or_create(&Outcome { outcome }).inc();
    }

    /// How often that was counted.
    pub fn counted(family: &Family<Outcome, Counter>, outcome: &'static str) -> u64 {
        family.get_or_create(&Outcome { outcome }).get()
    }

    /// The text a Prometheus server scrapes.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
