//! A node's life: it serves, drains, and stops.

use std::time::Duration;

use axum::Router;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Listeners, parts::Parts};
use crate::{config::Settings, http, node::drain::drain};

/// After the deadline a node still says good-bye to its peers, for so long at most.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is served where.
pub(super) struct Routes {
    pub(super) public: Router,
    pub(super) admin: Router,
}

/// How long a drain may take.
pub(super) struct Windows {
    drain: Duration,
    deadline: Duration,
}

impl Windows {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            drain: Duration::from_secs(settings.node.drain_seconds),
            deadline: Duration::from_secs(settings.node.drain_deadline_seconds),
        }
    }
}

impl Parts {
    /// Serves until drained. The drain, and the requests under way, share one deadline.
    pub(super) async fn run(self, listeners: Listeners, routes: Routes, windows: Windows) {
        let stop = CancellationToken::new();
        let public = http::server::serve(listeners.public, routes.public, stop.clone());
        let admin = http::server::serve(listeners.admin, routes.admin, stop.clone());
        let servers = tokio::spawn(async move { tokio::join!(public, admin) });
        self.drain.cancelled().await;
        let deadline = Instant::now() + windows.deadline;
        drain(&self.api.health, &self.hub, windows.drain, deadline, &self.force).await;
        stop.cancel();
        let _ = self.force.run_until_cancelled(timeout_at(deadline, servers)).await;
        self.shutdown.cancel();
        self.tracker.close();
        let _ = timeout(LAST_WORDS, self.tracker.wait()).await;
    }
}
