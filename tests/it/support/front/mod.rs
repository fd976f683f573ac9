//! A cluster behind a load balancer with the configuration that is shipped in `deploy/`.
//!
//! Clients reach the balancer through a tunnel that speaks TLS for them, so that what they come
//! through is what is shipped, certificates and all.

mod product;
mod tls;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, client_async,
    tungstenite::{Error, client::IntoClientRequest, http::HeaderValue},
};

pub(crate) use self::product::Product;
use self::tls::{Certificate, Tunnel};
use super::{
    cluster::{Cluster, ClusterBuilder},
    cobrowse::{SITE, Socket, http},
    in_time,
    redis::free_port,
    servant::Servant,
};

/// The host of `public_url`.
pub(crate) const HOST: &str = "baton.example.com";
/// How many nodes the shipped configurations are for.
pub(crate) const NODES: usize = 3;
/// How many ports are tried before a test gives up: each may be snatched away meanwhile.
const PORTS_TRIED: u32 = 10;

/// Where a balancer listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) https: u16,
    pub(crate) metrics: u16,
}

impl Ports {
    async fn free() -> Self {
        Self { http: free_port().await, https: free_port().await, metrics: free_port().await }
    }
}

/// A balancer that runs.
pub(crate) struct Front {
    tunnel: Tunnel,
    pub(crate) ports: Ports,
    servant: Servant,
    files: TempDir,
}

/// The name of a node, as the shipped configurations have it: counted from 1.
pub(crate) fn name(node: usize) -> String {
    format!("node{}", node + 1)
}

/// Three nodes with the settings that the shipped configurations ask for.
pub(crate) fn nodes() -> ClusterBuilder {
    Cluster::of(NODES)
        .with_each("node.name", name)
        .with_each("node.server_url", |node| format!("https://{}.{HOST}", name(node)))
        .with("public_url", format!("https://{HOST}"))
        .with("trusted_proxies", "127.0.0.1")
        .with("cobrowse.allowed_origins", SITE)
}

impl Front {
    /// Starts a balancer in front of a cluster; returns once it serves.
    pub(crate) async fn start(product: Product, cluster: &Cluster) -> Self {
        let certificate = Certificate::of_the_tests();
        for _ in 0..PORTS_TRIED {
            let (ports, files) = (Ports::free().await, TempDir::new().unwrap());
            let servant = product.start(cluster, ports, certificate, files.path());
            let mut front = Self {
                tunnel: Tunnel::start(ports.https, certificate).await,
                ports,
                servant,
                files,
            };
            if front.serves().await {
                return front;
            }
        }
        panic!("{product:?} came up on none of {PORTS_TRIED} ports; is it installed (make deps)?");
    }

    /// Waits until it answers under our certificate, which nobody else has; false if it ended.
    async fn serves(&mut self) -> bool {
        super::eventually("the balancer serves", async || {
            if self.servant.has_ended() {
                return Some(false);
            }
            self.tunnel.reaches().await.then_some(true)
        })
        .await
    }

    /// Where clients reach it, in plain text.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_of(HOST, Ipv4Addr::LOCALHOST, method, path)
    }

    /// A request to the URL of one node.
    pub(crate) fn request_to(&self, node: usize, method: Method, path: &str) -> RequestBuilder {
        self.request_of(&format!("{}.{HOST}", name(node)), Ipv4Addr::LOCALHOST, method, path)
    }

    /// A request that comes from that address of this machine.
    pub(crate) fn request_of(
        &self,
        host: &str,
        from: Ipv4Addr,
        method: Method,
        path: &str,
    ) -> RequestBuilder {
        let client = if from == Ipv4Addr::LOCALHOST { http().clone() } else { client_at(from) };
        let url = format!("http://{}{path}", self.tunnel.at);
        client.request(method, url).header("host", host).header("origin", SITE)
    }

    /// Opens a socket as a browser does; a refusal is its status.
    pub(crate) async fn socket(&self, url: &str, cookie: Option<&str>) -> Result<Socket, u16> {
        let url = url.strip_prefix("wss://").expect("sockets are behind TLS");
        let mut request = format!("ws://{url}").into_client_request().expect("a URL of a socket");
        request.headers_mut().insert("origin", HeaderValue::from_static(SITE));
        if let Some(cookie) = cookie {
            let cookie = HeaderValue::from_str(cookie).expect("a cookie");
            request.headers_mut().insert("cookie", cookie);
        }
        in_time("a WebSocket handshake", async {
            let stream = TcpStream::connect(self.tunnel.at).await.expect("the tunnel stands");
            match client_async(request, MaybeTlsStream::Plain(stream)).await {
                Ok((socket, _)) => Ok(socket),
                Err(Error::Http(response)) => Err(response.status().as_u16()),
                Err(error) => panic!("no WebSocket handshake: {error}"),
            }
        })
        .await
    }

    /// All that it logged.
    pub(crate) fn log(&self) -> String {
        let access = self.files.path().join("access.log");
        self.servant.log() + &std::fs::read_to_string(access).unwrap_or_default()
    }
}

fn client_at(address: Ipv4Addr) -> Client {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0);
    client.local_address(IpAddr::from(address)).build().expect("a client")
}

/// A file of `deploy/`, as it is shipped.
pub(crate) fn shipped(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
