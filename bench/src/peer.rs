//! The peer of P1: what a user would write instead, in Node.js (`peer-node/`).

use std::path::Path;

use tokio::process::Command;

use crate::{Result, service::Service};

/// Starts it, its packages installed first; `None` where there is no Node.js.
pub(crate) async fn start(redis_url: &str) -> Result<Option<Service>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer-node");
    let node = Command::new("node").arg("--version").output().await;
    if !node.is_ok_and(|output| output.status.success()) {
        eprintln!("   no Node.js: the peer is left out");
        return Ok(None);
    }
    if !home.join("node_modules").exists() {
        let installed = Command::new("npm").args(["ci", "--silent"]).current_dir(&home).status();
        if !installed.await?.success() {
            return Err("npm ci failed in bench/peer-node".into());
        }
    }
    let mut command = Command::new("node");
    command.arg("server.js").current_dir(&home).env("NODE_ENV", "production");
    command.env("REDIS_URL", redis_url).env("SECRET", crate::players::SECRET);
    Service::start(&mut command).map(Some)
}
