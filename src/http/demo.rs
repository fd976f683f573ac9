//! `--dev` only: the demo pages, tokens and an API key for them.

use std::time::Duration;

use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{
    auth::{DEFAULT_TENANT, Identity, Role, mint_token},
    domain::ids::{CustomerId, TenantId},
};

/// The tenant of the demo's customers. Its agents are of the default tenant, as its visitors are.
const TENANT: &str = "demo";
/// Life of a demo token.
const TOKEN_LIFE: Duration = Duration::from_secs(8 * 3600);

/// What mints demo tokens.
pub struct Demo {
    /// The default tenant's HS256 secret.
    pub secret: String,
    /// The key of the v1.1 API that was made up; a configured one is not shown.
    pub api_key: Option<String>,
}

/// Who wants a token: a customer, or `role=agent` or `controller`.
#[derive(Deserialize)]
pub struct TokenQuery {
    customer: Option<String>,
    role: Option<String>,
    agent: Option<String>,
    name: Option<String>,
}

/// A demo token.
#[derive(Serialize)]
pub struct TokenAnswer {
    token: String,
}

/// A token for the demo pages.
pub async fn token(
    State(api): State<SharedApi>,
    Query(query): Query<TokenQuery>,
) -> Result<axum::Json<TokenAnswer>, Problem> {
    let Some(demo) = &api.demo else {
        return Err(Problem::new(Kind::NotFound, "Demo tokens exist with --dev only."));
    };
    let token = mint_token(demo.secret.as_bytes(), &query.bearer()?, TOKEN_LIFE);
    Ok(axum::Json(TokenAnswer { token }))
}

/// The key of the v1.1 API, for demos.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyAnswer {
    api_key: String,
}

/// The `X-Api-Key` of this node.
pub async fn api_key(State(api): State<SharedApi>) -> Result<axum::Json<KeyAnswer>, Problem> {
    let made_up = api.demo.as_ref().and_then(|demo| demo.api_key.clone());
    let configured = || Problem::new(Kind::NotFound, "It is the configured watch.api_key.");
    Ok(axum::Json(KeyAnswer { api_key: made_up.ok_or_else(configured)? }))
}

impl TokenQuery {
    fn bearer(self) -> Result<Identity, Problem> {
        let role = match self.role.as_deref() {
            None | Some("customer") => Role::Customer,
            Some("agent") => Role::Agent,
            Some("controller") => Role::Controller,
            Some(_) => return Err(Problem::invalid("`role` is customer, agent or controller.")),
        };
        if role != Role::Customer {
            let agent = Identity::new(DEFAULT_TENANT.into(), role);
            return Ok(Identity { subject: self.agent, name: self.name, ..agent });
        }
        let missing = || Problem::invalid("A customer's token takes `customer`.");
        let customer = CustomerId::from(self.customer.ok_or_else(missing)?);
        let bearer = Identity::new(TenantId::from(TENANT), role);
        Ok(Identity { customer: Some(customer), ..bearer })
    }
}

/// The demo's front page.
pub async fn home() -> Redirect {
    Redirect::temporary("/demo/index.html")
}

/// A file of the demo.
pub async fn page(
    State(api): State<SharedApi>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(api.pages.get(&format!("demo/{file}")).await?.answer(&headers))
}
