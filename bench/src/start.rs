//! P9: from the start of the process to its first 200 of `/readyz`; size of the binary.

use std::{fs, time::Instant};

use crate::{
    Result,
    node::{self, Node},
    redis_server::RedisServer,
    report::{Row, Target},
    stats::median,
};

const ROUNDS: usize = 7;

/// Starts nodes on either store in turn.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let (mut embedded, mut on_redis) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        embedded.push(ready_ms("memory").await?);
        on_redis.push(ready_ms(&redis.url()).await?);
    }
    let bytes = fs::metadata(node::binary()?)?.len() as f64;
    Ok(vec![
        Row::ms("P9", "start to ready, embedded store", median(embedded), Target::AtMost(100.0)),
        Row::fact("P9", "start to ready, Redis store", format!("{:.0} ms", median(on_redis))),
        Row::mb("P9", "release binary", bytes / 1e6, Target::AtMost(25.0)),
    ])
}

async fn ready_ms(store_url: &str) -> Result<f64> {
    let started = Instant::now();
    let node = Node::start(store_url, &[]).await?;
    let took = started.elapsed();
    drop(node);
    Ok(took.as_secs_f64() * 1e3)
}
