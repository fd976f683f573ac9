//! What remains of a co-browse session after its end, in the Genesys dialect.

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    cobrowse_caller::{OfHistory, Staff, no_such_session},
    cobrowse_host::fresh,
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::domain::cobrowse::{Entry, Page, Stored, audit::pages};

/// A session that is over. Times are milliseconds since 1970.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionHistory {
    /// A UUID.
    id: String,
    session_token: String,
    creation_time: u64,
    /// Null where no agent ever joined.
    activation_time: Option<u64>,
    deactivation_time: u64,
    /// The pages the visitor was on, in order.
    pages: Vec<HistoryPage>,
}

/// A page the visitor was on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// Its host and path; never its query or fragment.
    url: String,
    /// Milliseconds since 1970.
    entered_timestamp: u64,
    /// Whole seconds.
    duration: u64,
}

impl From<Page> for HistoryPage {
    fn from(page: Page) -> Self {
        Self {
            url: page.url.into(),
            entered_timestamp: page.entered_ms,
            duration: page.stayed_ms / 1000,
        }
    }
}

impl SessionHistory {
    /// None of a session that goes on.
    fn of(stored: &Stored, entries: &[Entry]) -> Option<Self> {
        let session = &stored.session;
        let ended_ms = session.end.as_ref()?.at_ms;
        Some(Self {
            id: session.history_id.to_string(),
            session_token: session.token.to_string(),
            creation_time: stored.created_ms,
            activation_time: session.activated_ms,
            deactivation_time: ended_ms,
            pages: pages(entries, ended_ms).into_iter().map(HistoryPage::from).collect(),
        })
    }
}

/// Look into a session that is over
#[utoipa::path(
    get, path = "/rest/history/sessions/{id}", operation_id = "get_cobrowse_history",
    tag = "Co-browse",
    security(("agent" = [])),
    params(("id" = String, Path, description = "`sessionHistoryId`")),
    responses(
        (status = 200, body = SessionHistory),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 403, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn get(
    State(api): State<SharedApi>,
    Staff(identity): Staff,
    OfHistory(id): OfHistory,
) -> Result<Response, Problem> {
    let found = api.cobrowse.history(&id).await?;
    let own = found.filter(|(stored, _)| stored.session.tenant == identity.tenant);
    let (stored, entries) = own.ok_or_else(no_such_session)?;
    let going_on = || {
        let detail = "The session is not over: its history is there after its end.";
        Problem::new(Kind::NoSuchSession, detail)
    };
    SessionHistory::of(&stored, &entries).map(fresh).ok_or_else(going_on)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::cobrowse::{Begun, End, EndedBy, Event, Server, Session};

    #[test]
    fn pages_are_told_with_whole_seconds() {
        let home = Server { name: "n".into(), url: None, internal_url: "http://n".into() };
        let mut session = Session::new("t".into(), Begun::Live, home, true);
        session.end = Some(End { at_ms: 9_999, by: EndedBy::Customer });
        let stored = Stored {
            session,
            version: 1,
            created_ms: 500,
            now_ms: 20_000,
            expires_ms: 9_999,
            owner: None,
            fence: 1,
        };
        let page = |at_ms, url: &str| Entry { at_ms, event: Event::Page { url: url.into() } };
        let entries = [page(1_000, "shop.test/"), page(4_500, "shop.test/cart")];
        let history = json!(SessionHistory::of(&stored, &entries).unwrap());
        assert_eq!(
            history,
            json!({
                "id": stored.session.history_id, "sessionToken": stored.session.token,
                "creationTime": 500, "activationTime": null, "deactivationTime": 9_999,
                "pages": [
                    { "url": "shop.test/", "enteredTimestamp": 1_000, "duration": 3 },
                    { "url": "shop.test/cart", "enteredTimestamp": 4_500, "duration": 5 },
                ],
            })
        );
    }
}
