//! Opens stream sockets: the token, the origin and the node's capacity are checked before.

use std::future::ready;

use axum::{
    extract::{Query, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;

use super::{
    extract::check_origin,
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{metrics::Metrics, ws::stream::serve};

/// Where stream sockets are opened.
pub const PATH: &str = "/sessions/socket";

/// A player's messages are some dozen bytes; tungstenite's default would hold 128 KiB a socket.
/// Larger ones make it grow.
const READ_BUFFER: usize = 256;
/// Largest message and frame from a player.
const MESSAGE_BYTES: usize = 4096;
/// Bytes that may wait to be written before a write fails.
const WRITE_BUFFER: usize = 16 * 1024;

/// The query of the `endpoint`.
#[derive(Deserialize)]
pub struct SocketQuery {
    token: Option<String>,
}

/// Open the socket of a session
///
/// The complete URL is the `endpoint` of `POST /sessions`. Text frames, one JSON object each with
/// the key `action`: the player says `REQUESTED`, `PONG`, `FINISHED`; it is told `OK`, `EXPIRED`,
/// `PING`, `TERMINATE`, `TAKE_OVER`. The newest socket of a session wins.
#[utoipa::path(
    get, path = "/sessions/socket", operation_id = "open_session_socket",
    tag = "DRISC",
    params(("token" = String, Query, description = "Signed by Baton, bound to the session")),
    responses(
        (status = 101, description = "The socket is open: say `REQUESTED`"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 426, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn open(
    State(api): State<SharedApi>,
    Query(query): Query<SocketQuery>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let token = query.token.unwrap_or_default();
    let claims = api.socket_tokens.verify(&token).map_err(|error| {
        Metrics::count(&api.metrics.refused_tokens, error.word());
        Problem::new(Kind::InvalidToken, "Use the complete `endpoint` of POST /sessions.")
    })?;
    check_origin(&headers, &api.tenants.get(&claims.account.tenant).origins)?;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(Kind::UpgradeRequired, "Open this URL with a WebSocket client.")
    })?;
    let permit = api.socket_permits.clone().try_acquire_owned().map_err(|_| {
        Problem::new(Kind::NodeUnavailable, "It holds node.max_sockets sockets: try another.")
    })?;
    if api.health.is_draining() {
        return Err(Problem::new(Kind::NodeUnavailable, "It is draining: connect again."));
    }
    let shared = api.sockets.clone();
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(move |socket| {
        let served = serve(socket, claims, shared);
        // A task of its own: the one that shook hands keeps room for that as long as it runs.
        tokio::spawn(async move {
            served.await;
            drop(permit);
        });
        ready(())
    }))
}
