//! One node of Baton: the release binary beside this one, as a process of its own.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use tokio::{process::Command, time::sleep};

use crate::{Result, http::Client, players, service::Service};

/// Between two looks at `/readyz`.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// So many looks without success mean that it never becomes ready.
const LOOKS: u32 = 20_000;

/// A node that is ready.
pub(crate) struct Node {
    service: Service,
    /// Where clients reach it.
    pub(crate) public: SocketAddr,
}

/// The release binary.
pub(crate) fn binary() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("baton");
    if path.exists() {
        return Ok(path);
    }
    Err("the release binary is missing: make release".into())
}

impl Node {
    /// Starts a node on a store and returns once it is ready. `settings`: variables and values.
    pub(crate) async fn start(store_url: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(binary()?);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BATON_")) {
            command.env_remove(name);
        }
        command
            .env_remove("RUST_LOG")
            .env("BATON_LISTEN", "127.0.0.1:0")
            .env("BATON_ADMIN__LISTEN", "127.0.0.1:0")
            .env("BATON_NODE__NAME", "bench-node")
            .env("BATON_CLUSTER__SECRET", "0123456789abcdef0123456789abcdef")
            .env("BATON_AUTH__SECRET", players::SECRET)
            .env("BATON_STORE__URL", store_url)
            .envs(settings.iter().copied());
        let mut service = Service::start(&mut command)?;
        let public = service.address("listening on http://").await?;
        let admin = service.address("admin on http://").await?;
        wait_until_ready(admin).await?;
        Ok(Self { service, public })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.service.pid()
    }
}

async fn wait_until_ready(admin: SocketAddr) -> Result<()> {
    let mut client = Client::connect(admin).await?;
    for _ in 0..LOOKS {
        if client.send(b"GET /readyz HTTP/1.1\r\nhost: bench\r\n\r\n").await?.status == 200 {
            return Ok(());
        }
        sleep(LOOK_EVERY).await;
    }
    Err("the node does not become ready".into())
}
