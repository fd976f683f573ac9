//! Makes the parts of a node and starts its background tasks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{StartError, cobrowse, stores::Stores, terms};
use crate::{
    activity::Activity,
    auth::{Keyring, LinkTokens, SocketTokens},
    backend::redis::link::LinkState,
    clock::{wall_clock, wall_clock_ms},
    config::Settings,
    domain::{
        cluster::NodeRecord,
        short_codes::ShortCodeService,
        streams::{Lives, StreamService},
    },
    health::{Epoch, Health},
    http::{
        self,
        cobrowse_host::Directions,
        demo::Demo,
        pages::Pages,
        state::{Api, SharedApi, socket_url},
        watch_link::watch_url,
    },
    metrics::Metrics,
    node::{
        hosting::Hosting, inbox::Inbox, presence::PresenceBeats, probes::Probes, pulse::Pulse,
        renewals::Renewals,
    },
    ws::{cobrowse::CobrowseSockets, hub::Hub, stream::StreamSockets},
};

/// Renewals that fit into a lease: two may fail before it lapses.
const RENEWALS_PER_LEASE: u32 = 3;

/// Everything a node is made of.
pub(super) struct Parts {
    pub(super) api: SharedApi,
    pub(super) hub: Arc<Hub>,
    link: Option<watch::Receiver<LinkState>>,
    pub(super) tracker: TaskTracker,
    /// Begins the end.
    pub(super) drain: CancellationToken,
    /// Ends the drain.
    pub(super) force: CancellationToken,
    /// Ends the listeners.
    pub(super) stop: CancellationToken,
    /// Ends the background tasks.
    pub(super) shutdown: CancellationToken,
    /// Cancelled where a background task ended that never should.
    pub(super) defect: CancellationToken,
    epoch: Arc<Epoch>,
}

