//! Redis servers of the tests' own, on free ports, that die with the test process.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use redis::{RedisResult, Value, aio::MultiplexedConnection};
use tokio::{net::TcpListener, sync::OnceCell};

use super::{DEADLINE, acl, eventually, in_time};

/// How many ports are tried before a test gives up: each may be snatched away meanwhile.
const PORTS_TRIED: u32 = 20;
/// Ports below the range from which Linux takes those of outgoing connections, so that a stopped
/// server finds its port free when it comes back.
const PORTS: std::ops::Range<u32> = 12_000..32_000;

/// A Redis server, empty, without persistence.
pub(crate) struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    process: Mutex<Option<Process>>,
}

/// One life of the server.
struct Process {
    shell: Child,
    pid: u32,
}

impl RedisServer {
    /// Starts a server on a free port; returns once it answers.
    pub(crate) async fn start() -> Self {
        Self::start_with(async || Vec::new()).await
    }

    /// The same with more arguments, made anew for every port that is tried.
    pub(crate) async fn start_with(arguments: impl AsyncFn() -> Vec<String>) -> Self {
        for _ in 0..PORTS_TRIED {
            let (port, arguments) = (free_port().await, arguments().await);
            if let Some(process) = Process::start(port, &arguments).await {
                return Self { port, arguments, process: Mutex::new(Some(process)) };
            }
        }
        panic!("no redis-server came up on any of {PORTS_TRIED} ports; is it installed?");
    }

    /// Starts a Sentinel by those rules, which it keeps in that file.
    pub(crate) async fn sentinel(
        file: &Path,
        rules: &str,
        more: impl AsyncFn() -> Vec<String>,
    ) -> Self {
        let file = file.to_str().expect("a readable path");
        let arguments = async || {
            std::fs::write(file, rules).expect("a writable file");
            let mut arguments = vec![file.to_owned(), "--sentinel".to_owned()];
            arguments.extend(more().await);
            arguments
        };
        Self::start_with(arguments).await
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it is, with the user that operators are told to make.
    pub(crate) fn user_url(&self) -> String {
        format!("redis://{}127.0.0.1:{}", acl::USER, self.port)
    }

    /// Where it is by TLS.
    pub(crate) fn tls_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.tls_port().expect("a server with TLS"))
    }

    fn tls_port(&self) -> Option<u16> {
        let at = self.arguments.iter().position(|word| word == "--tls-port")?;
        Some(self.arguments[at + 1].parse().expect("a port"))
    }

    /// Where servers of its kind reach it: by TLS where it has that.
    pub(crate) fn data_port(&self) -> u16 {
        self.tls_port().unwrap_or(self.port)
    }

    /// The port it listens on, also after a restart.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The process id of its present life.
    pub(crate) fn pid(&self) -> u32 {
        self.process.lock().unwrap().as_ref().expect("the server was stopped").pid
    }

    /// Kills it, data and all; connections break.
    pub(crate) fn stop(&self) {
        drop(self.process.lock().unwrap().take());
    }

    /// Kills it if need be, and starts it at the same port: empty.
    pub(crate) async fn restart(&self) {
        self.stop();
        let process =
            Process::start(self.port, &self.arguments).await.expect("the port was taken meanwhile");
        *self.process.lock().unwrap() = Some(process);
    }

    /// Stops its execution: connections stand, nothing answers.
    pub(crate) fn freeze(&self) {
        signal(self.pid(), "-STOP");
    }

    /// Lets a frozen server go on: what was sent to it meanwhile is executed.
    pub(crate) fn thaw(&self) {
        signal(self.pid(), "-CONT");
    }

    /// Runs one command on a connection of its own.
    pub(crate) async fn cli(&self, words: &[&str]) -> Value {
        self.try_cli(words).await.expect("redis-server is up, and the command succeeds")
    }

    /// The same of a server that may be dying, or be made another's replica, at this moment.
    pub(crate) async fn try_cli(&self, words: &[&str]) -> RedisResult<Value> {
        in_time("an answer of redis-server", async {
            command(words).query_async(&mut connect(self.port).await?).await
        })
        .await
    }
}

