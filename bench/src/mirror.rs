//! P7 in a browser: a change of the visitor's page until the viewer's page shows it.
//!
//! The browser's part is `web/bench/mirror.mjs`: it serves the visitor's page and drives Chromium.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    Result,
    http::Client,
    node::Node,
    redis_server::RedisServer,
    relay::{SETTINGS, SITE, join, session},
    report::{Row, Target},
    service::Service,
    stats::quantile,
};

/// Measures one viewer at the host of the session, then one at another node.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let Some((_browser, page)) = browser().await? else { return Ok(Vec::new()) };
    let redis = RedisServer::start().await?;
    let origins = format!("{SITE},http://{page}");
    let named = |name: &'static str| {
        let own = [("BATON_COBROWSE__ALLOWED_ORIGINS", &*origins), ("BATON_NODE__NAME", name)];
        [&SETTINGS[..], &own].concat()
    };
    let host = Node::start(&redis.url(), &named("host")).await?;
    let other = Node::start(&redis.url(), &named("other")).await?;
    let mut rows = Vec::new();
    for (node, figure) in [
        (&host, "change of the page to viewer's DOM, Chromium, one relay hop, 60/s"),
        (&other, "… over another node (proxied hop)"),
    ] {
        let (token, visitor) = session(host.public).await?;
        let viewer = json!({ "node": node.public, "token": join(node.public, &token).await? });
        let plan = json!({ "host": host.public, "visitor": visitor, "viewers": [viewer] });
        rows.push(latency(figure, &ask(page, &plan).await?)?);
    }
    Ok(rows)
}

/// The browser's part; `None` where there is no Node.js.
async fn browser() -> Result<Option<(Service, std::net::SocketAddr)>> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    let node = Command::new("node").arg("--version").output().await;
    if !node.is_ok_and(|output| output.status.success()) {
        eprintln!("   no Node.js: the browser is left out");
        return Ok(None);
    }
    let mut service =
        Service::start(Command::new("node").arg("bench/mirror.mjs").current_dir(web))?;
    let page = service.address("listening on http://").await?;
    Ok(Some((service, page)))
}

async fn ask(page: std::net::SocketAddr, plan: &Value) -> Result<Value> {
    let body = plan.to_string();
    let length = body.len();
    let request =
        format!("POST /measure HTTP/1.1\r\nhost: bench\r\ncontent-length: {length}\r\n\r\n{body}");
    let answer = Client::connect(page).await?.send(request.as_bytes()).await?;
    if answer.status != 200 {
        return Err(String::from_utf8_lossy(&answer.body).into_owned().into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

fn latency(figure: &str, answer: &Value) -> Result<Row> {
    let mut all: Vec<f64> = serde_json::from_value(answer["latencies"][0].clone())?;
    all.sort_by(f64::total_cmp);
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| quantile(&all, share));
    let figure = format!(
        "{figure}: {} changes, p50 {p50:.1} ms, p95 {p95:.1} ms, p99 {p99:.1} ms; p95",
        all.len()
    );
    Ok(Row::ms("P7", figure, p95, Target::AtMost(35.0)))
}
