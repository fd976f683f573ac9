//! What browsers load of co-browsing: the script of visitors' pages, and the viewer of agents.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use url::form_urlencoded;

use super::{
    problem::{Kind, Problem},
    state::{Api, SharedApi},
};
use crate::{
    auth::DEFAULT_TENANT,
    domain::{
        cobrowse::{Credential, LinkTerms},
        ids::TenantId,
    },
};

/// Stands in `assist.js` for `cobrowse.base_path`: that script is not below it.
const BASE_PATH_NAME: &str = "%BATON_BASE_PATH%";

/// Sites load scripts from anywhere, as modules too; pages that isolate themselves ask for both.
const FOR_EVERYBODY: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    ),
];

/// The mirror has the styles, images and fonts of whatever site it shows. Scripts are ours alone:
/// the mirror's own frame is sandboxed besides, and inherits this.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' http: https: data: blob: 'unsafe-inline'; img-src 'self' http: https: data: blob:; \
     font-src 'self' http: https: data: blob:; media-src http: https: data: blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors ";

/// A file of the visitor script or of the viewer.
pub async fn asset(
    State(api): State<SharedApi>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = api.pages.get(&format!("cobrowse/{file}")).await?;
    Ok((FOR_EVERYBODY, page.answer(&headers)).into_response())
}

/// `AssistSDK`, where pages written for Live Assist look for it.
pub async fn assist(State(api): State<SharedApi>, headers: HeaderMap) -> Result<Response, Problem> {
    let page = api.pages.get("cobrowse/assist.js").await?;
    let page = page.replace(BASE_PATH_NAME, &api.cobrowse_base_path);
    Ok((FOR_EVERYBODY, page.answer(&headers)).into_response())
}

/// The viewer of a watch link, of a `cid` or of an agent's `userToken`: its script opens the socket
/// with what the page's URL ends with.
pub async fn viewer(
    State(api): State<SharedApi>,
    token: Option<Path<String>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let page = api.pages.get("cobrowse/watch.html").await?;
    let policy = [VIEWER_POLICY, &embedders(&api, &token).await].concat();
    let policy = HeaderValue::from_str(&policy)
        .map_err(|_| Problem::new(Kind::Internal, "The page's policy could not be written."))?;
    Ok(page.policy(policy).answer(&headers))
}

/// Who may show the viewer in a frame: the origin that the link names, else the tenant's sites.
async fn embedders(api: &Api, token: &str) -> String {
    let tenant = match Credential::read(token) {
        Some(credential) => {
            let stored = api.cobrowse.get(&credential.session()).await.ok().flatten();
            stored.map(|stored| stored.session.tenant)
        }
        // A frame may be reloaded long after its link has expired.
        None => match api.link_tokens.verify_signature(token).map(|link| (link.terms, link.tenant))
        {
            Ok((LinkTerms { origin: Some(origin), .. }, _)) => return origin.into(),
            Ok((_, tenant)) => Some(tenant),
            Err(_) => None,
        },
    };
    // Of what is none of ours the page tells in its frame, too.
    let tenant = tenant.unwrap_or_else(|| TenantId::from(DEFAULT_TENANT));
    let sites = api.sites.of(&tenant).flat_map(|sites| sites.frame_sources());
    sites.fold("'self'".to_owned(), |list, site| list + " " + &site)
}

/// The query of [`by_cid`].
#[derive(Default, Deserialize)]
pub struct CidQuery {
    cid: Option<String>,
    name: Option<String>,
}

/// The viewer of a `cid`, for applications that hand it over as a parameter.
pub async fn by_cid(query: Result<Query<CidQuery>, QueryRejection>) -> Redirect {
    let CidQuery { cid, name } = query.map(|Query(query)| query).unwrap_or_default();
    // Relative: it is right below any prefix that a balancer takes off.
    let mut place = "watch/".to_owned();
    // Without a secret the page says that its address names no session.
    if let Some(cid) = cid.and_then(|cid| Credential::read(&cid)) {
        place.push_str(cid.expose());
        if let Some(name) = name {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("name", &name).finish();
            place.extend(["?", &query]);
        }
    }
    Redirect::temporary(&place)
}
