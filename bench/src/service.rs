//! A process that is measured: it says where it listens, and dies with its handle.

use std::{net::SocketAddr, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::Result;

/// A running server.
pub(crate) struct Service {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Service {
    /// Starts it. Its log is dropped: writing it must not be measured by a slow terminal.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        Ok(Self { child, output: BufReader::new(stdout).lines() })
    }

    /// The address behind the next line that begins so.
    pub(crate) async fn address(&mut self, label: &str) -> Result<SocketAddr> {
        while let Some(line) = self.output.next_line().await? {
            if let Some(address) = line.strip_prefix(label) {
                return Ok(address.trim().parse()?);
            }
        }
        Err(format!("it ended before it said {label:?}; does it start by hand?").into())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().ok_or_else(|| "it ended meanwhile".into())
    }
}
