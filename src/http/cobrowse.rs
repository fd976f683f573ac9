//! Co-browse sessions in the Genesys dialect: create, look, health. Facts: README, "Co-browse".

use axum::{body::Bytes, extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    cobrowse_caller::{InSession, Site, Staff, no_such_session},
    cobrowse_host::{SessionServer, host},
    extract::ClientIp,
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::domain::{
    cobrowse::{Begun, Created},
    ids::TenantId,
};

/// A session and the node that hosts it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CobrowseSession {
    /// Nine digits, to be read out to an agent.
    session_token: String,
    #[serde(flatten)]
    server: SessionServer,
}

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewCobrowseSession {
    #[serde(flatten)]
    session: CobrowseSession,
    /// What the customer joins with: a secret.
    customer_token: String,
}

/// Create a session
///
/// The customer's page calls it; the body does not matter. It is idle until an agent joins.
#[utoipa::path(
    post, path = "/rest/live/sessions", operation_id = "create_cobrowse_session",
    tag = "Co-browse",
    responses(
        (status = 200, body = NewCobrowseSession, description = "Sets the cookie `gcbSessionServer`"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    site: Site,
    ClientIp(address): ClientIp,
    _: Bytes,
) -> Result<Response, Problem> {
    if api.health.is_draining() {
        return Err(Problem::draining());
    }
    api.count_creation(address).await?;
    let Created::New(session) = api.cobrowse.create(&site.tenant, Begun::Live).await? else {
        // Only sessions of watch links are limited.
        return Err(Problem::new(Kind::Internal, "The log of the node tells more."));
    };
    let answer = NewCobrowseSession {
        session: CobrowseSession {
            session_token: session.token.to_string(),
            server: SessionServer::from(&session.home),
        },
        customer_token: session.customer_token.expose().to_owned(),
    };
    Ok(api.directions.answer(&session.home, answer))
}

/// Find a session's host
///
/// For pages of whitelisted sites: `Origin` or `Referer` tells.
#[utoipa::path(
    get, path = "/rest/live/sessions/{id}", operation_id = "get_cobrowse_session",
    tag = "Co-browse",
    params(("id" = String, Path, description = "`sessionToken`")),
    responses(
        (status = 200, body = CobrowseSession, description = "Sets the cookie `gcbSessionServer`"),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    site: Site,
    staff: Result<Option<Staff>, Problem>,
    token: Result<InSession, Problem>,
) -> Result<Response, Problem> {
    site.check()?;
    let InSession(token) = token?;
    let stored = api.cobrowse.get(&token).await?.ok_or_else(no_such_session)?;
    let tenant = caller_tenant(site, staff);
    if stored.session.end.is_some() || stored.session.tenant != tenant {
        return Err(no_such_session());
    }
    let session_token = token.to_string();
    let server = SessionServer::from(host(&stored));
    Ok(api.directions.answer(host(&stored), CobrowseSession { session_token, server }))
}

/// An agent's token names its tenant, on whatever site the agent works. The call takes none, so a
/// token that does not count is no reason to refuse it.
fn caller_tenant(site: Site, staff: Result<Option<Staff>, Problem>) -> TenantId {
    match staff {
        Ok(Some(Staff(identity))) => identity.tenant,
        Ok(None) | Err(_) => site.tenant,
    }
}

/// Whether this node takes work
#[utoipa::path(
    get, path = "/health", operation_id = "cobrowse_health",
    tag = "Co-browse",
    responses(
        (status = 200, description = "It is alive and ready; the body is empty"),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn health(State(api): State<SharedApi>) -> Result<StatusCode, Problem> {
    let obstacles = api.health.obstacles();
    if obstacles.is_empty() {
        return Ok(StatusCode::OK);
    }
    Err(Problem::new(Kind::NodeUnavailable, format!("Not ready: {}.", obstacles.join("; "))))
}
