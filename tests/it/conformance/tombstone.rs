//! What is left of a session that ended: the reason, for whoever comes back to it.

use baton::domain::{
    ids::Generation,
    streams::{
        ConnectOutcome, Create, EndReason, Ended, HeartbeatOutcome, ReleaseOutcome, Verdict,
    },
};

use super::steps::*;
use crate::support::stores::Streams;

/// Every reason there is.
fn reasons() -> [EndReason; 5] {
    [
        EndReason::Finished,
        EndReason::TakenOver { by: id("by \"}{"), by_name: "näme\n\u{0}".into() },
        EndReason::Replaced { by: id("by") },
        EndReason::Operator { note: "note: \"fraud\", 'and' so on\\".into() },
        EndReason::Unresponsive,
    ]
}

async fn a_tombstone_keeps_any_reason(store: Streams) {
    for (number, why) in reasons().into_iter().enumerate() {
        let session = format!("s{number}");
        play_all(&store, &[ask(&session)]).await;
        let told = Ended {
            session: id(&session),
            generation: Generation::FIRST,
            holder: None,
            why: why.clone(),
        };
        let outcome = store.release(&me(), &id(&session), None, &why).await.unwrap();
        assert_eq!(outcome, ReleaseOutcome::Released(told.clone()));
        assert_eq!(ended(&store, &session).await, told);
    }
}

async fn a_tombstone_tells_every_way_of_asking_the_same(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    play(&store, &take_over("a", "b")).await;
    let told = Ended {
        session: id("a"),
        generation: Generation(2),
        holder: Some(node("n1")),
        why: EndReason::TakenOver { by: id("b"), by_name: name_of("b") },
    };
    for _ in 0..2 {
        assert_eq!(connect(&store, "a", "n3").await, ConnectOutcome::Ended(told.clone()));
        let heartbeat = store.heartbeat(&me(), &id("a"), None).await.unwrap();
        assert_eq!(heartbeat, HeartbeatOutcome::Ended(told.clone()));
        assert_eq!(renew(&store, &renewal("a", 2)).await, Verdict::Ended(told.clone()));
        let again = release(&store, "a").await;
        assert_eq!(again, ReleaseOutcome::AlreadyEnded(told.clone()));
    }
}

async fn a_tombstone_survives_what_happens_beside_it(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let (_, first) = play(&store, &take_over("a", "b")).await;
    let (_, second) = play(&store, &take_over("b", "c")).await;
    release(&store, "c").await;
    // Not a single live session is left, and every lapsed one was swept.
    play(&store, &Create { first_lease_ms: 0, ..ask("d") }).await;
    play(&store, &Create { first_lease_ms: 0, ..ask("e") }).await;
    assert_eq!(ended(&store, "a").await, first[0], "tells who took a, not who plays now");
    assert_eq!(ended(&store, "b").await, second[0]);
    assert_eq!(ended(&store, "c").await.why, EndReason::Finished);
}

async fn a_tombstone_uses_no_slot_and_is_not_listed(store: Streams) {
    let one = |session| Create { limit: 1, account_limit: Some(1), ..ask(session) };
    for session in ["a", "b", "c"] {
        play_all(&store, &[one(session)]).await;
        assert_eq!(live(&store).await, [session]);
        release(&store, session).await;
    }
    assert_eq!(sessions(&store).await, []);
}

async fn a_tombstone_speaks_to_its_own_account_only(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    release(&store, "a").await;
    let theirs =
        store.connect(&somebody_else(), &id("a"), Generation::FIRST, &node("n1")).await.unwrap();
    assert_eq!(theirs, ConnectOutcome::Unknown);
}

for_every_backend!(
    a_tombstone_keeps_any_reason,
    a_tombstone_tells_every_way_of_asking_the_same,
    a_tombstone_survives_what_happens_beside_it,
    a_tombstone_uses_no_slot_and_is_not_listed,
    a_tombstone_speaks_to_its_own_account_only,
);
