//! The limit of an account over all its pools.

use baton::domain::streams::{Create, Policy};

use super::steps::*;
use crate::support::stores::Streams;

/// A session in a pool, account limit 2, pool limits out of the way.
fn of_two(session: &str, pool: &str) -> Create {
    Create { pool: offer(pool), limit: 10, account_limit: Some(2), ..ask(session) }
}

async fn the_account_limit_counts_all_pools(store: Streams) {
    play_all(&store, &[of_two("a", "p"), of_two("b", "q")]).await;
    refused(&store, &of_two("c", "r")).await;
    assert_eq!(live(&store).await, ["a", "b"]);
}

async fn the_account_limit_answers_the_sessions_of_all_pools_oldest_first(store: Streams) {
    let three = |session, pool| Create { account_limit: Some(3), ..of_two(session, pool) };
    play_all(&store, &[three("z", "q"), three("a", "p"), three("m", "q")]).await;
    for policy in [Policy::Ask, Policy::Reject] {
        let active = refused(&store, &Create { policy, ..three("c", "p") }).await;
        assert_eq!(active, ["z", "a", "m"]);
    }
}

async fn without_an_account_limit_pools_fill_on_their_own(store: Streams) {
    let free = |session, pool| Create { account_limit: None, limit: 1, ..of_two(session, pool) };
    play_all(&store, &[free("a", "p"), free("b", "q"), free("c", "r")]).await;
    assert_eq!(refused(&store, &free("d", "q")).await, ["b"]);
}

async fn room_in_the_account_does_not_widen_a_pool(store: Streams) {
    let one = |session, pool| Create { limit: 1, account_limit: Some(5), ..of_two(session, pool) };
    play_all(&store, &[one("a", "p"), one("b", "q")]).await;
    assert_eq!(refused(&store, &one("c", "p")).await, ["a"]);
}

async fn an_account_limit_of_zero_admits_nothing(store: Streams) {
    for policy in [Policy::Ask, Policy::Reject, Policy::EvictOldest] {
        refused(&store, &Create { account_limit: Some(0), policy, ..of_two("a", "p") }).await;
    }
    assert_eq!(sessions(&store).await, []);
}

async fn accounts_do_not_count_for_each_other(store: Streams) {
    let theirs = |session| Create { account: somebody_else(), ..of_two(session, "p") };
    play_all(&store, &[of_two("a", "p"), of_two("b", "p"), theirs("c"), theirs("d")]).await;
    assert_eq!(refused(&store, &of_two("e", "p")).await, ["a", "b"]);
    assert_eq!(refused(&store, &theirs("e")).await, ["c", "d"]);
}

for_every_backend!(
    the_account_limit_counts_all_pools,
    the_account_limit_answers_the_sessions_of_all_pools_oldest_first,
    without_an_account_limit_pools_fill_on_their_own,
    room_in_the_account_does_not_widen_a_pool,
    an_account_limit_of_zero_admits_nothing,
    accounts_do_not_count_for_each_other,
);
