//! Leases: a session counts while its lease runs, and not a moment longer.

use baton::domain::streams::{ConnectOutcome, Create, HeartbeatOutcome, Policy, ReleaseOutcome};

use super::steps::*;
use crate::support::{eventually, stores::Streams};

/// A session that is over at once.
fn lapsed(session: &str) -> Create {
    Create { first_lease_ms: 0, ..ask(session) }
}

async fn a_lapsed_session_is_not_listed(store: Streams) {
    play_all(&store, &[lapsed("a"), ask("b")]).await;
    assert_eq!(live(&store).await, ["b"]);
}

async fn a_lapsed_session_uses_no_slot(store: Streams) {
    let one = Create { limit: 1, account_limit: Some(1), ..lapsed("a") };
    play(&store, &one).await;
    play_all(&store, &[Create { first_lease_ms: 60_000, session: id("b"), ..one.clone() }]).await;
    assert_eq!(refused(&store, &Create { session: id("c"), ..one }).await, ["b"]);
}

async fn a_lapsed_session_is_no_victim(store: Streams) {
    play_all(&store, &[lapsed("a"), ask("b"), ask("c")]).await;
    let (_, ended) = play(&store, &Create { policy: Policy::EvictOldest, ..ask("d") }).await;
    assert_eq!(victims(&ended), ["b"]);
}

async fn a_lapsed_session_is_unknown_to_everybody(store: Streams) {
    play(&store, &lapsed("a")).await;
    assert_eq!(connect(&store, "a", "n1").await, ConnectOutcome::Unknown);
    let heartbeat = store.heartbeat(&me(), &id("a"), None).await.unwrap();
    assert_eq!(heartbeat, HeartbeatOutcome::Unknown);
    assert_eq!(release(&store, "a").await, ReleaseOutcome::Unknown);
}

async fn a_short_lease_runs_out_by_itself(store: Streams) {
    let short = Create { first_lease_ms: 50, limit: 1, ..ask("a") };
    play(&store, &short).await;
    eventually("the lease of a runs out", async || sessions(&store).await.is_empty().then_some(()))
        .await;
    play_all(&store, &[Create { limit: 1, ..ask("b") }]).await;
}

async fn a_slot_is_free_as_soon_as_the_lease_ran_out(store: Streams) {
    play(&store, &Create { first_lease_ms: 50, limit: 1, ..ask("a") }).await;
    let waiting = Create { limit: 1, ..ask("b") };
    eventually("the slot of a is free", async || {
        let outcome = create(&store, &waiting).await;
        matches!(outcome, baton::domain::streams::CreateOutcome::Created { .. }).then_some(())
    })
    .await;
    assert_eq!(live(&store).await, ["b"]);
}

async fn connecting_starts_the_lease_of_renewals(store: Streams) {
    let request = Create { lease_ms: 7_200_000, first_lease_ms: 60_000, ..ask("a") };
    let (created, _) = play(&store, &request).await;
    let connected = attach(&store, "a", "n1").await;
    assert!(connected.expires_ms >= created.created_ms + 7_200_000);
    assert_eq!(sessions(&store).await, [connected]);
}

async fn a_lease_of_nothing_ends_with_the_connect(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..ask("a") }).await;
    attach(&store, "a", "n1").await;
    assert_eq!(sessions(&store).await, []);
}

for_every_backend!(
    a_lapsed_session_is_not_listed,
    a_lapsed_session_uses_no_slot,
    a_lapsed_session_is_no_victim,
    a_lapsed_session_is_unknown_to_everybody,
    a_short_lease_runs_out_by_itself,
    a_slot_is_free_as_soon_as_the_lease_ran_out,
    connecting_starts_the_lease_of_renewals,
    a_lease_of_nothing_ends_with_the_connect,
);
