//! Every error of the HTTP interfaces, as problem details (RFC 9457). Statuses are chosen here only.

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{auth::AuthError, domain::error::StoreError};

/// Seconds a client should wait before it asks a store that is away again.
const RETRY_AFTER_SECONDS: u32 = 2;
/// Seconds after which remembered answers of an account have made room for new ones.
const CROWDED_SECONDS: u32 = 60;

/// Declares the kinds of problems, a row each: what it means, its name, its status, the last part
/// of its `type`, its `code`, its `title`.
macro_rules! kinds {
    ($(
        #[doc = $doc:literal]
        $kind:ident: $status:ident, $slug:literal, $code:literal, $title:literal;
    )+) => {
        /// What kind of problem: its `type`, its `code`, its status. README lists them all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            $(#[doc = $doc] $kind,)+
        }

        impl Kind {
            /// All kinds, for the documentation.
            pub const ALL: [Self; [$(Self::$kind),+].len()] = [$(Self::$kind),+];

            fn spec(self) -> Spec {
                match self {
                    $(Self::$kind => Spec {
                        status: StatusCode::$status, slug: $slug, code: $code, title: $title,
                    },)+
                }
            }
        }
    };
}

/// A row of the table without its name.
struct Spec {
    status: StatusCode,
    slug: &'static str,
    code: &'static str,
    title: &'static str,
}

kinds! {
    /// The request is not what the call takes.
    InvalidRequest: BAD_REQUEST, "invalid-request", "InvalidRequest", "The request is not valid";
    /// No token, or one that does not count.
    InvalidToken: UNAUTHORIZED, "invalid-token", "InvalidToken", "No valid bearer token";
    /// v1.1: no `X-Api-Key`, or another one.
    InvalidApiKey: UNAUTHORIZED, "invalid-api-key", "InvalidApiKey", "No valid API key";
    /// v1.1: no key is configured.
    ApiDisabled: UNAUTHORIZED, "api-disabled", "ApiDisabled", "This API is closed";
    /// v1.1: as many sessions are watched as may be.
    TooManyWatched: PAYMENT_REQUIRED, "too-many-watched", "TooManyWatched",
        "Too many sessions are watched";
    /// A short code that is of no use.
    CodeRefused: FORBIDDEN, "code-refused", "CodeRefused", "This code is of no use";
    /// The origin is not on the list.
    OriginRefused: FORBIDDEN, "origin-refused", "OriginRefused", "This origin is not allowed";
    /// The caller may not do this.
    NotAllowed: FORBIDDEN, "not-allowed", "NotAllowed", "You may not do this";
    /// No such page.
    NotFound: NOT_FOUND, "not-found", "NotFound", "No such page";
    /// No such session, or somebody else's.
    NoSuchSession: NOT_FOUND, "no-such-session", "NoSuchSession", "No such session";
    /// v1.1: nobody remembers the visitor.
    NoSuchVisitor: NOT_FOUND, "no-such-visitor", "NoSuchVisitor", "No such visitor";
    /// No such node.
    NoSuchNode: NOT_FOUND, "no-such-node", "NoSuchNode", "No such node";
    /// The page has no such method.
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method-not-allowed", "MethodNotAllowed",
        "This page has no such method";
    /// The body is too large.
    BodyTooLarge: PAYLOAD_TOO_LARGE, "body-too-large", "BodyTooLarge", "The body is too large";
    /// DRISC: a limit is reached.
    LimitExceeded: CONFLICT, "limit-exceeded", "LimitExceeded", "The limit is reached";
    /// Media Play Sessions: a limit is reached.
    TooManySessions: FORBIDDEN, "too-many-sessions", "df1e80a", "Too many sessions";
    /// Take-over is switched off.
    TakeOverDisabled: FORBIDDEN, "take-over-disabled", "TakeOverDisabled", "Take-over is off";
    /// The session lives under another device type.
    OtherDeviceType: CONFLICT, "other-device-type", "OtherDeviceType",
        "The session has another device type";
    /// The agent holds as many co-browse sessions as it may.
    AgentBusy: CONFLICT, "agent-busy", "AgentBusy", "The agent is in another session";
    /// A co-browse session has as many users as it may.
    SessionFull: CONFLICT, "session-full", "SessionFull", "The session is full";
    /// The session was ended, and why.
    SessionEnded: GONE, "session-ended", "SessionEnded", "The session ended";
    /// A watch link was opened before.
    LinkUsed: GONE, "link-used", "LinkUsed", "The watch link was opened before";
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused: UNPROCESSABLE_ENTITY, "idempotency-key-reused", "IdempotencyKeyReused",
        "The idempotency key belongs to another request";
    /// The address takes WebSocket connections only.
    UpgradeRequired: UPGRADE_REQUIRED, "upgrade-required", "UpgradeRequired", "WebSocket only";
    /// Somebody asks for more than may be.
    TooManyRequests: TOO_MANY_REQUESTS, "too-many-requests", "TooManyRequests", "Slow down";
    /// All short codes are taken.
    NoCodeFree: SERVICE_UNAVAILABLE, "no-code-free", "NoCodeFree", "No short code is free";
    /// The store does not answer.
    StoreUnavailable: SERVICE_UNAVAILABLE, "store-unavailable", "StoreUnavailable",
        "The session store does not answer";
    /// The keys that verify tokens could not be loaded.
    KeysUnavailable: SERVICE_UNAVAILABLE, "keys-unavailable", "KeysUnavailable",
        "The keys that verify tokens are not loaded";
    /// The node takes no new work.
    NodeUnavailable: SERVICE_UNAVAILABLE, "node-unavailable", "NodeUnavailable",
        "This node takes no new sessions";
    /// The web pages were not built.
    PagesNotBuilt: SERVICE_UNAVAILABLE, "pages-not-built", "PagesNotBuilt",
        "The web pages are not built";
    /// The request took too long.
    Timeout: REQUEST_TIMEOUT, "timeout", "Timeout", "The request took too long";
    /// A defect.
    Internal: INTERNAL_SERVER_ERROR, "internal", "InternalError", "A defect in Baton";
}

