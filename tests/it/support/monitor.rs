//! Every command that clients send to a server, as the server itself tells (`MONITOR`).

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use redis::from_redis_value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{in_time, redis::RedisServer};

/// A connection on which the server repeats what it is sent.
pub(crate) struct Monitor {
    lines: BufReader<TcpStream>,
}

impl Monitor {
    /// Watches a server from now on.
    pub(crate) async fn start(server: &RedisServer) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).await.expect("a server");
        let mut monitor = Self { lines: BufReader::new(stream) };
        monitor.lines.write_all(b"MONITOR\r\n").await.expect("the server reads");
        assert_eq!(monitor.line().await, "+OK");
        monitor
    }

    /// What clients sent since the last look; what scripts called is left out.
    ///
    /// Each is one line, with its words in quotes: `"EVALSHA" "…" "3" "key" …`.
    pub(crate) async fn sent(&mut self, server: &RedisServer) -> Vec<String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let marker = format!("look-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        server.cli(&["ECHO", &marker]).await;
        let mut sent = Vec::new();
        loop {
            let line = self.line().await;
            let (source, command) = line.split_once("] ").expect("a time, a source, a command");
            if command.contains(&marker) {
                return sent;
            }
            if !source.ends_with(" lua") {
                sent.push(command.to_owned());
            }
        }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        in_time("a line", self.lines.read_line(&mut line)).await.expect("the server writes");
        line.truncate(line.trim_end().len());
        line
    }
}

/// How often each command was executed so far, those called by scripts included.
pub(crate) async fn executed(server: &RedisServer) -> BTreeMap<String, u64> {
    let info: String = from_redis_value(server.cli(&["INFO", "commandstats"]).await).unwrap();
    let count = |line: &str| {
        let (command, stats) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((command.to_owned(), stats.split(',').next()?.parse().ok()?))
    };
    info.lines().filter_map(count).collect()
}
