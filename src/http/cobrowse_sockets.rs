//! Opens co-browse sockets: token, origin and the node's capacity are checked before.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{optional_name, text},
    opening::{Opening, SocketBytes, SocketQuery, Upgrade},
    problem::{Kind, Problem},
    state::{Api, SharedApi},
};
use crate::{
    auth::{DEFAULT_TENANT, bearer},
    clock::wall_clock_ms,
    domain::{
        cobrowse::{Credential, Joined, Joiner, Session, User},
        ids::TenantId,
        relay::frame::{SNAPSHOT_BYTES, VIEWER_MESSAGE_BYTES},
        visitors::{LinkClaims, LinkState, OpenedLink},
    },
    metrics::Metrics,
    ws::cobrowse::{
        viewer::{self, ViewerTicket},
        visitor::{self, VisitorTicket},
    },
};

/// Most visitors are idle and say nothing; snapshots make it grow.
const READ_BUFFER: usize = 512;
/// What is a little too large is refused with a reason, and not by a broken connection.
const SPARE_BYTES: usize = 64 * 1024;
/// A visitor sends pages, and is sent control messages only.
const VISITOR: SocketBytes = SocketBytes {
    read_buffer: READ_BUFFER,
    message: SNAPSHOT_BYTES + SPARE_BYTES,
    write_buffer: 256 * 1024,
};
/// A viewer sends control messages; the largest frame, and what is before it, may wait for it.
const VIEWER: SocketBytes = SocketBytes {
    read_buffer: READ_BUFFER,
    message: VIEWER_MESSAGE_BYTES + SPARE_BYTES,
    write_buffer: 2 * SNAPSHOT_BYTES,
};

