//! The newest socket of a session wins.

use crate::support::{
    cluster::{Cluster, Player},
    eventually,
};

#[tokio::test]
async fn the_newest_socket_of_a_session_wins_across_nodes() {
    let cluster = Cluster::of(2).start().await;
    let jane = cluster.customer("jane");
    let (ticket, old) = jane.plays(0, 0, "Kitchen").await;
    let mut new = Player::starts(&cluster, 1, &ticket).await;
    old.sent_away("TERMINATE", 4002).await;
    new.plays_on().await;
    let sessions = jane.list(0).await;
    assert_eq!((sessions.len(), &sessions[0]["connected"]), (1, &true.into()));
}

#[tokio::test]
async fn a_late_disconnect_ends_nothing_that_lives_elsewhere() {
    let cluster = Cluster::of(2).through_proxies().start().await;
    let jane = cluster.customer("jane");
    let (ticket, old) = jane.plays(0, 0, "Kitchen").await;
    // The old node does not hear that the session moved on.
    cluster.node(0).proxy().swallow_subscriptions(true);
    let mut new = Player::starts(&cluster, 1, &ticket).await;
    old.leaves().await;
    let dropped = r#"baton_socket_ends_total{outcome="dropped"}"#;
    eventually("the old node has noticed", async || {
        (cluster.metric(0, dropped).await == 1).then_some(())
    })
    .await;
    assert_eq!(jane.list(1).await[0]["connected"], true);
    new.plays_on().await;
}
