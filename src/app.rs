//! Puts a node together: store, services, sockets, listeners, background tasks.
//!
//! The only place that knows every part. Listeners and shutdown come from outside, and nothing is
//! static: a test runs three nodes in one process.

mod cobrowse;
#[cfg(test)]
mod event_tests;
mod life;
mod parts;
mod stores;
mod terms;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{
    life::{Routes, Windows},
    parts::Parts,
};
use crate::{
    auth::KeyringError,
    backend::redis::{link::LinkConfigError, tls::TlsFileError},
    config::Settings,
    domain::ids::NodeName,
    http::{self, BasePaths},
};

/// The sockets a node listens on.
#[derive(Debug)]
pub struct Listeners {
    /// For clients.
    pub public: TcpListener,
    /// For operators, probes and metrics.
    pub admin: TcpListener,
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("{setting} = {address}: {source}; choose another address or stop what listens there")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A listener's own address cannot be read.
    #[error("a listener does not tell its address")]
    Address(#[source] std::io::Error),
    /// The store's address is no good.
    #[error("store.url cannot be used")]
    Store(#[from] LinkConfigError),
    /// A certificate or key for the way to the store is no good.
    #[error(transparent)]
    StoreTls(#[from] TlsFileError),
    /// The keys of a tenant are no good.
    #[error("the keys of a tenant cannot be used")]
    Keys(#[from] KeyringError),
}

impl Listeners {
    /// Listens where the settings say.
    pub async fn bind(settings: &Settings) -> Result<Self, StartError> {
        let public = listen("listen", settings.listen).await?;
        let admin = listen("admin.listen", settings.admin.listen).await?;
        Ok(Self { public, admin })
    }
}

async fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let failed = |source| StartError::Listen { setting, address, source };
    TcpListener::bind(address).await.map_err(failed)
}

/// A running node.
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// Where clients reach it.
    pub public_addr: SocketAddr,
    /// Where operators reach it.
    pub admin_addr: SocketAddr,
    drain: CancellationToken,
    force: CancellationToken,
    defect: CancellationToken,
    done: JoinHandle<()>,
}

/// A part of the node ended that never should; the log tells which.
#[derive(Debug, thiserror::Error)]
#[error("the node stopped by a defect")]
pub struct Defect;

impl Node {
    /// Starts a node. It also starts while the store is away, and is not ready then.
    pub async fn start(
        settings: &Settings,
        listeners: Listeners,
        dev: bool,
    ) -> Result<Self, StartError> {
        let public_addr = listeners.public.local_addr().map_err(StartError::Address)?;
        let admin_addr = listeners.admin.local_addr().map_err(StartError::Address)?;
        let parts = Parts::new(settings, public_addr, dev)?;
        let (drain, force, defect) =
            (parts.drain.clone(), parts.force.clone(), parts.defect.clone());
        parts.start_tasks(settings, public_addr);
        let base_paths = BasePaths {
            media_sessions: &settings.media_sessions.base_path,
            cobrowse: &settings.cobrowse.base_path,
        };
        let routes = Routes {
            public: http::public(parts.api.clone(), &base_paths),
            admin: http::private(parts.api.clone()),
        };
        let name = settings.node.name.clone();
        let done = tokio::spawn(parts.run(listeners, routes, Windows::of(settings)));
        Ok(Self { name, public_addr, admin_addr, drain, force, defect, done })
    }

    /// Cancelled to drain and stop the node.
    pub fn drain(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Cancelled to end a drain at once.
    pub fn force(&self) -> CancellationToken {
        self.force.clone()
    }

    /// Waits until the node has stopped.
    pub async fn stopped(self) -> Result<(), Defect> {
        let done = self.done.await;
        if done.is_err() || self.defect.is_cancelled() { Err(Defect) } else { Ok(()) }
    }
}
