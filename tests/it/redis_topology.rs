//! Redis as a cluster, and behind Sentinels.

use baton::{
    backend::redis::{
        keys::Keys,
        script::{Arg, Script},
        streams::RedisStreams,
    },
    domain::streams::StreamStore,
};

use crate::{
    conformance::steps::{ask, create, live},
    support::{
        eventually,
        linked::LinkedNode,
        topology::{RedisCluster, Sentinelled},
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
async fn a_fail_over_of_sentinels_is_followed_and_sessions_live_on() {
    let servers = Sentinelled::start().await;
    let node = LinkedNode::at(servers.target());
    node.until_up().await;
    let store: std::sync::Arc<dyn StreamStore> =
        std::sync::Arc::new(RedisStreams::new(node.link.clone(), Keys::new("t")));
    create(&store, &ask("a")).await;
    // What the replica has not got yet dies with the master: not what is tested here.
    servers.master.cli(&["WAIT", "1", "0"]).await;
    eventually("the replica has the session", async || {
        (servers.replica.cli(&["DBSIZE"]).await != redis::Value::Int(0)).then_some(())
    })
    .await;
    let before = node.link.state().borrow().incarnation;
    servers.master.stop();
    node.until("another master is found", |state| state.up && state.incarnation > before).await;
    assert_eq!(live(&store).await, ["a"]);
    create(&store, &ask("b")).await;
    assert_eq!(live(&store).await, ["a", "b"]);
}
