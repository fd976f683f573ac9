//! P1: `POST /sessions` at 64 connections, beside the floor and the peer.

use std::net::SocketAddr;

use tokio::process::Command;

use crate::{
    Result, load,
    node::Node,
    peer, players, procfs,
    redis_server::RedisServer,
    report::{Row, Target},
    service::Service,
    stats::median,
};

const CONNECTIONS: usize = 64;
/// Requests of one round, each of another customer.
const REQUESTS: u64 = 10_000;
/// Rounds of each server, in turn; a first one that warms up does not count.
const ROUNDS: u64 = 5;

/// A server under load, and what each round found.
struct Subject {
    name: &'static str,
    address: SocketAddr,
    pid: u32,
    rounds: Vec<Round>,
}

struct Round {
    rate: f64,
    p50_us: f64,
    p99_us: f64,
    cpu_us: f64,
    redis_us: f64,
}

impl Subject {
    fn new(name: &'static str, address: SocketAddr, pid: u32) -> Self {
        Self { name, address, pid, rounds: Vec::new() }
    }

    async fn round(&mut self, number: u64, redis: &RedisServer) -> Result<()> {
        let requests = players::creates(&format!("{}-{number}", self.name), REQUESTS, 0)?;
        let (cpu, redis_cpu) = (procfs::cpu(self.pid)?, procfs::cpu(redis.pid())?);
        let outcome = load::send_all(self.address, CONNECTIONS, requests).await?;
        let each = |spent: std::time::Duration| spent.as_secs_f64() * 1e6 / REQUESTS as f64;
        let round = Round {
            rate: outcome.rate(),
            p50_us: outcome.quantile_us(0.5),
            p99_us: outcome.quantile_us(0.99),
            cpu_us: each(procfs::cpu(self.pid)? - cpu),
            redis_us: each(procfs::cpu(redis.pid())? - redis_cpu),
        };
        if number > 0 {
            eprintln!("   {} {:.0}/s, {:.0} µs CPU", self.name, round.rate, round.cpu_us);
            self.rounds.push(round);
        }
        Ok(())
    }

    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of))
    }

    fn row(&self) -> Row {
        let value = format!(
            "{:.0}/s; p50 {:.1} ms, p99 {:.1} ms; CPU per request {:.0} µs, of Redis {:.0} µs",
            self.median(|round| round.rate),
            self.median(|round| round.p50_us) / 1e3,
            self.median(|round| round.p99_us) / 1e3,
            self.median(|round| round.cpu_us),
            self.median(|round| round.redis_us),
        );
        Row::fact(
            "P1",
            format!("`POST /sessions`, {CONNECTIONS} connections: {}", self.name),
            value,
        )
    }
}

/// Loads them in turn.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let node = Node::start(&redis.url(), &[]).await?;
    let mut floor =
        Service::start(Command::new(std::env::current_exe()?).args(["floor", &redis.url()]))?;
    let mut peer = peer::start(&redis.url()).await?;
    let mut subjects = vec![
        Subject::new("baton", node.public, node.pid()?),
        Subject::new("floor", floor.address("listening on http://").await?, floor.pid()?),
    ];
    if let Some(peer) = &mut peer {
        let address = peer.address("listening on http://").await?;
        subjects.push(Subject::new("peer", address, peer.pid()?));
    }
    for number in 0..=ROUNDS {
        for subject in &mut subjects {
            subject.round(number, &redis).await?;
        }
    }
    Ok(rows(&subjects))
}

fn rows(subjects: &[Subject]) -> Vec<Row> {
    let mut rows: Vec<Row> = subjects.iter().map(Subject::row).collect();
    if let [baton, floor, rest @ ..] = subjects {
        let cpu = baton.median(|round| round.cpu_us) / floor.median(|round| round.cpu_us);
        rows.push(Row::ratio("P1", "CPU per request, Baton : floor", cpu, Target::AtMost(1.5)));
        for peer in rest {
            let rate = baton.median(|round| round.rate) / peer.median(|round| round.rate);
            rows.push(Row::ratio("P1", "requests/s, Baton : peer", rate, Target::AtLeast(5.0)));
            let p99 = baton.median(|round| round.p99_us) / peer.median(|round| round.p99_us);
            rows.push(Row::ratio("P1", "p99, Baton : peer", p99, Target::AtMost(0.25)));
        }
    }
    rows
}
