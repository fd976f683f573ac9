//! Nodes die, and the registry shows who is there.

use reqwest::StatusCode;

use crate::support::{
    cluster::{Cluster, Player},
    eventually,
};

#[tokio::test]
async fn sessions_of_a_killed_node_live_on_elsewhere_or_are_free_after_their_lease() {
    let mut cluster = Cluster::of(3).with("streams.lease_seconds", 4).start().await;
    let jane = cluster.customer("jane");
    let (kitchen, _line_that_breaks) = jane.plays(1, 0, "Kitchen").await;
    let (_, _another) = jane.plays(1, 0, "Sofa").await;
    cluster.kill(0).await;

    let jane = cluster.customer("jane");
    assert_eq!(jane.refused(1, "Bed").await, ["Kitchen", "Sofa"]);
    let mut kitchen = Player::starts(&cluster, 2, &kitchen).await;
    eventually("the slot of the lost player is free", async || {
        (jane.ask(1, "Bed").await.status == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(jane.names(2).await, ["Kitchen", "Bed"]);
    kitchen.plays_on().await;
}

#[tokio::test]
async fn a_killed_node_vanishes_from_the_registry() {
    let mut cluster = Cluster::of(3).start().await;
    assert_eq!(cluster.registered(2).await, ["node-0", "node-1", "node-2"]);
    cluster.kill(1).await;
    eventually("its lease is over", async || {
        (cluster.registered(2).await == ["node-0", "node-2"]).then_some(())
    })
    .await;
}
