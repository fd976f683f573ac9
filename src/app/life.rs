//! A node's life: it serves, drains, and stops.

use std::time::Duration;

use axum::Router;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Listeners, parts::Parts};
use crate::{config::Settings, http, node::drain::drain};

/// After the deadline a node still says good-bye to its peers, for so long at most.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Connections of the public listener beyond one for each socket: load balancers, backends, probes.
///
/// Every player of a full node may keep a connection for its calls beside its socket, and all may
/// come at once when another node dies. A node so needs twice `node.max_sockets` and some 2,200
/// file descriptors at the very most.
const SPARE_CONNECTIONS: usize = 1024;
/// Connections of the admin listener: a few scrapers, probes and operators each keep some.
const ADMIN_CONNECTIONS: usize = 1024;

/// What is served where.
pub(super) struct Routes {
    pub(super) public: Router,
    pub(super) admin: Router,
}

/// How long a drain may take, and how much is served until then.
pub(super) struct Windows {
    drain: Duration,
    deadline: Duration,
    /// Connections of the public listener that are no sockets (yet).
    connections: usize,
}

impl Windows {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            drain: Duration::from_secs(settings.node.drain_seconds),
            deadline: Duration::from_secs(settings.node.drain_deadline_seconds),
            connections: settings.node.max_sockets + SPARE_CONNECTIONS,
        }
    }
}

impl Parts {
    /// Serves until drained. The drain, and the requests under way, share one deadline.
    pub(super) async fn run(self, listeners: Listeners, routes: Routes, windows: Windows) {
        let stop = self.stop.clone();
        let (public, admin) = (windows.connections, ADMIN_CONNECTIONS);
        let public = http::server::serve(listeners.public, routes.public, public, stop.clone());
        let admin = http::server::serve(listeners.admin, routes.admin, admin, stop.clone());
        let servers = tokio::spawn(async move { tokio::join!(public, admin) });
        self.drain.cancelled().await;
        let deadline = Instant::now() + windows.deadline;
        let crowd = &self.api.cobrowse_sockets.crowd;
        drain(&self.api.health, &self.hub, crowd, windows.drain, deadline, &self.force).await;
        stop.cancel();
        let _ = self.force.run_until_cancelled(timeout_at(deadline, servers)).await;
        self.shutdown.cancel();
        self.tracker.close();
        let _ = timeout(LAST_WORDS, self.tracker.wait()).await;
    }
}
