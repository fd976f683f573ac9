//! Any node answers any call about short codes, and all of them count guesses together.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};

use crate::support::cluster::{Answer, Cluster};

async fn redeem(cluster: &Cluster, node: usize, path: &str, code: &str) -> Answer {
    let path = format!("/assistserver/shortcode/{path}?appkey={code}");
    let address = format!("203.0.113.{node}");
    let request = cluster.request(node, Method::GET, &path);
    cluster.answer(request.header("x-forwarded-for", address)).await
}

async fn create(cluster: &Cluster, node: usize) -> String {
    let request = cluster.request(node, Method::PUT, "/assistserver/shortcode/create");
    let answer = cluster.answer(request).await;
    answer.body["shortCode"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn every_node_redeems_a_code_and_one_consumer_gets_it() {
    let cluster = Cluster::of(3).start().await;
    let code = create(&cluster, 0).await;
    let consumers = (0..9).map(|at| redeem(&cluster, at % 3, "consumer", &code));
    let answers = join_all(consumers).await;
    let redeemed: Vec<_> =
        answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(redeemed.len(), 1, "{answers:?}");
    for node in 0..3 {
        let agent = redeem(&cluster, node, "agent", &code).await;
        assert_eq!(agent.body["cid"], redeemed[0].body["cid"], "{agent:?}");
    }
}

#[tokio::test]
async fn tries_that_fail_count_on_every_node() {
    let cluster = Cluster::of(3).with("trusted_proxies", "127.0.0.0/8");
    let cluster = cluster.with("short_codes.length", 4).start().await;
    let code = create(&cluster, 0).await;
    let bad = if code == "0000" { "0001" } else { "0000" };
    for at in 0..20 {
        let refused = redeem(&cluster, at % 3, "agent", bad).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{at}: {refused:?}");
    }
    for node in 0..3 {
        let limited = redeem(&cluster, node, "agent", &code).await;
        assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{limited:?}");
    }
}
