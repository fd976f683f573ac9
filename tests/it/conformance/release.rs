//! Ending a session.

use baton::domain::{
    ids::Generation,
    streams::{Create, EndReason, Ended, ReleaseOutcome},
};

use super::steps::*;
use crate::support::stores::Streams;

async fn release_held(store: &Streams, session: &str, generation: u64) -> ReleaseOutcome {
    let generation = Some(Generation(generation));
    store
        .release(&me(), &id(session), generation, &EndReason::Finished)
        .await
        .expect("the store works")
}

/// How a session ends that `n1` held as generation 2.
fn ended_at_n1(session: &str, why: EndReason) -> Ended {
    Ended { session: id(session), generation: Generation(2), holder: Some(node("n1")), why }
}

async fn a_released_slot_is_free_at_once(store: Streams) {
    let one = |session| Create { limit: 1, account_limit: Some(1), ..ask(session) };
    play_all(&store, &[one("a")]).await;
    assert!(matches!(release(&store, "a").await, ReleaseOutcome::Released(_)));
    assert_eq!(sessions(&store).await, []);
    play_all(&store, &[one("b")]).await;
}

async fn release_tells_who_held_the_session(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    attach(&store, "a", "n1").await;
    let told = ended_at_n1("a", EndReason::Finished);
    assert_eq!(release(&store, "a").await, ReleaseOutcome::Released(told));
    let told = Ended {
        session: id("b"),
        generation: Generation::FIRST,
        holder: None,
        why: EndReason::Finished,
    };
    assert_eq!(release(&store, "b").await, ReleaseOutcome::Released(told));
}

async fn the_present_holder_can_release(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    let told = ended_at_n1("a", EndReason::Finished);
    assert_eq!(release_held(&store, "a", 2).await, ReleaseOutcome::Released(told));
}

async fn a_stale_holder_cannot_release(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    let newer = attach(&store, "a", "n2").await;
    for stale in [1, 2] {
        assert_eq!(release_held(&store, "a", stale).await, ReleaseOutcome::Stale);
    }
    assert_eq!(sessions(&store).await, [newer]);
}

async fn a_repeated_release_answers_how_it_ended(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    let why = EndReason::Operator { note: "fraud".into() };
    store.release(&me(), &id("a"), None, &why).await.unwrap();
    let again = ReleaseOutcome::AlreadyEnded(ended_at_n1("a", why));
    assert_eq!(release(&store, "a").await, again, "the first reason stays");
    assert_eq!(release_held(&store, "a", 2).await, again);
    assert_eq!(release_held(&store, "a", 1).await, again, "it is over for a stale holder, too");
    assert_eq!(
        ended(&store, "a").await,
        ended_at_n1("a", EndReason::Operator { note: "fraud".into() })
    );
}

async fn release_of_a_taken_over_session_answers_who_took_it(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let (_, victims) = play(&store, &take_over("a", "b")).await;
    let outcome = release(&store, "a").await;
    assert_eq!(outcome, ReleaseOutcome::AlreadyEnded(victims[0].clone()));
    assert_eq!(live(&store).await, ["b"]);
}

async fn release_of_nothing_is_unknown(store: Streams) {
    assert_eq!(release(&store, "nobody").await, ReleaseOutcome::Unknown);
    assert_eq!(release_held(&store, "nobody", 2).await, ReleaseOutcome::Unknown);
    play(&store, &Create { first_lease_ms: 0, ..ask("lapsed") }).await;
    assert_eq!(release(&store, "lapsed").await, ReleaseOutcome::Unknown);
    assert_eq!(release_held(&store, "lapsed", 1).await, ReleaseOutcome::Unknown);
}

async fn the_session_of_another_account_cannot_be_released(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let theirs =
        store.release(&somebody_else(), &id("a"), None, &EndReason::Finished).await.unwrap();
    assert_eq!(theirs, ReleaseOutcome::Unknown);
    assert_eq!(live(&store).await, ["a"]);
}

async fn a_holder_s_release_of_a_forgotten_session_is_not_undone(store: Streams) {
    let held = Some(Generation(2));
    let finished = store.release(&me(), &id("a"), held, &EndReason::Finished).await;
    assert_eq!(finished.unwrap(), ReleaseOutcome::Unknown);
    let told = ended(&store, "a").await;
    assert_eq!((told.generation, told.why), (Generation(2), EndReason::Finished));
}

for_every_backend!(
    a_released_slot_is_free_at_once,
    release_tells_who_held_the_session,
    the_present_holder_can_release,
    a_stale_holder_cannot_release,
    a_repeated_release_answers_how_it_ended,
    release_of_a_taken_over_session_answers_who_took_it,
    release_of_nothing_is_unknown,
    a_holder_s_release_of_a_forgotten_session_is_not_undone,
    the_session_of_another_account_cannot_be_released,
);
