//! What a call costs Redis: one script, and a message where somebody must be told.

use std::sync::Arc;

use baton::domain::streams::{ConnectOutcome, Renewal, Verdict};
use reqwest::{Method, StatusCode};

use crate::{
    conformance::steps,
    support::{
        cluster::{Cluster, Player},
        eventually, in_time,
        monitor::Monitor,
        proxy::ChaosProxy,
        redis::{RedisServer, unique_prefix},
        stores::redis_streams_at,
    },
};

/// The commands that clients sent for stream sessions, by name.
///
/// Left out: what every node sends each second whatever happens, and the link's own probe.
async fn sent(monitor: &mut Monitor, cluster: &Cluster) -> Vec<String> {
    let pulse = [":epoch\"", ":{nodes}:", "\\\"kind\\\":\\\"probe\\\"", "\"ROLE\""];
    let commands = monitor.sent(cluster.redis()).await;
    let of_streams = commands.iter().filter(|line| !pulse.iter().any(|mark| line.contains(mark)));
    let name = |line: &String| line.split('"').nth(1).expect("a command").to_owned();
    of_streams.map(name).collect()
}

#[tokio::test]
async fn each_call_is_one_script_and_each_node_to_be_told_one_message() {
    let cluster = Cluster::of(2).with("streams.lease_seconds", 3600).on_own_redis().start().await;
    let mut monitor = Monitor::start(cluster.redis()).await;
    let (script, message) = ("EVALSHA", "PUBLISH");
    // The first round loads the scripts.
    for customer in ["warm-up", "jane"] {
        let jane = cluster.customer(customer);
        sent(&mut monitor, &cluster).await;
        let mut costs = Vec::new();
        let ticket = jane.admitted(0, "Kitchen").await;
        costs.push(("create", sent(&mut monitor, &cluster).await, vec![script]));
        let victim = Player::starts(&cluster, 1, &ticket).await;
        costs.push(("connect", sent(&mut monitor, &cluster).await, vec![script]));
        let taken = jane.take_over(0, &ticket.session, "Sofa").await;
        assert_eq!(taken.status, StatusCode::OK);
        victim.sent_away("TAKE_OVER", 4001).await;
        costs.push(("takeover", sent(&mut monitor, &cluster).await, vec![script, message]));
        let session = taken.body["sessionId"].as_str().expect("an id");
        assert_eq!(jane.end(0, session).await, StatusCode::NO_CONTENT);
        costs.push(("release", sent(&mut monitor, &cluster).await, vec![script]));
        // Another account, because a node with sockets of this one would be told.
        let jane = cluster.customer(&format!("{customer} at the television"));
        let media = jane.media(0, Method::POST, "").await;
        assert_eq!(media.status, StatusCode::CREATED);
        costs.push(("media create", sent(&mut monitor, &cluster).await, vec![script]));
        let below = format!("/{}", media.body["data"]["id"].as_str().expect("an id"));
        assert_eq!(jane.media(1, Method::PATCH, &below).await.status, StatusCode::OK);
        costs.push(("heartbeat", sent(&mut monitor, &cluster).await, vec![script]));
        assert_eq!(jane.media(1, Method::DELETE, &below).await.status, StatusCode::NO_CONTENT);
        costs.push(("media release", sent(&mut monitor, &cluster).await, vec![script]));
        if customer == "jane" {
            for (call, sent, expected) in costs {
                assert_eq!(sent, expected, "{call}");
            }
        }
    }
}

/// All calls are on their way before the first is answered: Redis is asleep.
#[tokio::test]
async fn a_hundred_renewals_are_one_round_trip() {
    const SESSIONS: usize = 100;
    let redis = RedisServer::start().await;
    let proxy = ChaosProxy::start(redis.port()).await;
    let store = redis_streams_at(proxy.url(), &unique_prefix()).await;
    let mut renewals = Vec::new();
    for number in 0..SESSIONS {
        let account = steps::account("streamer", &number.to_string());
        let create = baton::domain::streams::Create { account, ..steps::ask("s") };
        let (session, _) = steps::play(&store, &create).await;
        let (account, node) = (create.account, steps::node("a"));
        let bound = store.connect(&account, &session.id, session.generation, &node).await;
        let Ok(ConnectOutcome::Connected { session, .. }) = bound else { panic!("{bound:?}") };
        renewals.push(Renewal {
            account,
            session: session.id,
            generation: session.generation,
            node,
            held_until_ms: session.expires_ms,
            store_was_away: false,
        });
    }
    let live = |verdicts: &[Result<Verdict, _>]| {
        verdicts.iter().filter(|verdict| matches!(verdict, Ok(Verdict::Live { .. }))).count()
    };
    // The first round loads the script.
    assert_eq!(live(&store.renew(&renewals).await), SESSIONS);

    let before = proxy.script_calls();
    redis.freeze();
    let renewing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.renew(&renewals).await }
    });
    eventually("all renewals are sent", async || {
        (proxy.script_calls() == before + SESSIONS).then_some(())
    })
    .await;
    assert!(!renewing.is_finished());
    redis.thaw();
    let verdicts = in_time("the verdicts", renewing).await.expect("no panic");
    assert_eq!(live(&verdicts), SESSIONS);
    assert_eq!(proxy.script_calls(), before + SESSIONS, "nothing was asked twice");
}
