//! Nodes that leave, in order or not: nobody is refused, and no socket is cut.

use reqwest::StatusCode;

use super::{Site, each_product};
use crate::support::{
    front::{NODES, Product, nodes},
    ws::WsClient,
};

/// How many players a node shall have when it drains.
const PLAYERS: u64 = 3;

each_product! { a_node_that_drains_gets_nothing_new_and_keeps_its_sockets }

async fn a_node_that_drains_gets_nothing_new_and_keeps_its_sockets(product: Product) {
    // Of so few players one leaves at once, and another every twelve seconds.
    let cluster = nodes().with("node.drain_seconds", 600).with("node.drain_deadline_seconds", 600);
    let site = Site::of(product, cluster.with("streams.limit", 1000).start().await).await;
    let mut players = Vec::new();
    let leaving = loop {
        players.push(play(&site).await);
        let held = site.metric("baton_held_streams").await;
        if let Some(node) = (0..NODES).find(|node| held[*node] >= PLAYERS) {
            break node;
        }
    };
    site.cluster.node(leaving).drain().cancel();
    site.cluster.until_not_ready(leaving).await;
    // Those who come in the moment before the balancer knows are taken by another node.
    for _ in 0..2 * NODES {
        players.push(play(&site).await);
    }
    let admitted = r#"baton_stream_admissions_total{outcome="admitted"}"#;
    let before = site.metric(admitted).await[leaving];
    for _ in 0..2 * NODES {
        players.push(play(&site).await);
    }
    assert_eq!(site.metric(admitted).await[leaving], before, "it takes nothing new");
    let (mut stayed, total) = (0, players.len());
    for mut player in players {
        player.send_action("REQUESTED").await;
        match player.next_end().await {
            None => stayed += 1,
            Some(code) => assert_eq!(code, 4500, "only its node sends a player away"),
        }
    }
    assert!(stayed + PLAYERS > total as u64, "{stayed} of {total} stayed");
}

async fn play(site: &Site) -> WsClient {
    let answer = site.admit("crowd", "TV").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let endpoint = answer.body["endpoint"].as_str().expect("an endpoint");
    let socket = site.front.socket(endpoint, None).await.expect("the socket opens");
    let mut player = WsClient::over(socket);
    player.send_action("REQUESTED").await;
    assert_eq!(player.next_action().await.0, "OK");
    player
}

each_product! { a_node_that_dies_costs_no_request }

async fn a_node_that_dies_costs_no_request(product: Product) {
    let cluster = nodes().with("streams.limit", 1000).start().await;
    let mut site = Site::of(product, cluster).await;
    // Connections to all of them are kept open before one dies.
    for _ in 0..3 * NODES {
        site.admit("crowd", "TV").await.ok();
    }
    site.cluster.kill(0).await;
    let cookie = "gcbSessionServer=node1";
    for round in 0..3 * NODES {
        let answer = site.admit("crowd", "TV").await;
        assert_eq!(answer.status, 200, "{round}: {answer:?}");
        let url = answer.body["endpoint"].as_str().expect("an endpoint");
        let socket = site.front.socket(url, Some(cookie)).await;
        let mut player = WsClient::over(socket.expect("another node takes the socket"));
        player.send_action("REQUESTED").await;
        assert_eq!(player.next_action().await.0, "OK");
    }
}
