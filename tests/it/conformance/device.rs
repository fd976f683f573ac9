//! One device holds one session.

use baton::domain::streams::{Create, CreateOutcome, EndReason, Ended, Policy};

use super::steps::*;
use crate::support::stores::Streams;

/// `request`, from the television.
fn on_tv(request: Create) -> Create {
    Create { device: Some("tv".into()), ..request }
}

async fn a_device_that_starts_again_replaces_its_session(store: Streams) {
    play_all(&store, &[on_tv(ask("a"))]).await;
    let held = attach(&store, "a", "n1").await;
    let (session, victims) = play(&store, &on_tv(ask("b"))).await;
    let told = Ended {
        session: id("a"),
        generation: held.generation,
        holder: Some(node("n1")),
        why: EndReason::Replaced { by: id("b") },
    };
    assert_eq!(victims, std::slice::from_ref(&told));
    assert_eq!(sessions(&store).await, [session]);
    assert_eq!(ended(&store, "a").await, told);
}

async fn a_device_that_starts_again_uses_no_second_slot(store: Streams) {
    let full = |request| Create { limit: 2, account_limit: Some(2), ..request };
    play_all(&store, &[full(on_tv(ask("a"))), full(ask("b"))]).await;
    let (_, ended) = play(&store, &full(on_tv(ask("c")))).await;
    assert_eq!(victims(&ended), ["a"]);
    assert_eq!(live(&store).await, ["b", "c"]);
}

async fn a_device_is_replaced_in_any_pool_of_the_account(store: Streams) {
    let elsewhere = Create { pool: offer("other"), ..on_tv(ask("a")) };
    play_all(&store, &[elsewhere]).await;
    let (_, ended) = play(&store, &on_tv(ask("b"))).await;
    assert_eq!(victims(&ended), ["a"]);
    assert_eq!(live(&store).await, ["b"]);
}

async fn a_device_refused_by_a_full_pool_keeps_its_session_in_another(store: Streams) {
    let elsewhere = Create { pool: offer("other"), ..on_tv(ask("tv's")) };
    play_all(&store, &[elsewhere, ask("a"), ask("b")]).await;
    assert_eq!(refused(&store, &on_tv(ask("c"))).await, ["a", "b"]);
    assert_eq!(live(&store).await, ["a", "b", "tv's"]);
}

async fn another_device_and_no_device_are_not_replaced(store: Streams) {
    let on_phone = Create { device: Some("phone".into()), ..ask("phone's") };
    let requests = [on_tv(ask("tv's")), on_phone, ask("a"), ask("b")];
    let wide = requests.map(|request| Create { limit: 4, ..request });
    play_all(&store, &wide).await;
    assert_eq!(live(&store).await, ["a", "b", "phone's", "tv's"]);
}

async fn the_device_of_another_account_is_not_replaced(store: Streams) {
    play(&store, &Create { account: somebody_else(), ..on_tv(ask("theirs")) }).await;
    play_all(&store, &[on_tv(ask("mine"))]).await;
    assert_eq!(store.list(&somebody_else()).await.unwrap().len(), 1);
}

async fn a_device_may_start_again_after_its_session_ended(store: Streams) {
    play_all(&store, &[on_tv(ask("a"))]).await;
    release(&store, "a").await;
    play_all(&store, &[Create { first_lease_ms: 0, ..on_tv(ask("b")) }]).await;
    play_all(&store, &[on_tv(ask("c"))]).await;
    assert_eq!(live(&store).await, ["c"]);
}

async fn a_replaced_device_spares_the_oldest_session(store: Streams) {
    play_all(&store, &[ask("old"), on_tv(ask("tv's"))]).await;
    let request = Create { policy: Policy::EvictOldest, ..on_tv(ask("new")) };
    let (_, ended) = play(&store, &request).await;
    assert_eq!(victims(&ended), ["tv's"]);
    assert_eq!(live(&store).await, ["new", "old"]);
}

async fn eviction_and_replacing_each_tell_their_own_reason(store: Streams) {
    let elsewhere = Create { pool: offer("other"), ..on_tv(ask("tv's")) };
    play_all(&store, &[elsewhere, ask("old"), ask("young")]).await;
    play(&store, &Create { policy: Policy::EvictOldest, ..on_tv(ask("new")) }).await;
    let evicted = EndReason::TakenOver { by: id("new"), by_name: name_of("new") };
    assert_eq!(ended(&store, "old").await.why, evicted);
    assert_eq!(ended(&store, "tv's").await.why, EndReason::Replaced { by: id("new") });
    assert_eq!(live(&store).await, ["new", "young"]);
}

async fn takeover_ends_the_target_and_replaces_the_device(store: Streams) {
    play_all(&store, &[on_tv(ask("tv's")), ask("target")]).await;
    let (_, ended) = play(&store, &on_tv(take_over("target", "new"))).await;
    assert_eq!(victims(&ended), ["target", "tv's"]);
    assert_eq!(live(&store).await, ["new"]);
}

async fn a_device_may_take_over_its_own_session(store: Streams) {
    play_all(&store, &[on_tv(ask("a"))]).await;
    let (_, ended) = play(&store, &on_tv(take_over("a", "b"))).await;
    assert_eq!(victims(&ended), ["a"], "once");
    assert_eq!(live(&store).await, ["b"]);
}

async fn takeover_of_nobody_replaces_nothing(store: Streams) {
    play_all(&store, &[on_tv(ask("a"))]).await;
    let outcome = create(&store, &on_tv(take_over("nobody", "b"))).await;
    assert_eq!(outcome, CreateOutcome::NoSuchSession);
    assert_eq!(live(&store).await, ["a"]);
}

for_every_backend!(
    a_device_that_starts_again_replaces_its_session,
    a_device_that_starts_again_uses_no_second_slot,
    a_device_is_replaced_in_any_pool_of_the_account,
    a_device_refused_by_a_full_pool_keeps_its_session_in_another,
    another_device_and_no_device_are_not_replaced,
    the_device_of_another_account_is_not_replaced,
    a_device_may_start_again_after_its_session_ended,
    a_replaced_device_spares_the_oldest_session,
    eviction_and_replacing_each_tell_their_own_reason,
    takeover_ends_the_target_and_replaces_the_device,
    a_device_may_take_over_its_own_session,
    takeover_of_nobody_replaces_nothing,
);
