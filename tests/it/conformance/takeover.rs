//! Taking over a running session.

use baton::domain::streams::{Create, CreateOutcome, EndReason, Ended, Policy};

use super::steps::*;
use crate::support::stores::Streams;

fn one_per_pool(request: Create) -> Create {
    Create { limit: 1, ..request }
}

async fn takeover_ends_the_previous_holder_and_creates_the_new_one_at_once(store: Streams) {
    play_all(&store, &[one_per_pool(ask("a"))]).await;
    let held = attach(&store, "a", "n1").await;
    let (session, victims) = play(&store, &one_per_pool(take_over("a", "b"))).await;
    let told = Ended {
        session: id("a"),
        generation: held.generation,
        holder: Some(node("n1")),
        why: EndReason::TakenOver { by: id("b"), by_name: name_of("b") },
    };
    assert_eq!(victims, std::slice::from_ref(&told));
    assert_eq!(sessions(&store).await, [session]);
    assert_eq!(ended(&store, "a").await, told);
}

async fn takeover_ends_the_target_even_while_there_is_room(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let (_, ended) = play(&store, &take_over("a", "b")).await;
    assert_eq!(victims(&ended), ["a"]);
    assert_eq!(live(&store).await, ["b"]);
}

async fn takeover_of_a_session_without_a_socket_has_no_holder_to_tell(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let (_, ended) = play(&store, &take_over("a", "b")).await;
    assert_eq!(ended[0].holder, None);
}

async fn takeover_from_another_pool_needs_room_in_its_own(store: Streams) {
    let target = Create { pool: offer("other"), ..one_per_pool(ask("target")) };
    play_all(&store, &[target, one_per_pool(ask("own"))]).await;
    assert_eq!(refused(&store, &one_per_pool(take_over("target", "new"))).await, ["own"]);
    assert_eq!(live(&store).await, ["own", "target"]);
    attach(&store, "target", "n1").await;
}

async fn takeover_from_another_pool_frees_a_slot_of_the_account(store: Streams) {
    let two = |request| Create { account_limit: Some(2), limit: 2, ..request };
    let target = Create { pool: offer("other"), ..two(ask("target")) };
    play_all(&store, &[target, two(ask("own"))]).await;
    let (_, ended) = play(&store, &two(take_over("target", "new"))).await;
    assert_eq!(victims(&ended), ["target"]);
    assert_eq!(live(&store).await, ["new", "own"]);
}

async fn takeover_of_one_session_does_not_satisfy_a_lowered_limit(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    let active = refused(&store, &one_per_pool(take_over("b", "new"))).await;
    assert_eq!(active, ["a", "b"], "the target lives, too");
    assert_eq!(live(&store).await, ["a", "b"]);
}

async fn takeover_with_evict_oldest_ends_the_target_and_what_else_is_needed(store: Streams) {
    let target = Create { pool: offer("other"), ..ask("target") };
    play_all(&store, &[target, ask("b"), ask("a")]).await;
    let request = Create { policy: Policy::EvictOldest, ..take_over("target", "new") };
    let (_, ended) = play(&store, &request).await;
    assert_eq!(victims(&ended), ["b", "target"]);
    assert_eq!(live(&store).await, ["a", "new"]);
}

async fn takeover_spares_the_oldest_when_the_target_makes_room(store: Streams) {
    play_all(&store, &[ask("old"), ask("young")]).await;
    let request = Create { policy: Policy::EvictOldest, ..take_over("young", "new") };
    let (_, ended) = play(&store, &request).await;
    assert_eq!(victims(&ended), ["young"]);
    assert_eq!(live(&store).await, ["new", "old"]);
}

async fn takeover_with_a_limit_of_zero_ends_nothing(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    assert_eq!(refused(&store, &Create { limit: 0, ..take_over("a", "b") }).await, ["a"]);
    assert_eq!(live(&store).await, ["a"]);
}

async fn an_unknown_session_cannot_be_taken_over(store: Streams) {
    let request = one_per_pool(take_over("nobody", "b"));
    assert_eq!(create(&store, &request).await, CreateOutcome::NoSuchSession);
    assert_eq!(sessions(&store).await, []);
    play_all(&store, &[one_per_pool(ask("a"))]).await;
    assert_eq!(create(&store, &request).await, CreateOutcome::NoSuchSession, "full or not");
    assert_eq!(live(&store).await, ["a"]);
}

async fn a_lapsed_session_cannot_be_taken_over(store: Streams) {
    play(&store, &Create { first_lease_ms: 0, ..ask("a") }).await;
    assert_eq!(create(&store, &take_over("a", "b")).await, CreateOutcome::NoSuchSession);
    assert_eq!(sessions(&store).await, []);
}

async fn an_ended_session_cannot_be_taken_over(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    play(&store, &take_over("a", "b")).await;
    assert_eq!(create(&store, &take_over("a", "c")).await, CreateOutcome::NoSuchSession);
    assert_eq!(live(&store).await, ["b"]);
}

async fn the_session_of_another_account_cannot_be_taken_over(store: Streams) {
    play(&store, &Create { account: somebody_else(), ..ask("theirs") }).await;
    assert_eq!(create(&store, &take_over("theirs", "b")).await, CreateOutcome::NoSuchSession);
    assert_eq!(store.list(&somebody_else()).await.unwrap().len(), 1);
}

for_every_backend!(
    takeover_ends_the_previous_holder_and_creates_the_new_one_at_once,
    takeover_ends_the_target_even_while_there_is_room,
    takeover_of_a_session_without_a_socket_has_no_holder_to_tell,
    takeover_from_another_pool_needs_room_in_its_own,
    takeover_from_another_pool_frees_a_slot_of_the_account,
    takeover_of_one_session_does_not_satisfy_a_lowered_limit,
    takeover_with_evict_oldest_ends_the_target_and_what_else_is_needed,
    takeover_spares_the_oldest_when_the_target_makes_room,
    takeover_with_a_limit_of_zero_ends_nothing,
    an_unknown_session_cannot_be_taken_over,
    a_lapsed_session_cannot_be_taken_over,
    an_ended_session_cannot_be_taken_over,
    the_session_of_another_account_cannot_be_taken_over,
);