impl Kind {
    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        self.spec().status
    }

    /// The `type`: stable, for programs.
    pub fn uri(self) -> String {
        format!("urn:baton:problem:{}", self.spec().slug)
    }

    /// The last part of its `type`, as v1.1 writes words.
    pub fn word(self) -> String {
        self.spec().slug.replace('-', "_")
    }

    /// The `code`: stable, for programs that compare words.
    pub fn code(self) -> &'static str {
        self.spec().code
    }

    /// The `Retry-After`, where waiting is all a client can do.
    fn retry_after(self) -> Option<u32> {
        match self.status() {
            StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER_SECONDS),
            StatusCode::TOO_MANY_REQUESTS => Some(CROWDED_SECONDS),
            _ => None,
        }
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
        let retry_after = kind.retry_after();
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

    /// A node that sends its work to others.
    pub fn draining() -> Self {
        Self::new(Kind::NodeUnavailable, "It is draining: ask another node.")
    }

    /// An idempotency key that belongs to another request.
    pub fn key_reused() -> Self {
        let detail = "Draw a new Idempotency-Key for each new request.";
        Self::new(Kind::IdempotencyKeyReused, detail)
    }

    /// An account that asks for more than can be remembered.
    pub fn crowded() -> Self {
        let detail = "This account started and ended thousands of sessions in minutes: slow down.";
        Self::new(Kind::TooManyRequests, detail)
    }

    /// Somebody whose tries failed too often, until then.
    pub fn guessing(retry: Duration) -> Self {
        let detail = "Too many codes were refused: check the code, and wait.";
        Self::new(Kind::TooManyRequests, detail).retry_after(retry)
    }

    /// An address that creates too much, until then.
    pub fn creating(retry: Duration) -> Self {
        let detail = "This address created too many sessions and codes: wait.";
        Self::new(Kind::TooManyRequests, detail).retry_after(retry)
    }

    /// Tells how long to wait, in whole seconds: those are over when it says so.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        self.retry_after = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        self
    }

    /// What kind of problem.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What to do about it.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The value of `Retry-After`.
    pub(super) fn retry_seconds(&self) -> Option<u32> {
        self.retry_after
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
        let Spec { status, slug: _, code, title } = self.kind.spec();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_type_or_a_code() {
        for of in [Kind::uri, |kind: Kind| kind.code().to_owned()] {
            let mut names: Vec<_> = Kind::ALL.into_iter().map(of).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), Kind::ALL.len(), "{names:?}");
        }
    }

    #[test]
    fn whoever_can_only_wait_is_told_how_long() {
        let waits = |kind| {
            let response = Problem::new(kind, "").into_response();
            let seconds = response.headers().get(header::RETRY_AFTER);
            seconds.map(|seconds| seconds.to_str().unwrap().to_owned())
        };
        assert_eq!(waits(Kind::TooManyRequests).as_deref(), Some("60"));
        assert_eq!(waits(Kind::StoreUnavailable).as_deref(), Some("2"));
        assert_eq!(waits(Kind::LimitExceeded), None);
        let own = |millis| {
            let response = Problem::guessing(Duration::from_millis(millis)).into_response();
            response.headers()[header::RETRY_AFTER].to_str().unwrap().to_owned()
        };
        assert_eq!([0, 1, 1000, 1001, 60_000].map(own), ["1", "1", "1", "2", "60"]);
    }
}
