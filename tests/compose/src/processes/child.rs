//! A program as a process of the tests' own, ended with them however they end.

use std::{path::PathBuf, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child as Shell, ChildStdout, Command},
};

use crate::support::in_time;

/// A program that runs, or ran.
pub(crate) struct Child {
    shell: Shell,
    told: Lines<BufReader<ChildStdout>>,
    pid: String,
    directory: PathBuf,
}

impl Child {
    /// Starts a program with nothing of the environment but these variables, and `PATH`. It finds
    /// `config` in the file of that name in its directory.
    pub(crate) async fn start(
        arguments: &[&str],
        variables: &[(&str, &str)],
        config: &str,
    ) -> Self {
        // Debian's load balancers are where only root looks.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        let mut shell = Command::new("sh")
            .args(["-c", include_str!("child.sh"), "child.sh"])
            .args(arguments)
            .env_clear()
            .env("PATH", path)
            .env("CHILD_CONFIG", config)
            .envs(variables.iter().copied())
            .process_group(0) // Ctrl-C at the terminal must not cut the clean-up short
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut told = BufReader::new(shell.stdout.take().expect("it is piped")).lines();
        let first = in_time("the shell tells a pid", told.next_line()).await.expect("a line");
        let first = first.expect("the shell tells a pid");
        let (pid, directory) = first.split_once(' ').expect("a pid and a directory");
        let (pid, directory) = (pid.to_owned(), directory.into());
        Self { shell, told, pid, directory }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.pid]).status().await;
        assert!(kill.expect("there is a kill command").success(), "kill -s {name} {}", self.pid);
    }

    /// Waits until it ended: its exit code, or 128 and the signal that ended it.
    pub(crate) async fn ended(&mut self) -> i32 {
        let line = in_time("the process ends", self.told.next_line()).await.expect("a line");
        line.expect("the shell tells a code").parse().expect("a code")
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Ends it, and waits until nothing is left.
    pub(crate) async fn end(mut self) {
        drop(self.shell.stdin.take());
        in_time("the clean-up ends", self.shell.wait()).await.expect("the shell is ours");
    }
}
