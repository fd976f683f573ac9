//! P7 and P8: what a visitor's page costs on its way to those who watch it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig,
    },
};

use crate::{
    Result,
    http::Client,
    node::Node,
    procfs,
    redis_server::RedisServer,
    report::{Row, Target},
    stats::quantile,
};

const VIEWERS: usize = 50;
/// A large page, deflated.
const SNAPSHOT_BYTES: usize = 95 * 1024;
/// A change of some elements.
const DELTA_BYTES: usize = 400;
const DELTAS_A_SECOND: u32 = 60;
/// How long the page changes: with fifty viewers, and on the way over two nodes.
const MANY_SECONDS: u32 = 30;
const HOP_SECONDS: u32 = 10;
/// How long an end waits for a frame.
const PATIENCE: Duration = Duration::from_secs(20);

/// The site of the visitors.
pub(crate) const SITE: &str = "https://shop.bench";

/// Anybody joins, nobody is asked: the relay is measured, not people.
pub(crate) const SETTINGS: [(&str, &str); 3] = [
    ("BATON_COBROWSE__ALLOWED_ORIGINS", SITE),
    ("BATON_COBROWSE__OPEN_JOIN", "true"),
    ("BATON_COBROWSE__REQUIRE_AUTHORIZATION_FOR_SESSION", "false"),
];

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// What one viewer got.
#[derive(Default)]
struct Got {
    snapshots: usize,
    deltas: usize,
    in_order: bool,
    milliseconds: Vec<f64>,
}

/// Measures one node with many viewers, then two nodes with one viewer each.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let mut rows = many_viewers().await?;
    rows.extend(hops().await?);
    Ok(rows)
}

async fn many_viewers() -> Result<Vec<Row>> {
    let node = Node::start("memory", &SETTINGS).await?;
    let (token, customer) = session(node.public).await?;
    let mut viewers = Vec::new();
    for _ in 0..VIEWERS {
        let user = join(node.public, &token).await?;
        viewers.push(open(node.public, "viewer", &user).await?);
    }
    let visitor = open(node.public, "visitor", &customer).await?;
    let watching: Vec<_> = viewers
        .into_iter()
        .map(|viewer| tokio::spawn(watch(viewer, DELTAS_A_SECOND * MANY_SECONDS)))
        .collect();
    let cpu = procfs::cpu(node.pid()?)?;
    show(visitor, MANY_SECONDS).await?;
    let got = all(watching).await?;
    let cpu = procfs::cpu(node.pid()?)? - cpu;
    let deltas = (DELTAS_A_SECOND * MANY_SECONDS) as usize;
    let whole = |got: &&Got| got.in_order && got.deltas == deltas && got.snapshots == 1;
    let consistent = got.iter().filter(whole).count();
    let delivered: usize = got.iter().map(|got| got.deltas).sum();
    let figure = format!(
        "one visitor, {VIEWERS} viewers, snapshot of 95 KB, {DELTAS_A_SECOND} deltas/s for {MANY_SECONDS} s"
    );
    let value = format!("{consistent} consistent, {} of {} deltas", delivered, deltas * VIEWERS);
    let each = cpu.as_secs_f64() * 1e6 / delivered as f64;
    Ok(vec![
        Row::fact("P8", figure, value),
        Row::fact("P8", "… node CPU per delivered frame", format!("{each:.1} µs")),
        latency("P8", format!("… visitor to viewer, {VIEWERS} viewers"), &got, None),
    ])
}

async fn hops() -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let named = |name: &'static str| [&SETTINGS[..], &[("BATON_NODE__NAME", name)]].concat();
    let host = Node::start(&redis.url(), &named("host")).await?;
    let other = Node::start(&redis.url(), &named("other")).await?;
    let (token, customer) = session(host.public).await?;
    let visitor = open(host.public, "visitor", &customer).await?;
    let mut watching = Vec::new();
    for node in [host.public, other.public] {
        let user = join(node, &token).await?;
        let viewer = open(node, "viewer", &user).await?;
        watching.push(tokio::spawn(watch(viewer, DELTAS_A_SECOND * HOP_SECONDS)));
    }
    show(visitor, HOP_SECONDS).await?;
    let got = all(watching).await?;
    Ok(vec![
        latency("P7", "visitor to viewer, one relay hop, 60/s".to_owned(), &got[..1], Some(3.0)),
        latency("P7", "… over another node (proxied hop)".to_owned(), &got[1..], Some(5.0)),
    ])
}

