//! The admin API of stream sessions: look into an account, end a session.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Operator, OptionalJson, plain_text},
    problem::Problem,
    state::SharedApi,
};
use crate::domain::{
    ids::{CustomerId, SessionId, TenantId},
    streams::{Account, EndReason, ReleaseOutcome, Session},
};

/// Longest reason an operator gives, in characters.
const NOTE_CHARS: usize = 200;

/// A session as an operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminSession {
    id: String,
    /// `offer:…`, `tag:…` or `device_type:…`.
    pool: String,
    name: String,
    device: Option<String>,
    /// The node its socket is on.
    node: Option<String>,
    /// Grows with every connect.
    generation: u64,
    /// Milliseconds since 1970, by the store's clock.
    created_ms: u64,
    /// Milliseconds since 1970, by the store's clock: when it stops counting unless renewed.
    expires_ms: u64,
}

impl From<Session> for AdminSession {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.into(),
            pool: session.pool.into(),
            name: session.name.into(),
            device: session.device.map(String::from),
            node: session.holder.map(String::from),
            generation: session.generation.0,
            created_ms: session.created_ms,
            expires_ms: session.expires_ms,
        }
    }
}

/// The live sessions of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminSessions {
    sessions: Vec<AdminSession>,
}

/// Why an operator ends a session.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct EndRequest {
    /// Told to the customer's client where its dialect can: at most 200 characters.
    #[serde(default)]
    reason: String,
}

fn account(tenant: String, customer: String) -> Account {
    Account { tenant: TenantId::from(tenant), customer: CustomerId::from(customer) }
}

/// The live sessions of an account
#[utoipa::path(
    get, path = "/api/v1/accounts/{tenant}/{customer}/sessions", operation_id = "list_account_sessions",
    tag = "Admin",
    security(("admin" = [])),
    params(
        ("tenant" = String, Path, description = "`publisherId`"),
        ("customer" = String, Path, description = "`customerId`"),
    ),
    responses(
        (status = 200, body = AdminSessions),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn sessions(
    _: Operator,
    State(api): State<SharedApi>,
    Path((tenant, customer)): Path<(String, String)>,
) -> Result<axum::Json<AdminSessions>, Problem> {
    let sessions = api.streams.list(&account(tenant, customer)).await?;
    let sessions = sessions.into_iter().map(AdminSession::from).collect();
    Ok(axum::Json(AdminSessions { sessions }))
}

/// End a session
#[utoipa::path(
    delete, path = "/api/v1/accounts/{tenant}/{customer}/sessions/{id}", operation_id = "end_account_session",
    tag = "Admin",
    security(("admin" = [])),
    params(
        ("tenant" = String, Path, description = "`publisherId`"),
        ("customer" = String, Path, description = "`customerId`"),
        ("id" = String, Path, description = "The session"),
    ),
    request_body(content = Option<EndRequest>, description = "may be absent"),
    responses(
        (status = 204, description = "It is ended and its player is told"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn end_session(
    _: Operator,
    State(api): State<SharedApi>,
    Path((tenant, customer, id)): Path<(String, String, String)>,
    OptionalJson(body): OptionalJson<EndRequest>,
) -> Result<StatusCode, Problem> {
    let note = body.unwrap_or_default().reason;
    plain_text(&note, "reason", 0..=NOTE_CHARS)?;
    let why = EndReason::Operator { note: note.into() };
    let account = account(tenant, customer);
    match api.streams.end(&account, &SessionId::from(id), &why).await? {
        ReleaseOutcome::Released(ended) => {
            tracing::info!(session = %ended.session, "an operator ended a session");
            Ok(StatusCode::NO_CONTENT)
        }
        ReleaseOutcome::AlreadyEnded(_) => Ok(StatusCode::NO_CONTENT),
        ReleaseOutcome::Unknown | ReleaseOutcome::Stale => Err(Problem::no_such_session()),
    }
}
