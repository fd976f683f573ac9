//! The policy that ends the oldest session.

use baton::domain::{
    ids::Generation,
    streams::{Create, EndReason, Ended, Policy},
};

use super::steps::*;
use crate::support::stores::Streams;

/// `ask`, with the policy.
fn evict(session: &str) -> Create {
    Create { policy: Policy::EvictOldest, ..ask(session) }
}

async fn evict_oldest_ends_the_oldest_session_of_the_pool(store: Streams) {
    play_all(&store, &[Create { pool: offer("other"), ..evict("older") }]).await;
    play_all(&store, &[evict("z"), evict("a")]).await;
    let (_, ended) = play(&store, &evict("m")).await;
    assert_eq!(victims(&ended), ["z"]);
    assert_eq!(live(&store).await, ["a", "m", "older"]);
}

async fn evict_oldest_ends_nothing_while_there_is_room(store: Streams) {
    play_all(&store, &[evict("a"), evict("b")]).await;
    assert_eq!(live(&store).await, ["a", "b"]);
}

async fn the_evicted_is_told_who_took_over(store: Streams) {
    play_all(&store, &[evict("a"), evict("b")]).await;
    let held = attach(&store, "a", "n1").await;
    let (_, victims) = play(&store, &evict("c")).await;
    let told = Ended {
        session: id("a"),
        generation: held.generation,
        holder: Some(node("n1")),
        why: EndReason::TakenOver { by: id("c"), by_name: name_of("c") },
    };
    assert_eq!(victims, std::slice::from_ref(&told));
    assert_eq!(ended(&store, "a").await, told);
}

async fn evict_oldest_ends_as_many_as_a_lowered_limit_wants(store: Streams) {
    let wide = |session| Create { limit: 4, ..evict(session) };
    play_all(&store, &[wide("d"), wide("c"), wide("b"), wide("a")]).await;
    let (_, ended) = play(&store, &evict("new")).await;
    assert_eq!(victims(&ended), ["b", "c", "d"]);
    assert_eq!(live(&store).await, ["a", "new"]);
}

async fn for_the_account_limit_the_oldest_of_the_account_ends(store: Streams) {
    let request = |session, pool| Create {
        pool: offer(pool),
        limit: 10,
        account_limit: Some(2),
        ..evict(session)
    };
    play_all(&store, &[request("b", "q"), request("a", "p")]).await;
    let (_, ended) = play(&store, &request("c", "p")).await;
    assert_eq!(victims(&ended), ["b"]);
    assert_eq!(live(&store).await, ["a", "c"]);
}

async fn evict_oldest_gets_below_both_limits(store: Streams) {
    let request = |session, pool| Create {
        pool: offer(pool),
        limit: 1,
        account_limit: Some(3),
        ..evict(session)
    };
    play_all(&store, &[request("a", "q"), request("b", "p"), request("c", "r")]).await;
    let lowered = Create { account_limit: Some(2), ..request("new", "p") };
    let (_, ended) = play(&store, &lowered).await;
    assert_eq!(victims(&ended), ["a", "b"], "b for the pool, a for the account");
    assert_eq!(live(&store).await, ["c", "new"]);
}

async fn evict_oldest_ends_no_more_than_needed(store: Streams) {
    let request = |session, pool| Create {
        pool: offer(pool),
        limit: 1,
        account_limit: Some(2),
        ..evict(session)
    };
    play_all(&store, &[request("a", "q"), request("b", "p")]).await;
    let (_, ended) = play(&store, &request("c", "p")).await;
    assert_eq!(victims(&ended), ["b"], "its end serves both limits");
}

async fn evict_oldest_does_not_try_what_cannot_help(store: Streams) {
    play_all(&store, &[evict("a"), evict("b")]).await;
    refused(&store, &Create { limit: 0, ..evict("c") }).await;
    refused(&store, &Create { account_limit: Some(0), ..evict("c") }).await;
    assert_eq!(live(&store).await, ["a", "b"]);
    assert_eq!(find(&store, "a").await.generation, Generation::FIRST);
}

for_every_backend!(
    evict_oldest_ends_the_oldest_session_of_the_pool,
    evict_oldest_ends_nothing_while_there_is_room,
    the_evicted_is_told_who_took_over,
    evict_oldest_ends_as_many_as_a_lowered_limit_wants,
    for_the_account_limit_the_oldest_of_the_account_ends,
    evict_oldest_gets_below_both_limits,
    evict_oldest_ends_no_more_than_needed,
    evict_oldest_does_not_try_what_cannot_help,
);
