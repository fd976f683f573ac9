//! Renewals of sessions that have no socket.

use baton::domain::{
    ids::SessionId,
    streams::{Account, Create, HeartbeatOutcome, Pool, Session},
};

use super::steps::*;
use crate::support::{clock::tick, stores::Streams};

async fn beat(store: &Streams, session: &str, pool: Option<&Pool>) -> HeartbeatOutcome {
    beat_as(store, &me(), &id(session), pool).await
}

async fn beat_as(
    store: &Streams,
    account: &Account,
    session: &SessionId,
    pool: Option<&Pool>,
) -> HeartbeatOutcome {
    store.heartbeat(account, session, pool).await.expect("the store works")
}

/// Beats: it must live.
async fn alive(store: &Streams, session: &str, pool: Option<&Pool>) -> Session {
    let outcome = beat(store, session, pool).await;
    let HeartbeatOutcome::Live(found) = outcome else {
        panic!("{session} must live, not {outcome:?}");
    };
    found
}

async fn a_heartbeat_moves_the_lease_and_nothing_else(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let before = attach(&store, "a", "n1").await;
    tick().await;
    let after = alive(&store, "a", None).await;
    assert!(after.expires_ms > before.expires_ms);
    assert_eq!(sessions(&store).await, std::slice::from_ref(&after));
    assert_eq!(Session { expires_ms: before.expires_ms, ..after }, before);
}

async fn a_heartbeat_gives_the_lease_of_renewals(store: Streams) {
    let request = Create { first_lease_ms: 60_000, lease_ms: 7_200_000, ..ask("a") };
    let (created, _) = play(&store, &request).await;
    assert!(alive(&store, "a", None).await.expires_ms >= created.created_ms + 7_200_000);
}

async fn a_heartbeat_in_the_pool_of_the_session_renews(store: Streams) {
    let (created, _) = play(&store, &ask("a")).await;
    assert!(alive(&store, "a", Some(&offer("basic"))).await.expires_ms > created.expires_ms);
}

async fn a_heartbeat_in_another_pool_renews_nothing(store: Streams) {
    let (created, _) = play(&store, &ask("a")).await;
    let outcome = beat(&store, "a", Some(&offer("other"))).await;
    assert_eq!(outcome, HeartbeatOutcome::OtherPool(created.clone()));
    assert_eq!(sessions(&store).await, [created]);
}

async fn a_heartbeat_of_an_ended_session_tells_how_it_ended(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let (_, victims) = play(&store, &take_over("a", "b")).await;
    let told = HeartbeatOutcome::Ended(victims[0].clone());
    assert_eq!(beat(&store, "a", None).await, told);
    assert_eq!(beat(&store, "a", Some(&offer("basic"))).await, told);
    assert_eq!(live(&store).await, ["b"]);
}

async fn a_heartbeat_never_creates(store: Streams) {
    assert_eq!(beat(&store, "nobody", None).await, HeartbeatOutcome::Unknown);
    let pool = offer("basic");
    assert_eq!(beat(&store, "nobody", Some(&pool)).await, HeartbeatOutcome::Unknown);
    assert_eq!(sessions(&store).await, []);
}

async fn a_heartbeat_does_not_revive(store: Streams) {
    play(&store, &Create { first_lease_ms: 0, ..ask("a") }).await;
    for pool in [None, Some(offer("basic")), Some(offer("other"))] {
        assert_eq!(beat(&store, "a", pool.as_ref()).await, HeartbeatOutcome::Unknown);
    }
    assert_eq!(sessions(&store).await, []);
}

async fn a_heartbeat_of_another_account_is_unknown(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let outcome = beat_as(&store, &somebody_else(), &id("a"), None).await;
    assert_eq!(outcome, HeartbeatOutcome::Unknown);
}

for_every_backend!(
    a_heartbeat_moves_the_lease_and_nothing_else,
    a_heartbeat_gives_the_lease_of_renewals,
    a_heartbeat_in_the_pool_of_the_session_renews,
    a_heartbeat_in_another_pool_renews_nothing,
    a_heartbeat_of_an_ended_session_tells_how_it_ended,
    a_heartbeat_never_creates,
    a_heartbeat_does_not_revive,
    a_heartbeat_of_another_account_is_unknown,
);
