//! The operators' console on the admin listener. Its pages contain nothing, so they need no token;
//! each call they make does.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue},
    response::{Redirect, Response},
};

use super::{
    problem::Problem,
    state::{Api, SharedApi},
};

/// Nothing inline, nothing from elsewhere: the page holds the operators' token.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// From wherever an operator begins.
pub async fn home() -> Redirect {
    Redirect::temporary("/console/")
}

/// The page.
pub async fn index(State(api): State<SharedApi>, headers: HeaderMap) -> Result<Response, Problem> {
    file(&api, "index.html", &headers).await
}

/// A file of the page.
pub async fn page(
    State(api): State<SharedApi>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    file(&api, &name, &headers).await
}

async fn file(api: &Api, name: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let page = api.pages.get(&format!("console/{name}")).await?;
    Ok(page.policy(CONTENT_SECURITY_POLICY).answer(headers))
}
