//! Puts a node together: store, services, sockets, listeners, background tasks.
//!
//! The only place that knows every part. Listeners and shutdown come from outside, and nothing is
//! static: a test runs three nodes in one process.

mod stores;
mod terms;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::stores::Stores;
use crate::{
    auth::{Keyring, KeyringError, SocketTokens},
    backend::redis::link::{LinkConfigError, LinkState},
    config::Settings,
    domain::{
        cluster::NodeRecord,
        ids::NodeName,
        streams::{Lives, StreamService},
    },
    http::{
        self,
        demo::Demo,
        pages::Pages,
        state::{Api, SharedApi, socket_url},
    },
    metrics::Metrics,
    node::{
        drain::drain,
        health::Health,
        inbox::Inbox,
        pulse::{Pulse, wall_clock},
        renewals::Renewals,
    },
    ws::{hub::Hub, stream::StreamSockets},
};

/// Requests under way may finish this long after the sockets are gone.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Renewals that fit into a lease: two may fail before it lapses.
const RENEWALS_PER_LEASE: u32 = 3;

/// The sockets a node listens on.
#[derive(Debug)]
pub struct Listeners {
    /// For clients.
    pub public: TcpListener,
    /// For operators, probes and metrics.
    pub admin: TcpListener,
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("{setting} = {address}: {source}; choose another address or stop what listens there")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A listener's own address cannot be read.
    #[error("a listener does not tell its address")]
    Address(#[source] std::io::Error),
    /// The store's address is no good.
    #[error("store.url cannot be used")]
    Store(#[from] LinkConfigError),
    /// The keys of a tenant are no good.
    #[error("the keys of a tenant cannot be used")]
    Keys(#[from] KeyringError),
}

impl Listeners {
    /// Listens where the settings say.
    pub async fn bind(settings: &Settings) -> Result<Self, StartError> {
        let public = listen("listen", settings.listen).await?;
        let admin = listen("admin.listen", settings.admin.listen).await?;
        Ok(Self { public, admin })
    }
}

async fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |source| StartError::Listen { setting, address, source };
    TcpListener::bind(address).await.map_err(failed)
}

/// A running node.
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// Where clients reach it.
    pub public_addr: SocketAddr,
    /// Where operators reach it.
    pub admin_addr: SocketAddr,
    drain: CancellationToken,
    force: CancellationToken,
    done: JoinHandle<()>,
}

impl Node {
    /// Starts a node. It also starts while the store is away, and is not ready then.
    pub async fn start(
        settings: &Settings,
        listeners: Listeners,
        dev: bool,
    ) -> Result<Self, StartError> {
        let public_addr = listeners.public.local_addr().map_err(StartError::Address)?;
        let admin_addr = listeners.admin.local_addr().map_err(StartError::Address)?;
        let parts = Parts::new(settings, public_addr, dev)?;
        let (drain, force) = (parts.drain.clone(), parts.force.clone());
        parts.start_tasks(settings, public_addr);
        let routes = Routes {
            public: http::public(parts.api.clone(), &settings.media_sessions.base_path),
            admin: http::private(parts.api.clone()),
        };
        let name = settings.node.name.clone();
        let done = tokio::spawn(parts.run(listeners, routes, Windows::of(settings)));
        Ok(Self { name, public_addr, admin_addr, drain, force, done })
    }

    /// Cancelled to drain and stop the node.
    pub fn drain(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Cancelled to end a drain at once.
    pub fn force(&self) -> CancellationToken {
        self.force.clone()
    }

    /// Waits until the node has stopped.
    pub async fn stopped(self) {
        if let Err(error) = self.done.await {
            tracing::error!(%error, "the node ended by a defect");
        }
    }
}

struct Routes {
    public: Router,
    admin: Router,
}

struct Windows {
    drain: Duration,
    deadline: Duration,
}

impl Windows {
    fn of(settings: &Settings) -> Self {
        Self {
            drain: Duration::from_secs(settings.node.drain_seconds),
            deadline: Duration::from_secs(settings.node.drain_deadline_seconds),
        }
    }
}

/// Everything a node is made of.
struct Parts {
    api: SharedApi,
    hub: Arc<Hub>,
    link: Option<watch::Receiver<LinkState>>,
    tracker: TaskTracker,
    /// Begins the end.
    drain: CancellationToken,
    /// Ends the drain.
    force: CancellationToken,
    /// Ends the background tasks.
    shutdown: CancellationToken,
}

impl Parts {
    fn new(settings: &Settings, bound: SocketAddr, dev: bool) -> Result<Self, StartError> {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let metrics = Arc::new(Metrics::new());
        metrics.started(wall_clock());
        let health = Arc::new(Health::new(metrics.clone()));
        let stores = Stores::open(settings, &tracker, &shutdown)?;
        let tenants = Arc::new(terms::tenants(settings));
        let streams = Arc::new(StreamService::new(
            stores.streams.clone(),
            stores.bus.clone(),
            tenants.clone(),
            lives(settings),
            settings.streams.enabled,
        ));
        let lease = Duration::from_secs(settings.streams.lease_seconds);
        let hub = Arc::new(Hub::new(lease / RENEWALS_PER_LEASE));
        let sockets = Arc::new(StreamSockets {
            service: streams.clone(),
            hub: hub.clone(),
            tenants: tenants.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            node: settings.node.name.clone(),
            pong_timeout: Duration::from_millis(settings.streams.pong_timeout_ms),
            ping_every: Duration::from_secs(settings.streams.ping_seconds),
        });
        let (keys, listed, timing) = terms::keys(settings);
        let drain = CancellationToken::new();
        let secret = settings.auth.secret.as_ref();
        let demo = secret.filter(|_| dev).map(|secret| Demo { secret: secret.expose().to_owned() });
        let api = Arc::new(Api {
            streams,
            tenants,
            keyring: Arc::new(Keyring::new(keys, listed, timing)?),
            socket_tokens: SocketTokens::new(settings.cluster.secret.expose().as_bytes()),
            sockets,
            socket_permits: Arc::new(Semaphore::new(settings.node.max_sockets)),
            health,
            metrics,
            nodes: stores.nodes,
            bus: stores.bus,
            node: settings.node.name.clone(),
            socket_url: socket_url(&settings.public_url(bound)),
            public_url: settings.public_url(bound),
            media_ttl: Duration::from_secs(settings.media_sessions.ttl_seconds),
            trusted_proxies: settings.trusted_proxies.clone(),
            admin_token: settings.admin.token.as_ref().map(|token| token.expose().to_owned()),
            pages: Pages::new(settings.web.dir.clone()),
            demo,
            drain: drain.clone(),
        });
        let force = CancellationToken::new();
        Ok(Self { api, hub, link: stores.link, tracker, drain, force, shutdown })
    }

