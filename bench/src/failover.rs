//! How long a customer waits for a new session when the Redis of the account dies.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::{Result, http::Client, node::Node, players, report::Row, topology::Topology};

/// Each with servers and a node of its own.
const ROUNDS: usize = 9;
/// Between two tries of the customer: below what is to be measured.
const TRY_EVERY: Duration = Duration::from_millis(10);
/// A try that got no answer by then is made anew.
const PATIENCE: Duration = Duration::from_secs(2);
/// Beyond that nothing came back.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// The three topologies, one after the other.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, kind) in [
        ("one server, started again at once, empty", Kind::Standalone),
        ("1 primary + 2 replicas + 3 Sentinels, down after 1 s", Kind::Sentinels),
        ("cluster 3 + 3, node time-out 2 s", Kind::Cluster),
    ] {
        let mut seconds = Vec::new();
        for _ in 0..ROUNDS {
            seconds.push(round(kind).await?.as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let (middle, most) = (seconds[ROUNDS / 2], seconds[ROUNDS - 1]);
        let figure = format!("primary of the account killed → first new session: {name}");
        let value = format!("p50 {middle:.2} s, max {most:.2} s of {ROUNDS}");
        rows.push(Row::fact("R", figure, value));
    }
    Ok(rows)
}

#[derive(Clone, Copy)]
enum Kind {
    Standalone,
    Sentinels,
    Cluster,
}

async fn round(kind: Kind) -> Result<Duration> {
    let mut servers = match kind {
        Kind::Standalone => Topology::standalone().await?,
        Kind::Sentinels => Topology::sentinels().await?,
        Kind::Cluster => Topology::cluster().await?,
    };
    let node = Node::start(&servers.url, &[]).await?;
    if try_to_create(&node, 0).await? != 200 {
        return Err("the first session was refused".into());
    }
    let holder = holder(&servers).await?;
    let killed = Instant::now();
    match kind {
        Kind::Standalone => servers.primaries[holder].restart().await?,
        Kind::Sentinels | Kind::Cluster => drop(servers.primaries.remove(holder)),
    }
    for player in 1.. {
        // A broken answer is one more try, as it is for a player.
        let status = timeout(PATIENCE, try_to_create(&node, player)).await;
        if matches!(status, Ok(Ok(200))) {
            break;
        }
        if killed.elapsed() > GIVEN_UP {
            return Err("no session was admitted any more".into());
        }
        sleep(TRY_EVERY).await;
    }
    Ok(killed.elapsed())
}

/// The primary that has the customer's account.
async fn holder(servers: &Topology) -> Result<usize> {
    for (at, primary) in servers.primaries.iter().enumerate() {
        let keys: Vec<String> = primary.command(&["KEYS", "baton:s:*"]).await?;
        if !keys.is_empty() {
            return Ok(at);
        }
    }
    Err("no primary has the account".into())
}

/// A new session of always the same customer; the status.
async fn try_to_create(node: &Node, player: u64) -> Result<u16> {
    let mut client = Client::connect(node.public).await?;
    Ok(client.send(&players::create("failover", player)?).await?.status)
}
