//! How many co-browse sessions there may be of a kind.

use baton::domain::{
    cobrowse::{SlotOutcome, SlotScope, store::FULL_SESSIONS},
    ids::SessionToken,
};

use super::races::{count, race};
use crate::support::{clock::HOUR_MS, eventually, stores::Slots};

fn agent() -> SlotScope {
    SlotScope::Agent("tenant".into(), "agent".into())
}

fn session(number: usize) -> SessionToken {
    format!("{number:09}").into()
}

async fn take(store: &Slots, number: usize, limit: u32, lease_ms: u64) -> SlotOutcome {
    store.take(&agent(), &session(number), limit, lease_ms).await.unwrap()
}

async fn a_slot_is_taken_up_to_the_limit(store: Slots) {
    assert_eq!(take(&store, 1, 2, HOUR_MS).await, SlotOutcome::Taken);
    assert_eq!(take(&store, 2, 2, HOUR_MS).await, SlotOutcome::Taken);
    let SlotOutcome::Full(mut others) = take(&store, 3, 2, HOUR_MS).await else {
        panic!("two others have theirs");
    };
    others.sort();
    assert_eq!(others, [session(1), session(2)]);
    assert_eq!(store.held(&agent()).await.unwrap(), 2);
    assert!(matches!(take(&store, 4, 0, HOUR_MS).await, SlotOutcome::Full(o) if o.len() == 2));
}

async fn a_session_takes_one_slot_however_often_it_asks(store: Slots) {
    for _ in 0..3 {
        assert_eq!(take(&store, 1, 1, HOUR_MS).await, SlotOutcome::Taken);
    }
    assert_eq!(store.held(&agent()).await.unwrap(), 1);
}

async fn a_limit_of_none_names_nobody(store: Slots) {
    assert_eq!(take(&store, 1, 0, HOUR_MS).await, SlotOutcome::Full(Vec::new()));
    assert_eq!(store.held(&agent()).await.unwrap(), 0);
}

async fn a_holder_keeps_its_slot_where_a_lowered_limit_is_full(store: Slots) {
    for number in 0..3 {
        take(&store, number, 3, HOUR_MS).await;
    }
    for limit in [3, 2, 1, 0] {
        assert_eq!(take(&store, 0, limit, HOUR_MS).await, SlotOutcome::Taken, "{limit}");
    }
    assert_eq!(store.held(&agent()).await.unwrap(), 3, "nobody loses a slot by that");
    store.free(&agent(), &session(0)).await.unwrap();
    let full = take(&store, 0, 2, HOUR_MS).await;
    assert!(matches!(full, SlotOutcome::Full(o) if o.len() == 2), "it is like any other again");
    assert_eq!(take(&store, 1, 2, 0).await, SlotOutcome::Taken, "its lease is the newest");
    assert_eq!(take(&store, 1, 1, HOUR_MS).await, SlotOutcome::Full(vec![session(2)]), "it lapsed");
}

/// Renews slots of the agent.
async fn renew(store: &Slots, numbers: impl IntoIterator<Item = usize>, lease_ms: u64) {
    let slots: Vec<_> = numbers.into_iter().map(|number| (agent(), session(number))).collect();
    let renewed = store.renew(&slots, lease_ms).await;
    assert_eq!(renewed.len(), slots.len());
    assert!(renewed.iter().all(Result::is_ok), "{renewed:?}");
}

async fn a_renewal_keeps_a_slot(store: Slots) {
    take(&store, 1, 9, 300).await;
    take(&store, 2, 9, 300).await;
    renew(&store, [1], HOUR_MS).await;
    eventually("the other's lease ends", async || {
        (store.held(&agent()).await.unwrap() == 1).then_some(())
    })
    .await;
    assert_eq!(take(&store, 3, 1, HOUR_MS).await, SlotOutcome::Full(vec![session(1)]));
    renew(&store, [1], 0).await;
    assert_eq!(store.held(&agent()).await.unwrap(), 0, "its lease is the newest renewal's");
}

async fn a_renewal_never_takes(store: Slots) {
    renew(&store, [1], HOUR_MS).await;
    take(&store, 2, 9, 0).await;
    take(&store, 3, 9, HOUR_MS).await;
    store.free(&agent(), &session(3)).await.unwrap();
    renew(&store, [2, 3, 1], HOUR_MS).await;
    assert_eq!(store.held(&agent()).await.unwrap(), 0);
    renew(&store, [], HOUR_MS).await;
}

