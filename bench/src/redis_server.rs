//! A Redis server of the bench's own: free port, no persistence, dead when the bench is.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use redis::{Cmd, FromRedisValue, aio::MultiplexedConnection};
use tokio::time::sleep;

use crate::Result;

/// Kills the server at the end of its input, however the bench ends.
const SCRIPT: &str = include_str!("../../tests/it/support/redis.sh");
/// Between two tries to connect, and how many.
const TRY_EVERY: Duration = Duration::from_millis(20);
const TRIES: u32 = 250;

/// A running server.
pub(crate) struct RedisServer {
    shell: Child,
    pid: u32,
    port: u16,
    connection: MultiplexedConnection,
}

impl RedisServer {
    /// Starts a server that keeps nothing.
    pub(crate) async fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::start_at(port, &[]).await
    }

    /// Starts one with more arguments; the first may be a file of settings.
    pub(crate) async fn start_at(port: u16, arguments: &[&str]) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "redis.sh"])
            .args(arguments)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .process_group(0) // Ctrl-C at the terminal must not cut the clean-up short
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let stdout = shell.stdout.take().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let pid = line.trim().parse().map_err(|_| "redis-server does not start; is it there?")?;
        let connection = connect(port).await?;
        Ok(Self { shell, pid, port, connection })
    }

    /// Kills it, and starts another without arguments in its place: empty.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.kill();
        *self = Self::start_at(self.port, &[]).await?;
        Ok(())
    }

    fn kill(&mut self) {
        drop(self.shell.stdin.take());
        // Returns when the server is dead; there is nobody to tell of an error.
        let _ = self.shell.wait();
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Runs one command.
    pub(crate) async fn command<T: FromRedisValue>(&self, words: &[&str]) -> Result<T> {
        let mut command = Cmd::new();
        command.arg(words);
        Ok(command.query_async(&mut self.connection.clone()).await?)
    }

    /// One field of `INFO`.
    pub(crate) async fn info(&self, section: &str, field: &str) -> Result<String> {
        let info: String = self.command(&["INFO", section]).await?;
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        Ok(value.ok_or_else(|| format!("INFO tells no {field}"))?.trim().to_owned())
    }

    /// Bytes that its data takes.
    pub(crate) async fn used_memory(&self) -> Result<u64> {
        Ok(self.info("memory", "used_memory").await?.parse()?)
    }

    /// A statistic of script calls since it was reset: `calls`, `usec_per_call`.
    pub(crate) async fn script_stat(&self, name: &str) -> Result<f64> {
        let stats = self.info("commandstats", "cmdstat_evalsha").await?;
        let mut pairs = stats.split(',').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name).ok_or("no such statistic")?;
        Ok(value.parse()?)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn connect(port: u16) -> Result<MultiplexedConnection> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
    for _ in 0..TRIES {
        if let Ok(connection) = client.get_multiplexed_async_connection().await {
            return Ok(connection);
        }
        sleep(TRY_EVERY).await;
    }
    Err("redis-server does not answer".into())
}
