//! P3: memory of an idle stream socket, bound by `REQUESTED`, session bookkeeping included.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::{
    Result, load,
    node::Node,
    players, procfs,
    redis_server::RedisServer,
    report::{Row, Target},
};

const SOCKETS: u64 = 10_000;
/// Files besides the sockets.
const OTHER_FILES: u64 = 200;
/// Players that come first, so that threads, caches and buffers are there before.
const WARM_UP: u64 = 200;
/// Sockets that are opened at once.
const OPENING: usize = 50;
const CONNECTIONS: usize = 64;
/// After the last socket, before memory is read: well within the first ping.
const SETTLE: Duration = Duration::from_secs(2);
/// How long renewals are watched: every socket is renewed twice, at a third of its 30 s lease.
const WATCH: Duration = Duration::from_secs(20);
/// How long a player waits for `OK`.
const ANSWER: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<TcpStream>;

#[derive(Deserialize)]
struct Play {
    endpoint: String,
}

/// Bytes of the node, and of Redis, per player.
struct Cost {
    sessions: f64,
    bound: f64,
    redis: f64,
    renewals: Option<Renewals>,
}

/// What one renewal takes, in microseconds.
struct Renewals {
    node_us: f64,
    redis_us: f64,
    script_us: f64,
}

/// Measures a node on either store.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let sockets = SOCKETS.min(procfs::open_files()?.saturating_sub(OTHER_FILES));
    if sockets < SOCKETS {
        eprintln!("   only {sockets} sockets: raise the limit of open files (ulimit -n)");
    }
    let redis = RedisServer::start().await?;
    let on_redis = cost(&redis.url(), sockets, Some(&redis)).await?;
    let embedded = cost("memory", sockets, None).await?;
    let figure = |store: &str| format!("memory per idle socket of {sockets}, {store}");
    let of_which = |store: &str| format!("… of which the session before its socket, {store}");
    let mut rows = vec![
        Row::bytes("P3", figure("Redis store"), on_redis.bound, Target::AtMost(6144.0)),
        Row::fact("P3", of_which("Redis store"), format!("{:.0} B", on_redis.sessions)),
        Row::bytes("P3", figure("embedded store"), embedded.bound, Target::AtMost(6144.0)),
        Row::fact("P3", of_which("embedded store"), format!("{:.0} B", embedded.sessions)),
        Row::fact(
            "P6",
            "Redis memory per session with its socket, one per account",
            format!("{:.0} B", on_redis.redis),
        ),
    ];
    if let Some(Renewals { node_us, redis_us, script_us }) = on_redis.renewals {
        let figure = "CPU per renewal, idle sockets, batches of some dozen";
        let value = format!(
            "node {node_us:.0} µs, Redis {redis_us:.0} µs, of which script {script_us:.0} µs"
        );
        rows.push(Row::fact("P2", figure, value));
    }
    Ok(rows)
}

async fn cost(store_url: &str, sockets: u64, redis: Option<&RedisServer>) -> Result<Cost> {
    let node = Node::start(store_url, &[]).await?;
    drop(play(node.public, "warm-up", WARM_UP).await?);
    sleep(SETTLE).await;
    let pid = node.pid()?;
    let redis_bytes = async || match redis {
        Some(redis) => redis.used_memory().await,
        None => Ok(0),
    };
    let (before, redis_before) = (procfs::rss(pid)?, redis_bytes().await?);
    let endpoints = ask(node.public, "player", sockets).await?;
    let with_sessions = procfs::rss(pid)?;
    let held = connect(node.public, endpoints).await?;
    sleep(SETTLE).await;
    let (after, redis_after) = (procfs::rss(pid)?, redis_bytes().await?);
    let each = |from: u64, to: u64| (to as f64 - from as f64) / held.len() as f64;
    eprintln!("   {store_url}: {:.0} B a socket", each(before, after));
    let renewals = match redis {
        Some(redis) => Some(renewals(pid, redis).await?),
        None => None,
    };
    Ok(Cost {
        renewals,
        sessions: each(before, with_sessions),
        bound: each(before, after),
        redis: each(redis_before, redis_after),
    })
}

/// Watches a node whose sockets are idle: nearly all script calls are renewals.
async fn renewals(node: u32, redis: &RedisServer) -> Result<Renewals> {
    let () = redis.command(&["CONFIG", "RESETSTAT"]).await?;
    let (node_cpu, redis_cpu) = (procfs::cpu(node)?, procfs::cpu(redis.pid())?);
    sleep(WATCH).await;
    let calls = redis.script_stat("calls").await?;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / calls;
    Ok(Renewals {
        node_us: each(procfs::cpu(node)? - node_cpu),
        redis_us: each(procfs::cpu(redis.pid())? - redis_cpu),
        script_us: redis.script_stat("usec_per_call").await?,
    })
}

async fn play(node: SocketAddr, name: &str, players: u64) -> Result<Vec<Socket>> {
    connect(node, ask(node, name, players).await?).await
}

/// Asks for a session for each of some customers.
async fn ask(node: SocketAddr, name: &str, players: u64) -> Result<Vec<String>> {
    let requests = players::creates(name, players, 0)?;
    let outcome = load::send_all(node, CONNECTIONS, requests).await?;
    let endpoint = |body: &[u8]| Ok(serde_json::from_slice::<Play>(body)?.endpoint);
    outcome.bodies.iter().map(|body| endpoint(body)).collect()
}

/// Opens and binds a socket for each session; they stay open as long as they are held.
async fn connect(node: SocketAddr, endpoints: Vec<String>) -> Result<Vec<Socket>> {
    let mut held = Vec::with_capacity(endpoints.len());
    let mut opening = JoinSet::new();
    for endpoint in endpoints {
        if opening.len() >= OPENING
            && let Some(opened) = opening.join_next().await
        {
            held.push(opened??);
        }
        opening.spawn(open(node, endpoint));
    }
    while let Some(opened) = opening.join_next().await {
        held.push(opened??);
    }
    Ok(held)
}

async fn open(node: SocketAddr, endpoint: String) -> Result<Socket> {
    let stream = TcpStream::connect(node).await?;
    // The default would hold 128 KiB for each of the bench's own ends.
    let config = WebSocketConfig::default().read_buffer_size(1024);
    let (mut socket, _) = client_async_with_config(endpoint, stream, Some(config)).await?;
    socket.send(Message::text(r#"{"action":"REQUESTED"}"#)).await?;
    let answer = timeout(ANSWER, socket.next()).await?.ok_or("the socket was closed")??;
    if answer.to_text()? != r#"{"action":"OK"}"# {
        return Err(format!("REQUESTED was answered {answer}").into());
    }
    Ok(socket)
}