async fn many_slots_of_many_scopes_are_renewed_at_once(store: Slots) {
    let scope = |number: usize| SlotScope::Agent("tenant".into(), format!("{}", number % 7).into());
    for number in 0..70 {
        store.take(&scope(number), &session(number), 99, HOUR_MS).await.unwrap();
    }
    // Every third one is renewed for no time at all; from 70 on nobody holds one.
    let chosen = (0..900).step_by(3).map(|number| (scope(number), session(number)));
    let renewed = store.renew(&chosen.collect::<Vec<_>>(), 0).await;
    assert_eq!(renewed.len(), 300);
    assert!(renewed.iter().all(Result::is_ok), "{renewed:?}");
    let mut held = 0;
    for number in 0..7 {
        held += store.held(&scope(number)).await.unwrap();
    }
    assert_eq!(held, 70 - 24);
}

async fn a_lapsed_slot_is_free(store: Slots) {
    assert_eq!(take(&store, 1, 1, 0).await, SlotOutcome::Taken);
    assert_eq!(store.held(&agent()).await.unwrap(), 0);
    assert_eq!(take(&store, 2, 1, 1).await, SlotOutcome::Taken);
    eventually("the other's lease ends", async || {
        (take(&store, 3, 1, HOUR_MS).await == SlotOutcome::Taken).then_some(())
    })
    .await;
}

async fn a_shorter_lease_of_one_does_not_end_that_of_another(store: Slots) {
    take(&store, 1, 9, HOUR_MS).await;
    take(&store, 2, 9, 0).await;
    take(&store, 3, 9, 1).await;
    eventually("the short one ends", async || {
        (store.held(&agent()).await.unwrap() == 1).then_some(())
    })
    .await;
    assert_eq!(take(&store, 4, 1, HOUR_MS).await, SlotOutcome::Full(vec![session(1)]));
}

async fn a_slot_is_given_back(store: Slots) {
    take(&store, 1, 1, HOUR_MS).await;
    for number in [1, 1, 7] {
        store.free(&agent(), &session(number)).await.unwrap();
    }
    assert_eq!(store.held(&agent()).await.unwrap(), 0);
    assert_eq!(take(&store, 2, 1, HOUR_MS).await, SlotOutcome::Taken);
}

async fn scopes_do_not_share_slots(store: Slots) {
    let scopes = [
        agent(),
        SlotScope::Agent("tenant".into(), "other".into()),
        SlotScope::Agent("tenantagent".into(), "".into()),
        SlotScope::Watched("tenant".into()),
        SlotScope::Watched("{tenant}".into()),
    ];
    for scope in &scopes {
        let taken = store.take(scope, &session(1), 1, HOUR_MS).await.unwrap();
        assert_eq!(taken, SlotOutcome::Taken, "{scope:?}");
    }
    store.free(&scopes[0], &session(1)).await.unwrap();
    assert_eq!(store.held(&scopes[1]).await.unwrap(), 1);
}

async fn a_full_answer_names_a_hundred_at_most(store: Slots) {
    for number in 0..FULL_SESSIONS + 5 {
        take(&store, number, 500, HOUR_MS).await;
    }
    let SlotOutcome::Full(others) = take(&store, 999, 1, HOUR_MS).await else { panic!("full") };
    assert_eq!(others.len(), FULL_SESSIONS);
}

async fn racing_sessions_never_exceed_the_limit(store: Slots) {
    let outcomes =
        race(&store, 60, |store, number| async move { take(&store, number, 5, HOUR_MS).await })
            .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == SlotOutcome::Taken), 5);
    let full = |outcome: &SlotOutcome| matches!(outcome, SlotOutcome::Full(o) if o.len() == 5);
    assert_eq!(count(&outcomes, full), 55);
    assert_eq!(store.held(&agent()).await.unwrap(), 5);
}

for_every_backend!(slots:
    a_slot_is_taken_up_to_the_limit,
    a_session_takes_one_slot_however_often_it_asks,
    a_limit_of_none_names_nobody,
    a_holder_keeps_its_slot_where_a_lowered_limit_is_full,
    a_renewal_keeps_a_slot,
    a_renewal_never_takes,
    many_slots_of_many_scopes_are_renewed_at_once,
    a_lapsed_slot_is_free,
    a_shorter_lease_of_one_does_not_end_that_of_another,
    a_slot_is_given_back,
    scopes_do_not_share_slots,
    a_full_answer_names_a_hundred_at_most,
    racing_sessions_never_exceed_the_limit,
);
