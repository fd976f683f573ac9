//! Measures Baton against something of the same run, and keeps the table in `bench/README.md`.
//!
//! Expects the release binary beside its own and `redis-server` on the path: `make bench`.

mod creates;
mod failover;
mod floor;
mod growth;
mod http;
mod load;
mod machine;
mod mirror;
mod node;
mod peer;
mod players;
mod presence;
mod procfs;
mod redis_server;
mod relay;
mod report;
mod service;
mod sockets;
mod start;
mod stats;
mod store_memory;
mod topology;

use std::{error::Error, process::ExitCode};

use report::{Report, Row};

/// Whatever goes wrong ends the run: there is nobody to answer.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "baton-bench [start] [creates] [sockets] [growth] [memory] [relay] [mirror] [presence] [failover]: all where none is named";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baton-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, redis_url] = &*words
        && word == "floor"
    {
        return floor::serve(redis_url).await;
    }
    let mut report = Report::new();
    for name in [
        "start", "creates", "sockets", "growth", "memory", "relay", "mirror", "presence",
        "failover",
    ] {
        if words.is_empty() || words.iter().any(|word| word == name) {
            eprintln!("== {name}");
            report.add(measure(name).await?);
        }
    }
    if report.is_empty() {
        return Err(USAGE.into());
    }
    let table = report.markdown()?;
    println!("{table}");
    if words.is_empty() { report::keep(&table) } else { Ok(()) }
}

async fn measure(name: &str) -> Result<Vec<Row>> {
    match name {
        "start" => start::measure().await,
        "creates" => creates::measure().await,
        "sockets" => sockets::measure().await,
        "growth" => growth::measure().await,
        "memory" => store_memory::measure().await,
        "relay" => relay::measure().await,
        "mirror" => mirror::measure().await,
        "presence" => presence::measure().await,
        "failover" => failover::measure().await,
        _ => Err(USAGE.into()),
    }
}
