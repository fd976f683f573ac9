//! Stream sessions in the DRISC dialect: ask, take over, list, end. Facts: README, "DRISC".

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    extract::{Customer, IdempotencyKey, Json, plain_text},
    problem::{Kind, Problem},
    state::{Api, SharedApi},
};
use crate::{
    auth::SocketClaims,
    domain::{
        ids::{DeviceId, Generation, SessionId},
        streams::{
            Account, Admission, EndReason, Goal, LivesBy, Pool, PoolKind, ReleaseOutcome, Session,
            StreamRequest,
        },
    },
    metrics::Metrics,
};

/// Longest session name, in characters (the vendor's).
const NAME_CHARS: usize = 100;
/// Longest offer, tag and device id, in characters.
const ID_CHARS: usize = 200;

/// A session that a player asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionRequest {
    /// What the viewer calls it: at most 100 characters.
    #[schema(max_length = 100)]
    session_name: String,
    /// The offer it counts under. Either this or `tag`.
    offer_id: Option<TextOrNumber>,
    /// The tag it counts under. Either this or `offerId`.
    tag: Option<TextOrNumber>,
    /// The device that plays: its own running session is replaced and uses no second slot.
    device_id: Option<TextOrNumber>,
}

/// A session that a player asks for in the place of a running one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakeoverRequest {
    /// The running session.
    session_id: String,
    /// The new one.
    #[serde(flatten)]
    wanted: SessionRequest,
}

/// Clients write ids as text or as a number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TextOrNumber {
    /// As text.
    Text(String),
    /// As a number.
    Number(i64),
}

impl TextOrNumber {
    pub(super) fn bounded(&self, member: &str) -> Result<String, Problem> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        };
        plain_text(&text, member, 1..=ID_CHARS)?;
        Ok(text)
    }
}

/// Play: where to, or that nobody counts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SessionAnswer {
    /// Connect a socket to `endpoint`.
    #[serde(rename_all = "camelCase")]
    Tracked {
        /// The complete WebSocket URL; valid as long as the session.
        endpoint: String,
        /// The session.
        session_id: String,
        /// When it is gone unless a socket says `REQUESTED`, in seconds since 1970.
        expires_at: u64,
    },
    /// Play without a socket.
    Untracked {
        /// `disabled`.
        status: &'static str,
        /// `Session tracking disabled.`
        message: &'static str,
        /// `false`.
        enabled: bool,
    },
}

/// A running session of the customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveSession {
    session_id: String,
    /// The stored `sessionName`.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    /// Milliseconds since 1970.
    created_at: u64,
    /// Whether a player's socket is open.
    connected: bool,
}

impl From<&Session> for ActiveSession {
    fn from(session: &Session) -> Self {
        let name_of = |kind| (session.pool.kind() == kind).then(|| session.pool.name().to_owned());
        Self {
            session_id: session.id.to_string(),
            name: session.name.to_string(),
            offer_id: name_of(PoolKind::Offer),
            tag: name_of(PoolKind::Tag),
            device_type: name_of(PoolKind::DeviceType),
            device_id: session.device.as_ref().map(DeviceId::to_string),
            created_at: session.created_ms,
            connected: session.holder.is_some(),
        }
    }
}

/// All running sessions of the customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveSessions {
    active_sessions: Vec<ActiveSession>,
}

/// Ask for a session
///
/// The limit check and the creation are one atomic step. A repeat with the same
/// `Idempotency-Key` within 60 s is answered what the first was. At the limit: 409 with
/// `details.takeOverEnabled` and `details.activeSessions`.
#[utoipa::path(
    post, path = "/sessions", operation_id = "create_session",
    tag = "DRISC",
    security(("customer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters")),
    request_body(content = SessionRequest, description = "JSON, whatever the content type"),
    responses(
        (status = 200, body = SessionAnswer),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 409, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 422, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    customer: Customer,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<SessionRequest>,
) -> Result<Response, Problem> {
    let wanted = wanted(customer, body, Goal::Create, key)?;
    ask(&api, wanted).await
}

