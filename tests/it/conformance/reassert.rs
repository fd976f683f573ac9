//! Holders put back what the store lost.

use baton::domain::{
    ids::Generation,
    streams::{Create, Session, Verdict},
};

use super::steps::*;
use crate::support::{
    clock::{HOUR_MS, now_ms},
    stores::Streams,
};

/// A session as its holder, node `n1`, remembers it.
fn remembered(session: &str, generation: u64) -> Session {
    let now = now_ms();
    Session {
        id: id(session),
        pool: offer("basic"),
        name: name_of(session),
        device: Some("tv".into()),
        generation: Generation(generation),
        holder: Some(node("n1")),
        attributes: Some(r#"{"a":1}"#.into()),
        created_ms: now - HOUR_MS,
        lease_ms: HOUR_MS,
        expires_ms: now + HOUR_MS,
    }
}

async fn reassert(store: &Streams, session: &Session) -> Verdict {
    store.reassert(&me(), session).await.expect("the store works")
}

/// Re-asserts: it must live then. Answers the end of its lease.
async fn put_back(store: &Streams, session: &Session) -> u64 {
    let verdict = reassert(store, session).await;
    let Verdict::Live { expires_ms } = verdict else {
        panic!("{session:?} must live again, not {verdict:?}");
    };
    expires_ms
}

async fn a_forgotten_session_lives_again_as_its_holder_knows_it(store: Streams) {
    let session = remembered("a", 7);
    let before = now_ms();
    let expires_ms = put_back(&store, &session).await;
    assert!((before + HOUR_MS..=now_ms() + HOUR_MS).contains(&expires_ms), "with a full lease");
    assert_eq!(sessions(&store).await, [Session { expires_ms, ..session }]);
}

async fn a_session_put_back_goes_on_as_before(store: Streams) {
    put_back(&store, &remembered("a", 7)).await;
    assert!(matches!(renew(&store, &renewal("a", 7)).await, Verdict::Live { .. }));
    assert_eq!(renew(&store, &renewal("a", 6)).await, Verdict::Superseded(Generation(7)));
    assert_eq!(attach(&store, "a", "n2").await.generation, Generation(8));
}

async fn a_lapsed_session_can_be_put_back(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..ask("a") }).await;
    let held = attach(&store, "a", "n1").await;
    put_back(&store, &Session { lease_ms: HOUR_MS, ..held }).await;
    assert_eq!(live(&store).await, ["a"]);
}

async fn reasserting_can_be_repeated(store: Streams) {
    let session = remembered("a", 7);
    for _ in 0..3 {
        put_back(&store, &session).await;
    }
    assert_eq!(live(&store).await, ["a"]);
    let limited = Create { limit: 2, ..ask("b") };
    play_all(&store, &[limited]).await;
}

async fn reasserting_what_lives_is_a_renewal(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let held = attach(&store, "a", "n1").await;
    let expires_ms = put_back(&store, &held).await;
    assert!(expires_ms >= held.expires_ms);
    assert_eq!(sessions(&store).await, [Session { expires_ms, ..held }]);
}

async fn a_newer_generation_knows_better(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let old = attach(&store, "a", "n1").await;
    let new = attach(&store, "a", "n2").await;
    assert_eq!(reassert(&store, &old).await, Verdict::Superseded(new.generation));
    assert_eq!(sessions(&store).await, [new]);
}

async fn an_older_generation_in_the_store_gives_way(store: Streams) {
    // The store came back as an older replica of itself: it missed the connects.
    let (replica, _) = play(&store, &ask("a")).await;
    let held = Session { generation: Generation(5), holder: Some(node("n1")), ..replica };
    let expires_ms = put_back(&store, &held).await;
    assert_eq!(sessions(&store).await, [Session { expires_ms, ..held }]);
}

async fn a_tombstone_knows_better(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let held = attach(&store, "a", "n1").await;
    let (_, victims) = play(&store, &take_over("a", "b")).await;
    assert_eq!(reassert(&store, &held).await, Verdict::Ended(victims[0].clone()));
    assert_eq!(live(&store).await, ["b"]);
}

async fn what_plays_already_is_not_stopped_by_a_limit(store: Streams) {
    play_all(&store, &[ask("new 1"), ask("new 2")]).await;
    for session in ["old 1", "old 2"] {
        put_back(&store, &Session { device: None, ..remembered(session, 3) }).await;
    }
    assert_eq!(live(&store).await, ["new 1", "new 2", "old 1", "old 2"]);
}

async fn sessions_put_back_count_for_those_who_come_after(store: Streams) {
    for session in ["a", "b", "c"] {
        put_back(&store, &Session { device: None, ..remembered(session, 3) }).await;
        crate::support::clock::tick().await;
    }
    assert_eq!(refused(&store, &ask("d")).await, ["a", "b", "c"]);
    release(&store, "a").await;
    assert_eq!(refused(&store, &ask("d")).await, ["b", "c"]);
    release(&store, "b").await;
    play_all(&store, &[ask("d")]).await;
}

async fn a_session_put_back_keeps_its_age(store: Streams) {
    play_all(&store, &[ask("young")]).await;
    put_back(&store, &Session { device: None, ..remembered("old", 3) }).await;
    assert_eq!(ids(&sessions(&store).await), ["old", "young"]);
    assert_eq!(refused(&store, &ask("new")).await, ["old", "young"]);
}

async fn a_session_put_back_is_still_its_devices(store: Streams) {
    put_back(&store, &remembered("a", 3)).await;
    let (_, ended) = play(&store, &Create { device: Some("tv".into()), ..ask("b") }).await;
    assert_eq!(victims(&ended), ["a"]);
}

async fn a_session_is_put_back_into_its_own_account(store: Streams) {
    put_back(&store, &remembered("a", 3)).await;
    assert_eq!(store.list(&somebody_else()).await.unwrap(), []);
}

for_every_backend!(
    a_forgotten_session_lives_again_as_its_holder_knows_it,
    a_session_put_back_goes_on_as_before,
    a_lapsed_session_can_be_put_back,
    reasserting_can_be_repeated,
    reasserting_what_lives_is_a_renewal,
    a_newer_generation_knows_better,
    an_older_generation_in_the_store_gives_way,
    a_tombstone_knows_better,
    what_plays_already_is_not_stopped_by_a_limit,
    sessions_put_back_count_for_those_who_come_after,
    a_session_put_back_keeps_its_age,
    a_session_put_back_is_still_its_devices,
    a_session_is_put_back_into_its_own_account,
);
