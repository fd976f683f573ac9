//! The store loses its data: nodes put back what they hold, and no player notices.

use reqwest::StatusCode;

use crate::support::{
    cluster::{Cluster, Customer, Player, Ticket},
    eventually,
};

/// Jane plays on two nodes, which is all she may; Joe plays on the third.
struct Household<'a> {
    jane: Customer<'a>,
    joe: Customer<'a>,
    players: Vec<Player>,
    tickets: Vec<Ticket>,
}

impl<'a> Household<'a> {
    async fn of(cluster: &'a Cluster) -> Self {
        let (jane, joe) = (cluster.customer("jane"), cluster.customer("joe"));
        let (kitchen, in_kitchen) = jane.plays(1, 0, "Kitchen").await;
        let (sofa, on_sofa) = jane.plays(2, 1, "Sofa").await;
        let (garden, in_garden) = joe.plays(0, 2, "Garden").await;
        let (tickets, players) =
            (vec![kitchen, sofa, garden], vec![in_kitchen, on_sofa, in_garden]);
        Self { jane, joe, players, tickets }
    }

    /// Everybody counts again, plays on, and was told nothing.
    async fn is_whole(&mut self) {
        eventually("all sessions are put back", async || {
            let jane = self.jane.names(2).await;
            let joe = self.joe.names(0).await;
            (jane == ["Kitchen", "Sofa"] && joe == ["Garden"]).then_some(())
        })
        .await;
        for player in &mut self.players {
            player.plays_on().await;
        }
        assert_eq!(self.jane.refused(2, "Bed").await, ["Kitchen", "Sofa"]);
        assert_eq!(self.joe.ask(1, "Terrace").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn sessions_survive_a_redis_that_comes_back_empty() {
    let cluster = Cluster::of(3).on_own_redis().start().await;
    let mut household = Household::of(&cluster).await;
    cluster.redis().stop();
    for node in 0..3 {
        cluster.until_not_ready(node).await;
    }
    assert_eq!(household.joe.ask(0, "Terrace").await.status, StatusCode::SERVICE_UNAVAILABLE);
    cluster.redis().restart().await;
    for node in 0..3 {
        cluster.until_ready(node).await;
    }
    household.is_whole().await;
}

#[tokio::test]
async fn sessions_survive_a_redis_that_is_emptied() {
    let cluster = Cluster::of(3).on_own_redis().start().await;
    let mut household = Household::of(&cluster).await;
    cluster.redis().cli(&["FLUSHALL"]).await;
    household.is_whole().await;

    // They are the same sessions: who they are, and which generation holds them.
    let kitchen = &household.tickets[0];
    let sofa = household.jane.take_over(2, &kitchen.session, "Bed").await;
    assert_eq!(sofa.status, StatusCode::OK);
    household.players.remove(0).sent_away("TAKE_OVER", 4001).await;
    let mut reloaded = Player::starts(&cluster, 0, &household.tickets[1]).await;
    household.players.remove(0).sent_away("TERMINATE", 4002).await;
    reloaded.plays_on().await;
}
