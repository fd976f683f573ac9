//! `--dev` only: the demo pages and tokens for them.

use std::time::Duration;

use axum::{
    extract::{Path, Query, State},
    response::{Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{
    auth::{Role, mint_customer_token},
    domain::ids::{CustomerId, TenantId},
};

/// The tenant of the demo's customers.
const TENANT: &str = "demo";
/// Life of a demo token.
const TOKEN_LIFE: Duration = Duration::from_secs(8 * 3600);

/// What mints demo tokens.
pub struct Demo {
    /// The default tenant's HS256 secret.
    pub secret: String,
}

/// Who wants a token.
#[derive(Deserialize)]
pub struct TokenQuery {
    customer: String,
}

/// A demo token.
#[derive(Serialize)]
pub struct TokenAnswer {
    token: String,
}

/// A customer's token for the demo pages.
pub async fn token(
    State(api): State<SharedApi>,
    Query(query): Query<TokenQuery>,
) -> Result<axum::Json<TokenAnswer>, Problem> {
    let Some(demo) = &api.demo else {
        return Err(Problem::new(Kind::NotFound, "Demo tokens exist with --dev only."));
    };
    let (secret, tenant) = (demo.secret.as_bytes(), TenantId::from(TENANT));
    let customer = CustomerId::from(query.customer);
    let token =
        mint_customer_token(secret, &tenant, Some(&customer), TOKEN_LIFE, None, Role::Customer);
    Ok(axum::Json(TokenAnswer { token }))
}

/// The demo's front page.
pub async fn home() -> Redirect {
    Redirect::temporary("/demo/index.html")
}

/// A file of the demo.
pub async fn page(
    State(api): State<SharedApi>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    api.pages.get(&format!("demo/{file}")).await
}
