//! PING: a new request finds the sockets that are dead.

use std::pin::pin;

use crate::support::cluster::Cluster;

#[tokio::test]
async fn a_new_request_frees_what_dead_players_on_other_nodes_hold() {
    let cluster = Cluster::of(3).with("streams.pong_timeout_ms", 3000).start().await;
    let jane = cluster.customer("jane");
    let (_, mut alive) = jane.plays(0, 1, "Kitchen").await;
    let (_, mut dead) = jane.plays(0, 2, "Sofa").await;
    // The second request came while the first player was there.
    assert_eq!(alive.socket().next_action().await.0, "PING");
    alive.socket().send_action("PONG").await;
    alive.plays_on().await;

    assert_eq!(jane.refused(0, "Bed").await, ["Kitchen", "Sofa"]);
    assert_eq!(alive.socket().next_action().await.0, "PING");
    alive.socket().send_action("PONG").await;
    assert_eq!(dead.socket().next_action().await.0, "PING");
    dead.closed(4005).await;

    // The slot is free before the dead socket is closed.
    jane.admitted(0, "Bed").await;
    assert_eq!(jane.names(1).await, ["Kitchen", "Bed"]);
    alive.plays_on().await;
}

/// The server asks, so answering cannot be too much.
#[tokio::test]
async fn a_storm_of_requests_costs_no_player_its_socket() {
    let cluster = Cluster::of(2).with("streams.limit", 1).start().await;
    let jane = cluster.customer("jane");
    let (_, mut player) = jane.plays(0, 1, "Kitchen").await;
    let mut storm = pin!(async {
        for _ in 0..150 {
            jane.refused(0, "Sofa").await;
        }
    });
    loop {
        tokio::select! {
            () = &mut storm => break,
            (action, _) = player.socket().next_action() => {
                assert_eq!(action, "PING");
                player.socket().send_action("PONG").await;
            }
        }
    }
    player.plays_on().await;
}
