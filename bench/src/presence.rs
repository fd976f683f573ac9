//! Memory of a visitor who is online and idle, session bookkeeping included.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Result,
    node::Node,
    procfs,
    redis_server::RedisServer,
    relay::{SETTINGS, Socket, connect},
    report::{Row, Target},
};

const VISITORS: u64 = 5_000;
/// Visitors that come first, so that threads, caches and buffers are there before.
const WARM_UP: u64 = 200;
/// Sockets that are opened at once.
const OPENING: usize = 50;
/// After the last socket, before memory is read.
const SETTLE: Duration = Duration::from_secs(2);
/// Beats are watched for so long: three of each visitor.
const WATCH: Duration = Duration::from_secs(30);
/// How long a visitor waits for `welcome`.
const ANSWER: Duration = Duration::from_secs(10);

/// Measures a node on either store.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let (on_redis, cpu) = cost(&redis.url()).await?;
    let redis_bytes = redis.used_memory().await? as f64 / (VISITORS + WARM_UP) as f64;
    let (embedded, _) = cost("memory").await?;
    let figure = |store: &str| format!("memory per idle visitor of {VISITORS}, {store}");
    Ok(vec![
        Row::bytes("–", figure("Redis store"), on_redis, Target::AtMost(6144.0)),
        Row::bytes("–", figure("embedded store"), embedded, Target::AtMost(6144.0)),
        Row::fact("–", "… Redis memory per visitor", format!("{redis_bytes:.0} B")),
        Row::fact("–", "… node CPU, all of them idle", format!("{:.2} % of a core", cpu * 100.0)),
    ])
}

async fn cost(store_url: &str) -> Result<(f64, f64)> {
    let node = Node::start(store_url, &SETTINGS).await?;
    let _warm = arrive(node.public, WARM_UP).await?;
    sleep(SETTLE).await;
    let pid = node.pid()?;
    let before = procfs::rss(pid)?;
    let held = arrive(node.public, VISITORS).await?;
    sleep(SETTLE).await;
    let each = (procfs::rss(pid)? as f64 - before as f64) / held.len() as f64;
    let cpu = procfs::cpu(pid)?;
    sleep(WATCH).await;
    let cpu = (procfs::cpu(pid)? - cpu).as_secs_f64() / WATCH.as_secs_f64();
    Ok((each, cpu))
}

async fn arrive(node: SocketAddr, visitors: u64) -> Result<Vec<Socket>> {
    let mut held = Vec::new();
    let mut opening = JoinSet::new();
    for number in 0..visitors {
        if opening.len() >= OPENING
            && let Some(opened) = opening.join_next().await
        {
            held.push(opened??);
        }
        opening.spawn(open(node, number));
    }
    while let Some(opened) = opening.join_next().await {
        held.push(opened??);
    }
    Ok(held)
}

async fn open(node: SocketAddr, number: u64) -> Result<Socket> {
    let mut socket = connect(node, "ws://bench/cobrowse/socket/visitor").await?;
    let hello = format!(
        r#"{{"type":"hello","protocol":1,"visitor":{{"uniqueId":"customer-{number:08}","identities":["Jane Doe","jane{number}@example.com"],"tags":["gold"],"url":"https://shop.bench/category/shoes","browserName":"Firefox","deviceType":"desktop"}}}}"#
    );
    socket.send(Message::text(hello)).await?;
    let answer = timeout(ANSWER, socket.next()).await?.ok_or("the socket was closed")??;
    if !answer.to_text()?.contains(r#""type":"welcome""#) {
        return Err(format!("hello was answered {answer}").into());
    }
    Ok(socket)
}
