//! What a call costs does not grow with the account.

use std::collections::BTreeMap;

use baton::domain::{
    ids::Generation,
    streams::{ConnectOutcome, Create, EndReason, Policy, ReleaseOutcome, Verdict},
};
use futures_util::{StreamExt, stream};

use crate::{
    conformance::steps,
    support::{
        monitor::executed,
        redis::{RedisServer, unique_prefix},
        stores::{Streams, redis_streams},
    },
};

const SMALL: usize = 10;
const LARGE: usize = 10_000;
/// The link's own probe, and the question itself.
const OTHERS: [&str; 2] = ["role", "info"];

/// How often each command was executed, inside scripts included, while `call` ran.
async fn cost(redis: &RedisServer, call: impl Future<Output = ()>) -> BTreeMap<String, u64> {
    let before = executed(redis).await;
    call.await;
    let mut after = executed(redis).await;
    for (command, count) in &mut after {
        *count -= before.get(command).copied().unwrap_or(0);
    }
    after.retain(|command, count| *count > 0 && !OTHERS.contains(&command.as_str()));
    after
}

fn ask(customer: &str, session: &str) -> Create {
    Create { account: steps::account("streamer", customer), limit: 20_000, ..steps::ask(session) }
}

/// Fills an account with so many sessions.
async fn fill(store: &Streams, customer: &str, sessions: usize) {
    let creates = (0..sessions).map(async |number| {
        steps::create(store, &ask(customer, &format!("filler-{number}"))).await;
    });
    stream::iter(creates).buffer_unordered(64).collect::<Vec<_>>().await;
}

/// What each call costs in an account of that size.
async fn costs(
    redis: &RedisServer,
    store: &Streams,
    sessions: usize,
) -> Vec<(&'static str, BTreeMap<String, u64>)> {
    let customer = format!("of-{sessions}");
    fill(store, &customer, sessions).await;
    let account = steps::account("streamer", &customer);
    let (session, node) = (steps::id("new"), steps::node("a"));
    let create = async {
        steps::play(store, &ask(&customer, "new")).await;
    };
    let connect = async {
        let bound = store.connect(&account, &session, Generation::FIRST, &node).await;
        assert!(matches!(bound, Ok(ConnectOutcome::Connected { .. })), "{bound:?}");
    };
    let renewal = baton::domain::streams::Renewal {
        account: account.clone(),
        session: session.clone(),
        generation: Generation::FIRST.next(),
        node: node.clone(),
        held_until_ms: u64::MAX,
        store_was_away: false,
    };
    let renew = async {
        let verdicts = store.renew(&[renewal]).await;
        assert!(matches!(verdicts[..], [Ok(Verdict::Live { .. })]), "{verdicts:?}");
    };
    let heartbeat = async {
        store.heartbeat(&account, &session, None).await.expect("the store works");
    };
    let takeover = async {
        let goal = baton::domain::streams::Goal::TakeOver(session.clone());
        steps::play(store, &Create { goal, ..ask(&customer, "newer") }).await;
    };
    // As many as there are: the oldest has to go.
    let limit = u32::try_from(sessions).expect("it fits") + 1;
    let evict = async {
        let create = ask(&customer, "newest");
        steps::play(store, &Create { limit, policy: Policy::EvictOldest, ..create }).await;
    };
    let release = async {
        let newest = steps::id("newest");
        let freed = store.release(&account, &newest, None, &EndReason::Finished).await;
        assert!(matches!(freed, Ok(ReleaseOutcome::Released(_))), "{freed:?}");
    };
    vec![
        ("create", cost(redis, create).await),
        ("connect", cost(redis, connect).await),
        ("renew", cost(redis, renew).await),
        ("heartbeat", cost(redis, heartbeat).await),
        ("takeover", cost(redis, takeover).await),
        ("create that evicts", cost(redis, evict).await),
        ("release", cost(redis, release).await),
    ]
}

#[tokio::test]
async fn a_call_executes_as_many_commands_with_10_sessions_as_with_10_000() {
    let redis = RedisServer::start().await;
    let store = redis_streams(&redis, &unique_prefix()).await;
    // Loads the scripts.
    costs(&redis, &store, 1).await;
    let small = costs(&redis, &store, SMALL).await;
    let large = costs(&redis, &store, LARGE).await;
    assert_eq!(small, large);
}
