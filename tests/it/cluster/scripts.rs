//! The server forgets its scripts: nobody notices.

use std::pin::pin;

use futures_util::future::join_all;
use reqwest::StatusCode;

use crate::support::{cluster::Cluster, eventually, in_time};

#[tokio::test]
async fn a_flushed_script_cache_costs_no_request_and_no_session() {
    let cluster = Cluster::of(2).with("streams.lease_seconds", 6).on_own_redis().start().await;
    let jane = cluster.customer("jane");
    let (_, mut player) = jane.plays(0, 1, "Kitchen").await;
    let work = join_all((0..8).map(async |worker| {
        let customer = cluster.customer(&format!("customer-{worker}"));
        for round in 0..20 {
            let ticket = customer.admitted(round % 2, "Kitchen").await;
            let freed = customer.end((round + 1) % 2, &ticket.session).await;
            assert_eq!(freed, StatusCode::NO_CONTENT);
        }
    }));
    let mut work = pin!(in_time("the load", work));
    let flush = async || {
        loop {
            cluster.redis().cli(&["SCRIPT", "FLUSH"]).await;
        }
    };
    tokio::select! {
        _ = &mut work => {}
        () = flush() => {}
    }
    let live = r#"baton_stream_renewals_total{outcome="live"}"#;
    let renewed = cluster.metric(1, live).await;
    cluster.redis().cli(&["SCRIPT", "FLUSH"]).await;
    eventually("the session is renewed", async || {
        (cluster.metric(1, live).await > renewed).then_some(())
    })
    .await;
    player.plays_on().await;
}