/// Take over a running session
///
/// The running session ends, its player is told `TAKE_OVER`, and the new one lives: one atomic
/// step.
#[utoipa::path(
    post, path = "/takeover", operation_id = "take_over_session",
    tag = "DRISC",
    security(("customer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters")),
    request_body(content = TakeoverRequest, description = "JSON, whatever the content type"),
    responses(
        (status = 200, body = SessionAnswer),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 409, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 422, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn takeover(
    State(api): State<SharedApi>,
    customer: Customer,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<TakeoverRequest>,
) -> Result<Response, Problem> {
    let goal = Goal::TakeOver(SessionId::from(body.session_id));
    let wanted = wanted(customer, body.wanted, goal, key)?;
    ask(&api, wanted).await
}

/// List the customer's running sessions
#[utoipa::path(
    get, path = "/sessions", operation_id = "list_sessions",
    tag = "DRISC",
    security(("customer" = [])),
    responses(
        (status = 200, body = ActiveSessions),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    customer: Customer,
) -> Result<axum::Json<ActiveSessions>, Problem> {
    let sessions = api.streams.list(&customer.account).await?;
    let active_sessions = sessions.iter().map(ActiveSession::from).collect();
    Ok(axum::Json(ActiveSessions { active_sessions }))
}

/// End one of the customer's sessions
#[utoipa::path(
    delete, path = "/sessions/{id}", operation_id = "end_session",
    tag = "DRISC",
    security(("customer" = [])),
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "Its slot is free; also when it was ended before"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn end(
    State(api): State<SharedApi>,
    customer: Customer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let session = SessionId::from(id);
    match api.streams.end(&customer.account, &session, &EndReason::Finished).await? {
        ReleaseOutcome::Released(_) | ReleaseOutcome::AlreadyEnded(_) => Ok(StatusCode::NO_CONTENT),
        ReleaseOutcome::Unknown | ReleaseOutcome::Stale => Err(Problem::no_such_session()),
    }
}

fn wanted(
    customer: Customer,
    body: SessionRequest,
    goal: Goal,
    key: Option<Box<str>>,
) -> Result<StreamRequest, Problem> {
    let pool = match (&body.offer_id, &body.tag) {
        (Some(offer), None) => Pool::new(PoolKind::Offer, &offer.bounded("offerId")?),
        (None, Some(tag)) => Pool::new(PoolKind::Tag, &tag.bounded("tag")?),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("Send either `offerId` or `tag`, not both."));
        }
        (None, None) => return Err(Problem::invalid("Send either `offerId` or `tag`.")),
    };
    plain_text(&body.session_name, "sessionName", 0..=NAME_CHARS)?;
    let device = body.device_id.map(|device| device.bounded("deviceId")).transpose()?;
    Ok(StreamRequest {
        account: customer.account,
        session: SessionId::random(),
        pool,
        name: body.session_name.into(),
        device: device.map(DeviceId::from),
        attributes: None,
        goal,
        lives_by: LivesBy::Socket,
        claimed_limit: customer.limit,
        idempotency_key: key,
    })
}

async fn ask(api: &Api, wanted: StreamRequest) -> Result<Response, Problem> {
    if api.health.is_draining() {
        return Err(Problem::draining());
    }
    let account = wanted.account.clone();
    let admission = api.streams.request(wanted).await.inspect_err(|_| {
        Metrics::count(&api.metrics.store_errors, "create");
    })?;
    let (word, answer) = answer(api, &account, admission);
    Metrics::count(&api.metrics.admissions, word);
    answer.map(|answer| axum::Json(answer).into_response())
}

fn answer(
    api: &Api,
    account: &Account,
    admission: Admission,
) -> (&'static str, Result<SessionAnswer, Problem>) {
    match admission {
        Admission::Admitted(session) | Admission::Renewed(session) => {
            ("admitted", Ok(tracked(api, account, &session)))
        }
        Admission::Untracked => {
            let (status, message) = ("disabled", "Session tracking disabled.");
            ("untracked", Ok(SessionAnswer::Untracked { status, message, enabled: false }))
        }
        Admission::LimitReached { active, takeover } => {
            ("limit_reached", Err(limit_exceeded(&active, takeover)))
        }
        Admission::NoSuchSession | Admission::OtherPool(_) => {
            ("no_such_session", Err(Problem::no_such_session()))
        }
        Admission::KeyReused => ("key_reused", Err(Problem::key_reused())),
        Admission::Crowded => ("crowded", Err(Problem::crowded())),
        Admission::TakeoverOff => {
            let detail = "The configuration lets nobody take over here.";
            let problem = Problem::new(Kind::TakeOverDisabled, detail);
            ("takeover_off", Err(problem.with("details", json!({ "takeOverEnabled": false }))))
        }
    }
}

fn tracked(api: &Api, account: &Account, session: &Session) -> SessionAnswer {
    let token = api.socket_tokens.mint(&SocketClaims {
        account: account.clone(),
        session: session.id.clone(),
        generation: Generation::FIRST,
    });
    SessionAnswer::Tracked {
        endpoint: api.endpoint(&token),
        session_id: session.id.to_string(),
        expires_at: session.expires_ms / 1000,
    }
}

fn limit_exceeded(active: &[Session], takeover: bool) -> Problem {
    let active: Vec<_> = active.iter().map(ActiveSession::from).collect();
    let detail = if takeover {
        "End one of the active sessions, or take one over with POST /takeover."
    } else {
        "End another session first."
    };
    Problem::new(Kind::LimitExceeded, detail)
        .with("details", json!({ "takeOverEnabled": takeover, "activeSessions": active }))
}
