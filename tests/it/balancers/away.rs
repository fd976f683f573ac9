//! All nodes lost their store, so none is ready: what clients hear is what Baton says.

use super::{Site, each_product};
use crate::support::{
    eventually,
    front::{NODES, Product, nodes},
};

each_product! {
    while_no_node_is_ready_baton_answers_and_not_the_balancer:
    haproxy = HaproxyByCookie,
    haproxy_by_session = HaproxyBySession,
    nginx = NginxByCookie,
    traefik = Traefik,
}

async fn while_no_node_is_ready_baton_answers_and_not_the_balancer(product: Product) {
    let cluster = nodes().on_own_redis().with("store.timeout_ms", 200);
    let cluster = cluster.with("store.on_failure", "allow").start().await;
    let site = Site::of(product, cluster).await;
    site.admit("alice", "TV").await.ok();
    site.cluster.redis().stop();
    for node in 0..NODES {
        site.cluster.until_not_ready(node).await;
    }
    // The balancer may need a moment to learn it; then players play on, untracked, and stay so.
    let play = async || {
        let answer = site.admit("alice", "Phone").await;
        (answer.status == 200 && answer.body["status"] == "disabled").then_some(())
    };
    eventually("players play untracked", play).await;
    for _ in 0..2 * NODES {
        eventually("they still do", play).await;
    }
    site.cluster.redis().restart().await;
    eventually("and are tracked again", async || {
        let answer = site.admit("alice", "Phone").await;
        answer.body["endpoint"].as_str().map(|_| ())
    })
    .await;
}
