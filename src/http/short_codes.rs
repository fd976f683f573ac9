//! Short codes in the dialect of Live Assist: make one, redeem it. Facts: README, "Short codes".
//!
//! Any node answers any of the three calls, without cookies.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    cobrowse_caller::Site,
    extract::{ClientIp, optional_name},
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::domain::short_codes::{Issued, Names, RedeemAs, Redeemed};

/// Who makes a code.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CodeQuery {
    /// A name for the audit trail.
    audit_name: Option<String>,
}

/// A consumer's code.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ConsumerQuery {
    /// The code.
    appkey: Option<String>,
    /// The name to show to agents, where there is no `displayName`.
    username: Option<String>,
    /// The name to show to agents.
    display_name: Option<String>,
    /// A name for the audit trail.
    audit_name: Option<String>,
}

/// An agent's code.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgentQuery {
    /// The code.
    appkey: Option<String>,
}

/// A new code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeAnswer {
    /// Digits, leading zeros included.
    short_code: String,
}

/// What the consumer's page starts support with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsumerAnswer {
    /// The secret of the customer in the session.
    #[serde(rename = "session-token")]
    session_token: String,
    /// The secret that agents join with; lower-case.
    cid: String,
}

/// What an agent joins with.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentAnswer {
    /// The secret; lower-case.
    cid: String,
}

/// A query that could be read, or not.
type Asked<T> = Result<Query<T>, QueryRejection>;

/// Make a short code
///
/// It stands for a new session, and can be redeemed for `short_codes.ttl_seconds`.
#[utoipa::path(
    put, path = "/assistserver/shortcode/create", operation_id = "create_short_code",
    tag = "Short codes",
    params(CodeQuery),
    responses(
        (status = 200, body = CodeAnswer),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    site: Site,
    ClientIp(address): ClientIp,
    query: Asked<CodeQuery>,
) -> Result<impl IntoResponse, Problem> {
    let query = read(query)?;
    let audit_name = optional_name(query.audit_name, "auditName")?;
    if api.health.is_draining() {
        return Err(Problem::draining());
    }
    api.count_creation(address).await?;
    match api.short_codes.create(&site.tenant, audit_name).await? {
        Issued::Code(code) => Ok(fresh(CodeAnswer { short_code: code.expose().to_owned() })),
        Issued::AllTaken => {
            let detail = "Try again in a minute; raise short_codes.length if this is not rare.";
            Err(Problem::new(Kind::NoCodeFree, detail))
        }
    }
}

/// Redeem a code as the consumer
///
/// Once: the consumer is in the session from then on.
#[utoipa::path(
    get, path = "/assistserver/shortcode/consumer", operation_id = "redeem_short_code_as_consumer",
    tag = "Short codes",
    params(ConsumerQuery),
    responses(
        (status = 200, body = ConsumerAnswer),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn consumer(
    State(api): State<SharedApi>,
    ClientIp(address): ClientIp,
    query: Asked<ConsumerQuery>,
) -> Result<impl IntoResponse, Problem> {
    let query = read(query)?;
    let username = optional_name(query.username, "username")?;
    let names = Names {
        display: optional_name(query.display_name, "displayName")?.or(username),
        audit: optional_name(query.audit_name, "auditName")?,
    };
    let code = query.appkey.unwrap_or_default();
    match api.short_codes.redeem(&code, RedeemAs::Consumer, names, address).await? {
        Redeemed::Consumer { session, user } => Ok(fresh(ConsumerAnswer {
            session_token: user.token.expose().to_owned(),
            cid: session.cid.map(|cid| cid.expose().to_owned()).unwrap_or_default(),
        })),
        Redeemed::Limited { retry } => Err(Problem::guessing(retry)),
        Redeemed::Agent { .. } | Redeemed::Refused => Err(refused()),
    }
}

/// Redeem a code as an agent
///
/// As often as agents come, until the code expires or its session ends.
#[utoipa::path(
    get, path = "/assistserver/shortcode/agent", operation_id = "redeem_short_code_as_agent",
    tag = "Short codes",
    params(AgentQuery),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn agent(
    State(api): State<SharedApi>,
    ClientIp(address): ClientIp,
    query: Asked<AgentQuery>,
) -> Result<impl IntoResponse, Problem> {
    let code = read(query)?.appkey.unwrap_or_default();
    let redeemed = api.short_codes.redeem(&code, RedeemAs::Agent, Names::default(), address);
    match redeemed.await? {
        Redeemed::Agent { cid } => Ok(fresh(AgentAnswer { cid: cid.expose().to_owned() })),
        Redeemed::Limited { retry } => Err(Problem::guessing(retry)),
        Redeemed::Consumer { .. } | Redeemed::Refused => Err(refused()),
    }
}

/// One wording for every reason: it must not tell which codes live.
fn refused() -> Problem {
    Problem::new(Kind::CodeRefused, "Check its digits, or make a new one: codes do not last long.")
}

fn read<T>(query: Asked<T>) -> Result<T, Problem> {
    let Query(query) = query.map_err(|_| Problem::invalid("The query cannot be read."))?;
    Ok(query)
}

/// An answer with secrets in it, which no cache keeps.
fn fresh<T: Serialize>(answer: T) -> impl IntoResponse {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (AppendHeaders([no_store]), axum::Json(answer))
}
