//! The store does not answer: sockets stay, and new sessions follow the tenant's choice.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{
    clock::now_ms,
    cluster::{Cluster, Player},
    eventually,
};

const LEASE_SECONDS: u64 = 3;

#[tokio::test]
async fn sessions_survive_a_redis_that_is_frozen_longer_than_their_lease() {
    let cluster = Cluster::of(2)
        .with("streams.lease_seconds", LEASE_SECONDS)
        .with("store.timeout_ms", 500)
        .on_own_redis()
        .start()
        .await;
    let jane = cluster.customer("jane");
    let (_, mut kitchen) = jane.plays(1, 0, "Kitchen").await;
    let (_, mut sofa) = jane.plays(0, 1, "Sofa").await;
    cluster.redis().freeze();
    // The lease that was renewed last ends before that.
    let lapsed = now_ms() + LEASE_SECONDS * 1000;
    for node in 0..2 {
        cluster.until_not_ready(node).await;
    }
    assert_eq!(jane.ask(0, "Bed").await.status, StatusCode::SERVICE_UNAVAILABLE);
    eventually("all leases lapsed", async || (now_ms() > lapsed).then_some(())).await;
    cluster.redis().thaw();
    cluster.ready().await;

    eventually("both sessions count", async || {
        (jane.names(0).await == ["Kitchen", "Sofa"]).then_some(())
    })
    .await;
    assert_eq!(jane.refused(1, "Bed").await, ["Kitchen", "Sofa"]);
    kitchen.plays_on().await;
    sofa.plays_on().await;
}

/// One node of two has lost its way to the store; the data is safe.
async fn half_cut_off(on_failure: &str) -> Cluster {
    let cluster = Cluster::of(2).with("store.on_failure", on_failure).through_proxies();
    let cluster = cluster.start().await;
    let proxy = cluster.node(0).proxy();
    proxy.refuse(true);
    proxy.cut_all();
    cluster.until_not_ready(0).await;
    cluster
}

#[tokio::test]
async fn without_a_store_new_sessions_are_refused_and_sockets_wait() {
    let cluster = half_cut_off("deny").await;
    let jane = cluster.customer("jane");
    let refused = jane.ask(0, "Sofa").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.body["code"], "StoreUnavailable");
    assert_eq!(refused.body["details"], json!({}));
    assert!(refused.headers.contains_key("retry-after"));
    let media = jane.media(0, Method::POST, "").await;
    assert_eq!(media.status, StatusCode::SERVICE_UNAVAILABLE);

    let ticket = jane.admitted(1, "Kitchen").await;
    let mut player = Player::asks(&cluster, 0, &ticket).await;
    let tried = r#"baton_store_errors_total{outcome="connect"}"#;
    eventually("the socket has been tried in vain", async || {
        (cluster.metric(0, tried).await > 0).then_some(())
    })
    .await;
    assert_eq!(jane.list(1).await[0]["connected"], false);
    cluster.node(0).proxy().refuse(false);
    player.is_told("OK").await;
    assert_eq!(jane.list(1).await[0]["connected"], true);
}

#[tokio::test]
async fn without_a_store_players_play_untracked_where_the_tenant_says_so() {
    let cluster = half_cut_off("allow").await;
    let jane = cluster.customer("jane");
    let untracked = jane.ask(0, "Sofa").await;
    assert_eq!(untracked.status, StatusCode::OK);
    let disabled = json!({
        "status": "disabled", "message": "Session tracking disabled.", "enabled": false,
    });
    assert_eq!(untracked.body, disabled);
    // Its clients play on an error.
    let media = jane.media(0, Method::POST, "").await;
    assert_eq!(media.status, StatusCode::SERVICE_UNAVAILABLE);

    // A player with a session plays at once, and counts when the store is back.
    let ticket = jane.admitted(1, "Kitchen").await;
    let mut player = Player::starts(&cluster, 0, &ticket).await;
    assert_eq!(jane.list(1).await[0]["connected"], false);
    cluster.node(0).proxy().refuse(false);
    eventually("it counts", async || (jane.list(1).await[0]["connected"] == true).then_some(()))
        .await;
    player.plays_on().await;
}
