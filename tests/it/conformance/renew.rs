//! Renewals of sockets' sessions, and the verdicts they bring.

use baton::domain::{
    ids::Generation,
    streams::{Create, Renewal, Verdict},
};

use super::steps::*;
use crate::support::{
    clock::{HOUR_MS, now_ms, tick},
    eventually,
    stores::Streams,
};

/// A session held by `n1` as generation 2.
async fn held(store: &Streams, session: &str) {
    play_all(store, &[ask(session)]).await;
    attach(store, session, "n1").await;
}

async fn a_renewal_moves_the_lease(store: Streams) {
    held(&store, "a").await;
    let before = find(&store, "a").await;
    tick().await;
    let Verdict::Live { expires_ms } = renew(&store, &renewal("a", 2)).await else {
        panic!("it lives");
    };
    assert!(expires_ms > before.expires_ms);
    assert_eq!(find(&store, "a").await, baton::domain::streams::Session { expires_ms, ..before });
}

async fn a_renewal_can_be_repeated(store: Streams) {
    held(&store, "a").await;
    for _ in 0..3 {
        assert!(matches!(renew(&store, &renewal("a", 2)).await, Verdict::Live { .. }));
    }
    assert_eq!(find(&store, "a").await.generation, Generation(2));
}

async fn a_renewal_of_an_older_generation_learns_of_the_newer(store: Streams) {
    held(&store, "a").await;
    attach(&store, "a", "n2").await;
    let before = find(&store, "a").await;
    tick().await;
    assert_eq!(renew(&store, &renewal("a", 2)).await, Verdict::Superseded(Generation(3)));
    assert_eq!(find(&store, "a").await, before, "a stale holder renews nothing");
}

async fn the_store_being_away_does_not_help_an_older_generation(store: Streams) {
    held(&store, "a").await;
    attach(&store, "a", "n2").await;
    let stale = Renewal { store_was_away: true, ..renewal("a", 2) };
    assert_eq!(renew(&store, &stale).await, Verdict::Superseded(Generation(3)));
}

async fn who_let_go_renews_no_more(store: Streams) {
    held(&store, "a").await;
    store.park(&me(), &id("a"), Generation(2), HOUR_MS).await.unwrap();
    let parked = find(&store, "a").await;
    tick().await;
    assert_eq!(renew(&store, &renewal("a", 2)).await, Verdict::Superseded(Generation(2)));
    assert_eq!(find(&store, "a").await, parked, "the grace stays what it was");
}

async fn a_renewal_of_an_ended_session_tells_how_it_ended(store: Streams) {
    held(&store, "a").await;
    let (_, victims) = play(&store, &take_over("a", "b")).await;
    let verdict = Verdict::Ended(victims[0].clone());
    assert_eq!(renew(&store, &renewal("a", 2)).await, verdict);
    let waited =
        Renewal { held_until_ms: now_ms() + HOUR_MS, store_was_away: true, ..renewal("a", 2) };
    assert_eq!(renew(&store, &waited).await, verdict, "whatever the holder believes");
    assert_eq!(live(&store).await, ["b"]);
}

async fn a_renewal_of_a_lapsed_session_is_too_late(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..ask("a") }).await;
    attach(&store, "a", "n1").await;
    assert_eq!(renew(&store, &renewal("a", 2)).await, Verdict::Expired);
    assert_eq!(sessions(&store).await, []);
}

async fn a_lapsed_session_is_revived_if_the_store_was_away(store: Streams) {
    // Nothing but its lease lapsed: nobody created anything since, the record is there.
    play(&store, &Create { lease_ms: 1, ..ask("a") }).await;
    attach(&store, "a", "n1").await;
    eventually("it lapsed", async || sessions(&store).await.is_empty().then_some(())).await;
    let away = Renewal { store_was_away: true, ..renewal("a", 2) };
    assert!(matches!(renew(&store, &away).await, Verdict::Live { .. }));
}

async fn a_lapsed_lease_of_a_holder_is_revived_if_the_store_was_away(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..ask("a") }).await;
    attach(&store, "a", "n1").await;
    let away = Renewal { store_was_away: true, ..renewal("a", 2) };
    for _ in 0..2 {
        assert!(matches!(renew(&store, &away).await, Verdict::Live { .. }));
    }
}

