//! Opens sockets: what every kind of them asks of a request and of the node.

use std::future::ready;

use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    problem::{Kind, Problem},
    state::Api,
};

/// The query of a socket's URL.
#[derive(Deserialize)]
pub struct SocketQuery {
    /// What lets its bearer in.
    pub token: Option<String>,
}

/// A handler's request for a socket, or why it is none.
pub type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// What a socket may take, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct SocketBytes {
    /// Read at once; larger messages make it grow. tungstenite's default is 128 KiB a socket.
    pub read_buffer: usize,
    /// The largest message, and the largest frame.
    pub message: usize,
    /// What may wait to be written before a write fails.
    pub write_buffer: usize,
}

/// A request that asks for a socket, on a node that has room for it.
pub struct Opening {
    upgrade: WebSocketUpgrade,
    permit: OwnedSemaphorePermit,
}

impl Opening {
    /// Takes a place for a socket, on a node that does not drain.
    pub fn new(api: &Api, upgrade: Upgrade) -> Result<Self, Problem> {
        let opening = Self::even_draining(api, upgrade)?;
        if api.health.is_draining() {
            return Err(Problem::new(Kind::NodeUnavailable, "It is draining: connect again."));
        }
        Ok(opening)
    }

    /// The same on a node that may be draining.
    pub fn even_draining(api: &Api, upgrade: Upgrade) -> Result<Self, Problem> {
        let upgrade = upgrade.map_err(|_| {
            Problem::new(Kind::UpgradeRequired, "Open this URL with a WebSocket client.")
        })?;
        let permit = api.socket_permits.clone().try_acquire_owned().map_err(|_| {
            Problem::new(Kind::NodeUnavailable, "It holds node.max_sockets sockets: try another.")
        })?;
        Ok(Self { upgrade, permit })
    }

    /// Opens the socket, and serves it to its end.
    pub fn open<F: Future<Output = ()> + Send + 'static>(
        self,
        bytes: SocketBytes,
        serve: impl FnOnce(WebSocket) -> F + Send + 'static,
    ) -> Response {
        let Self { upgrade, permit } = self;
        let upgrade = upgrade
            .read_buffer_size(bytes.read_buffer)
            .write_buffer_size(0)
            .max_write_buffer_size(bytes.write_buffer)
            .max_message_size(bytes.message)
            .max_frame_size(bytes.message);
        upgrade.on_upgrade(move |socket| {
            let served = serve(socket);
            // A task of its own: the one that shook hands keeps room for that as long as it runs.
            tokio::spawn(async move {
                served.await;
                drop(permit);
            });
            ready(())
        })
    }
}
