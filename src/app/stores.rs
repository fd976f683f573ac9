//! Opens the store that `store.url` names.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::StartError;
use crate::{
    activity::{Activity, NotedCobrowse, NotedStreams},
    backend::{
        memory::{
            MemoryBus, MemoryCobrowse, MemoryNodes, MemoryShortCodes, MemorySlots, MemoryStreams,
            MemoryVisitors,
        },
        redis::{
            bus::RedisBus,
            cobrowse::RedisCobrowse,
            keys::Keys,
            link::{Link, LinkOptions, LinkState, Target},
            nodes::RedisNodes,
            short_codes::RedisShortCodes,
            slots::RedisSlots,
            streams::RedisStreams,
            tls::{Tls, TlsFiles},
            visitors::RedisVisitors,
        },
    },
    config::{self, Settings, StoreUrl},
    domain::{
        cluster::{Bus, NodeStore},
        cobrowse::{CobrowseStore, SlotStore},
        short_codes::ShortCodeStore,
        streams::StreamStore,
        visitors::VisitorStore,
    },
    metrics::Metrics,
};

/// The stores of a node behind their traits.
pub(super) struct Stores {
    pub(super) streams: Arc<dyn StreamStore>,
    pub(super) cobrowse: Arc<dyn CobrowseStore>,
    pub(super) slots: Arc<dyn SlotStore>,
    pub(super) short_codes: Arc<dyn ShortCodeStore>,
    pub(super) visitors: Arc<dyn VisitorStore>,
    pub(super) nodes: Arc<dyn NodeStore>,
    pub(super) bus: Arc<dyn Bus>,
    /// Of a Redis store: tells when its connections were rebuilt.
    pub(super) link: Option<watch::Receiver<LinkState>>,
}

impl Stores {
    /// Opens the store; a Redis that is away is waited for in the background.
    pub(super) fn open(
        settings: &Settings,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, StartError> {
        let target = match &settings.store.url {
            StoreUrl::Memory => return Ok(Self::memory()),
            StoreUrl::Redis(url) => Target::Single(url.clone()),
            StoreUrl::Cluster(seeds) => Target::Cluster(seeds.clone()),
            StoreUrl::Sentinel { nodes, master, access } => Target::Sentinel {
                nodes: nodes.clone(),
                master: master.clone(),
                access: access.clone(),
            },
        };
        let options = LinkOptions {
            target,
            connections: settings.store.connections,
            timeout: Duration::from_millis(settings.store.timeout_ms),
            wait_replicas: settings.store.wait_replicas,
            tls: Tls::read(&tls_files(&settings.store))?,
        };
        let link = Link::open(options, tracker, shutdown.clone())?;
        let keys = Keys::new(settings.store.key_prefix.as_str());
        let bus = RedisBus::new(link.clone(), keys.clone(), tracker, shutdown.clone());
        Ok(Self {
            streams: Arc::new(RedisStreams::new(link.clone(), keys.clone())),
            cobrowse: Arc::new(RedisCobrowse::new(link.clone(), keys.clone())),
            slots: Arc::new(RedisSlots::new(link.clone(), keys.clone())),
            short_codes: Arc::new(RedisShortCodes::new(link.clone(), keys.clone())),
            visitors: Arc::new(RedisVisitors::new(link.clone(), keys.clone())),
            nodes: Arc::new(RedisNodes::new(link.clone(), keys)),
            bus: Arc::new(bus),
            link: Some(link.state()),
        })
    }

    /// The same, with what they answer noted.
    pub(super) fn noted(self, activity: &Arc<Activity>, metrics: &Arc<Metrics>) -> Self {
        let (activity, metrics) = (activity.clone(), metrics.clone());
        let cobrowse = NotedCobrowse { store: self.cobrowse, activity: activity.clone() };
        let streams = NotedStreams { store: self.streams, activity, metrics };
        Self { streams: Arc::new(streams), cobrowse: Arc::new(cobrowse), ..self }
    }

    fn memory() -> Self {
        Self {
            streams: Arc::new(MemoryStreams::new()),
            cobrowse: Arc::new(MemoryCobrowse::new()),
            slots: Arc::new(MemorySlots::new()),
            short_codes: Arc::new(MemoryShortCodes::new()),
            visitors: Arc::new(MemoryVisitors::new()),
            nodes: Arc::new(MemoryNodes::new()),
            bus: Arc::new(MemoryBus::default()),
            link: None,
        }
    }
}

fn tls_files(store: &config::Store) -> TlsFiles {
    let (ca, cert) = (store.ca_file.clone(), store.cert_file.clone());
    TlsFiles { ca, cert, key: store.key_file.clone() }
}
