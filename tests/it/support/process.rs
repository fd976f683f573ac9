//! The `baton` command as a process of its own, ended by its handle.

use std::process::{Command as StdCommand, Output, Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::in_time;

/// The command with nothing of the environment but these variables.
fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs the command to its end.
pub(crate) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let output = command(arguments, variables).output();
    in_time("the command ends", output).await.expect("the command runs")
}

/// A node in a process; killed when dropped.
pub(crate) struct Baton {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Baton {
    /// Starts one on free ports.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::logging(Stdio::null(), arguments, variables)
    }

    /// The same; its log goes there.
    pub(crate) fn logging(
        log: impl Into<Stdio>,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let ports = [("BATON_LISTEN", "127.0.0.1:0"), ("BATON_ADMIN__LISTEN", "127.0.0.1:0")];
        let variables = [&ports, variables].concat();
        let mut command = command(arguments, &variables);
        let mut child = command.stderr(log).spawn().expect("the command starts");
        let stdout = child.stdout.take().expect("it is piped");
        Self { child, lines: BufReader::new(stdout).lines() }
    }

    /// What follows the words in the first line of its output that begins with them.
    pub(crate) async fn line(&mut self, words: &str) -> String {
        loop {
            let line = in_time(words, self.lines.next_line()).await.expect("output");
            let line = line.unwrap_or_else(|| panic!("it ended without a line: {words}"));
            if let Some(rest) = line.strip_prefix(words) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let status = StdCommand::new("kill").args(["-s", name, &pid]).status();
        assert!(status.expect("there is a kill command").success(), "kill -s {name} {pid}");
    }

    /// Its exit code, once it ended; none where a signal killed it.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        in_time("the process ends", self.child.wait()).await.expect("a child of ours").code()
    }
}
