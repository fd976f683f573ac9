//! Take-over across nodes.

use serde_json::json;

use crate::support::cluster::{Cluster, Player, Ticket};

#[tokio::test]
async fn a_takeover_through_any_node_moves_play_to_the_new_session() {
    let cluster = Cluster::of(3).with("streams.limit", 1).start().await;
    let jane = cluster.customer("jane");
    let (kitchen, mut victim) = jane.plays(0, 1, "Kitchen").await;
    assert_eq!(jane.refused(2, "Sofa").await, ["Kitchen"]);
    victim.plays_on().await;

    let sofa = Ticket::of(&jane.take_over(2, &kitchen.session, "Sofa").await);
    let told = victim.sent_away("TAKE_OVER", 4001).await;
    assert_eq!(told, json!({ "action": "TAKE_OVER", "sessionName": "Sofa" }));
    let mut winner = Player::starts(&cluster, 0, &sofa).await;
    assert_eq!(jane.names(1).await, ["Sofa"]);

    // Whoever missed it learns it when it comes back, wherever that is.
    let late = Player::asks(&cluster, 2, &kitchen).await;
    assert_eq!(late.sent_away("TAKE_OVER", 4001).await["sessionName"], "Sofa");
    winner.plays_on().await;
}
