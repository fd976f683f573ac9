//! Stream sessions in the Media Play Sessions dialect: REST with heartbeats, JSON:API entities.
//! Facts: README, "Media Play Sessions".

use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    extract::{Caller, ClientIp, Customer, IdempotencyKey, Json, OptionalJson, plain_text},
    media_entity::{Attributes, MediaAnswer, MediaIndex, entity},
    media_request::{MediaRequest, TEXT_CHARS},
    problem::{Kind, Problem},
    state::{Api, SharedApi},
};
use crate::{
    domain::{
        ids::SessionId,
        streams::{
            Admission, EndReason, Ended, Goal, HeartbeatOutcome, LivesBy, PoolKind, ReleaseOutcome,
            Session, StreamRequest,
        },
    },
    metrics::Metrics,
};

/// Whether it is a session of this dialect: those with a socket do not live by heartbeats.
fn is_media(session: &Session) -> bool {
    session.pool.kind() == PoolKind::DeviceType
}

/// The user's live sessions
#[utoipa::path(
    get, path = "/users/{user_id}/media_play_sessions", operation_id = "list_media_play_sessions",
    tag = "Media Play Sessions",
    security(("customer" = []), ("service" = [])),
    params(("user_id" = String, Path, description = "`customerId` of the token, or any for services")),
    responses(
        (status = 200, body = MediaIndex, content_type = "application/vnd.api+json"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn index(
    State(api): State<SharedApi>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Response, Problem> {
    let customer = caller.acting_for(&user)?;
    let sessions = api.streams.list(&customer.account).await?;
    let entities = sessions.iter().filter(|session| is_media(session)).map(entity);
    let entities = entities.collect::<Vec<_>>();
    Ok(sent(&api, StatusCode::OK, &json!(entities)))
}

/// Create a session with an id of the server's
///
/// At the limit: 403 with `id`, `code` (`df1e80a`), `title` and `details`.
#[utoipa::path(
    post, path = "/users/{user_id}/media_play_sessions", operation_id = "create_media_play_session",
    tag = "Media Play Sessions",
    security(("customer" = []), ("service" = [])),
    params(
        ("user_id" = String, Path, description = "The user"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters"),
    ),
    request_body(content = MediaRequest, description = "application/vnd.api+json or plain JSON"),
    responses(
        (status = 201, body = MediaAnswer, content_type = "application/vnd.api+json"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 422, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    caller: Caller,
    Path(user): Path<String>,
    ClientIp(ip): ClientIp,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<MediaRequest>,
) -> Result<Response, Problem> {
    let customer = caller.acting_for(&user)?;
    let wanted = Wanted { customer, session: SessionId::random(), goal: Goal::Create, key };
    place(&api, wanted, &body, ip.to_string()).await
}

/// Create a session of that id, or keep it alive
#[utoipa::path(
    put, path = "/users/{user_id}/media_play_sessions/{id}", operation_id = "put_media_play_session",
    tag = "Media Play Sessions",
    security(("customer" = []), ("service" = [])),
    params(
        ("user_id" = String, Path, description = "The user"),
        ("id" = String, Path, description = "Chosen by the client, scoped to the user: 1 to 128 characters"),
    ),
    request_body(content = MediaRequest, description = "application/vnd.api+json or plain JSON"),
    responses(
        (status = 200, body = MediaAnswer, content_type = "application/vnd.api+json"),
        (status = 201, body = MediaAnswer, content_type = "application/vnd.api+json"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 409, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn put(
    State(api): State<SharedApi>,
    caller: Caller,
    Path((user, id)): Path<(String, String)>,
    ClientIp(ip): ClientIp,
    OptionalJson(body): OptionalJson<MediaRequest>,
) -> Result<Response, Problem> {
    let customer = caller.acting_for(&user)?;
    plain_text(&id, "id", 1..=TEXT_CHARS)?;
    let session = SessionId::from(id);
    let body = body.unwrap_or_default();
    if body.device_type()?.is_none() {
        // Nothing to create from: it can only be kept alive.
        let kept = api.streams.heartbeat(&customer.account, &session, None).await?;
        return match kept {
            HeartbeatOutcome::Live(session) if is_media(&session) => {
                Ok(sent_entity(&api, StatusCode::OK, &session))
            }
            HeartbeatOutcome::Live(_) => Err(Problem::no_such_session()),
            HeartbeatOutcome::OtherPool(_)
            | HeartbeatOutcome::Ended(_)
            | HeartbeatOutcome::Unknown => Err(device_type_missing()),
        };
    }
    let wanted = Wanted { customer, session, goal: Goal::Upsert, key: None };
    place(&api, wanted, &body, ip.to_string()).await
}

/// Keep a session alive
///
/// Never creates. 410 with `reason`, and for a take-over `takenOverBy`, where somebody ended it.
#[utoipa::path(
    patch, path = "/users/{user_id}/media_play_sessions/{id}", operation_id = "heartbeat_media_play_session",
    tag = "Media Play Sessions",
    security(("customer" = []), ("service" = [])),
    params(
        ("user_id" = String, Path, description = "The user"),
        ("id" = String, Path, description = "The session"),
    ),
    request_body(content = Option<MediaRequest>, description = "may be absent"),
    responses(
        (status = 200, body = MediaAnswer, content_type = "application/vnd.api+json"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 409, response = super::docs::ProblemDetails),
        (status = 410, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn heartbeat(
    State(api): State<SharedApi>,
    caller: Caller,
    Path((user, id)): Path<(String, String)>,
    OptionalJson(body): OptionalJson<MediaRequest>,
) -> Result<Response, Problem> {
    let customer = caller.acting_for(&user)?;
    let pool = body.map_or(Ok(None), |body| body.device_type())?;
    let session = SessionId::from(id);
    match api.streams.heartbeat(&customer.account, &session, pool.as_ref()).await? {
        HeartbeatOutcome::Live(session) if is_media(&session) => {
            Ok(sent_entity(&api, StatusCode::OK, &session))
        }
        HeartbeatOutcome::OtherPool(session) if is_media(&session) => {
            Err(other_device_type(&session))
        }
        HeartbeatOutcome::Ended(ended) => Err(gone(&ended)),
        HeartbeatOutcome::Live(_) | HeartbeatOutcome::OtherPool(_) | HeartbeatOutcome::Unknown => {
            Err(Problem::no_such_session())
        }
    }
}

/// End a session
#[utoipa::path(
    delete, path = "/users/{user_id}/media_play_sessions/{id}", operation_id = "end_media_play_session",
    tag = "Media Play Sessions",
    security(("customer" = []), ("service" = [])),
    params(
        ("user_id" = String, Path, description = "The user"),
        ("id" = String, Path, description = "The session"),
    ),
    responses(
        (status = 204, description = "Its slot is free"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn end(
    State(api): State<SharedApi>,
    caller: Caller,
    Path((user, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let customer = caller.acting_for(&user)?;
    finish(&api, &customer, &SessionId::from(id)).await
}

/// End one of the caller's own sessions
#[utoipa::path(
    delete, path = "/media_play_sessions/{id}", operation_id = "end_own_media_play_session",
    tag = "Media Play Sessions",
    security(("customer" = [])),
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "Its slot is free"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn end_own(
    State(api): State<SharedApi>,
    customer: Customer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    finish(&api, &customer, &SessionId::from(id)).await
}

async fn finish(
    api: &Api,
    customer: &Customer,
    session: &SessionId,
) -> Result<StatusCode, Problem> {
    match api.streams.end(&customer.account, session, &EndReason::Finished).await? {
        ReleaseOutcome::Released(_) => Ok(StatusCode::NO_CONTENT),
        ReleaseOutcome::AlreadyEnded(_) | ReleaseOutcome::Unknown | ReleaseOutcome::Stale => {
            Err(Problem::no_such_session())
        }
    }
}

struct Wanted {
    customer: Customer,
    session: SessionId,
    goal: Goal,
    key: Option<Box<str>>,
}

async fn place(
    api: &Api,
    wanted: Wanted,
    body: &MediaRequest,
    ip4_address: String,
) -> Result<Response, Problem> {
    if api.health.is_draining() {
        return Err(Problem::draining());
    }
    let pool = body.device_type()?.ok_or_else(device_type_missing)?;
    let service = body.service()?;
    let attributes = Attributes { service: service.map(str::to_owned), ip4_address };
    let request = StreamRequest {
        account: wanted.customer.account,
        session: wanted.session,
        name: service.unwrap_or_default().into(),
        pool,
        device: None,
        attributes: Some(attributes.text()),
        goal: wanted.goal,
        lives_by: LivesBy::Heartbeats,
        claimed_limit: wanted.customer.limit,
        idempotency_key: wanted.key,
    };
    let (word, answer) = match api.streams.request(request).await? {
        Admission::Admitted(session) => {
            ("admitted", Ok(sent_entity(api, StatusCode::CREATED, &session)))
        }
        Admission::Renewed(session) => ("renewed", Ok(sent_entity(api, StatusCode::OK, &session))),
        Admission::LimitReached { .. } => ("limit_reached", Err(too_many())),
        Admission::OtherPool(session) => ("other_pool", Err(other_device_type(&session))),
        Admission::KeyReused => ("key_reused", Err(Problem::key_reused())),
        Admission::Crowded => ("crowded", Err(Problem::crowded())),
        Admission::Untracked | Admission::NoSuchSession | Admission::TakeoverOff => {
            ("no_such_session", Err(Problem::no_such_session()))
        }
    };
    Metrics::count(&api.metrics.admissions, word);
    answer
}

fn device_type_missing() -> Problem {
    Problem::invalid("A session is created with `data.attributes.device_type`.")
}

/// 403 with the source's members; clients play on any other error.
fn too_many() -> Problem {
    let detail = "The user has too many sessions on this type of device: end one of them.";
    Problem::new(Kind::TooManySessions, detail)
        .with("id", json!(rand::random::<u32>()))
        .with("details", json!(detail))
}

fn other_device_type(session: &Session) -> Problem {
    if !is_media(session) {
        let detail = "A session with a socket has this id: choose another one.";
        return Problem::new(Kind::OtherDeviceType, detail);
    }
    let detail = format!("The session lives with device_type {:?}.", session.pool.name());
    Problem::new(Kind::OtherDeviceType, detail)
}

/// 410 where somebody else ended it; what the user ended is simply not there.
fn gone(ended: &Ended) -> Problem {
    let (reason, by) = match &ended.why {
        EndReason::Finished | EndReason::Unresponsive => return Problem::no_such_session(),
        EndReason::TakenOver { by, by_name } => {
            ("taken_over", json!({ "sessionId": by, "name": by_name }))
        }
        EndReason::Replaced { by } => ("replaced", json!({ "sessionId": by })),
        EndReason::Operator { note } => {
            let problem = Problem::new(Kind::SessionEnded, "An operator ended the session.");
            return problem.with("reason", json!("operator")).with("note", json!(note));
        }
    };
    Problem::new(Kind::SessionEnded, "Another session plays now; ask for a new one to play here.")
        .with("reason", json!(reason))
        .with("takenOverBy", by)
}

fn sent_entity(api: &Api, status: StatusCode, session: &Session) -> Response {
    sent(api, status, &json!(entity(session)))
}

/// A JSON:API document; every answer tells how long a session lives without a heartbeat.
fn sent(api: &Api, status: StatusCode, data: &serde_json::Value) -> Response {
    let ttl = api.media_ttl.as_secs();
    // Three heartbeats fit into a life: one may be lost.
    let meta = json!({ "expires_in_seconds": ttl, "heartbeat_seconds": (ttl / 3).max(1) });
    let body = json!({ "data": data, "meta": meta }).to_string();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let json_api = HeaderValue::from_static("application/vnd.api+json");
    headers.insert(header::CONTENT_TYPE, json_api);
    headers.insert("expires-in", HeaderValue::from(ttl));
    response
}
