//! Sends a node's sockets to its peers, spread over a window.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{
    health::Health,
    ws::{
        cobrowse::Crowd,
        hub::{Hub, Order},
        protocol::CloseReason,
    },
};

/// Steps the window is cut into: reconnects reach the peers in as many small waves.
const STEPS: u32 = 50;
/// Between two looks whether the last socket is gone.
const LOOK: Duration = Duration::from_millis(20);

/// Drains: not ready, then every socket is closed with a come-back code within `window`, then
/// waits for them until `deadline`. `force` ends it at once.
pub async fn drain(
    health: &Health,
    hub: &Arc<Hub>,
    crowd: &Crowd,
    window: Duration,
    deadline: Instant,
    force: &CancellationToken,
) {
    health.set_draining();
    let sockets = hub.len() + crowd.len();
    crowd.send_away();
    tracing::info!(sockets, "draining");
    let work = async {
        close_all(hub, window).await;
        while !(hub.is_empty() && crowd.is_empty()) {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = work => tracing::info!("drained"),
        () = sleep_until(deadline) => {
            tracing::warn!(sockets = hub.len() + crowd.len(), "the drain deadline is over: closing");
        }
        () = force.cancelled() => tracing::warn!("the drain is forced to its end"),
    }
}

async fn close_all(hub: &Arc<Hub>, window: Duration) {
    let sockets = hub.all();
    let wave = sockets.len().div_ceil(STEPS as usize).max(1);
    for sockets in sockets.chunks(wave) {
        for socket in sockets {
            socket.orders.push(Order::Close(CloseReason::Draining));
        }
        sleep(window / STEPS).await;
    }
    // Those that came while the others were sent away.
    for socket in hub.all() {
        socket.orders.push(Order::Close(CloseReason::Draining));
    }
}
