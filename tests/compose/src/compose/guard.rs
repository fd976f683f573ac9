//! Ends a Compose project with the test that began it, however that ends.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

/// The other end of the pipe that keeps a project up.
pub(crate) struct Guard(Child);

impl Guard {
    /// Takes a project down when this is gone. `down` is the command of it.
    pub(crate) fn of(directory: &Path, down: &[String]) -> Self {
        use std::os::unix::process::CommandExt;
        let mut guard = Command::new("sh");
        guard
            .args(["-c", include_str!("guard.sh"), "guard.sh"].map(OsStr::new))
            .arg(directory)
            .args(down)
            .process_group(0) // Ctrl-C at the terminal must not cut the clean-up short
            .stdin(Stdio::piped());
        super::forget_the_users(&mut guard);
        Self(guard.spawn().expect("there is a shell"))
    }

    /// Takes it down now; returns when that is done.
    pub(crate) fn down(mut self) -> ExitStatus {
        self.close()
    }

    fn close(&mut self) -> ExitStatus {
        drop(self.0.stdin.take());
        self.0.wait().expect("the shell is ours")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.close();
    }
}
