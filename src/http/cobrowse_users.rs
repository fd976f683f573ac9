//! Users of co-browse sessions in the Genesys dialect: they join, stop, exit.

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    cobrowse_caller::{InSession, Staff, WithUserToken, no_such_session},
    cobrowse_host::{SessionServer, fresh, host},
    extract::{Json, plain_text},
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{
    auth::{self, AuthError, Identity},
    domain::{
        cobrowse::{Credential, Joined, Joiner, Role, Said, Session, Stored, User, Vouched},
        ids::AgentId,
    },
};

/// Longest name of a user, in characters.
const NAME_CHARS: usize = 100;

/// Somebody who wants to join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinRequest {
    /// 1: customer, 2: agent, 3: controller.
    #[schema(minimum = 1, maximum = 3)]
    role: u64,
    /// A name to show, at most 100 characters; without it an agent has that of its token.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Of a customer: what the call that created the session answered.
    customer_token: Option<String>,
}

/// A user of a session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUser {
    user_id: String,
    /// 1: customer, 2: agent, 3: controller.
    role: u8,
    name: Option<String>,
}

impl From<&User> for SessionUser {
    fn from(user: &User) -> Self {
        Self {
            user_id: user.id.to_string(),
            role: user.role.number(),
            name: user.name.as_deref().map(str::to_owned),
        }
    }
}

/// Somebody is in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinAnswer {
    /// The user's secret: for its socket, and to stop or exit.
    user_token: String,
    user_id: String,
    /// Those in the session now.
    users: Vec<SessionUser>,
    /// Names the history, a UUID.
    session_history_id: String,
    /// The complete WebSocket URL of the user's socket, at any node.
    socket_url: String,
    /// Of agents and controllers: the same at the node that hosts the session, where there is one
    /// with a URL of its own. Who cannot connect to it uses `socketUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_socket_url: Option<String>,
    #[serde(flatten)]
    server: SessionServer,
}

/// When a session was active, in milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionTimes {
    /// Null where no agent ever joined.
    activation_time: Option<u64>,
    /// Null while it goes on.
    deactivation_time: Option<u64>,
}

impl From<&Session> for SessionTimes {
    fn from(session: &Session) -> Self {
        Self {
            activation_time: session.activated_ms,
            deactivation_time: session.end.as_ref().map(|end| end.at_ms),
        }
    }
}

