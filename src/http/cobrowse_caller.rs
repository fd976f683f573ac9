//! Who calls a co-browse session: the site of a visitor, people of a tenant, the names in paths.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Path},
    http::{HeaderMap, header, request::Parts},
};
use url::Url;

use super::{
    extract::{refuse, text},
    problem::{Kind, Problem},
    state::{Api, SharedApi},
};
use crate::{
    auth::{DEFAULT_TENANT, Identity, Role, bearer},
    domain::{
        cobrowse::Credential,
        ids::{HistoryId, SessionToken, TenantId},
    },
};

/// The site that a visitor's call comes from.
pub struct Site {
    /// Its origin, where it is whitelisted.
    pub origin: Option<Box<str>>,
    /// Whose site it is; the default tenant's where no tenant names it.
    pub tenant: TenantId,
}

impl FromRequestParts<SharedApi> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, api))
    }
}

impl Site {
    /// Either header will do, as in the original: a browser may leave out one of them.
    fn of(headers: &HeaderMap, api: &Api) -> Self {
        let origin = text(headers, &header::ORIGIN).map(str::to_owned);
        let referer = || text(headers, &header::REFERER).and_then(origin_of);
        let listed = |origin: &String| api.sites.allow(origin);
        let origin = origin.filter(listed).or_else(|| referer().filter(listed));
        let tenant = origin.as_deref().and_then(|origin| api.sites.tenant(origin)).cloned();
        let tenant = tenant.unwrap_or_else(|| DEFAULT_TENANT.into());
        Self { origin: origin.map(String::into_boxed_str), tenant }
    }

    /// Refuses calls from elsewhere, and those that do not tell where they come from.
    pub fn check(&self) -> Result<(), Problem> {
        let detail = "Send the Origin or Referer of a site in cobrowse.allowed_origins, \
                      or in the list of its tenant.";
        let refused = || Problem::new(Kind::OriginRefused, detail);
        self.origin.as_ref().map(|_| ()).ok_or_else(refused)
    }
}

fn origin_of(referer: &str) -> Option<String> {
    let url = Url::parse(referer).ok()?;
    Some(url.origin().ascii_serialization())
}

/// A person of a tenant who watches sessions, or a backend that acts for such persons.
pub struct Staff(pub Identity);

impl FromRequestParts<SharedApi> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        let verify = async {
            let token = bearer(text(&parts.headers, &header::AUTHORIZATION))?;
            api.keyring.verify(token).await
        };
        let identity = verify.await.map_err(|error| refuse(api, error))?;
        match identity.role {
            Role::Agent | Role::Controller | Role::Service => Ok(Self(identity)),
            Role::Customer => {
                let detail = "The token's role must be agent, controller or service.";
                Err(Problem::new(Kind::NotAllowed, detail))
            }
        }
    }
}

impl OptionalFromRequestParts<SharedApi> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        api: &SharedApi,
    ) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<_>>::from_request_parts(parts, api).await.map(Some)
    }
}

/// The `sessionToken` in a path.
pub struct InSession(pub SessionToken);

/// The `userToken` in a path.
pub struct WithUserToken(pub Credential);

/// The name of a history in a path.
pub struct OfHistory(pub HistoryId);

impl FromRequestParts<SharedApi> for InSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        named(parts, api, SessionToken::read).await.map(Self)
    }
}

impl FromRequestParts<SharedApi> for WithUserToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        named(parts, api, Credential::read).await.map(Self)
    }
}

impl FromRequestParts<SharedApi> for OfHistory {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        named(parts, api, HistoryId::read).await.map(Self)
    }
}

/// What cannot be a name, not even text, names nothing.
async fn named<T>(
    parts: &mut Parts,
    api: &SharedApi,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Problem> {
    let path = <Path<String> as FromRequestParts<_>>::from_request_parts(parts, api).await;
    path.ok().and_then(|Path(text)| read(&text)).ok_or_else(no_such_session)
}

/// A co-browse session that is not there, or not the caller's.
pub fn no_such_session() -> Problem {
    let detail = "It is over, expired, never was, or is another tenant's.";
    Problem::new(Kind::NoSuchSession, detail)
}
