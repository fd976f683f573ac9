//! The operators' console on the admin listener. Its pages contain nothing, so they need no token;
//! each call they make does.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{Redirect, Response},
};

use super::{problem::Problem, state::SharedApi};

/// Nothing inline, nothing from elsewhere: the page holds the operators' token.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// From wherever an operator begins.
pub async fn home() -> Redirect {
    Redirect::temporary("/console/")
}

/// The page.
pub async fn index(State(api): State<SharedApi>) -> Result<Response, Problem> {
    file(&api, "index.html").await
}

/// A file of the page.
pub async fn page(
    State(api): State<SharedApi>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    file(&api, &name).await
}

async fn file(api: &SharedApi, name: &str) -> Result<Response, Problem> {
    let mut page = api.pages.get(&format!("console/{name}")).await?;
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    Ok(page)
}
