//! Errors in the dialect of the v1.1 API: `{"status":"error","error":"…"}`.
//!
//! Which there are, and their statuses, is `problem.rs`'s to say; this is another way to write them.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Kind, Problem};
use crate::domain::error::StoreError;

/// A problem that is answered in the words of the v1.1 API.
#[derive(Debug)]
pub struct Refusal(Problem);

/// An error of the v1.1 API.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalBody {
    /// `error`.
    status: &'static str,
    /// Stable, for programs: the last part of a problem's `type`, with underscores.
    error: String,
    /// What to do about it (ours).
    message: String,
}

impl Refusal {
    /// A refusal; `message` tells the reader what to do.
    pub fn new(kind: Kind, message: &'static str) -> Self {
        Self(Problem::new(kind, message))
    }

    /// A visitor whom nobody remembers.
    pub fn no_such_visitor() -> Self {
        Self::new(Kind::NoSuchVisitor, "It went offline an hour ago or more, or never came.")
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let (kind, message) = (problem.kind(), problem.detail().to_owned());
        let body = RefusalBody { status: "error", error: kind.word(), message };
        let mut response = (kind.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = problem.retry_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if kind.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 asks for a challenge; no scheme is registered for such keys.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("X-Api-Key"));
        }
        response
    }
}
