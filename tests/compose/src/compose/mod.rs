//! The shipped docker-compose.yml as a project of the tests' own: ports, secrets and name.

mod docker;
mod guard;
mod stale;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use tokio::process::Command;

pub(crate) use self::docker::belongings;
pub use self::{docker::an_engine_answers, stale::remove_stale};
use self::{
    docker::{docker, succeeds, volumes},
    guard::Guard,
};
use crate::{
    cluster::{Cluster, NODES, name},
    machines::Machines,
    processes::ports,
    support::cobrowse::SITE,
};

/// Services of docker-compose.yml without a profile.
const SERVICES: usize = NODES + 2;

/// A project that is up, or comes up.
pub struct Project {
    /// `COMPOSE_PROJECT_NAME`.
    pub name: String,
    cluster: Cluster,
    compose: Vec<String>,
    guard: Guard,
}

impl Project {
    /// A project of which nothing runs yet. `number`: which one of this process.
    pub async fn prepare(image: &str, number: u32) -> Self {
        let name = format!("{}{}-{number}", stale::prefix(), std::process::id());
        let directory = directory(&name);
        let file = directory.join("env");
        let ports: [SocketAddr; NODES + 2] = std::array::from_fn(|_| ports::free());
        write_env(&file, image, &ports).await;
        let script = root().join("scripts/compose.sh");
        let words = ["sh", text(&script), "--env-file", text(&file), "--project-name", &name];
        let compose: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "1"].map(str::to_owned);
        let guard = Guard::of(&directory, &[&compose[..], &down].concat());
        let secret = |key: &str| secret(&file, key);
        let cluster = Cluster {
            public: ports[0],
            admin: ports[1],
            nodes: std::array::from_fn(|node| ports[node + 2]),
            admin_token: secret("BATON_ADMIN_TOKEN"),
            auth_secret: secret("BATON_AUTH_SECRET"),
        };
        Self { name, cluster, compose, guard }
    }

    /// Brings some services up, or all of them, with what they depend on.
    pub async fn up(&self, services: &[&str]) {
        let output = self.compose(&[&["up", "-d", "--no-build"], services].concat()).await;
        assert!(output.status.success(), "compose up: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Waits until every container is there and the cluster is whole.
    pub async fn is_whole(&self) {
        let containers = self.containers().await;
        assert_eq!(containers.len(), SERVICES, "a container for each service: {containers:?}");
        assert!(!volumes(&containers).await.is_empty(), "Redis keeps its data in a volume");
        self.cluster.is_whole().await;
    }

    /// Takes it down: nothing is left behind.
    pub async fn down(self) {
        let volumes = volumes(&self.containers().await).await;
        let name = self.name.clone();
        let status = tokio::task::spawn_blocking(|| self.guard.down()).await.expect("no panic");
        assert!(status.success(), "compose down: {status}");
        assert_eq!(belongings(&name).await, BTreeSet::new(), "left behind");
        for volume in volumes {
            assert!(!succeeds(&["volume", "inspect", &volume]).await, "left behind: {volume}");
        }
        assert!(!Self::has_secrets(&name), "the file of secrets is left behind");
    }

    /// Whether the file of secrets of a project is there.
    pub(crate) fn has_secrets(name: &str) -> bool {
        directory_of(name).exists()
    }

    /// The end of what every container wrote.
    pub async fn logs(&self) -> String {
        let output = self.compose(&["logs", "--no-color", "--tail", "40"]).await;
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Cuts a node off from the network: nobody reaches it, and it reaches nobody.
    pub async fn cut_off(&self, node: usize) {
        let container = self.container(&name(node)).await;
        docker(&["network", "disconnect", &self.network().await, &container]).await;
    }

    /// Connects it again, by the name it had.
    pub async fn reconnect(&self, node: usize) {
        let (name, network) = (name(node), self.network().await);
        let container = self.container(&name).await;
        docker(&["network", "connect", "--alias", &name, &network, &container]).await;
    }

    /// Runs `docker compose`; the guard ends it if this process ends before it.
    async fn compose(&self, arguments: &[&str]) -> Output {
        let mut command = std::process::Command::new(&self.compose[0]);
        command.args(&self.compose[1..]).args(arguments).stdin(Stdio::null());
        forget_the_users(&mut command);
        let mut command = Command::from(command);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("there is a shell");
        let busy = directory_of(&self.name).join("busy");
        std::fs::write(&busy, child.id().expect("it was not waited for").to_string())
            .expect("a writable directory");
        let output = child.wait_with_output().await.expect("a child of ours");
        std::fs::remove_file(busy).expect("nobody else removes it");
        output
    }

    async fn containers(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={}", self.name);
        let ids = docker(&["ps", "-aq", "--filter", &label]).await;
        ids.lines().map(str::to_owned).collect()
    }

    async fn container(&self, service: &str) -> String {
        let project = format!("label=com.docker.compose.project={}", self.name);
        let service = format!("label=com.docker.compose.service={service}");
        docker(&["ps", "-aq", "--filter", &project, "--filter", &service]).await
    }

    async fn network(&self) -> String {
        let label = format!("label=com.docker.compose.project={}", self.name);
        docker(&["network", "ls", "-q", "--filter", &label]).await
    }
}

impl Machines for Project {
    fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    async fn kill(&self, node: usize) {
        docker(&["kill", &self.container(&name(node)).await]).await;
    }

    async fn stop(&self, node: usize) {
        let container = self.container(&name(node)).await;
        // SIGTERM, and the grace of docker-compose.yml.
        docker(&["stop", &container]).await;
        let code = docker(&["inspect", "--format", "{{.State.ExitCode}}", &container]).await;
        assert_eq!(code, "0", "{} drained in order, and was not killed", name(node));
    }

    async fn start(&self, node: usize) {
        docker(&["start", &self.container(&name(node)).await]).await;
    }

    async fn freeze_store(&self) {
        docker(&["pause", &self.container("redis").await]).await;
    }

    async fn thaw_store(&self) {
        docker(&["unpause", &self.container("redis").await]).await;
    }

    async fn is_green(&self, node: usize, probe: &str) -> bool {
        let container = self.container(&name(node)).await;
        let mut command = vec!["exec", &container, "baton", "healthcheck"];
        if probe == "livez" {
            command.push("--live");
        }
        succeeds(&command).await
    }
}

/// What is set for a cluster of the user's must not beat the file.
fn forget_the_users(command: &mut std::process::Command) {
    for (variable, _) in std::env::vars_os() {
        let is_theirs = variable.to_str().is_some_and(|name| {
            ["BATON_", "REDIS_", "GRAFANA_", "COMPOSE_"].iter().any(|of| name.starts_with(of))
        });
        if is_theirs {
            command.env_remove(variable);
        }
    }
}

/// The file of settings and secrets: those that `make env` makes, and addresses of the tests' own.
async fn write_env(file: &Path, image: &str, ports: &[SocketAddr; NODES + 2]) {
    let script = root().join("scripts/env.sh");
    let made = Command::new("sh").arg(script).arg(file).status().await;
    assert!(made.expect("there is a shell").success(), "scripts/env.sh {}", file.display());
    let mut env = std::fs::read_to_string(file).expect("a readable file");
    let names = ["PORT", "ADMIN_PORT", "NODE1_PORT", "NODE2_PORT", "NODE3_PORT"];
    for (name, at) in names.iter().zip(ports) {
        env.push_str(&format!("BATON_{name}={}\n", at.port()));
    }
    let names = ["PUBLIC_URL", "NODE1_URL", "NODE2_URL", "NODE3_URL"];
    for (name, at) in names.iter().zip([&ports[..1], &ports[2..]].concat()) {
        env.push_str(&format!("BATON_{name}=http://{at}\n"));
    }
    env.push_str(&format!("BATON_IMAGE={image}\nBATON_COBROWSE__ALLOWED_ORIGINS={SITE}\n"));
    std::fs::write(file, env).expect("a writable file");
}

fn secret(file: &Path, key: &str) -> String {
    let env = std::fs::read_to_string(file).expect("a readable file");
    let value = env.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("scripts/env.sh makes no {key}")).to_owned()
}

/// A directory that only this user reads, gone with the project.
fn directory(name: &str) -> PathBuf {
    use std::os::unix::fs::DirBuilderExt;
    let directory = directory_of(name);
    std::fs::DirBuilder::new().mode(0o700).create(&directory).expect("a directory of our own");
    directory
}

fn directory_of(name: &str) -> PathBuf {
    std::env::temp_dir().join(name)
}

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}