    fn start_tasks(&self, settings: &Settings, bound: SocketAddr) {
        let api = &self.api;
        let probe = Arc::new(AtomicU64::new(0));
        let inbox = Inbox {
            hub: self.hub.clone(),
            health: api.health.clone(),
            metrics: api.metrics.clone(),
            probe: probe.clone(),
            drain: self.drain.clone(),
        };
        let deliveries = api.bus.subscribe(&api.node);
        self.tracker.spawn(inbox.run(deliveries, self.shutdown.clone()));
        let pulse = Pulse {
            nodes: api.nodes.clone(),
            bus: api.bus.clone(),
            health: api.health.clone(),
            hub: self.hub.clone(),
            metrics: api.metrics.clone(),
            probe,
            record: record(settings, bound),
        };
        self.tracker.spawn(pulse.run(self.shutdown.clone()));
        let renewals = Renewals {
            service: api.streams.clone(),
            hub: self.hub.clone(),
            metrics: api.metrics.clone(),
            node: api.node.clone(),
        };
        self.tracker.spawn(renewals.run(self.shutdown.clone()));
        if let Some(link) = self.link.clone() {
            let recheck = recheck_rebuilt(link, self.hub.clone(), api.metrics.clone());
            self.tracker.spawn(self.shutdown.clone().run_until_cancelled_owned(recheck));
        }
        let keyring = api.keyring.clone();
        self.tracker.spawn(async move { keyring.load().await });
    }

    /// Serves until drained.
    async fn run(self, listeners: Listeners, routes: Routes, windows: Windows) {
        let stop = CancellationToken::new();
        let public = http::server::serve(listeners.public, routes.public, stop.clone());
        let admin = http::server::serve(listeners.admin, routes.admin, stop.clone());
        let servers = tokio::spawn(async move { tokio::join!(public, admin) });
        self.drain.cancelled().await;
        drain(&self.api.health, &self.hub, windows.drain, windows.deadline, &self.force).await;
        stop.cancel();
        let _ = timeout(LAST_REQUESTS, servers).await;
        self.shutdown.cancel();
        self.tracker.close();
        let _ = timeout(LAST_REQUESTS, self.tracker.wait()).await;
    }
}

/// Connections that were rebuilt may lead to an older replica: what is held here is checked.
async fn recheck_rebuilt(
    mut link: watch::Receiver<LinkState>,
    hub: Arc<Hub>,
    metrics: Arc<Metrics>,
) {
    let mut known = link.borrow_and_update().incarnation;
    while link.changed().await.is_ok() {
        let state = *link.borrow_and_update();
        if state.up && state.incarnation != known {
            known = state.incarnation;
            Metrics::count(&metrics.rechecks, "reconnected");
            hub.recheck();
        }
    }
}

fn lives(settings: &Settings) -> Lives {
    let streams = &settings.streams;
    Lives {
        connect_grace: Duration::from_secs(streams.connect_grace_seconds),
        lease: Duration::from_secs(streams.lease_seconds),
        reconnect_grace: Duration::from_secs(streams.reconnect_grace_seconds),
        heartbeat: Duration::from_secs(settings.media_sessions.ttl_seconds),
    }
}

fn record(settings: &Settings, bound: SocketAddr) -> NodeRecord {
    NodeRecord {
        name: settings.node.name.clone(),
        server_url: settings.node.server_url.as_ref().map(ToString::to_string),
        internal_url: settings.internal_url(bound).into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sockets: 0,
        draining: false,
        started_ms: u64::try_from(wall_clock().as_millis()).unwrap_or(u64::MAX),
    }
}
