//! Drain: sockets are sent to the other nodes, and the node leaves.

use reqwest::{Method, StatusCode};

use crate::support::{
    cluster::{Cluster, Player},
    eventually,
};

#[tokio::test]
async fn a_draining_node_sends_its_players_to_the_others_and_leaves() {
    // The window is so long that the node is met draining.
    let cluster = Cluster::of(2)
        .with("node.drain_seconds", 600)
        .with("node.drain_deadline_seconds", 600)
        .start()
        .await;
    let jane = cluster.customer("jane");
    let (ticket, player) = jane.plays(0, 0, "Kitchen").await;
    cluster.node(0).drain().cancel();
    player.closed(4500).await;

    assert!(cluster.is_alive(0).await);
    assert!(!cluster.is_ready(0).await);
    let refused = jane.ask(0, "Sofa").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.body["code"], "NodeUnavailable");
    let refused = Player::connects(&cluster, 0, &ticket).await;
    assert_eq!(refused.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    eventually("the registry shows it draining", async || {
        let nodes = cluster.admin(1, Method::GET, "/api/v1/nodes").await.body;
        (nodes["nodes"][0]["draining"] == true).then_some(())
    })
    .await;

    let mut player = Player::starts(&cluster, 1, &ticket).await;
    assert_eq!(jane.names(1).await, ["Kitchen"]);
    cluster.node(0).force().cancel();
    cluster.node(0).until_stopped().await;
    assert_eq!(cluster.registered(1).await, ["node-1"]);
    player.plays_on().await;
}

#[tokio::test]
async fn an_operator_drains_any_node_through_any_other() {
    let cluster = Cluster::of(2).start().await;
    let jane = cluster.customer("jane");
    let (ticket, player) = jane.plays(0, 1, "Kitchen").await;
    let unknown = cluster.admin(0, Method::POST, "/api/v1/nodes/node-7/drain").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);

    let drained = cluster.admin(0, Method::POST, "/api/v1/nodes/node-1/drain").await;
    assert_eq!(drained.status, StatusCode::ACCEPTED);
    player.closed(4500).await;
    cluster.node(1).until_stopped().await;
    assert_eq!(cluster.registered(0).await, ["node-0"]);
    Player::starts(&cluster, 0, &ticket).await.plays_on().await;
}
