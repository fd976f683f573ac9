//! Every error of the HTTP interfaces, as problem details (RFC 9457). Statuses are chosen here only.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{auth::AuthError, domain::error::StoreError};

/// Seconds a client should wait before it asks a store that is away again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// What kind of problem: its `type`, its `code`, its status. README lists them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is not what the call takes.
    InvalidRequest,
    /// No token, or one that does not count.
    InvalidToken,
    /// The origin is not on the list.
    OriginRefused,
    /// No such page.
    NotFound,
    /// No such session, or somebody else's.
    NoSuchSession,
    /// No such node.
    NoSuchNode,
    /// The page has no such method.
    MethodNotAllowed,
    /// The body is too large.
    BodyTooLarge,
    /// DRISC: a limit is reached.
    LimitExceeded,
    /// Media Play Sessions: a limit is reached.
    TooManySessions,
    /// Take-over is switched off.
    TakeOverDisabled,
    /// The session lives under another device type.
    OtherDeviceType,
    /// The session was ended, and why.
    SessionEnded,
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused,
    /// The address takes WebSocket connections only.
    UpgradeRequired,
    /// The store does not answer.
    StoreUnavailable,
    /// The keys that verify tokens could not be loaded.
    KeysUnavailable,
    /// The node takes no new work.
    NodeUnavailable,
    /// The web pages were not built.
    PagesNotBuilt,
    /// The account asks for more than can be remembered.
    TooManyRequests,
    /// The request took too long.
    Timeout,
    /// A defect.
    Internal,
}

impl Kind {
    /// All kinds, for the documentation.
    pub const ALL: [Self; 22] = [
        Self::InvalidRequest,
        Self::InvalidToken,
        Self::OriginRefused,
        Self::NotFound,
        Self::NoSuchSession,
        Self::NoSuchNode,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::LimitExceeded,
        Self::TooManySessions,
        Self::TakeOverDisabled,
        Self::OtherDeviceType,
        Self::SessionEnded,
        Self::IdempotencyKeyReused,
        Self::UpgradeRequired,
        Self::StoreUnavailable,
        Self::KeysUnavailable,
        Self::NodeUnavailable,
        Self::PagesNotBuilt,
        Self::TooManyRequests,
        Self::Timeout,
        Self::Internal,
    ];

    /// Status, last part of the `type`, `code`, `title`.
    fn spec(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidRequest => {
                (S::BAD_REQUEST, "invalid-request", "InvalidRequest", "The request is not valid")
            }
            Self::InvalidToken => {
                (S::UNAUTHORIZED, "invalid-token", "InvalidToken", "No valid bearer token")
            }
            Self::OriginRefused => {
                (S::FORBIDDEN, "origin-refused", "OriginRefused", "This origin is not allowed")
            }
            Self::NotFound => (S::NOT_FOUND, "not-found", "NotFound", "No such page"),
            Self::NoSuchSession => {
                (S::NOT_FOUND, "no-such-session", "NoSuchSession", "No such session")
            }
            Self::NoSuchNode => (S::NOT_FOUND, "no-such-node", "NoSuchNode", "No such node"),
            Self::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "MethodNotAllowed",
                "This page has no such method",
            ),
            Self::BodyTooLarge => {
                (S::PAYLOAD_TOO_LARGE, "body-too-large", "BodyTooLarge", "The body is too large")
            }
            Self::LimitExceeded => {
                (S::CONFLICT, "limit-exceeded", "LimitExceeded", "The limit is reached")
            }
            Self::TooManySessions => {
                (S::FORBIDDEN, "too-many-sessions", "df1e80a", "Too many sessions")
            }
            Self::TakeOverDisabled => {
                (S::FORBIDDEN, "take-over-disabled", "TakeOverDisabled", "Take-over is off")
            }
            Self::OtherDeviceType => (
                S::CONFLICT,
                "other-device-type",
                "OtherDeviceType",
                "The session has another device type",
            ),
            Self::SessionEnded => (S::GONE, "session-ended", "SessionEnded", "The session ended"),
            Self::IdempotencyKeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "IdempotencyKeyReused",
                "The idempotency key belongs to another request",
            ),
            Self::UpgradeRequired => {
                (S::UPGRADE_REQUIRED, "upgrade-required", "UpgradeRequired", "WebSocket only")
            }
            Self::StoreUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "store-unavailable",
                "StoreUnavailable",
                "The session store does not answer",
            ),
            Self::KeysUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "keys-unavailable",
                "KeysUnavailable",
                "The keys that verify tokens are not loaded",
            ),
            Self::NodeUnavailable => (
                S::SERVICE_UNAVAILABLE,
                "node-unavailable",
                "NodeUnavailable",
                "This node takes no new sessions",
            ),
            Self::PagesNotBuilt => (
                S::SERVICE_UNAVAILABLE,
                "pages-not-built",
                "PagesNotBuilt",
                "The web pages are not built",
            ),
            Self::TooManyRequests => {
                (S::TOO_MANY_REQUESTS, "too-many-requests", "TooManyRequests", "Slow down")
            }
            Self::Timeout => {
                (S::REQUEST_TIMEOUT, "timeout", "Timeout", "The request took too long")
            }
            Self::Internal => {
                (S::INTERNAL_SERVER_ERROR, "internal", "InternalError", "A defect in Baton")
            }
        }
    }

    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        self.spec().0
    }

    /// The `type`: stable, for programs.
    pub fn uri(self) -> String {
        format!("urn:baton:problem:{}", self.spec().1)
    }

    /// The `code`: stable, for programs that compare words.
    pub fn code(self) -> &'static str {
        self.spec().2
    }
}

/// One problem: its kind, and what to do about it.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem; `detail` tells the reader what to do.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after =
            (kind.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS);
        Self { kind, detail: detail.into(), members: Map::new(), retry_after }
    }

    /// A request that is not what the call takes.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidRequest, detail)
    }

    /// A session that is not there, or not the caller's.
    pub fn no_such_session() -> Self {
        Self::new(Kind::NoSuchSession, "It ended, expired, or never was: ask for a new session.")
    }

    /// An account that asks for more than can be remembered.
    pub fn crowded() -> Self {
        let detail = "This account started and ended thousands of sessions in minutes: slow down.";
        Self::new(Kind::TooManyRequests, detail)
    }

    /// Adds a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(error = &error as &dyn std::error::Error, "a call found no store");
            Self::new(Kind::StoreUnavailable, "Try again in some seconds.")
        } else {
            tracing::error!(error = &error as &dyn std::error::Error, "a call failed");
            Self::new(Kind::Internal, "The log of the node tells more.")
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let kind = if error.is_transient() { Kind::KeysUnavailable } else { Kind::InvalidToken };
        Self::new(kind, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, _, code, title) = self.kind.spec();
        // `details` stands in every problem: the vendor's client reads its members unasked.
        let mut body = json!({
            "type": self.kind.uri(), "status": status.as_u16(), "title": title,
            "detail": self.detail, "code": code, "details": {},
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.members);
        }
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let problem_json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem_json);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 §15.5.22: the answer must name the protocol.
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
