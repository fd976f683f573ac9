//! P6: what Redis keeps for a session, its metadata of real size.

use std::collections::BTreeMap;

use crate::{
    Result, load,
    node::Node,
    players,
    redis_server::RedisServer,
    report::{Row, Target},
};

const ACCOUNTS: u64 = 50_000;
/// Accounts whose requests are built at once.
const BATCH: u64 = 10_000;
const CONNECTIONS: usize = 64;
/// Sessions outlive the measurement.
const SETTINGS: [(&str, &str); 1] = [("BATON_STREAMS__CONNECT_GRACE_SECONDS", "3600")];
/// Keys that are looked into.
const SAMPLE: &str = "3000";
/// A Redis setting that keeps records of this many bytes in a compact form; 64 where nobody sets it.
const COMPACT: &str = "hash-max-listpack-value";
const COMPACT_BYTES: &str = "512";

/// Measures Redis as it comes, and with records kept compact.
pub(crate) async fn measure() -> Result<Vec<Row>> {
    let mut rows = filled(None).await?;
    rows.extend(filled(Some(COMPACT_BYTES)).await?);
    Ok(rows)
}

/// Fills an empty server with accounts of one session, then of two.
async fn filled(compact: Option<&str>) -> Result<Vec<Row>> {
    let redis = RedisServer::start().await?;
    let mut with = String::new();
    if let Some(bytes) = compact {
        let () = redis.command(&["CONFIG", "SET", COMPACT, bytes]).await?;
        with = format!(", `{COMPACT} {bytes}`");
    }
    let node = Node::start(&redis.url(), &SETTINGS).await?;
    let before = redis.used_memory().await?;
    let mut rows = Vec::new();
    for sessions in 1..=2 {
        for batch in 0..ACCOUNTS / BATCH {
            let requests = players::creates(&format!("c{batch}"), BATCH, sessions)?;
            load::send_all(node.public, CONNECTIONS, requests).await?;
        }
        let bytes = redis.used_memory().await? - before;
        let each = bytes as f64 / (ACCOUNTS * sessions) as f64;
        let figure = format!("Redis memory per session, {ACCOUNTS} accounts of {sessions}{with}");
        rows.push(Row::bytes("P6", figure, each, Target::AtMost(400.0)));
        rows.push(Row::fact(
            "P6",
            format!("… by key, accounts of {sessions}{with}"),
            parts(&redis).await?,
        ));
    }
    Ok(rows)
}

/// Average size of each kind of key: the last letter of its name.
async fn parts(redis: &RedisServer) -> Result<String> {
    let (_, keys): (String, Vec<String>) =
        redis.command(&["SCAN", "0", "MATCH", "*:s:*", "COUNT", SAMPLE]).await?;
    let mut kinds = BTreeMap::<String, (u64, u64, String)>::new();
    for key in keys {
        let bytes: u64 = redis.command(&["MEMORY", "USAGE", &key, "SAMPLES", "0"]).await?;
        let encoding: String = redis.command(&["OBJECT", "ENCODING", &key]).await?;
        let kind = key.rsplit(':').next().unwrap_or_default().to_owned();
        let entry = kinds.entry(kind).or_insert((0, 0, encoding));
        *entry = (entry.0 + bytes, entry.1 + 1, std::mem::take(&mut entry.2));
    }
    let kinds = kinds.iter().map(|(kind, (bytes, count, encoding))| {
        format!("`{kind}` {} B ({encoding})", bytes / count)
    });
    Ok(kinds.collect::<Vec<_>>().join(", "))
}