fn latency(id: &'static str, figure: String, got: &[Got], p95_most: Option<f64>) -> Row {
    let mut all: Vec<f64> = got.iter().flat_map(|got| got.milliseconds.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| quantile(&all, share));
    let text = format!("p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms");
    match p95_most {
        Some(most) => Row::ms(id, format!("{figure}: {text}; p95"), p95, Target::AtMost(most)),
        None => Row::fact(id, figure, text),
    }
}

/// A new session: its token, and its customer's secret.
pub(crate) async fn session(node: SocketAddr) -> Result<(String, String)> {
    let body = post(node, "/cobrowse/rest/live/sessions", "").await?;
    Ok((text(&body, "sessionToken")?, text(&body, "customerToken")?))
}

/// Another agent in it: its secret.
pub(crate) async fn join(node: SocketAddr, token: &str) -> Result<String> {
    let path = format!("/cobrowse/rest/live/sessions/{token}/users");
    text(&post(node, &path, r#"{"role":2}"#).await?, "userToken")
}

fn text(body: &Value, member: &str) -> Result<String> {
    let text = body[member].as_str().ok_or_else(|| format!("no {member} in {body}"))?;
    Ok(text.to_owned())
}

async fn post(node: SocketAddr, path: &str, body: &str) -> Result<Value> {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\norigin: {SITE}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let answer = Client::connect(node).await?.send(request.as_bytes()).await?;
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Opens a co-browse socket and says hello.
async fn open(node: SocketAddr, end: &str, token: &str) -> Result<Socket> {
    let url = format!("ws://bench/cobrowse/socket/{end}?token={token}");
    let mut socket = connect(node, &url).await?;
    socket.send(Message::text(r#"{"type":"hello","protocol":1}"#)).await?;
    Ok(socket)
}

/// Opens a socket from the visitors' site.
pub(crate) async fn connect(node: SocketAddr, url: &str) -> Result<Socket> {
    let stream = TcpStream::connect(node).await?;
    stream.set_nodelay(true)?;
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("origin", HeaderValue::from_static(SITE));
    // The default would hold 128 KiB for each of the bench's own ends.
    let config = WebSocketConfig::default().read_buffer_size(1024);
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}

/// Sends a snapshot when asked, and then so many deltas, each with the time it was sent at.
async fn show(mut visitor: Socket, seconds: u32) -> Result<()> {
    loop {
        let message =
            timeout(PATIENCE, visitor.next()).await?.ok_or("the visitor was closed")??;
        if message.is_text() && message.to_text()?.contains("snapshotRequest") {
            break;
        }
    }
    visitor.send(frame(1, 0, SNAPSHOT_BYTES)).await?;
    let mut ticks = interval(Duration::from_secs(1) / DELTAS_A_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for sequence in 1..=u64::from(DELTAS_A_SECOND * seconds) {
        ticks.tick().await;
        visitor.send(frame(2, sequence, DELTA_BYTES)).await?;
    }
    // Until the viewers have it all: a visitor who goes is told to them.
    tokio::spawn(async move { while let Some(Ok(_)) = visitor.next().await {} });
    Ok(())
}

/// A frame of epoch 1 with the time behind its header.
fn frame(kind: u8, sequence: u64, payload: usize) -> Message {
    let mut bytes = vec![kind, 0, 0, 0, 0, 0, 0, 1];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(now().to_be_bytes());
    bytes.resize(16 + payload, b'x');
    Message::binary(bytes)
}

/// Nanoseconds by a clock that both ends share: they are in one process.
fn now() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Takes frames until the last delta.
async fn watch(mut viewer: Socket, deltas: u32) -> Result<Got> {
    let mut got = Got { in_order: true, ..Got::default() };
    let mut last = 0;
    while last < u64::from(deltas) {
        let message = timeout(PATIENCE, viewer.next()).await?.ok_or("a viewer was closed")??;
        let Message::Binary(bytes) = message else { continue };
        let number = |from: usize| -> Result<u64> {
            let bytes = bytes.get(from..from + 8).ok_or("a short frame")?;
            Ok(u64::from_be_bytes(bytes.try_into()?))
        };
        let (sequence, sent) = (number(8)?, number(16)?);
        if bytes.first() == Some(&1) {
            got.snapshots += 1;
            last = sequence;
            continue;
        }
        got.in_order &= sequence == last + 1;
        last = sequence;
        got.deltas += 1;
        got.milliseconds.push(now().saturating_sub(sent) as f64 / 1e6);
    }
    Ok(got)
}

async fn all(watching: Vec<JoinHandle<Result<Got>>>) -> Result<Vec<Got>> {
    let mut all = Vec::new();
    for watcher in watching {
        all.push(watcher.await??);
    }
    Ok(all)
}