/// Open a visitor's socket
///
/// Without a token it is the visitor's presence; with the `customerToken` of a session, the
/// visitor shows its page in it. The protocol: docs/relay-protocol.md.
#[utoipa::path(
    get, path = "/socket/visitor", operation_id = "open_visitor_socket",
    tag = "Co-browse sockets",
    params(
        ("token" = Option<String>, Query, description = "`customerToken`, `session-token`, or the customer's `userToken`"),
        ("Origin" = String, Header, description = "One of `cobrowse.allowed_origins`"),
    ),
    responses(
        (status = 101, description = "The socket is open: say `hello`"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 410, response = super::docs::ProblemDetails),
        (status = 426, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn visitor(
    State(api): State<SharedApi>,
    Query(query): Query<SocketQuery>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let origin = text(&headers, &header::ORIGIN).unwrap_or_default();
    // Only looking, and from a page of our own: browsers name no origin then.
    let is_own_look = upgrade.is_err() && origin.is_empty();
    if !(is_own_look || api.sites.allow(origin)) {
        let detail = "Add the page's origin to cobrowse.allowed_origins.";
        // For the page to read: it would try for ever.
        let readable = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        return Ok((readable, Problem::new(Kind::OriginRefused, detail)).into_response());
    }
    if let (Err(_), Some(token)) = (&upgrade, &query.token) {
        customer(&api, token).await?;
    }
    let opening = Opening::new(&api, upgrade)?;
    let ticket = match query.token.as_deref() {
        None => {
            let tenant = api.sites.tenant(origin).cloned();
            let tenant = tenant.unwrap_or_else(|| TenantId::from(DEFAULT_TENANT));
            VisitorTicket { tenant, customer: None }
        }
        Some(token) => customer(&api, token).await?,
    };
    let shared = api.cobrowse_sockets.clone();
    Ok(opening.open(VISITOR, move |socket| visitor::serve(socket, ticket, shared)))
}

/// The customer of a session, by one of its secrets.
async fn customer(api: &Api, token: &str) -> Result<VisitorTicket, Problem> {
    let credential = Credential::read(token).ok_or_else(no_such_session)?;
    let session = session_of(api, &credential).await?;
    let is_customer = session.customer_token == credential
        || session.customer().is_some_and(|customer| customer.token == credential);
    if !is_customer {
        return Err(no_such_session());
    }
    check_live(&session)?;
    Ok(VisitorTicket { tenant: session.tenant, customer: Some(session.customer_token) })
}

/// The session that a secret names: only who has the right one is told whether it goes on.
async fn session_of(api: &Api, credential: &Credential) -> Result<Session, Problem> {
    let stored = api.cobrowse.get(&credential.session()).await?;
    Ok(stored.ok_or_else(no_such_session)?.session)
}

fn check_live(session: &Session) -> Result<(), Problem> {
    if session.end.is_some() { Err(over()) } else { Ok(()) }
}

fn no_such_session() -> Problem {
    Problem::new(Kind::NoSuchSession, "Use the token as it was given, or ask for a new session.")
}

fn over() -> Problem {
    Problem::new(Kind::SessionEnded, "The session is over: ask for a new one.")
}

/// The query of a viewer's socket.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ViewerQuery {
    /// `userToken`, `cid`, or the token of a watch link.
    token: Option<String>,
    /// With a `cid`: the agent's name, which the visitor is shown. At most 100 characters.
    name: Option<String>,
}

/// Open a viewer's socket
///
/// With the `userToken` of an agent who joined, the `cid` of a short code, or the token of a watch
/// link, which opens one socket once: `welcome` tells the `userToken` to reconnect with. The
/// protocol: docs/relay-protocol.md.
#[utoipa::path(
    get, path = "/socket/viewer", operation_id = "open_viewer_socket",
    tag = "Co-browse sockets",
    params(ViewerQuery),
    responses(
        (status = 101, description = "The socket is open: say `hello`"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 402, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 410, response = super::docs::ProblemDetails),
        (status = 426, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn viewer(
    State(api): State<SharedApi>,
    Query(query): Query<ViewerQuery>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    if let Some(origin) = text(&headers, &header::ORIGIN)
        && !(api.sites.allow(origin) || api.viewer_origins.lists(origin))
    {
        let detail =
            "Open it from the viewer's page, or add your origin to cobrowse.allowed_origins.";
        return Err(Problem::new(Kind::OriginRefused, detail));
    }
    let token = query.token.unwrap_or_default();
    if upgrade.is_err() {
        look(&api, &token).await?;
    }
    // Before the link is used up: it opens one socket once.
    let opening = Opening::new(&api, upgrade)?;
    let (session, user) = match Credential::read(&token) {
        Some(credential) => {
            let name = optional_name(query.name, "name")?;
            by_credential(&api, &credential, name).await?
        }
        None => by_link(&api, &token).await?,
    };
    let opened_ms = wall_clock_ms();
    let ticket = ViewerTicket { session, user, opened_ms, is_passed_on: false };
    Ok(watch(&api, opening, ticket))
}

/// Refuses what a socket of that token would be refused for; uses nothing up.
async fn look(api: &Api, token: &str) -> Result<(), Problem> {
    let Some(credential) = Credential::read(token) else {
        return match api.visitors.look_at_link(&read_link(api, token)?).await? {
            LinkState::Opens => Ok(()),
            LinkState::Used => Err(link_used()),
            LinkState::NoVisitor => Err(no_such_session()),
            LinkState::TooManyWatched => Err(too_many_watched()),
        };
    };
    let session = session_of(api, &credential).await?;
    if session.cid.as_ref() != Some(&credential) {
        user_of(&session, &credential)?;
    }
    check_live(&session)
}

fn watch(api: &Api, opening: Opening, ticket: ViewerTicket) -> Response {
    let shared = api.cobrowse_sockets.clone();
    opening.open(VIEWER, move |socket| viewer::serve(socket, ticket, shared))
}

type Watching = (Box<Session>, Box<User>);

async fn by_credential(
    api: &Api,
    credential: &Credential,
    name: Option<Box<str>>,
) -> Result<Watching, Problem> {
    let session = session_of(api, credential).await?;
    if session.cid.as_ref() == Some(credential) {
        check_live(&session)?;
        let joiner = Joiner::Cid { cid: credential.clone(), name };
        return joined(api.cobrowse.join(&session.token, &joiner).await?);
    }
    let user = Box::new(user_of(&session, credential)?.clone());
    check_live(&session)?;
    Ok((Box::new(session), user))
}

fn user_of<'a>(session: &'a Session, credential: &Credential) -> Result<&'a User, Problem> {
    let user = session.user_of(credential).filter(|user| user.role.watches() && !user.left);
    user.ok_or_else(no_such_session)
}

fn joined(joined: Joined) -> Result<Watching, Problem> {
    match joined {
        Joined::In { user, session, .. } => Ok((session, user)),
        Joined::Over => Err(over()),
        Joined::Full => {
            Err(Problem::new(Kind::TooManyRequests, "As many watch this session as may."))
        }
        Joined::NotAllowed | Joined::AgentBusy | Joined::Unknown => Err(no_such_session()),
    }
}

async fn by_link(api: &Api, token: &str) -> Result<Watching, Problem> {
    match api.visitors.open_link(&read_link(api, token)?).await? {
        OpenedLink::In { session, user, .. } => Ok((session, user)),
        OpenedLink::Used => Err(link_used()),
        OpenedLink::Over => Err(over()),
        OpenedLink::NoVisitor => Err(no_such_session()),
        OpenedLink::TooManyWatched => Err(too_many_watched()),
    }
}

fn read_link(api: &Api, token: &str) -> Result<LinkClaims, Problem> {
    api.link_tokens.verify(token).map_err(|error| {
        Metrics::count(&api.metrics.refused_tokens, error.word());
        no_such_session()
    })
}

fn link_used() -> Problem {
    Problem::new(Kind::LinkUsed, "A watch link opens once: ask for another.")
}

fn too_many_watched() -> Problem {
    Problem::new(Kind::TooManyWatched, "watch.max_sessions are watched: end one first.")
}

/// Takes over a viewer's socket that landed on another node of the cluster.
pub async fn passed_on(
    State(api): State<SharedApi>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let token = bearer(text(&headers, &header::AUTHORIZATION))?;
    let claims = api.cobrowse_sockets.node_tokens.verify(token).map_err(|error| {
        Metrics::count(&api.metrics.refused_tokens, error.word());
        Problem::from(error)
    })?;
    // While it still hosts the session, nobody else does: it sends its viewers on with the room.
    let opening = if api.cobrowse_sockets.rooms.get(&claims.session).is_some() {
        Opening::even_draining(&api, upgrade)?
    } else {
        Opening::new(&api, upgrade)?
    };
    let stored = api.cobrowse.get(&claims.session).await?.ok_or_else(no_such_session)?;
    let session = Box::new(stored.session);
    let user = match session.user(&claims.user) {
        Some(user) => Box::new(user.clone()),
        // The other node is to look again: it tells the viewer how the session ended.
        None if session.end.is_some() => return Err(no_such_session()),
        // It let the user in, so the user has left since: see `remote`.
        None => return Err(Problem::new(Kind::SessionEnded, "This user left the session.")),
    };
    let opened_ms = claims.opened_ms.unwrap_or_else(wall_clock_ms);
    let ticket = ViewerTicket { session, user, opened_ms, is_passed_on: true };
    Ok(watch(&api, opening, ticket))
}