impl Process {
    /// Starts a server; `None` if the port was taken.
    async fn start(port: u16, arguments: &[String]) -> Option<Self> {
        let mut shell = launcher()
            .args(arguments) // first, for one may be a configuration file
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .process_group(0) // Ctrl-C at the terminal must not cut the clean-up short
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the launcher starts");
        let mut line = String::new();
        let stdout = shell.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the shell tells a pid");
        let pid = line.trim().parse().expect("the shell tells a pid");
        let mut process = Self { shell, pid };
        process.answers(port).await.then_some(process)
    }

    /// Waits until the server at the port answers; false if it is not this one, or this one died.
    async fn answers(&mut self, port: u16) -> bool {
        eventually("redis-server answers", async || {
            if self.shell.try_wait().expect("the shell is ours").is_some() {
                return Some(false);
            }
            let mut connection = connect(port).await.ok()?;
            let _: String = command(&["PING"]).query_async(&mut connection).await.ok()?;
            let info: String =
                command(&["INFO", "server"]).query_async(&mut connection).await.ok()?;
            let ours = format!("process_id:{}", self.pid);
            Some(info.lines().any(|line| line.trim() == ours))
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Returns when the server is dead: the end of its input makes the shell kill it.
        self.shell.wait().expect("the shell is ours");
    }
}

/// What runs a server for as long as its own standard input stays open: `redis.sh`, or a program
/// that `BATON_REDIS_LAUNCHER` names and that does the same by other means, such as a container.
fn launcher() -> Command {
    if let Some(program) = std::env::var_os("BATON_REDIS_LAUNCHER") {
        return Command::new(program);
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", include_str!("redis.sh"), "redis.sh"]).stderr(Stdio::null());
    shell
}

/// Whether the server is Redis 6, which knows neither a port of its own for the bus of a cluster nor
/// ranges of slots.
pub(crate) fn is_redis_6() -> bool {
    static IS_6: OnceLock<bool> = OnceLock::new();
    *IS_6.get_or_init(|| {
        let Some(server) = std::env::var_os("BATON_REDIS_SERVER") else { return false };
        let output = Command::new(server).arg("--version").output().expect("a server");
        String::from_utf8_lossy(&output.stdout).contains("v=6.")
    })
}

/// The server that tests share which need no more than a prefix of their own. It has the user that
/// operators are told to make.
pub(crate) async fn shared_redis() -> &'static RedisServer {
    static SHARED: OnceCell<RedisServer> = OnceCell::const_new();
    let start = async || {
        let server = RedisServer::start().await;
        acl::make_user(&server, &["server", "watchful"], acl::PREFIXES).await;
        server
    };
    SHARED.get_or_init(start).await
}

/// A key prefix nobody else has.
pub(crate) fn unique_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn connect(port: u16) -> RedisResult<MultiplexedConnection> {
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(DEADLINE))
        .set_response_timeout(Some(DEADLINE));
    redis::Client::open(format!("redis://127.0.0.1:{port}"))?
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

fn command(words: &[&str]) -> redis::Cmd {
    let mut command = redis::Cmd::new();
    command.arg(words);
    command
}

fn signal(pid: u32, signal: &str) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(status.expect("there is a kill command").success(), "kill {signal} {pid}");
}

/// A port nobody listens on at this moment.
pub(crate) async fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let span = PORTS.end - PORTS.start;
    for _ in 0..span {
        // Processes start far apart, so that test runs side by side seldom meet.
        let step =
            TRIED.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(97));
        let port = u16::try_from(PORTS.start + step % span).expect("the range is of ports");
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return port;
        }
    }
    panic!("no free port in {PORTS:?}");
}
