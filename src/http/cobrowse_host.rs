//! What brings clients to the host of a co-browse session: its name, its URL, the cookie, sockets.
//!
//! All of it saves a hop between nodes and is otherwise not needed: every node answers every call.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::state::socket_url;
use crate::{
    config::{CookieAttributes, SameSite},
    domain::cobrowse::{Credential, Server, Stored},
};

/// The cookie by which load balancers bring a customer back to the host: the original's name.
const COOKIE: &str = "gcbSessionServer";
/// Where the customer's socket is opened, below `cobrowse.base_path`.
pub const VISITOR_SOCKET: &str = "/socket/visitor";
/// Where agents' sockets are opened, below `cobrowse.base_path`.
pub const VIEWER_SOCKET: &str = "/socket/viewer";

/// The host, as answers name it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionServer {
    /// The node that hosts the session.
    session_server_name: String,
    /// That node's own URL, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_server_url: Option<String>,
}

impl From<&Server> for SessionServer {
    fn from(host: &Server) -> Self {
        Self {
            session_server_name: host.name.to_string(),
            session_server_url: host.url.as_deref().map(str::to_owned),
        }
    }
}

/// The node that hosts a session; before its customer's socket comes, the one that awaits it.
pub fn host(stored: &Stored) -> &Server {
    stored.owner.as_ref().unwrap_or(&stored.session.home)
}

/// How this cluster is reached, and how its cookies are made.
pub struct Directions {
    cookie_attributes: String,
    public_url: Url,
    base_path: String,
}

impl Directions {
    /// The effective attributes, the cluster's URL, and `cobrowse.base_path`.
    pub fn new(cookie: &CookieAttributes, public_url: &Url, base_path: &str) -> Self {
        let cookie_attributes = attributes(cookie);
        Self { cookie_attributes, public_url: public_url.clone(), base_path: base_path.to_owned() }
    }

    /// An answer about a session: it sets the cookie, and nobody keeps it.
    pub fn answer(&self, host: &Server, body: impl Serialize) -> Response {
        let mut response = fresh(body);
        let cookie = format!("{COOKIE}={}{}", host.name, self.cookie_attributes);
        // The configuration takes no name that is not a cookie's value.
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Where the customer connects: any node, the cookie chooses.
    pub fn visitor_socket(&self, token: &Credential) -> String {
        self.socket(&self.public_url, VISITOR_SOCKET, token)
    }

    /// Where an agent connects: any node, which passes the socket on. It outlives every host.
    pub fn viewer_socket(&self, token: &Credential) -> String {
        self.socket(&self.public_url, VIEWER_SOCKET, token)
    }

    /// The same without a hop, as long as that node hosts the session; none where it has no URL of
    /// its own.
    pub fn direct_viewer_socket(&self, host: &Server, token: &Credential) -> Option<String> {
        let own = Url::parse(host.url.as_deref()?).ok()?;
        Some(self.socket(&own, VIEWER_SOCKET, token))
    }

    fn socket(&self, base_url: &Url, path: &str, token: &Credential) -> String {
        let url = socket_url(base_url, &[&self.base_path, path].concat());
        // A token needs no escapes.
        [&url, token.expose()].concat()
    }
}

/// A JSON answer that no cache keeps: it holds secrets, or changes by itself.
pub fn fresh(body: impl Serialize) -> Response {
    let mut response = axum::Json(body).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// Scripts never need the cookie, so they never see it.
fn attributes(cookie: &CookieAttributes) -> String {
    let same_site = match cookie.same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    };
    let mut text = format!("; Path=/; HttpOnly; SameSite={same_site}");
    if cookie.secure {
        text.push_str("; Secure");
    }
    if cookie.partitioned {
        text.push_str("; Partitioned");
    }
    text
}
