//! Both ends of a co-browse session, as in the integration tests, through a load balancer.

#[path = "../../../it/support/cobrowse/frame.rs"]
mod frame;
#[path = "../../../it/support/cobrowse/page.rs"]
mod page;
#[path = "../../../it/support/cobrowse/watcher.rs"]
mod watcher;

pub(crate) use self::{
    frame::{Frame, Kind},
    page::{Page, PageOptions},
    watcher::Watcher,
};

use std::net::SocketAddr;

use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest, http::HeaderValue},
};

use super::in_time;

/// The origin of the visitors' site.
pub(crate) const SITE: &str = "https://shop.test";
/// Stands for the status of a handshake that broke before there was one.
pub(crate) const BROKEN: u16 = 0;

/// A socket of either end.
pub(crate) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The URL of a co-browse socket at a listener of the balancer.
pub(crate) fn socket_url(at: SocketAddr, end: &str, token: Option<&str>) -> String {
    let query = token.map_or(String::new(), |token| format!("?token={token}"));
    format!("ws://{at}/cobrowse/socket/{end}{query}")
}

/// Opens a socket; a refusal is its status.
async fn open(url: &str, origin: Option<&str>) -> Result<Socket, u16> {
    let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    dial(url, &headers).await
}

/// Opens a socket with headers of one's own; a refusal is its status. Nodes die here: a handshake
/// may break.
pub(crate) async fn dial(url: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = url.into_client_request().expect("a URL of a socket");
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers_mut().insert(*name, value);
    }
    match in_time("a WebSocket handshake", connect_async(request)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(_) => Err(BROKEN),
    }
}