impl Parts {
    pub(super) fn new(
        settings: &Settings,
        bound: SocketAddr,
        dev: bool,
    ) -> Result<Self, StartError> {
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let metrics = Arc::new(Metrics::new());
        metrics.started(wall_clock());
        metrics.max_sockets.set(i64::try_from(settings.node.max_sockets).unwrap_or(i64::MAX));
        let health = Arc::new(Health::new(metrics.clone()));
        let activity = Arc::new(Activity::new(settings.node.name.clone()));
        let stores = Stores::open(settings, &tracker, &shutdown)?.noted(&activity, &metrics);
        let epoch = Arc::new(Epoch::new(stores.nodes.clone()));
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
            epoch: epoch.clone(),
            node: settings.node.name.clone(),
            pong_timeout: Duration::from_millis(settings.streams.pong_timeout_ms),
            ping_every: Duration::from_secs(settings.streams.ping_seconds),
        });
        let (keys, listed, timing) = terms::keys(settings);
        let (drain, stop) = (CancellationToken::new(), CancellationToken::new());
        let secret = settings.auth.secret.as_ref();
        let demo = secret.filter(|_| dev).map(|secret| Demo {
            secret: secret.expose().to_owned(),
            api_key: settings.demo_api_key.as_ref().map(|key| key.expose().to_owned()),
        });
        let public_url = settings.public_url(bound);
        let cobrowse = cobrowse::sockets(settings, bound, &stores, &metrics);
        let short_codes = ShortCodeService::new(
            stores.short_codes,
            cobrowse.service.clone(),
            terms::short_codes(settings),
        );
        let viewer_origins = cobrowse::viewer_origins(settings, bound);
        let cookie = settings.cobrowse.cookie.attributes(public_url.scheme() == "https");
        let cluster_secret = settings.cluster.secret.expose().as_bytes();
        let api = Arc::new(Api {
            streams,
            cobrowse: cobrowse.service.clone(),
            visitors: cobrowse.visitors.clone(),
            cobrowse_sockets: Arc::new(cobrowse),
            viewer_origins,
            short_codes: Arc::new(short_codes),
            sites: terms::sites(settings, dev.then_some(&public_url)),
            directions: Directions::new(&cookie, &public_url, &settings.cobrowse.base_path),
            tenants,
            keyring: Arc::new(Keyring::new(keys, listed, timing)?),
            socket_tokens: SocketTokens::new(cluster_secret),
            link_tokens: LinkTokens::new(cluster_secret),
            sockets,
            socket_permits: Arc::new(Semaphore::new(settings.node.max_sockets)),
            health,
            metrics,
            activity,
            nodes: stores.nodes,
            bus: stores.bus,
            node: settings.node.name.clone(),
            socket_url: socket_url(&public_url, http::stream_socket::PATH),
            cobrowse_base_path: settings.cobrowse.base_path.clone(),
            watch_url: watch_url(&public_url, &settings.cobrowse.base_path),
            api_key: settings.watch.api_key.as_ref().map(|key| key.expose().to_owned()),
            media_ttl: Duration::from_secs(settings.media_sessions.ttl_seconds),
            trusted_proxies: settings.trusted_proxies.clone(),
            admin_token: settings.admin.token.as_ref().map(|token| token.expose().to_owned()),
            pages: Pages::new(settings.web.dir.clone()),
            demo,
            drain: drain.clone(),
            stop: stop.clone(),
        });
        let (force, defect) = (CancellationToken::new(), CancellationToken::new());
        let link = stores.link;
        Ok(Self { api, hub, link, tracker, drain, force, stop, shutdown, defect, epoch })
    }

    pub(super) fn start_tasks(&self, settings: &Settings, bound: SocketAddr) {
        let api = &self.api;
        let probes = Arc::new(Probes::default());
        let inbox = Inbox {
            hub: self.hub.clone(),
            cobrowse: api.cobrowse_sockets.clone(),
            health: api.health.clone(),
            metrics: api.metrics.clone(),
            probes: probes.clone(),
            drain: self.drain.clone(),
        };
        let deliveries = api.bus.subscribe(&api.node);
        self.watch("inbox", inbox.run(deliveries, self.shutdown.clone()));
        let pulse = Pulse {
            nodes: api.nodes.clone(),
            bus: api.bus.clone(),
            health: api.health.clone(),
            hub: self.hub.clone(),
            cobrowse: api.cobrowse_sockets.clone(),
            epoch: self.epoch.clone(),
            metrics: api.metrics.clone(),
            activity: api.activity.clone(),
            probes,
            record: record(settings, bound),
        };
        self.watch("pulse", pulse.run(self.shutdown.clone()));
        let renewals = Renewals {
            service: api.streams.clone(),
            hub: self.hub.clone(),
            epoch: self.epoch.clone(),
            metrics: api.metrics.clone(),
            activity: api.activity.clone(),
            node: api.node.clone(),
        };
        self.watch("renewals", renewals.run(self.shutdown.clone()));
        let hosting = Hosting { cobrowse: api.cobrowse_sockets.clone() };
        self.watch("hosting", hosting.run(self.shutdown.clone()));
        let presence = PresenceBeats { cobrowse: api.cobrowse_sockets.clone() };
        self.watch("presence", presence.run(self.shutdown.clone()));
        if let Some(link) = self.link.clone() {
            let recheck = recheck_rebuilt(link, self.hub.clone(), api.cobrowse_sockets.clone());
            self.tracker.spawn(self.shutdown.clone().run_until_cancelled_owned(recheck));
        }
        let keyring = api.keyring.clone();
        self.tracker.spawn(async move { keyring.load().await });
    }

    /// Runs a task that lives as long as the node. Should it end sooner, by a defect, the node
    /// drains: without its renewals, say, every lease would lapse while all looks well.
    fn watch(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let task = self.tracker.spawn(task);
        let (shutdown, drain, defect) =
            (self.shutdown.clone(), self.drain.clone(), self.defect.clone());
        self.tracker.spawn(async move {
            let ended = task.await;
            if ended.is_err() || !shutdown.is_cancelled() {
                tracing::error!(name, "a background task ended by a defect: this node drains");
                defect.cancel();
                drain.cancel();
            }
        });
    }
}

/// Connections that were rebuilt may lead to an older replica: what is held here is checked.
async fn recheck_rebuilt(
    mut link: watch::Receiver<LinkState>,
    hub: Arc<Hub>,
    cobrowse: Arc<CobrowseSockets>,
) {
    let mut known = link.borrow_and_update().incarnation;
    while link.changed().await.is_ok() {
        let state = *link.borrow_and_update();
        if state.up && state.incarnation != known {
            known = state.incarnation;
            Metrics::count(&cobrowse.metrics.rechecks, "reconnected");
            hub.recheck();
            cobrowse.rooms.look_at_all();
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
        started_ms: wall_clock_ms(),
        load: None,
    }
}
