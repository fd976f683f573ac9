//! What every request passes: its id, its span, its count, and errors in one form.
//!
//! One function and not a stack of layers: on an axum router each layer is another boxed service
//! and another boxed future for each request.

use std::{any::Any, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::{Instant, timeout};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tracing::Instrument;

use super::{
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::metrics;

/// Whoever has not sent its request by then, or is not answered, is refused.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);
/// How much of a library's own error text is kept as the detail.
const DETAIL_BYTES: usize = 512;
/// How long browsers may remember a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

/// Segments of routes whose place a secret takes.
const SECRET_SEGMENTS: [&str; 2] = ["{user_token}", "{link_token}"];

/// The client's name for a request, or ours; the answer repeats it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What goes on around every handler.
pub async fn surround(State(api): State<SharedApi>, mut request: Request, next: Next) -> Response {
    let id = identify(&mut request);
    let span = span(&request, &id);
    let mut response = measure(&api, request, next).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

fn identify(request: &mut Request) -> HeaderValue {
    if let Some(id) = request.headers().get(REQUEST_ID) {
        return id.clone();
    }
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut text);
    // Hexadecimal digits and hyphens are a header's value.
    let id = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"));
    request.headers_mut().insert(REQUEST_ID, id.clone());
    id
}

/// Counts and times a request, and ends it at the deadline.
async fn measure(api: &SharedApi, request: Request, next: Next) -> Response {
    let method = method_label(request.method()).to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = match timeout(REQUEST_DEADLINE, next.run(request)).await {
        Ok(response) => problems(response).await,
        Err(_) => Problem::new(Kind::Timeout, "Send the request faster.").into_response(),
    };
    api.metrics.request_seconds.observe(started.elapsed());
    let status = response.status().as_u16();
    api.metrics.requests.get_or_create(&metrics::Request { method, route, status }).inc();
    response
}

/// The method as a metric's label. Peers may make methods up, and each label lives for ever.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => method.as_str(),
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE => method.as_str(),
        _ => "other",
    }
}

/// Turns errors that a library answered as plain text into problem details.
async fn problems(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_text = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_error || !is_text {
        return response;
    }
    let (parts, body) = response.into_parts();
    let detail = text(body).await;
    let mut response = of_status(parts.status, detail).into_response();
    for (name, value) in &parts.headers {
        // `Allow`, CORS and the like stay; what described the old body goes.
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

async fn text(body: Body) -> String {
    let bytes = to_bytes(body, DETAIL_BYTES).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

fn of_status(status: StatusCode, detail: String) -> Problem {
    match status {
        StatusCode::NOT_FOUND => {
            Problem::new(Kind::NotFound, "GET /openapi.json lists what there is.")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(Kind::MethodNotAllowed, "The Allow header lists its methods.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::BodyTooLarge, detail),
        status if status.is_server_error() => {
            Problem::new(Kind::Internal, "The log of the node tells more.")
        }
        _ => Problem::invalid(detail),
    }
}

/// A panic in a handler: a defect, told to the log and not to the client.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    Problem::new(Kind::Internal, "The log of the node tells more.").into_response()
}

/// The span of a request: its id and path, never its query, which may hold a token.
fn span(request: &Request, id: &HeaderValue) -> tracing::Span {
    let id = id.to_str().unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = shown_path(request), id)
}

/// The path, or its pattern where it holds a secret.
fn shown_path(request: &Request) -> &str {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let is_secret = |route: &&str| SECRET_SEGMENTS.iter().any(|secret| route.contains(secret));
    route.filter(is_secret).unwrap_or(request.uri().path())
}

/// Players run on web pages of other origins, and each call carries `authorization`: preflighted.
pub fn cors(api: &SharedApi) -> CorsLayer {
    let tenants = api.tenants.clone();
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| tenants.any_allows(origin))
    });
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let exposed = [
        header::RETRY_AFTER,
        HeaderName::from_static("expires-in"),
        HeaderName::from_static("x-request-id"),
    ];
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods(methods)
        .expose_headers(exposed)
        .max_age(PREFLIGHT_AGE)
}

/// Pages of consumers and of agents, wherever they run; without cookies there is nothing to guard.
pub fn short_code_cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods([Method::GET, Method::PUT])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}

/// Pages of the listed sites, with their cookies: the exact origin is told, and nobody else's.
pub fn cobrowse_cors(api: &SharedApi) -> CorsLayer {
    let api = api.clone();
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| api.sites.allow(origin))
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_credentials(true)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT_AGE)
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_log_shows_no_secret_of_a_path() {
        let show = async |request: Request| shown_path(&request).to_owned();
        let routes = Router::new()
            .route("/sessions/{id}", get(show))
            .route("/users/{user_token}/stop", get(show))
            .route("/watch/{link_token}", get(show));
        for (path, shown) in [
            ("/sessions/7?token=x", "/sessions/7"),
            ("/users/s3/stop", "/users/{user_token}/stop"),
            ("/watch/a.b.c", "/watch/{link_token}"),
        ] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = routes.clone().oneshot(request).await.unwrap();
            assert_eq!(text(response.into_body()).await, shown);
        }
    }
}
