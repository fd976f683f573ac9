//! A socket dropped: its session waits for the player to come back.

use baton::domain::{
    ids::Generation,
    streams::{ConnectOutcome, Create, ParkOutcome},
};

use super::steps::*;
use crate::support::{
    clock::{HOUR_MS, now_ms},
    eventually,
    stores::Streams,
};

async fn park(store: &Streams, session: &str, generation: u64, grace_ms: u64) -> ParkOutcome {
    let generation = Generation(generation);
    store.park(&me(), &id(session), generation, grace_ms).await.expect("the store works")
}

/// A session held by `n1` as generation 2.
async fn held(store: &Streams, session: &str) {
    play_all(store, &[ask(session)]).await;
    attach(store, session, "n1").await;
}

async fn a_parked_session_has_no_holder_and_counts_until_its_grace_ends(store: Streams) {
    held(&store, "a").await;
    let before = now_ms();
    assert_eq!(park(&store, "a", 2, HOUR_MS / 2).await, ParkOutcome::Parked);
    let parked = find(&store, "a").await;
    assert_eq!((parked.generation, parked.holder), (Generation(2), None));
    let graces = before + HOUR_MS / 2..=now_ms() + HOUR_MS / 2;
    assert!(graces.contains(&parked.expires_ms), "the grace replaces the lease");
    assert_eq!(refused(&store, &Create { limit: 1, ..ask("b") }).await, ["a"]);
}

async fn without_grace_a_parked_session_is_over(store: Streams) {
    held(&store, "a").await;
    assert_eq!(park(&store, "a", 2, 0).await, ParkOutcome::Parked);
    assert_eq!(sessions(&store).await, []);
    assert_eq!(connect(&store, "a", "n1").await, ConnectOutcome::Unknown);
    play_all(&store, &[Create { limit: 1, ..ask("b") }]).await;
}

async fn a_parked_session_expires_after_its_grace(store: Streams) {
    held(&store, "a").await;
    park(&store, "a", 2, 50).await;
    eventually("the grace ends", async || sessions(&store).await.is_empty().then_some(())).await;
}

async fn a_player_that_comes_back_in_time_goes_on(store: Streams) {
    held(&store, "a").await;
    park(&store, "a", 2, 60_000).await;
    let outcome = connect(&store, "a", "n2").await;
    let ConnectOutcome::Connected { session, previous } = outcome else {
        panic!("it waits, but {outcome:?}");
    };
    assert_eq!((session.generation, previous), (Generation(3), None), "nobody has to let go");
    assert_eq!(session.holder, Some(node("n2")));
    assert!(session.expires_ms >= session.created_ms + HOUR_MS, "with a lease again");
}

async fn a_stale_socket_cannot_park(store: Streams) {
    held(&store, "a").await;
    let newer = attach(&store, "a", "n2").await;
    for stale in [1, 2] {
        assert_eq!(park(&store, "a", stale, 0).await, ParkOutcome::Stale);
    }
    assert_eq!(sessions(&store).await, [newer]);
}

async fn parking_can_be_repeated(store: Streams) {
    held(&store, "a").await;
    for _ in 0..2 {
        assert_eq!(park(&store, "a", 2, HOUR_MS).await, ParkOutcome::Parked);
    }
    assert_eq!(find(&store, "a").await.holder, None);
}

async fn what_is_gone_cannot_be_parked(store: Streams) {
    assert_eq!(park(&store, "nobody", 2, HOUR_MS).await, ParkOutcome::Stale);

    held(&store, "over").await;
    release(&store, "over").await;
    assert_eq!(park(&store, "over", 2, HOUR_MS).await, ParkOutcome::Stale);

    play(&store, &Create { lease_ms: 0, ..ask("lapsed") }).await;
    attach(&store, "lapsed", "n1").await;
    assert_eq!(park(&store, "lapsed", 2, HOUR_MS).await, ParkOutcome::Stale);
    assert_eq!(sessions(&store).await, []);
}

async fn the_session_of_another_account_cannot_be_parked(store: Streams) {
    held(&store, "a").await;
    let theirs = store.park(&somebody_else(), &id("a"), Generation(2), 0).await.unwrap();
    assert_eq!(theirs, ParkOutcome::Stale);
    assert_eq!(live(&store).await, ["a"]);
}

for_every_backend!(
    a_parked_session_has_no_holder_and_counts_until_its_grace_ends,
    without_grace_a_parked_session_is_over,
    a_parked_session_expires_after_its_grace,
    a_player_that_comes_back_in_time_goes_on,
    a_stale_socket_cannot_park,
    parking_can_be_repeated,
    what_is_gone_cannot_be_parked,
    the_session_of_another_account_cannot_be_parked,
);
