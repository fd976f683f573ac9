//! Sessions whose ids the clients choose: created, or kept alive where they live.

use baton::domain::{
    ids::Generation,
    streams::{ConnectOutcome, Create, CreateOutcome, HeartbeatOutcome, Session},
};

use super::steps::*;
use crate::support::{clock::tick, stores::Streams};

/// Upserts: it must have lived already.
async fn renewed(store: &Streams, request: &Create) -> Session {
    let outcome = create(store, request).await;
    let CreateOutcome::Renewed(session) = outcome else {
        panic!("{request:?} must be renewed, not {outcome:?}");
    };
    session
}

async fn upsert_creates_what_does_not_live(store: Streams) {
    let (session, ended) = play(&store, &upsert("a")).await;
    assert_eq!((session.generation, session.holder, ended), (Generation::FIRST, None, vec![]));
    assert_eq!(live(&store).await, ["a"]);
}

async fn upsert_renews_what_lives(store: Streams) {
    let (created, _) = play(&store, &upsert("a")).await;
    let renewed = renewed(&store, &upsert("a")).await;
    assert_eq!(renewed.created_ms, created.created_ms);
    assert!(renewed.expires_ms > created.expires_ms);
    assert_eq!(sessions(&store).await, [renewed]);
}

async fn upsert_renews_a_session_however_it_was_created(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    assert_eq!(renewed(&store, &upsert("a")).await.id, id("a"));
}

async fn upsert_lets_the_holder_hold(store: Streams) {
    play_all(&store, &[upsert("a")]).await;
    let held = attach(&store, "a", "n1").await;
    tick().await;
    let renewed = renewed(&store, &upsert("a")).await;
    assert_eq!((renewed.generation, renewed.holder), (held.generation, held.holder));
}

async fn upsert_renews_above_any_limit(store: Streams) {
    play_all(&store, &[upsert("a"), upsert("b")]).await;
    let request = Create { limit: 0, account_limit: Some(0), ..upsert("a") };
    renewed(&store, &request).await;
}

async fn upsert_creates_within_the_limits_only(store: Streams) {
    play_all(&store, &[upsert("a"), upsert("b")]).await;
    assert_eq!(refused(&store, &upsert("c")).await, ["a", "b"]);
    let request = Create { pool: offer("other"), account_limit: Some(2), ..upsert("c") };
    assert_eq!(refused(&store, &request).await, ["a", "b"]);
}

async fn upsert_in_another_pool_changes_nothing(store: Streams) {
    let (created, _) = play(&store, &upsert("a")).await;
    let request = Create { pool: offer("other"), ..upsert("a") };
    assert_eq!(create(&store, &request).await, CreateOutcome::OtherPool(created.clone()));
    assert_eq!(sessions(&store).await, [created]);
}

async fn upsert_of_a_lapsed_session_is_a_new_life(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..upsert("a") }).await;
    attach(&store, "a", "n1").await;
    let (session, _) = play(&store, &Create { pool: offer("other"), ..upsert("a") }).await;
    assert_eq!((session.generation, &session.holder), (Generation::FIRST, &None));
    assert_eq!(sessions(&store).await, [session]);
}

async fn upsert_of_an_ended_session_lives_and_its_tombstone_is_gone(store: Streams) {
    play_all(&store, &[upsert("a")]).await;
    attach(&store, "a", "n1").await;
    release(&store, "a").await;
    ended(&store, "a").await;
    let (session, _) = play(&store, &upsert("a")).await;
    assert_eq!((session.generation, &session.holder), (Generation::FIRST, &None));
    assert_eq!(sessions(&store).await, [session]);
    attach(&store, "a", "n1").await;
}

async fn a_lapsed_second_life_does_not_show_the_first_ones_tombstone(store: Streams) {
    play_all(&store, &[upsert("a")]).await;
    release(&store, "a").await;
    play(&store, &Create { first_lease_ms: 0, ..upsert("a") }).await;
    assert_eq!(connect(&store, "a", "n1").await, ConnectOutcome::Unknown);
    let heartbeat = store.heartbeat(&me(), &id("a"), None).await.unwrap();
    assert_eq!(heartbeat, HeartbeatOutcome::Unknown);
}

async fn upsert_does_not_touch_the_same_id_of_another_account(store: Streams) {
    play(&store, &Create { account: somebody_else(), pool: offer("other"), ..upsert("a") }).await;
    play_all(&store, &[upsert("a")]).await;
    assert_eq!(live(&store).await, ["a"]);
}

async fn upsert_by_the_device_of_the_session_renews_it(store: Streams) {
    let request = Create { device: Some("tv".into()), ..upsert("a") };
    play_all(&store, std::slice::from_ref(&request)).await;
    renewed(&store, &request).await;
    assert_eq!(live(&store).await, ["a"]);
}

async fn upsert_of_a_new_id_replaces_the_session_of_its_device(store: Streams) {
    let on_tv = |session| Create { device: Some("tv".into()), ..upsert(session) };
    play_all(&store, &[on_tv("a")]).await;
    let (_, ended) = play(&store, &on_tv("b")).await;
    assert_eq!(victims(&ended), ["a"]);
}

for_every_backend!(
    upsert_creates_what_does_not_live,
    upsert_renews_what_lives,
    upsert_renews_a_session_however_it_was_created,
    upsert_lets_the_holder_hold,
    upsert_renews_above_any_limit,
    upsert_creates_within_the_limits_only,
    upsert_in_another_pool_changes_nothing,
    upsert_of_a_lapsed_session_is_a_new_life,
    upsert_of_an_ended_session_lives_and_its_tombstone_is_gone,
    a_lapsed_second_life_does_not_show_the_first_ones_tombstone,
    upsert_does_not_touch_the_same_id_of_another_account,
    upsert_by_the_device_of_the_session_renews_it,
    upsert_of_a_new_id_replaces_the_session_of_its_device,
);
