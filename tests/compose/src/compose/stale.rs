//! Projects of test runs that ended without their guards: the machine, or its engine, went down.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use super::docker::{belongings, docker};

/// How the names of this machine's test projects begin. An engine may serve several machines, and
/// a process id says something on its own machine only.
pub(super) fn prefix() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    format!("baton-test-{:08x}-", hasher.finish() & 0xffff_ffff)
}

/// Removes what is left of them, and says so.
pub async fn remove_stale() {
    for project in stale().await {
        let found = belongings(&project).await;
        let told: Vec<_> = found.iter().map(String::as_str).collect();
        println!("compose: removes what an earlier run left behind: {}", told.join(", "));
        // Containers first: they hold the rest.
        for (kind, id) in found.iter().filter_map(|found| found.split_once(' ')) {
            match kind {
                "container" => docker(&["container", "rm", "-fv", id]).await,
                _ => docker(&[kind, "rm", id]).await,
            };
        }
        // Its secrets, which open nothing any more.
        let _ = std::fs::remove_dir_all(super::directory_of(&project));
    }
}

/// Names of projects whose process is gone.
async fn stale() -> BTreeSet<String> {
    let prefix = prefix();
    let format = r#"{{.Label "com.docker.compose.project"}}"#;
    let label = "label=com.docker.compose.project";
    let mut projects = BTreeSet::new();
    for list in [&["ps", "-a"][..], &["network", "ls"], &["volume", "ls"]] {
        let names = docker(&[list, &["--filter", label, "--format", format]].concat()).await;
        projects.extend(names.lines().map(str::to_owned));
    }
    projects.retain(|project| {
        let rest = project.strip_prefix(&prefix);
        let pid = rest.and_then(|rest| rest.split_once('-')).map(|(pid, _)| pid);
        pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
    });
    projects
}
