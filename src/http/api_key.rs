//! What the calls of the v1.1 API ask for as arguments: the key, the visitor of the path.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderName, request::Parts},
};

use super::{
    extract::{is_same_secret, text},
    problem::{Kind, Problem},
    refusal::Refusal,
    state::SharedApi,
};
use crate::{
    auth::DEFAULT_TENANT,
    domain::ids::{TenantId, VisitorId},
    metrics::Metrics,
};

const HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// What ends the visitor's id in some paths.
const SUFFIX: &str = ".json";

/// An agent's application: whoever knows `watch.api_key`. It acts for the default tenant.
pub struct ApiKey {
    /// Whose visitors.
    pub tenant: TenantId,
}

impl FromRequestParts<SharedApi> for ApiKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Refusal> {
        let Some(expected) = &api.api_key else {
            return Err(Refusal::new(Kind::ApiDisabled, "Set watch.api_key to open this API."));
        };
        let mut given = parts.headers.get_all(&HEADER).iter();
        let is_one = given.next().is_some() && given.next().is_none();
        let given = text(&parts.headers, &HEADER).filter(|_| is_one).unwrap_or_default();
        if is_same_secret(given, expected) {
            return Ok(Self { tenant: DEFAULT_TENANT.into() });
        }
        Metrics::count(&api.metrics.refused_tokens, "bad_api_key");
        Err(Refusal::new(Kind::InvalidApiKey, "Send the header X-Api-Key: it is watch.api_key."))
    }
}

/// The visitor that a path names, with or without `.json`.
pub struct NamedVisitor(pub VisitorId);

impl FromRequestParts<SharedApi> for NamedVisitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Refusal> {
        let Ok(Path(segment)) = Path::<String>::from_request_parts(parts, api).await else {
            return Err(Problem::invalid("The path is not UTF-8.").into());
        };
        Ok(Self(segment.strip_suffix(SUFFIX).unwrap_or(&segment).into()))
    }
}
