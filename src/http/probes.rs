//! Probes and metrics for orchestrators.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    problem::{Kind, Problem},
    state::SharedApi,
};

/// Whether the node takes work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    ready: bool,
    /// What stands in the way.
    obstacles: Vec<&'static str>,
}

/// Whether the process is alive, whatever the store does
#[utoipa::path(get, path = "/livez", tag = "Probes", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "alive\n"
}

/// Whether the node takes work
#[utoipa::path(
    get, path = "/readyz", tag = "Probes",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)),
)]
pub async fn readyz(State(api): State<SharedApi>) -> Response {
    let obstacles = api.health.obstacles();
    let ready = obstacles.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Readiness { ready, obstacles })).into_response()
}

/// Metrics in the OpenMetrics text format
#[utoipa::path(
    get, path = "/metrics", tag = "Probes",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")),
)]
pub async fn metrics(State(api): State<SharedApi>) -> Result<Response, Problem> {
    let text = api
        .metrics
        .text()
        .map_err(|_| Problem::new(Kind::Internal, "The metrics could not be written."))?;
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, format)], text).into_response())
}
