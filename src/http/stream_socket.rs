//! Opens stream sockets: the token, the origin and the node's capacity are checked before.

use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};

use super::{
    extract::check_origin,
    opening::{Opening, SocketBytes, SocketQuery, Upgrade},
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{metrics::Metrics, ws::stream::serve};

/// Where stream sockets are opened.
pub const PATH: &str = "/sessions/socket";

/// A player's messages are some dozen bytes.
const BYTES: SocketBytes = SocketBytes { read_buffer: 256, message: 4096, write_buffer: 16 * 1024 };

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
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let token = query.token.unwrap_or_default();
    let claims = api.socket_tokens.verify(&token).map_err(|error| {
        Metrics::count(&api.metrics.refused_tokens, error.word());
        Problem::new(Kind::InvalidToken, "Use the complete `endpoint` of POST /sessions.")
    })?;
    check_origin(&headers, &api.tenants.get(&claims.account.tenant).origins)?;
    let opening = Opening::new(&api, upgrade)?;
    let shared = api.sockets.clone();
    Ok(opening.open(BYTES, move |socket| serve(socket, claims, shared)))
}
