//! The registry of nodes and the epoch, in Redis.

use baton::{
    backend::redis::{keys::Keys, nodes::RedisNodes},
    domain::{
        cluster::{Load, NodeRecord, NodeStore},
        ids::NodeName,
    },
};

use crate::support::{eventually, linked::LinkedNode, redis::RedisServer};

/// Longer than any test.
const LONG_MS: u64 = 600_000;

fn record(name: &str) -> NodeRecord {
    NodeRecord {
        name: NodeName::from(name),
        server_url: None,
        internal_url: format!("http://{name}:7000"),
        version: "0.1.0".to_owned(),
        sockets: 7,
        draining: false,
        started_ms: 1,
        load: Some(Load { visitors: 3, ..Load::default() }),
    }
}

async fn registry(server: &RedisServer) -> (LinkedNode, RedisNodes) {
    let node = LinkedNode::on(server);
    node.until_up().await;
    let nodes = RedisNodes::new(node.link.clone(), Keys::new("t"));
    (node, nodes)
}

#[tokio::test]
async fn nodes_that_beat_are_listed_by_name_until_they_leave() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    assert_eq!(nodes.nodes().await.unwrap(), []);
    nodes.beat(&record("b"), LONG_MS).await.unwrap();
    nodes.beat(&record("a"), LONG_MS).await.unwrap();
    let draining = NodeRecord { draining: true, sockets: 3, ..record("a") };
    nodes.beat(&draining, LONG_MS).await.unwrap();
    assert_eq!(nodes.nodes().await.unwrap(), [draining, record("b")]);
    nodes.leave(&NodeName::from("a")).await.unwrap();
    nodes.leave(&NodeName::from("a")).await.unwrap();
    assert_eq!(nodes.nodes().await.unwrap(), [record("b")]);
}

#[tokio::test]
async fn a_node_that_stops_beating_vanishes_and_the_others_stay() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    nodes.beat(&record("a"), LONG_MS).await.unwrap();
    nodes.beat(&record("b"), 1).await.unwrap();
    eventually("only a", async || (nodes.nodes().await.unwrap() == [record("a")]).then_some(()))
        .await;
}

#[tokio::test]
async fn killed_nodes_are_purged_though_nobody_lists() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    nodes.beat(&record("a"), LONG_MS).await.unwrap();
    nodes.beat(&record("b"), 1).await.unwrap();
    eventually("only a is left", async || {
        nodes.beat(&record("a"), LONG_MS).await.unwrap();
        let leases = server.cli(&["ZCARD", "t:{nodes}:leases"]).await;
        let records = server.cli(&["HLEN", "t:{nodes}:records"]).await;
        ([leases, records] == [redis::Value::Int(1), redis::Value::Int(1)]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_idle_registry_leaves_no_keys() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    nodes.beat(&record("a"), 1).await.unwrap();
    eventually("no keys", async || {
        (server.cli(&["DBSIZE"]).await == redis::Value::Int(0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn records_of_later_releases_are_left_out() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    nodes.beat(&record("a"), LONG_MS).await.unwrap();
    server.cli(&["ZADD", "t:{nodes}:leases", "99999999999999", "z"]).await;
    server.cli(&["HSET", "t:{nodes}:records", "z", r#"{"v":2}"#]).await;
    assert_eq!(nodes.nodes().await.unwrap(), [record("a")]);
}

#[tokio::test]
async fn the_epoch_stays_as_long_as_the_data() {
    let server = RedisServer::start().await;
    let (_node, nodes) = registry(&server).await;
    let epoch = nodes.epoch().await.unwrap();
    assert_eq!(nodes.epoch().await.unwrap(), epoch);
    server.cli(&["FLUSHALL"]).await;
    assert_ne!(nodes.epoch().await.unwrap(), epoch);
}
