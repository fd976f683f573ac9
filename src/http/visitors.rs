//! Visitors in the v1.1 dialect: list, get, end their session, usage. Facts: README, "Visitors".

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    api_key::{ApiKey, NamedVisitor},
    extract::plain_text,
    problem::Problem,
    refusal::Refusal,
    state::{Api, SharedApi},
    time::rfc3339,
};
use crate::domain::{
    error::StoreError,
    ids::TenantId,
    visitors::{Profile, Visitor, service::LISTED},
};

/// Longest text to search for, in characters.
const SEARCH_CHARS: usize = 200;
/// Sessions looked up at a time for a list: as many as are worth one round trip of a pipeline.
const LOOKUPS: usize = 32;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// A `short_id` or `lookup_code` as a whole, or a part of the other texts.
    search: Option<String>,
}

/// A visitor. All but the ids, times and states is the page's word.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitorEntry {
    /// Names it in the other calls.
    short_id: String,
    /// The site's own id of the person.
    unique_id: Option<String>,
    /// Names and addresses of the person.
    identities: Vec<String>,
    /// The site's own labels.
    tags: Vec<String>,
    /// Its page is connected.
    is_online: bool,
    /// It is watched, or invited to be.
    is_in_session: bool,
    /// Host and path of its page.
    last_url: Option<String>,
    /// `Firefox`, `Chrome`.
    browser_name: Option<String>,
    /// `desktop`, `mobile`, `tablet`.
    device_type: Option<String>,
    /// RFC 3339, UTC.
    first_seen_at: String,
    /// RFC 3339, UTC.
    last_seen_at: String,
    /// Four digits, for an hour.
    lookup_code: Option<String>,
}

/// Some visitors.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitorsAnswer {
    /// `ok`.
    status: &'static str,
    /// Those seen last come first; at most 1000.
    visitors: Vec<VisitorEntry>,
}

/// One visitor.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitorAnswer {
    /// `ok`.
    status: &'static str,
    visitor: VisitorEntry,
}

/// What is known of the use.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageAnswer {
    usage: UsageEntry,
}

/// What is known of the use.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageEntry {
    visitors: VisitorCounts,
    session_counts: SessionCounts,
}

/// How many visitors there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitorCounts {
    /// Whose page is connected.
    online_now: u64,
}

/// How many sessions are watched.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionCounts {
    /// At this moment.
    now: u64,
    /// Begun since midnight, UTC.
    today: u64,
}

impl VisitorEntry {
    async fn of(api: &Api, tenant: &TenantId, visitor: Visitor) -> Result<Self, StoreError> {
        let is_in_session = api.visitors.session_of(tenant, &visitor).await?.is_some();
        let Profile { unique_id, identities, tags, last_url, browser_name, device_type } =
            visitor.profile;
        let texts = |texts: Vec<Box<str>>| texts.into_iter().map(String::from).collect();
        Ok(Self {
            short_id: visitor.id.to_string(),
            unique_id: unique_id.map(String::from),
            identities: texts(identities),
            tags: texts(tags),
            is_online: visitor.seat.is_some(),
            is_in_session,
            last_url: last_url.map(String::from),
            browser_name: browser_name.map(String::from),
            device_type: device_type.map(String::from),
            first_seen_at: rfc3339(visitor.first_seen_ms),
            last_seen_at: rfc3339(visitor.last_seen_ms),
            lookup_code: visitor.lookup_code.map(|code| code.0.into()),
        })
    }
}

/// List visitors
///
/// Those who are online, and those who went offline within the last hour.
#[utoipa::path(
    get, path = "/v1.1/list.json", operation_id = "list_visitors",
    tag = "Visitors",
    security(("api_key" = [])),
    params(ListQuery),
    responses(
        (status = 200, body = VisitorsAnswer),
        (status = 400, body = super::refusal::RefusalBody),
        (status = 401, body = super::refusal::RefusalBody),
        (status = 503, body = super::refusal::RefusalBody),
    ),
)]
pub async fn list(
    State(api): State<SharedApi>,
    ApiKey { tenant }: ApiKey,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<VisitorsAnswer>, Refusal> {
    let Query(query) = query.map_err(|_| Problem::invalid("The query cannot be read."))?;
    let search = query.search.unwrap_or_default();
    plain_text(&search, "search", 0..=SEARCH_CHARS)?;
    let found = api.visitors.list(&tenant, &search, LISTED).await?;
    let entries = found.into_iter().map(|visitor| VisitorEntry::of(&api, &tenant, visitor));
    let visitors = stream::iter(entries).buffered(LOOKUPS).try_collect().await?;
    Ok(Json(VisitorsAnswer { status: "ok", visitors }))
}

/// Get a visitor
#[utoipa::path(
    get, path = "/v1.1/visitors/{short_id}", operation_id = "get_visitor",
    tag = "Visitors",
    security(("api_key" = [])),
    params(("short_id" = String, Path, description = "The visitor")),
    responses(
        (status = 200, body = VisitorAnswer),
        (status = 400, body = super::refusal::RefusalBody),
        (status = 401, body = super::refusal::RefusalBody),
        (status = 404, body = super::refusal::RefusalBody),
        (status = 503, body = super::refusal::RefusalBody),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    ApiKey { tenant }: ApiKey,
    NamedVisitor(visitor): NamedVisitor,
) -> Result<Json<VisitorAnswer>, Refusal> {
    let found = api.visitors.find(&tenant, &visitor).await?;
    let found = found.ok_or_else(Refusal::no_such_visitor)?;
    let visitor = VisitorEntry::of(&api, &tenant, found).await?;
    Ok(Json(VisitorAnswer { status: "ok", visitor }))
}

/// End a visitor's session
#[utoipa::path(
    delete, path = "/v1.1/visitors/{short_id}/session", operation_id = "end_visitor_session",
    tag = "Visitors",
    security(("api_key" = [])),
    params(("short_id" = String, Path, description = "The visitor")),
    responses(
        (status = 200, body = String, description = "`ok`, also when there was none"),
        (status = 400, body = super::refusal::RefusalBody),
        (status = 401, body = super::refusal::RefusalBody),
        (status = 404, body = super::refusal::RefusalBody),
        (status = 503, body = super::refusal::RefusalBody),
    ),
)]
pub async fn end_session(
    State(api): State<SharedApi>,
    ApiKey { tenant }: ApiKey,
    NamedVisitor(visitor): NamedVisitor,
) -> Result<&'static str, Refusal> {
    let ended = api.visitors.end_session(&tenant, &visitor).await?;
    ended.map(|()| "ok").ok_or_else(Refusal::no_such_visitor)
}

/// Get the use
#[utoipa::path(
    get, path = "/v1.1/usage.json", operation_id = "get_usage",
    tag = "Visitors",
    security(("api_key" = [])),
    responses(
        (status = 200, body = UsageAnswer),
        (status = 401, body = super::refusal::RefusalBody),
        (status = 503, body = super::refusal::RefusalBody),
    ),
)]
pub async fn usage(
    State(api): State<SharedApi>,
    ApiKey { tenant }: ApiKey,
) -> Result<Json<UsageAnswer>, Refusal> {
    let usage = api.visitors.usage(&tenant).await?;
    Ok(Json(UsageAnswer {
        usage: UsageEntry {
            visitors: VisitorCounts { online_now: usage.online_now },
            session_counts: SessionCounts { now: usage.sessions_now, today: usage.sessions_today },
        },
    }))
}
