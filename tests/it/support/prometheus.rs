//! Prometheus with the configuration that is shipped, in front of nodes of a test.

use std::{fs, net::SocketAddr, path::Path};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    cobrowse::http, eventually, front::shipped, node::Ask, redis::free_port, servant::Servant,
};

/// How many ports are tried before a test gives up: each may be snatched away meanwhile.
const PORTS_TRIED: u32 = 10;

/// A server that scrapes, and judges the shipped alerts.
pub(crate) struct Prometheus {
    port: u16,
    servant: Servant,
    _files: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes these nodes, five times a second, and that balancer.
    pub(crate) async fn start(nodes: &[SocketAddr], balancer: u16) -> Self {
        for _ in 0..PORTS_TRIED {
            let files = TempDir::new().unwrap();
            configure(files.path(), nodes, balancer);
            let port = free_port().await;
            let path = |name: &str| files.path().join(name).to_str().expect("readable").to_owned();
            let arguments = [
                format!("--config.file={}", path("prometheus.yml")),
                format!("--storage.tsdb.path={}", path("data")),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ];
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let log = files.path().join("output.log");
            let servant = Servant::start(&log, "prometheus".as_ref(), &arguments, &[]);
            let mut server = Self { port, servant, _files: files };
            if server.is_up().await {
                return server;
            }
        }
        panic!("no prometheus came up on any of {PORTS_TRIED} ports; is it installed (make deps)?");
    }

    /// Waits until it is ready; false if it ended.
    async fn is_up(&mut self) -> bool {
        eventually("Prometheus is ready", async || {
            if self.servant.has_ended() {
                return Some(false);
            }
            let url = format!("http://127.0.0.1:{}/-/ready", self.port);
            let answer = http().get(url).send().await.ok()?;
            answer.status().is_success().then_some(true)
        })
        .await
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("http://127.0.0.1:{}/api/v1/{path}", self.port);
        let url = url::Url::parse_with_params(&url, query).expect("a URL");
        let answer = http().request(Method::GET, url).answer().await;
        assert_eq!(answer.body["status"], "success", "{query:?}: {}", answer.body);
        answer.body["data"].clone()
    }

    /// What a query finds now; a query that it does not understand is a panic.
    pub(crate) async fn query(&self, query: &str) -> Vec<Value> {
        let data = self.get("query", &[("query", query)]).await;
        match data["resultType"].as_str() {
            Some("vector") => data["result"].as_array().expect("a vector").clone(),
            other => panic!("{query}: {other:?}"),
        }
    }

    /// The labels of every series that it knows.
    pub(crate) async fn series(&self) -> Vec<Value> {
        let data = self.get("series", &[("match[]", r#"{job=~".+"}"#)]).await;
        data.as_array().expect("a list").clone()
    }

    /// Every rule, as it understood them.
    pub(crate) async fn rules(&self) -> Vec<Value> {
        let groups = self.get("rules", &[]).await["groups"].take();
        let groups = groups.as_array().expect("groups").iter();
        groups.flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
    }

    /// The names of alerts that are on their way, or fire.
    pub(crate) async fn alerts(&self) -> Vec<String> {
        let alerts = self.get("alerts", &[]).await["alerts"].take();
        let name =
            |alert: &Value| alert["labels"]["alertname"].as_str().expect("a name").to_owned();
        alerts.as_array().expect("alerts").iter().map(name).collect()
    }
}

/// Writes the shipped files, with other addresses and a quicker beat.
fn configure(files: &Path, nodes: &[SocketAddr], balancer: u16) {
    let shipped_nodes = r#"["node1:8701", "node2:8701", "node3:8701"]"#;
    let nodes: Vec<_> = nodes.iter().map(|node| format!("\"{node}\"")).collect();
    let mut config = shipped("prometheus/prometheus.yml");
    for (shipped, here) in [
        (shipped_nodes, format!("[{}]", nodes.join(", "))),
        (r#"["haproxy:8405"]"#, format!("[\"127.0.0.1:{balancer}\"]")),
        ("scrape_interval: 10s", "scrape_interval: 200ms".to_owned()),
        ("evaluation_interval: 10s", "evaluation_interval: 500ms".to_owned()),
    ] {
        assert!(config.contains(shipped), "prometheus.yml has no {shipped}");
        config = config.replace(shipped, &here);
    }
    fs::write(files.join("prometheus.yml"), config).unwrap();
    fs::write(files.join("alerts.yml"), shipped("prometheus/alerts.yml")).unwrap();
}
