//! A repeated idempotency key gets the first answer.

use baton::domain::streams::{Create, CreateOutcome, Goal, Policy, Pool, PoolKind};

use super::steps::*;
use crate::support::{clock::HOUR_MS, stores::Streams};

/// `request`, under the key `k`.
fn keyed(request: Create) -> Create {
    Create { idempotency_key: Some("k".into()), ..request }
}

/// The same request once more, as a client sends it: the server has made up another id.
fn again(request: &Create) -> Create {
    let session = format!("{} again", request.session);
    Create { session: session.into(), ..request.clone() }
}

/// Makes the call twice: the second answer repeats the first, and nothing changes.
async fn assert_repeated(store: &Streams, request: &Create) -> CreateOutcome {
    let first = create(store, request).await;
    let before = sessions(store).await;
    let second = create(store, &again(request)).await;
    assert_eq!(second, CreateOutcome::Repeated(Box::new(first.clone())));
    assert_eq!(sessions(store).await, before);
    first
}

async fn a_repeated_create_answers_the_first_session(store: Streams) {
    let first = assert_repeated(&store, &keyed(Create { limit: 1, ..ask("a") })).await;
    assert!(matches!(first, CreateOutcome::Created { .. }));
}

async fn a_repeated_limit_answer_stays_one_after_the_slot_is_free(store: Streams) {
    play_all(&store, &[Create { limit: 1, ..ask("a") }]).await;
    let request = keyed(Create { limit: 1, ..ask("b") });
    let first = create(&store, &request).await;
    assert!(matches!(first, CreateOutcome::LimitReached { .. }));
    release(&store, "a").await;
    let repeated = CreateOutcome::Repeated(Box::new(first));
    assert_eq!(create(&store, &again(&request)).await, repeated);
    assert_eq!(sessions(&store).await, []);
}

async fn a_repeated_takeover_of_nobody_stays_in_vain(store: Streams) {
    let first = assert_repeated(&store, &keyed(take_over("a", "b"))).await;
    assert_eq!(first, CreateOutcome::NoSuchSession);
    play_all(&store, &[ask("a")]).await;
    let outcome = create(&store, &again(&keyed(take_over("a", "b")))).await;
    assert_eq!(outcome, CreateOutcome::Repeated(Box::new(first)));
    assert_eq!(live(&store).await, ["a"]);
}

async fn a_repeated_eviction_takes_no_second_victim(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    let request = keyed(Create { policy: Policy::EvictOldest, ..ask("c") });
    assert_repeated(&store, &request).await;
    assert_eq!(live(&store).await, ["b", "c"]);
}

async fn a_repeated_takeover_answers_the_first(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    assert_repeated(&store, &keyed(take_over("a", "b"))).await;
    assert_eq!(live(&store).await, ["b"]);
}

async fn a_repeated_create_of_a_device_does_not_replace_itself(store: Streams) {
    let request = keyed(Create { device: Some("tv".into()), ..ask("a") });
    assert_repeated(&store, &request).await;
    assert_eq!(live(&store).await, ["a"]);
}

async fn a_repeat_gets_the_first_answer_after_the_session_ended(store: Streams) {
    let request = keyed(ask("a"));
    let first = create(&store, &request).await;
    attach(&store, "a", "n1").await;
    release(&store, "a").await;
    let repeated = CreateOutcome::Repeated(Box::new(first));
    assert_eq!(create(&store, &again(&request)).await, repeated);
    assert_eq!(sessions(&store).await, []);
}

async fn a_repeat_of_a_repeat_is_no_deeper(store: Streams) {
    let request = keyed(ask("a"));
    let first = assert_repeated(&store, &request).await;
    let third = create(&store, &again(&again(&request))).await;
    assert_eq!(third, CreateOutcome::Repeated(Box::new(first)));
}

