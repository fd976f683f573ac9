//! The admin API of co-browse sessions: what is known of one, what happened in it, and its end.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    cobrowse_caller::no_such_session,
    extract::Operator,
    problem::Problem,
    state::{Api, SharedApi},
};
use crate::domain::{
    cobrowse::{EndedBy, Entry, Stored, User},
    ids::{HistoryId, SessionToken},
};

/// A co-browse session as an operator sees it. Times are milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminCobrowseSession {
    session_token: String,
    history_id: String,
    tenant: String,
    /// `created`, `waiting`, `pendingRequest`, `active` or `terminated`.
    #[schema(value_type = String)]
    status: Value,
    /// `live`, `short_code`, or the visitor of a watch link.
    #[schema(value_type = Object)]
    begun: Value,
    /// The node that hosts it now.
    host: Option<String>,
    /// The node it was created at.
    home: String,
    /// How often the host has changed.
    fence: u64,
    visitor_came: bool,
    consent_required: bool,
    consented: bool,
    /// The user who controls the page.
    control: Option<String>,
    users: Vec<AdminCobrowseUser>,
    created_ms: u64,
    activated_ms: Option<u64>,
    ended_ms: Option<u64>,
    /// By whom it ended.
    #[schema(value_type = Object)]
    ended_by: Value,
    /// When it is over unless it is kept alive.
    expires_ms: u64,
    /// What happened, the oldest first: never anything of the page's content.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Entry>,
}

/// A user of a co-browse session, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminCobrowseUser {
    user_id: String,
    /// 1: customer, 2: agent, 3: controller.
    role: u8,
    name: Option<String>,
    /// The person, where a token or a link vouches for it.
    agent: Option<String>,
    left: bool,
}

impl From<&User> for AdminCobrowseUser {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.to_string(),
            role: user.role.number(),
            name: user.name.as_deref().map(str::to_owned),
            agent: user.agent.clone().map(String::from),
            left: user.left,
        }
    }
}

impl AdminCobrowseSession {
    fn new(stored: Stored, events: Vec<Entry>) -> Self {
        let Stored { session, created_ms, expires_ms, owner, fence, .. } = stored;
        Self {
            session_token: session.token.to_string(),
            history_id: session.history_id.to_string(),
            tenant: session.tenant.to_string(),
            status: json!(session.status()),
            begun: json!(session.begun),
            host: owner.map(|host| host.name.into()),
            home: session.home.name.to_string(),
            fence,
            visitor_came: session.visitor_came,
            consent_required: session.consent_required,
            consented: session.consented,
            control: session.control.as_ref().map(ToString::to_string),
            users: session.users.iter().map(AdminCobrowseUser::from).collect(),
            created_ms,
            activated_ms: session.activated_ms,
            ended_ms: session.end.as_ref().map(|end| end.at_ms),
            ended_by: json!(session.end.as_ref().map(|end| &end.by)),
            expires_ms,
            events,
        }
    }
}

async fn find(api: &Api, id: &str) -> Result<(Stored, Vec<Entry>), Problem> {
    let found = match (SessionToken::read(id), HistoryId::read(id)) {
        (Some(token), _) => api.cobrowse.audit(&token).await?,
        (None, Some(history)) => api.cobrowse.history(&history).await?,
        (None, None) => None,
    };
    found.ok_or_else(no_such_session)
}

/// A co-browse session and its audit trail
#[utoipa::path(
    get, path = "/api/v1/cobrowse/sessions/{id}", operation_id = "get_admin_cobrowse_session",
    tag = "Admin",
    security(("admin" = [])),
    params(("id" = String, Path, description = "`sessionToken` or `sessionHistoryId`")),
    responses(
        (status = 200, body = AdminCobrowseSession),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn session(
    _: Operator,
    State(api): State<SharedApi>,
    Path(id): Path<String>,
) -> Result<axum::Json<AdminCobrowseSession>, Problem> {
    let (stored, events) = find(&api, &id).await?;
    Ok(axum::Json(AdminCobrowseSession::new(stored, events)))
}

/// End a co-browse session
#[utoipa::path(
    delete, path = "/api/v1/cobrowse/sessions/{id}", operation_id = "end_cobrowse_session",
    tag = "Admin",
    security(("admin" = [])),
    params(("id" = String, Path, description = "`sessionToken` or `sessionHistoryId`")),
    responses(
        (status = 204, description = "It is over, now or before, and its host is told"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn end_session(
    _: Operator,
    State(api): State<SharedApi>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let token = match SessionToken::read(&id) {
        Some(token) => token,
        None => find(&api, &id).await?.0.session.token,
    };
    let ended = api.cobrowse.end(&token, &EndedBy::Operator).await?.ok_or_else(no_such_session)?;
    if ended.end.is_some_and(|end| end.by == EndedBy::Operator) {
        tracing::info!(session = %token, "an operator ended a co-browse session");
    }
    Ok(StatusCode::NO_CONTENT)
}
