//! Messages between nodes are hints: without them nothing is lost, and the node says so.

use crate::support::{
    cluster::{Cluster, Player, Ticket},
    eventually,
    monitor::executed,
};

/// How often a node's renewals had an outcome.
async fn renewals(cluster: &Cluster, node: usize, outcome: &str) -> u64 {
    let name = format!(r#"baton_stream_renewals_total{{outcome="{outcome}"}}"#);
    cluster.metric(node, &name).await
}

async fn told_by_bus(cluster: &Cluster, node: usize) -> u64 {
    cluster.metric(node, r#"baton_bus_messages_total{outcome="ended"}"#).await
}

#[tokio::test]
async fn with_the_bus_cut_a_victim_is_told_by_its_next_renewal() {
    let cluster = Cluster::of(3)
        .with("streams.lease_seconds", 6)
        .with("streams.limit", 1)
        .through_proxies()
        .start()
        .await;
    let jane = cluster.customer("jane");
    let (kitchen, victim) = jane.plays(0, 1, "Kitchen").await;
    cluster.node(1).proxy().swallow_subscriptions(true);
    let sofa = Ticket::of(&jane.take_over(2, &kitchen.session, "Sofa").await);
    let renewed = renewals(&cluster, 1, "live").await;
    victim.sent_away("TAKE_OVER", 4001).await;
    assert_eq!(told_by_bus(&cluster, 1).await, 0);
    assert_eq!(renewals(&cluster, 1, "ended").await, 1);
    // One more could be a reply that was under way.
    let between = renewals(&cluster, 1, "live").await - renewed;
    assert!(between <= 1, "renewed {between} times after it was taken over");

    cluster.until_not_ready(1).await;
    assert!(cluster.is_ready(0).await && cluster.is_ready(2).await);
    cluster.node(1).proxy().swallow_subscriptions(false);
    cluster.until_ready(1).await;
    let player = Player::starts(&cluster, 1, &sofa).await;
    jane.take_over(2, &sofa.session, "Bed").await;
    player.sent_away("TAKE_OVER", 4001).await;
    eventually("the bus tells as well", async || {
        (told_by_bus(&cluster, 1).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_node_that_lost_its_subscription_is_not_ready_until_it_hears_itself() {
    let cluster = Cluster::of(1).on_own_redis().through_proxies().start().await;
    let proxy = cluster.node(0).proxy();
    let probes = async || executed(cluster.redis()).await["publish"];
    proxy.refuse(true);
    for link in proxy.links().iter().filter(|link| link.subscribed()) {
        link.cut();
    }
    cluster.until_not_ready(0).await;
    let sent = probes().await;
    eventually("three more probes are in vain", async || {
        assert!(!cluster.is_ready(0).await, "it cannot hear anything");
        (probes().await >= sent + 3).then_some(())
    })
    .await;
    proxy.refuse(false);
    cluster.until_ready(0).await;
}
