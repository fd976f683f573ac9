//! Both ends of a co-browse session, as scripts: a visitor's page and somebody who watches it.
//!
//! The page is a text. A snapshot's payload is the whole text, a delta's is what is appended; a
//! viewer is consistent when it shows what the page is.

mod desk;
mod frame;
mod page;
pub(crate) mod rest;
mod watcher;

pub(crate) use self::{
    desk::{API_KEY, Desk},
    frame::{Frame, Kind},
    page::{Page, PageOptions, Seen},
    watcher::{Mirror, Watcher},
};

use std::{net::SocketAddr, sync::OnceLock};

use reqwest::Client;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest, http::HeaderValue},
};

use super::{in_time, tokens::Claims};

/// The origin of the visitors' site.
pub(crate) const SITE: &str = "https://shop.test";

/// A socket of either end.
pub(crate) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The client of these tests, for its TLS takes long to set up. Each call has a connection of
/// its own.
pub(crate) fn http() -> &'static Client {
    static HTTP: OnceLock<Client> = OnceLock::new();
    HTTP.get_or_init(|| {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build();
        client.expect("a client")
    })
}

/// The URL of a co-browse socket on a node.
pub(crate) fn socket_url(node: SocketAddr, end: &str, token: Option<&str>) -> String {
    let query = token.map_or(String::new(), |token| format!("?token={token}"));
    format!("ws://{node}/cobrowse/socket/{end}{query}")
}

/// Opens a socket; a refusal is its status.
async fn open(url: &str, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = url.into_client_request().expect("a URL of a socket");
    if let Some(origin) = origin {
        let origin = HeaderValue::from_str(origin).expect("an origin");
        request.headers_mut().insert("origin", origin);
    }
    match in_time("a WebSocket handshake", connect_async(request)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("no WebSocket handshake: {error}"),
    }
}

/// A bearer token of an agent of the default tenant.
pub(crate) fn agent_token(secret: &str, agent: &str, role: &str) -> String {
    let claims = Claims::of("default", "").without("customerId").with("role", role);
    claims.with("sub", agent).with("name", format!("Agent {agent}")).sign(secret)
}
