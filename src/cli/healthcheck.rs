//! Asks a node that runs how it is, by the probes of its admin listener.

use std::{error::Error, net::SocketAddr, time::Duration};

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::config::http_url;

/// A node that answers later than this is not well: probes touch memory only.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is asked.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    /// `/readyz`: it takes work.
    Ready,
    /// `/livez`: its process is fine.
    Live,
}

/// The node is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unhealthy {
    #[error("no node answers at {0}: {1}")]
    Silent(Url, String),
    #[error("not ready: {0}")]
    Obstacles(String),
    #[error("{0} answers {1}: another program, or another node, is at admin.listen")]
    Stranger(Url, StatusCode),
}

/// The answer of `/readyz`.
#[derive(Deserialize)]
struct Readiness {
    obstacles: Vec<String>,
}

impl Probe {
    /// Asks once, and says what the node is in a word.
    pub(super) async fn ask(self, listen: SocketAddr) -> Result<&'static str, Unhealthy> {
        let (path, healthy) = match self {
            Self::Ready => ("readyz", "ready"),
            Self::Live => ("livez", "alive"),
        };
        let mut url = http_url(listen);
        url.set_path(path);
        let answer = get(url.clone()).await;
        let (status, body) = answer.map_err(|e| Unhealthy::Silent(url.clone(), root(&e)))?;
        match (status, serde_json::from_slice::<Readiness>(&body)) {
            (StatusCode::OK, _) => Ok(healthy),
            (_, Ok(not)) => Err(Unhealthy::Obstacles(not.obstacles.join(", "))),
            (_, Err(_)) => Err(Unhealthy::Stranger(url, status)),
        }
    }
}

/// The innermost cause, which says it in a word. Reports of health are one line.
fn root(mut error: &dyn Error) -> String {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// Without proxies and certificates: it is this machine that is asked.
async fn get(url: Url) -> Result<(StatusCode, Vec<u8>), reqwest::Error> {
    let client = Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([]).build()?;
    let answer = client.get(url).send().await?;
    Ok((answer.status(), answer.bytes().await?.into()))
}