/// Join a session
///
/// A customer shows the `customerToken`, agents and controllers a JWT of the tenant. Whoever is in
/// already is answered as before.
#[utoipa::path(
    post, path = "/rest/live/sessions/{id}/users", operation_id = "join_cobrowse_session",
    tag = "Co-browse",
    security((), ("agent" = [])),
    params(("id" = String, Path, description = "`sessionToken`")),
    request_body(content = JoinRequest, description = "JSON, whatever the content type"),
    responses(
        (status = 200, body = JoinAnswer, description = "Sets the cookie `gcbSessionServer`"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 409, response = super::docs::ProblemDetails),
        (status = 413, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn join(
    State(api): State<SharedApi>,
    InSession(token): InSession,
    staff: Result<Option<Staff>, Problem>,
    Json(body): Json<JoinRequest>,
) -> Result<Response, Problem> {
    let joiner = joiner(body, staff, api.cobrowse.terms().open_join)?;
    let (user, session) = match api.cobrowse.join(&token, &joiner).await? {
        Joined::In { user, session, .. } => (user, session),
        // Only sessions of the customer's page are open to whoever has no token.
        Joined::NotAllowed if matches!(joiner, Joiner::Agent { vouched: None, .. }) => {
            return Err(AuthError::Missing.into());
        }
        Joined::NotAllowed => return Err(not_allowed()),
        Joined::AgentBusy => {
            let detail = "Stop or exit the session that this agent holds.";
            return Err(Problem::new(Kind::AgentBusy, detail));
        }
        Joined::Full => {
            let detail = "Somebody must exit before anybody else can join.";
            return Err(Problem::new(Kind::SessionFull, detail));
        }
        Joined::Over | Joined::Unknown => return Err(no_such_session()),
    };
    let stored = api.cobrowse.get(&token).await?.ok_or_else(no_such_session)?;
    let answer = answer(&api.directions, &user, &session, &stored);
    Ok(api.directions.answer(host(&stored), answer))
}

fn answer(
    directions: &super::cobrowse_host::Directions,
    user: &User,
    session: &Session,
    stored: &Stored,
) -> JoinAnswer {
    let (socket_url, direct_socket_url) = if user.role.watches() {
        let owner = stored.owner.as_ref();
        let direct = owner.and_then(|owner| directions.direct_viewer_socket(owner, &user.token));
        (directions.viewer_socket(&user.token), direct)
    } else {
        (directions.visitor_socket(&user.token), None)
    };
    JoinAnswer {
        user_token: user.token.expose().to_owned(),
        user_id: user.id.to_string(),
        users: session.present().map(SessionUser::from).collect(),
        session_history_id: session.history_id.to_string(),
        socket_url,
        direct_socket_url,
        server: SessionServer::from(host(stored)),
    }
}

/// Somebody at the door, as the request and the token tell.
fn joiner(
    body: JoinRequest,
    staff: Result<Option<Staff>, Problem>,
    open_join: bool,
) -> Result<Joiner, Problem> {
    let JoinRequest { role, name, customer_token } = body;
    let unknown = || Problem::invalid("`role` is 1 (customer), 2 (agent) or 3 (controller).");
    let role = Role::of(role).ok_or_else(unknown)?;
    let name = name.filter(|name| !name.is_empty());
    if let Some(name) = &name {
        plain_text(name, "name", 1..=NAME_CHARS)?;
    }
    if role == Role::Customer {
        let token = customer_token.as_deref().and_then(Credential::read);
        return Ok(Joiner::Customer { token, name: name.map(Into::into) });
    }
    let Some(Staff(identity)) = staff? else {
        if open_join {
            return Ok(Joiner::Agent { role, name: name.map(Into::into), vouched: None });
        }
        return Err(AuthError::Missing.into());
    };
    if role == Role::Controller && identity.role == auth::Role::Agent {
        return Err(not_allowed());
    }
    let name = name.or_else(|| identity.name.clone()).map(Into::into);
    Ok(Joiner::Agent { role, name, vouched: Some(vouched(identity)) })
}

/// A backend stands for many persons: its `sub` is none of them.
fn vouched(identity: Identity) -> Vouched {
    let agent = identity.subject.filter(|_| identity.role != auth::Role::Service);
    Vouched { tenant: identity.tenant, agent: agent.map(AgentId::from) }
}

fn not_allowed() -> Problem {
    let detail = "A customer joins with the customerToken; an agent with a token of the role \
                  agent, controller or service; a controller with one of the latter two.";
    Problem::new(Kind::NotAllowed, detail)
}

/// Stop a session, as its controller
#[utoipa::path(
    get, path = "/rest/live/users/{user_token}/session/stop", operation_id = "stop_cobrowse_session",
    tag = "Co-browse",
    params(("user_token" = String, Path, description = "`userToken` of a controller")),
    responses(
        (status = 200, body = SessionTimes, description = "It is over; a repeat is answered alike"),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn stop(
    State(api): State<SharedApi>,
    WithUserToken(user): WithUserToken,
) -> Result<Response, Problem> {
    times(api.cobrowse.stop(&user).await?)
}

/// Stop a session, as its controller
#[utoipa::path(
    post, path = "/rest/live/users/{user_token}/session/stop", operation_id = "post_stop_cobrowse_session",
    tag = "Co-browse",
    params(("user_token" = String, Path, description = "`userToken` of a controller")),
    responses(
        (status = 200, body = SessionTimes, description = "It is over; a repeat is answered alike"),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn stop_by_post(api: State<SharedApi>, user: WithUserToken) -> Result<Response, Problem> {
    stop(api, user).await
}

/// Exit a session
///
/// With the customer, or the last who watches, the session ends.
#[utoipa::path(
    get, path = "/rest/live/users/{user_token}/session/exit", operation_id = "exit_cobrowse_session",
    tag = "Co-browse",
    params(("user_token" = String, Path, description = "`userToken`")),
    responses(
        (status = 200, body = SessionTimes, description = "The user is out; a repeat is answered alike"),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn exit(
    State(api): State<SharedApi>,
    WithUserToken(user): WithUserToken,
) -> Result<Response, Problem> {
    times(api.cobrowse.exit(&user).await?)
}

/// Exit a session
///
/// With the customer, or the last who watches, the session ends.
#[utoipa::path(
    post, path = "/rest/live/users/{user_token}/session/exit", operation_id = "post_exit_cobrowse_session",
    tag = "Co-browse",
    params(("user_token" = String, Path, description = "`userToken`")),
    responses(
        (status = 200, body = SessionTimes, description = "The user is out; a repeat is answered alike"),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn exit_by_post(api: State<SharedApi>, user: WithUserToken) -> Result<Response, Problem> {
    exit(api, user).await
}

fn times(said: Said) -> Result<Response, Problem> {
    match said {
        Said::Done(session) => Ok(fresh(SessionTimes::from(&*session))),
        Said::NotAllowed => {
            Err(Problem::new(Kind::NotAllowed, "Only a controller may stop: others exit."))
        }
        Said::Unknown => Err(no_such_session()),
    }
}
