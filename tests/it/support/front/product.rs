//! The load balancers, and how their shipped configurations are fitted to the ports of a test.

use std::{
    ffi::{OsStr, OsString},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Certificate, NODES, Ports, shipped};
use crate::support::{
    cluster::Cluster,
    servant::{PROGRAMS, Servant},
};

/// A balancer, and by what its clients stick to nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    HaproxyByCookie,
    HaproxyBySession,
    NginxByCookie,
    NginxBySession,
    Traefik,
}

impl Product {
    /// Starts it in the foreground, with its files in that directory.
    pub(super) fn start(
        self,
        cluster: &Cluster,
        ports: Ports,
        certificate: &Certificate,
        files: &Path,
    ) -> Servant {
        let nodes: Vec<_> = (0..NODES).map(|node| cluster.node(node)).collect();
        let nodes: Vec<_> = nodes.iter().map(|node| (node.public, node.admin)).collect();
        let run = self.run(&nodes, ports, certificate, files);
        let arguments: Vec<_> = run.arguments.iter().map(String::as_str).collect();
        Servant::start(&files.join("output.log"), &run.program, &arguments, &run.variables)
    }

    /// What its own program says of the configuration, and whether it takes it.
    pub(crate) fn check(self, files: &Path) -> (bool, String) {
        let free = SocketAddr::from(([127, 0, 0, 1], 1));
        let ports = Ports { http: 2, https: 3, metrics: 4 };
        let run = self.run(&[(free, free); NODES], ports, Certificate::of_the_tests(), files);
        let check = if run.program == "nginx" { "-t" } else { "-c" };
        let output = Command::new(&run.program)
            .args(&run.arguments)
            .arg(check)
            .env("PATH", PROGRAMS)
            .envs(run.variables)
            .output()
            .unwrap_or_else(|error| panic!("{:?}: {error} (make deps)", run.program));
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// How it is run, its files written.
    fn run(
        self,
        nodes: &[(SocketAddr, SocketAddr)],
        ports: Ports,
        certificate: &Certificate,
        files: &Path,
    ) -> Run {
        match self {
            Self::HaproxyByCookie => haproxy("by_cookie", nodes, ports, certificate),
            Self::HaproxyBySession => haproxy("by_session", nodes, ports, certificate),
            Self::NginxByCookie => nginx("by-cookie", nodes, ports, certificate, files),
            Self::NginxBySession => nginx("by-session", nodes, ports, certificate, files),
            Self::Traefik => traefik(nodes, ports, certificate, files),
        }
    }
}

/// How a balancer is run.
struct Run {
    program: OsString,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// Replaces what is there, wherever it is.
fn fit(file: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(file.to_owned(), |file, (shipped, here)| {
        assert!(file.contains(shipped), "the shipped configuration has no {shipped}");
        file.replace(shipped, here)
    })
}

/// The variables by which nodes are named.
fn node_variables(nodes: &[(SocketAddr, SocketAddr)]) -> Vec<(String, String)> {
    let named = (1..).zip(nodes).flat_map(|(number, (public, admin))| {
        let node = format!("BATON_NODE{number}");
        [(format!("{node}_ADMIN_PORT"), admin.port().to_string()), (node, public.to_string())]
    });
    named.collect()
}

/// Only root may become somebody else.
fn whoever_runs_this() -> String {
    let output = std::process::Command::new("id").arg("-un").output().expect("there is id");
    String::from_utf8(output.stdout).expect("a readable name").trim().to_owned()
}

fn haproxy(
    stickiness: &str,
    nodes: &[(SocketAddr, SocketAddr)],
    ports: Ports,
    certificate: &Certificate,
) -> Run {
    let mut variables = node_variables(nodes);
    let here = |port: u16| format!("127.0.0.1:{port}");
    variables.extend([
        ("BATON_STICKINESS".to_owned(), stickiness.to_owned()),
        ("BATON_HTTP".to_owned(), here(ports.http)),
        ("BATON_HTTPS".to_owned(), here(ports.https)),
        ("BATON_METRICS".to_owned(), here(ports.metrics)),
        ("BATON_HAPROXY_USER".to_owned(), whoever_runs_this()),
        ("BATON_CERTIFICATE".to_owned(), text(&certificate.both).to_owned()),
    ]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/haproxy/haproxy.cfg");
    let arguments = vec!["-db".to_owned(), "-f".to_owned(), text(&file).to_owned()];
    Run { program: "haproxy".into(), arguments, variables }
}

fn nginx(
    stickiness: &str,
    nodes: &[(SocketAddr, SocketAddr)],
    ports: Ports,
    certificate: &Certificate,
    files: &Path,
) -> Run {
    // Whoever runs the tests may not write where nginx does by default.
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("{kind}_temp_path {}/{kind};", text(files)));
    let main = fit(
        &shipped("nginx/nginx.conf"),
        &[
            ("http {", &format!("http {{\n{}", temporary.join("\n"))),
            ("/var/log/nginx/baton.log", text(&files.join("access.log"))),
            ("/var/log/nginx/error.log", "stderr"),
            ("include baton/by-cookie.conf;", &format!("include baton/{stickiness}.conf;")),
            ("listen 80 ", &format!("listen 127.0.0.1:{} ", ports.http)),
            ("listen 443 ", &format!("listen 127.0.0.1:{} ", ports.https)),
            ("/etc/nginx/baton/certificate.pem", text(&certificate.chain)),
            ("/etc/nginx/baton/key.pem", text(&certificate.key)),
        ],
    );
    let addresses: Vec<_> = (1..)
        .zip(nodes)
        .map(|(number, (public, _))| (format!("10.0.0.1{number}:8700"), public.to_string()))
        .collect();
    let changes: Vec<_> =
        addresses.iter().map(|(shipped, here)| (shipped.as_str(), here.as_str())).collect();
    fs::create_dir(files.join("baton")).unwrap();
    fs::write(files.join("nginx.conf"), main).unwrap();
    let names = ["nodes", "by-cookie", "by-session", "requests", "proxy"];
    for name in names.map(|name| format!("baton/{name}.conf")) {
        let file = shipped(&format!("nginx/{name}"));
        let file = if name == "baton/nodes.conf" { fit(&file, &changes) } else { file };
        fs::write(files.join(name), file).unwrap();
    }
    let config = text(&files.join("nginx.conf")).to_owned();
    let global = format!("pid {}/pid; daemon off; master_process off;", text(files));
    let arguments = ["-e", "stderr", "-c", &config, "-g", &global].map(str::to_owned).to_vec();
    Run { program: "nginx".into(), arguments, variables: Vec::new() }
}

/// Where `make deps` puts it.
fn traefik_program() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a directory below target");
    target.join("tools/traefik/bin/traefik")
}

fn traefik(
    nodes: &[(SocketAddr, SocketAddr)],
    ports: Ports,
    certificate: &Certificate,
    files: &Path,
) -> Run {
    let program = traefik_program();
    assert!(program.exists(), "{program:?} is missing: make deps");
    let here = |port: u16| format!("\"127.0.0.1:{port}\"");
    let dynamic = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/traefik/dynamic.yml");
    let fixed = fit(
        &shipped("traefik/traefik.yml"),
        &[
            ("\":80\"", &here(ports.http)),
            ("\":443\"", &here(ports.https)),
            ("\"127.0.0.1:8082\"", &here(ports.metrics)),
            ("/etc/traefik/dynamic.yml", text(&dynamic)),
        ],
    );
    fs::write(files.join("traefik.yml"), fixed).unwrap();
    let mut variables = node_variables(nodes);
    variables.extend([
        ("BATON_CERTIFICATE".to_owned(), text(&certificate.chain).to_owned()),
        ("BATON_KEY".to_owned(), text(&certificate.key).to_owned()),
    ]);
    let arguments = vec![format!("--configFile={}", text(&files.join("traefik.yml")))];
    Run { program: OsStr::new(&program).to_owned(), arguments, variables }
}