async fn a_key_of_another_request_is_refused(store: Streams) {
    let first = keyed(ask("a"));
    play_all(&store, &[ask("target"), first.clone()]).await;
    let others = [
        Create { pool: offer("other"), ..again(&first) },
        Create { pool: Pool::new(PoolKind::Tag, "basic"), ..again(&first) },
        Create { name: "another name".into(), ..again(&first) },
        Create { device: Some("tv".into()), ..again(&first) },
        Create { goal: Goal::TakeOver(id("target")), ..again(&first) },
        Create { goal: Goal::Upsert, ..again(&first) },
    ];
    let before = sessions(&store).await;
    for other in others {
        assert_eq!(create(&store, &other).await, CreateOutcome::KeyReused, "{other:?}");
    }
    assert_eq!(sessions(&store).await, before);
}

async fn a_key_of_a_takeover_of_another_target_is_refused(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    let request = keyed(take_over("a", "c"));
    play(&store, &request).await;
    let other = Create { goal: take_over("b", "c").goal, ..again(&request) };
    assert_eq!(create(&store, &other).await, CreateOutcome::KeyReused);
    assert_eq!(live(&store).await, ["b", "c"]);
}

async fn a_repeated_upsert_is_of_the_same_id(store: Streams) {
    let request = keyed(upsert("a"));
    let first = create(&store, &request).await;
    let repeated = CreateOutcome::Repeated(Box::new(first));
    assert_eq!(create(&store, &request).await, repeated);
    assert_eq!(create(&store, &again(&request)).await, CreateOutcome::KeyReused);
    assert_eq!(live(&store).await, ["a"]);
}

async fn a_refused_key_still_repeats_its_first_answer(store: Streams) {
    let request = keyed(ask("a"));
    let first = create(&store, &request).await;
    let other = Create { pool: offer("other"), ..again(&request) };
    assert_eq!(create(&store, &other).await, CreateOutcome::KeyReused);
    let repeated = CreateOutcome::Repeated(Box::new(first));
    assert_eq!(create(&store, &again(&request)).await, repeated);
}

async fn terms_and_leases_are_no_part_of_the_request(store: Streams) {
    let request = keyed(ask("a"));
    let first = create(&store, &request).await;
    let retry = Create {
        limit: 7,
        account_limit: Some(9),
        policy: Policy::EvictOldest,
        first_lease_ms: 2 * HOUR_MS,
        lease_ms: 2 * HOUR_MS,
        ..again(&request)
    };
    assert_eq!(create(&store, &retry).await, CreateOutcome::Repeated(Box::new(first)));
}

async fn another_key_is_another_request(store: Streams) {
    let request = keyed(ask("a"));
    play_all(&store, std::slice::from_ref(&request)).await;
    let other = Create { idempotency_key: Some("k2".into()), ..again(&request) };
    play_all(&store, &[other]).await;
    assert_eq!(live(&store).await, ["a", "a again"]);
}

async fn without_a_key_every_request_counts(store: Streams) {
    let request = ask("a");
    play_all(&store, &[request.clone(), again(&request)]).await;
    refused(&store, &again(&again(&request))).await;
}

async fn the_key_of_another_account_is_another_key(store: Streams) {
    play_all(&store, &[keyed(ask("a"))]).await;
    let theirs = Create { account: somebody_else(), pool: offer("other"), ..ask("b") };
    play_all(&store, &[keyed(theirs)]).await;
}

for_every_backend!(
    a_repeated_create_answers_the_first_session,
    a_repeated_limit_answer_stays_one_after_the_slot_is_free,
    a_repeated_takeover_of_nobody_stays_in_vain,
    a_repeated_eviction_takes_no_second_victim,
    a_repeated_takeover_answers_the_first,
    a_repeated_create_of_a_device_does_not_replace_itself,
    a_repeat_gets_the_first_answer_after_the_session_ended,
    a_repeat_of_a_repeat_is_no_deeper,
    a_key_of_another_request_is_refused,
    a_key_of_a_takeover_of_another_target_is_refused,
    a_repeated_upsert_is_of_the_same_id,
    a_refused_key_still_repeats_its_first_answer,
    terms_and_leases_are_no_part_of_the_request,
    another_key_is_another_request,
    without_a_key_every_request_counts,
    the_key_of_another_account_is_another_key,
);