async fn a_lapsed_session_is_over_once_somebody_asked_for_another(store: Streams) {
    play(&store, &Create { lease_ms: 0, ..ask("a") }).await;
    attach(&store, "a", "n1").await;
    play(&store, &Create { limit: 1, ..ask("b") }).await;
    let away = Renewal { store_was_away: true, ..renewal("a", 2) };
    assert_eq!(renew(&store, &away).await, Verdict::Expired);
    assert_eq!(live(&store).await, ["b"]);
}

async fn an_absent_session_whose_lease_is_over_has_expired(store: Streams) {
    for held_until_ms in [0, 1, now_ms() - 1] {
        for store_was_away in [false, true] {
            let over = Renewal { held_until_ms, store_was_away, ..renewal("nobody", 2) };
            assert_eq!(renew(&store, &over).await, Verdict::Expired);
        }
    }
    assert_eq!(sessions(&store).await, [], "renewals never create");
}

async fn an_absent_session_whose_lease_should_run_was_forgotten(store: Streams) {
    let held_until_ms = now_ms() + HOUR_MS;
    for store_was_away in [false, true] {
        let running = Renewal { held_until_ms, store_was_away, ..renewal("nobody", 2) };
        assert_eq!(renew(&store, &running).await, Verdict::Forgotten);
    }
    assert_eq!(sessions(&store).await, [], "renewals never create");
}

async fn verdicts_come_in_the_order_of_the_renewals(store: Streams) {
    held(&store, "live").await;
    held(&store, "newer").await;
    attach(&store, "newer", "n2").await;
    let theirs = Create { account: somebody_else(), ..ask("theirs") };
    play(&store, &theirs).await;
    store.connect(&somebody_else(), &id("theirs"), Generation::FIRST, &node("n1")).await.unwrap();
    let in_pool = Create { pool: offer("other"), ..ask("over") };
    play(&store, &in_pool).await;
    release(&store, "over").await;

    let batch = [
        renewal("nobody", 2),
        renewal("live", 2),
        renewal("over", 1),
        Renewal { account: somebody_else(), ..renewal("theirs", 2) },
        renewal("newer", 2),
        Renewal { held_until_ms: now_ms() + HOUR_MS, ..renewal("lost", 2) },
        renewal("live", 2),
        renewal("theirs", 1),
        Renewal { node: node("n2"), ..renewal("newer", 3) },
    ];
    let verdicts: Vec<String> = store
        .renew(&batch)
        .await
        .into_iter()
        .map(|verdict| format!("{:?}", verdict.unwrap()))
        .map(|verdict| verdict.split([' ', '(']).next().unwrap().to_owned())
        .collect();
    assert_eq!(
        verdicts,
        ["Expired", "Live", "Ended", "Live", "Superseded", "Forgotten", "Live", "Expired", "Live"]
    );
}

async fn a_long_batch_gets_a_verdict_for_each(store: Streams) {
    const ALL: usize = 1500;
    let wide = Create { limit: 2000, ..ask("") };
    for number in (0..ALL).step_by(3) {
        let session = format!("s{number}");
        create(&store, &Create { session: session.as_str().into(), ..wide.clone() }).await;
        attach(&store, &session, "n1").await;
    }
    let batch: Vec<Renewal> = (0..ALL).map(|number| renewal(&format!("s{number}"), 2)).collect();
    let verdicts = store.renew(&batch).await;
    assert_eq!(verdicts.len(), ALL);
    for (number, verdict) in verdicts.into_iter().enumerate() {
        let lives = matches!(verdict.unwrap(), Verdict::Live { .. });
        assert_eq!(lives, number % 3 == 0, "of s{number}");
    }
}

async fn no_renewals_bring_no_verdicts(store: Streams) {
    assert!(store.renew(&[]).await.is_empty());
}

for_every_backend!(
    a_renewal_moves_the_lease,
    a_renewal_can_be_repeated,
    a_renewal_of_an_older_generation_learns_of_the_newer,
    the_store_being_away_does_not_help_an_older_generation,
    who_let_go_renews_no_more,
    a_renewal_of_an_ended_session_tells_how_it_ended,
    a_renewal_of_a_lapsed_session_is_too_late,
    a_lapsed_session_is_revived_if_the_store_was_away,
    a_lapsed_lease_of_a_holder_is_revived_if_the_store_was_away,
    a_lapsed_session_is_over_once_somebody_asked_for_another,
    an_absent_session_whose_lease_is_over_has_expired,
    an_absent_session_whose_lease_should_run_was_forgotten,
    verdicts_come_in_the_order_of_the_renewals,
    a_long_batch_gets_a_verdict_for_each,
    no_renewals_bring_no_verdicts,
);
