//! A test run that is killed leaves nothing behind.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::{
    compose::{Project, belongings},
    support::{eventually, in_time},
};

/// The argument by which this program begins a project, and waits to be killed.
pub const UNTIL_KILLED: &str = "until-killed";

/// Begins a project, tells its name, brings a part of it up and waits for its end.
pub async fn wait_to_be_killed(image: &str) {
    let project = Project::prepare(image, 0).await;
    println!("{}", project.name);
    project.up(&["redis"]).await;
    std::future::pending::<()>().await;
}

/// SIGKILL in the middle of `up`: containers, network and volume are removed all the same.
pub async fn a_killed_run_leaves_nothing() {
    let this = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(this)
        .arg(UNTIL_KILLED)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this program starts");
    let mut told = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let name = in_time("it tells its project", told.next_line()).await.expect("a line");
    let name = name.expect("it tells its project");
    eventually("it has begun", async || (!belongings(&name).await.is_empty()).then_some(())).await;
    child.kill().await.expect("it is ours");
    eventually("nothing is left", async || {
        let is_gone = belongings(&name).await.is_empty() && !Project::has_secrets(&name);
        is_gone.then_some(())
    })
    .await;
}
