//! P5: what a create costs where the account, or the whole store, holds many sessions.

use std::net::SocketAddr;

use crate::{
    Result, load,
    node::Node,
    players,
    redis_server::RedisServer,
    report::{Row, Target},
    stats::median,
};

/// Sessions in the accounts that are compared.
const FEW: u64 = 10;
const MANY: u64 = 10_000;
/// Accounts of either size, and creates in them in one round.
const BIG_ACCOUNTS: u64 = 5;
const SMALL_ACCOUNTS: u64 = 500;
const CREATES: u64 = 500;
/// Sessions in all that are compared.
const SMALL_STORE: u64 = 1_000;
const BIG_STORE: u64 = 100_000;
const ROUNDS: u64 = 5;
/// Of the load that fills the store.
const FILLING: usize = 64;
/// Requests built at once while the store is filled.
const BATCH: u64 = 20_000;
/// Sessions outlive the measurement.
const SETTINGS: [(&str, &str); 1] = [("BATON_STREAMS__CONNECT_GRACE_SECONDS", "3600")];

/// Medians over rounds of one size.
#[derive(Default)]
struct Size {
    script_us: Vec<f64>,
    call_us: Vec<f64>,
}

impl Size {
    /// Sends creates one after the other, and notes what one cost.
    async fn round(
        &mut self,
        node: SocketAddr,
        redis: &RedisServer,
        creates: Vec<Vec<u8>>,
    ) -> Result<()> {
        let () = redis.command(&["CONFIG", "RESETSTAT"]).await?;
        let outcome = load::send_all(node, 1, creates).await?;
        self.script_us.push(redis.script_stat("usec_per_call").await?);
        self.call_us.push(outcome.quantile_us(0.5));
        Ok(())
    }
}

/// Compares accounts, then stores.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let node = Node::start(&redis.url(), &SETTINGS).await?;
    let mut rows = stores(node.public, &redis).await?;
    rows.extend(accounts(node.public, &redis).await?);
    Ok(rows)
}

async fn stores(node: SocketAddr, redis: &RedisServer) -> Result<Vec<Row>> {
    // The emptier store is another server with another node, so that rounds can alternate.
    let small_redis = RedisServer::start().await?;
    let small_node = Node::start(&small_redis.url(), &SETTINGS).await?;
    fill(small_node.public, "fill", SMALL_STORE, 1).await?;
    fill(node, "fill", BIG_STORE, 1).await?;
    let (mut small, mut big) = (Size::default(), Size::default());
    for round in 0..ROUNDS {
        let name = format!("new-{round}");
        let creates = || players::creates(&name, CREATES, 0);
        small.round(small_node.public, &small_redis, creates()?).await?;
        big.round(node, redis, creates()?).await?;
    }
    Ok(compared(&format!("{SMALL_STORE} → {BIG_STORE} sessions in all"), &small, &big))
}

async fn accounts(node: SocketAddr, redis: &RedisServer) -> Result<Vec<Row>> {
    fill(node, "small", SMALL_ACCOUNTS, FEW).await?;
    fill(node, "big", BIG_ACCOUNTS, MANY).await?;
    let (mut small, mut big) = (Size::default(), Size::default());
    for round in 0..ROUNDS {
        let each = CREATES / BIG_ACCOUNTS;
        let in_big =
            (0..each).map(|new| players::creates("big", BIG_ACCOUNTS, MANY + round * each + new));
        let in_big = in_big.collect::<Result<Vec<_>>>()?.concat();
        small.round(node, redis, players::creates("small", SMALL_ACCOUNTS, FEW + round)?).await?;
        big.round(node, redis, in_big).await?;
    }
    Ok(compared(&format!("{FEW} → {MANY} sessions in the account"), &small, &big))
}

async fn fill(node: SocketAddr, name: &str, accounts: u64, sessions: u64) -> Result<()> {
    let mut requests = Vec::new();
    for player in 0..sessions {
        requests.extend(players::creates(name, accounts, player)?);
        if requests.len() as u64 >= BATCH {
            load::send_all(node, FILLING, std::mem::take(&mut requests)).await?;
        }
    }
    load::send_all(node, FILLING, requests).await?;
    Ok(())
}

fn compared(what: &str, small: &Size, big: &Size) -> Vec<Row> {
    let pair = |of: fn(&Size) -> &Vec<f64>| {
        (median(of(small).iter().copied()), median(of(big).iter().copied()))
    };
    let (script_from, script_to) = pair(|size| &size.script_us);
    let (call_from, call_to) = pair(|size| &size.call_us);
    let figure = |part: &str, from, to| format!("{part}, {what} ({from:.0} → {to:.0} µs)");
    let at_most = Target::AtMost(1.2);
    vec![
        Row::ratio(
            "P5",
            figure("script", script_from, script_to),
            script_to / script_from,
            at_most,
        ),
        Row::ratio("P5", figure("whole call", call_from, call_to), call_to / call_from, at_most),
    ]
}
