//! The `docker` command, and what it says of containers.

use std::{collections::BTreeSet, process::Output};

use tokio::process::Command;

use crate::support::in_time;

/// Whether there is an engine to run the tests by: that of `DOCKER_HOST`.
pub async fn an_engine_answers() -> bool {
    succeeds(&["version"]).await
}

/// Runs `docker` by the engine of `DOCKER_HOST`; it has to succeed.
pub(crate) async fn docker(arguments: &[&str]) -> String {
    let output = run(arguments).await;
    assert!(output.status.success(), "docker {}: {output:?}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether `docker` succeeds.
pub(crate) async fn succeeds(arguments: &[&str]) -> bool {
    run(arguments).await.status.success()
}

async fn run(arguments: &[&str]) -> Output {
    let what = format!("docker {}", arguments.join(" "));
    let output = Command::new("docker").args(arguments).kill_on_drop(true).output();
    in_time(&what, output).await.expect("there is a docker command")
}

/// What carries the label of a Compose project, or its name: containers, running or not, networks
/// and volumes. (A volume that the engine makes by itself has no label.)
pub(crate) async fn belongings(project: &str) -> BTreeSet<String> {
    let label = format!("label=com.docker.compose.project={project}");
    let name = format!("name={project}");
    let mut found = BTreeSet::new();
    for (what, list) in [
        ("container", &["container", "ls", "-aq"][..]),
        ("network", &["network", "ls", "-q"]),
        ("volume", &["volume", "ls", "-q"]),
    ] {
        for filter in [&label, &name] {
            let ids = docker(&[list, &["--filter", filter]].concat()).await;
            found.extend(ids.lines().map(|id| format!("{what} {id}")));
        }
    }
    found
}

/// Volumes that containers use, those without a name included.
pub(crate) async fn volumes(containers: &[String]) -> Vec<String> {
    if containers.is_empty() {
        return Vec::new();
    }
    let format = "{{range .Mounts}}{{if .Name}}{{println .Name}}{{end}}{{end}}";
    let mut arguments = vec!["inspect", "--format", format];
    arguments.extend(containers.iter().map(String::as_str));
    let names = docker(&arguments).await;
    names.lines().filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
