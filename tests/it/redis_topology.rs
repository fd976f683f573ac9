//! Redis as a cluster, and behind Sentinels.

use baton::{
    backend::redis::{
        keys::Keys,
        script::{Arg, Call, Script},
        streams::RedisStreams,
    },
    domain::{error::StoreError, streams::StreamStore},
};
use redis::Value;

use crate::{
    conformance::steps::{ask, create, live},
    support::{
        eventually, in_time,
        linked::LinkedNode,
        topology::{RedisCluster, SentinelShape, Sentinelled, shared_cluster},
    },
};

#[tokio::test]
async fn accounts_spread_over_the_nodes_of_a_cluster() {
    let cluster = RedisCluster::start().await;
    let node = LinkedNode::at(cluster.target());
    node.until_up().await;
    let count = Script::new("count", &["return redis.call('INCR', KEYS[1])"]);
    for number in 0..60 {
        let keys = [format!("{{{number}}}")];
        node.link.run(&count, &keys, &[Arg::from("")]).await.unwrap();
    }
    let sizes = cluster.sizes().await;
    assert_eq!(sizes.iter().sum::<i64>(), 60);
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
}

#[tokio::test]
async fn a_frozen_shard_holds_up_no_calls_to_the_others() {
    let cluster = RedisCluster::start().await;
    // Else the others refuse all calls once they miss it.
    cluster.every(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]).await;
    // Of slots in different thirds.
    let (frozen, healthy) = ("a", "b");
    let (frozen_node, owner) = (cluster.owner(frozen).await, cluster.owner(healthy).await);
    assert_ne!(frozen_node.port(), owner.port());
    let node = LinkedNode::patient(cluster.target());
    node.until_up().await;
    let count = Script::new("count", &["return redis.call('INCR', KEYS[1])"]);
    let call = |key: &str| Call { keys: vec![key.to_owned()], args: vec![] };
    node.link.run_many(&count, &[call(frozen), call(healthy)]).await;
    frozen_node.freeze();
    let calls: Vec<_> = [frozen; 150].into_iter().chain([healthy]).map(call).collect();
    let batch = tokio::spawn({
        let link = node.link.clone();
        async move { link.run_many(&count, &calls).await }
    });
    eventually("the healthy shard was asked", async || {
        (owner.cli(&["GET", healthy]).await == Value::BulkString(b"2".into())).then_some(())
    })
    .await;
    frozen_node.thaw();
    let results = in_time("the batch ends", batch).await.unwrap();
    assert!(matches!(results.last(), Some(Ok(Value::Int(2)))), "{:?}", results.last());
}

#[tokio::test]
async fn connections_of_a_cluster_out_of_step_are_given_up() {
    let node = LinkedNode::at(shared_cluster().await.target());
    let before = node.until_up().await.incarnation;
    let time = Script::new("time", &["return redis.call('TIME')"]);
    node.link.distrust("a test");
    let refused = node.link.run(&time, &["k".to_owned()], &[]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    node.until_down().await;
    node.until("dialled again", |state| state.up && state.incarnation > before).await;
    node.link.run(&time, &["k".to_owned()], &[]).await.unwrap();
}

#[tokio::test]
async fn a_fail_over_of_sentinels_is_followed_and_sessions_live_on() {
    let servers = Sentinelled::of(SentinelShape::small()).await;
    let node = LinkedNode::at(servers.target());
    node.until_up().await;
    let store: std::sync::Arc<dyn StreamStore> =
        std::sync::Arc::new(RedisStreams::new(node.link.clone(), Keys::new("t")));
    create(&store, &ask("a")).await;
    // What the replica has not got yet dies with the master: not what is tested here.
    servers.master.cli(&["WAIT", "1", "0"]).await;
    eventually("the replica has the session", async || {
        (servers.replicas[0].cli(&["DBSIZE"]).await != Value::Int(0)).then_some(())
    })
    .await;
    let before = node.link.state().borrow().incarnation;
    servers.master.stop();
    node.until("another master is found", |state| state.up && state.incarnation > before).await;
    assert_eq!(live(&store).await, ["a"]);
    create(&store, &ask("b")).await;
    assert_eq!(live(&store).await, ["a", "b"]);
}
