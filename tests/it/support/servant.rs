//! Programs that tests start, on free ports, and that die with the test process.

use std::{
    ffi::OsStr,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where programs are looked for: servers are not in everybody's path.
pub(crate) const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that runs; killed when dropped.
pub(crate) struct Servant {
    shell: Child,
    log: PathBuf,
}

impl Servant {
    /// Starts a program with nothing of the environment but its path and these variables. What it
    /// prints goes to that file.
    pub(crate) fn start(
        log: &Path,
        program: &OsStr,
        arguments: &[&str],
        variables: &[(String, String)],
    ) -> Self {
        let shell = Command::new("sh")
            .args(["-c", include_str!("servant.sh"), "servant.sh"])
            .arg(log)
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PROGRAMS)
            .envs(variables.iter().cloned())
            .process_group(0) // Ctrl-C at the terminal must not cut the clean-up short
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Self { shell, log: log.to_owned() }
    }

    /// What it printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.shell.try_wait().expect("the shell is ours").is_some()
    }
}

impl Drop for Servant {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Returns when the program is dead: the end of its input makes the shell kill it.
        self.shell.wait().expect("the shell is ours");
    }
}
