//! A Redis of one's own: started on a free port, frozen, killed.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use baton::backend::redis::link::{Link, LinkOptions, LinkState, Target};
use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that dies with its handle.
pub(crate) struct Server {
    dir: TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

impl Server {
    /// A port on which nobody listens yet.
    pub(crate) fn reserved() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { dir: TempDir::new().unwrap(), port, child: None }
    }

    pub(crate) fn started() -> Self {
        let mut server = Self::reserved();
        server.start();
        server
    }

    pub(crate) fn start(&mut self) {
        let port = self.port.to_string();
        let args = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let child = Command::new("redis-server")
            .args(args)
            .arg("--dir")
            .arg(self.dir.path())
            .args(["--repl-diskless-sync-delay", "0"])
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.expect("redis-server is installed"));
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends a signal, e.g. `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("the server runs").id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends a command past the link, once the server listens.
    pub(crate) async fn tell(&self, line: &str) -> redis::Value {
        let client = redis::Client::open(self.url()).unwrap();
        let mut words = line.split(' ');
        let mut cmd = redis::cmd(words.next().unwrap());
        cmd.arg(words.collect::<Vec<_>>());
        eventually(line, async || {
            let mut conn = client.get_multiplexed_async_connection().await.ok()?;
            cmd.query_async(&mut conn).await.ok()
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A link whose tasks end with it.
pub(crate) struct Node {
    pub(crate) link: Arc<Link>,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl Node {
    pub(crate) fn on(server: &Server) -> Self {
        Self::with(server, 0)
    }

    pub(crate) fn with(server: &Server, wait_replicas: u32) -> Self {
        let options = LinkOptions {
            target: Target::Single(server.url()),
            connections: 2,
            timeout: Duration::from_millis(500),
            wait_replicas,
        };
        let (tracker, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let link = Link::open(options, &tracker, shutdown.clone()).unwrap();
        Self { link, tracker, shutdown }
    }

    /// Waits for a state of the link.
    pub(crate) async fn until(
        &self,
        what: &str,
        wanted: impl FnMut(&LinkState) -> bool,
    ) -> LinkState {
        let mut state = self.link.state();
        let reached = tokio::time::timeout(PATIENCE, state.wait_for(wanted)).await;
        *reached.unwrap_or_else(|_| panic!("never {what}")).unwrap()
    }

    pub(crate) async fn until_up(&self) -> LinkState {
        self.until("up", |state| state.up).await
    }

    pub(crate) async fn until_down(&self) {
        self.until("down", |state| !state.up).await;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE, asking).await;
    answered.unwrap_or_else(|_| panic!("never: {what}"))
}
