//! Who hosts a co-browse session: claims, renewals, letting go.

use baton::domain::{
    cobrowse::{
        Change, ClaimOutcome, Event, HostVerdict, Hosting, Life, PutOutcome, Session, Stored,
    },
    ids::NodeName,
};

use super::{
    cobrowse::{
        FORGOTTEN, LAPSED, LONG, change, created, created_for, fresh, got, put, server, trail,
        with_end,
    },
    races::{count, race},
};
use crate::support::{
    clock::{HOUR_MS, tick},
    stores::Cobrowse,
};

async fn claim_for(store: &Cobrowse, session: &Session, node: &str, lease_ms: u64) -> ClaimOutcome {
    store.claim(&session.token, &server(node), lease_ms, LONG).await.unwrap()
}

async fn claim(store: &Cobrowse, session: &Session, node: &str) -> ClaimOutcome {
    claim_for(store, session, node, HOUR_MS).await
}

/// Claims what is not over. Answers the session and the name of the host before.
pub(super) async fn host(
    store: &Cobrowse,
    session: &Session,
    node: &str,
) -> (Stored, Option<NodeName>) {
    let outcome = claim(store, session, node).await;
    let ClaimOutcome::Claimed { stored, previous } = outcome else {
        panic!("it must be claimed, not {outcome:?}");
    };
    (*stored, previous.map(|server| server.name))
}

pub(super) fn hosting(session: &Session, fence: u64) -> Hosting {
    Hosting { session: session.token.clone(), fence, lease_ms: HOUR_MS, life: LONG }
}

pub(super) async fn renew(store: &Cobrowse, hosting: &Hosting) -> HostVerdict {
    store.renew(std::slice::from_ref(hosting)).await.remove(0).unwrap()
}

pub(super) fn hosted(node: &str, fence: u64) -> Event {
    Event::Hosted { node: node.into(), fence }
}

async fn a_claim_makes_a_node_the_host(store: Cobrowse) {
    let session = created_for(&store, Life { live_ms: HOUR_MS / 2, remember_ms: 0 }).await;
    let (stored, previous) = host(&store, &session, "n1").await;
    assert_eq!((stored.fence, previous), (1, None));
    assert_eq!(stored.owner, Some(server("n1")));
    assert_eq!(stored.expires_ms, stored.now_ms + HOUR_MS, "it has the life of the claim");
    assert_eq!(stored.version, 1, "the record is what it was");
    assert_eq!(Stored { now_ms: stored.now_ms, ..got(&store, &session).await }, stored);
    assert_eq!(trail(&store, &session).await, [Event::Created, hosted("n1", 1)]);
}

async fn the_newest_claim_wins(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    let (stored, previous) = host(&store, &session, "n2").await;
    assert_eq!((stored.fence, previous), (2, Some("n1".into())));
    assert_eq!(got(&store, &session).await.owner, Some(server("n2")));
    let (_, previous) = host(&store, &session, "n2").await;
    assert_eq!(previous, Some("n2".into()), "also where it was the host before");
    let events = [Event::Created, hosted("n1", 1), hosted("n2", 2), hosted("n2", 3)];
    assert_eq!(trail(&store, &session).await, events);
}

async fn a_host_whose_lease_ran_out_is_none(store: Cobrowse) {
    let session = created(&store).await;
    let outcome = claim_for(&store, &session, "n1", 0).await;
    assert!(matches!(outcome, ClaimOutcome::Claimed { stored, .. } if stored.owner.is_none()));
    assert_eq!(got(&store, &session).await.owner, None);
    let (stored, previous) = host(&store, &session, "n2").await;
    assert_eq!((stored.fence, previous), (2, None));
}

async fn what_is_over_cannot_be_claimed(store: Cobrowse) {
    let lapsed = created_for(&store, LAPSED).await;
    assert_eq!(claim(&store, &lapsed, "n1").await, ClaimOutcome::Over);
    let ended = created(&store).await;
    put(&store, &change(&with_end(&ended), 1)).await;
    assert_eq!(claim(&store, &ended, "n1").await, ClaimOutcome::Over);
    assert_eq!(claim(&store, &fresh(), "n1").await, ClaimOutcome::Unknown);
    let forgotten = created_for(&store, FORGOTTEN).await;
    assert_eq!(claim(&store, &forgotten, "n1").await, ClaimOutcome::Unknown);
    assert_eq!(got(&store, &lapsed).await.fence, 0, "nothing changed");
    assert_eq!(trail(&store, &lapsed).await, [Event::Created]);
}

async fn racing_claims_get_a_fence_each(store: Cobrowse) {
    let session = created(&store).await;
    let claimed = session.clone();
    let outcomes = race(&store, 40, move |store, number| {
        let session = claimed.clone();
        async move { host(&store, &session, &format!("n{number}")).await }
    })
    .await;
    let mut fences: Vec<_> = outcomes.iter().map(|(stored, _)| stored.fence).collect();
    fences.sort_unstable();
    assert_eq!(fences, (1..=40).collect::<Vec<_>>());
    assert_eq!(count(&outcomes, |(_, previous)| previous.is_none()), 1, "each other ends a host");
    let newest = outcomes.iter().max_by_key(|(stored, _)| stored.fence).unwrap();
    assert_eq!(got(&store, &session).await.owner, newest.0.owner);
}

async fn a_put_of_the_newest_host_is_written(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    let own = Change { fence: Some(1), ..change(&session, 1) };
    assert_eq!(put(&store, &own).await, PutOutcome::Put { version: 2 });
    assert_eq!(got(&store, &session).await.owner, Some(server("n1")), "it stays the host");
}

async fn a_put_of_an_older_host_is_fenced_whatever_it_read(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    host(&store, &session, "n2").await;
    for version in [1, 7] {
        let stale = Change {
            fence: Some(1),
            events: vec![Event::ConsentGiven],
            ..change(&with_end(&session), version)
        };
        assert_eq!(put(&store, &stale).await, PutOutcome::Fenced);
    }
    assert_eq!(got(&store, &session).await.session, session);
    assert_eq!(trail(&store, &session).await.len(), 3);
}

async fn racing_claims_and_puts_leave_one_whole_session(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n0").await;
    let raced = session.clone();
    let written = race(&store, 40, move |store, number| {
        let session = raced.clone();
        async move {
            if number % 2 == 0 {
                host(&store, &session, &format!("n{number}")).await;
                return false;
            }
            let own = Change {
                fence: Some(1),
                events: vec![Event::ConsentGiven],
                ..change(&Session { consented: true, ..session }, 1)
            };
            matches!(put(&store, &own).await, PutOutcome::Put { .. })
        }
    })
    .await;
    let puts = count(&written, |written| *written);
    let stored = got(&store, &session).await;
    assert!(puts <= 1);
    assert_eq!((stored.fence, stored.version), (21, 1 + puts as u64));
    assert_eq!(stored.session.consented, puts == 1);
    // A put of the first host is noted before any later claim, or not at all.
    let trail = trail(&store, &session).await;
    let noted = trail.iter().position(|event| *event == Event::ConsentGiven);
    assert_eq!(noted, (puts == 1).then_some(2));
}

async fn an_end_clears_the_host(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    put(&store, &change(&with_end(&session), 1)).await;
    let stored = got(&store, &session).await;
    assert_eq!((stored.owner, stored.fence), (None, 1));
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Over);
}

async fn a_renewal_keeps_host_and_session(store: Cobrowse) {
    let session = created(&store).await;
    claim_for(&store, &session, "n1", 0).await;
    put(&store, &change(&session, 1)).await;
    let before = got(&store, &session).await;
    tick().await;
    for _ in 0..3 {
        let verdict = renew(&store, &hosting(&session, 1)).await;
        assert_eq!(verdict, HostVerdict::Kept { version: 2 });
    }
    let after = got(&store, &session).await;
    assert_eq!((after.owner, after.fence), (Some(server("n1")), 1), "also after its lease");
    assert!(after.expires_ms > before.expires_ms);
    assert_eq!(trail(&store, &session).await.len(), 2, "renewals are not noted");
}

async fn a_renewal_of_an_older_host_is_fenced(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    host(&store, &session, "n2").await;
    let before = got(&store, &session).await;
    tick().await;
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Fenced);
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
}

async fn a_renewal_revives_what_lapsed(store: Cobrowse) {
    let session = created(&store).await;
    store.claim(&session.token, &server("n1"), 0, LAPSED).await.unwrap();
    assert_eq!(claim(&store, &session, "n2").await, ClaimOutcome::Over, "a claim does not");
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Kept { version: 1 });
    let stored = got(&store, &session).await;
    assert_eq!((&stored.owner, stored.fence), (&Some(server("n1")), 1));
    assert!(stored.expires_ms > stored.now_ms + HOUR_MS / 2, "its life starts anew");
    assert_eq!(trail(&store, &session).await, [Event::Created, hosted("n1", 1)]);
    assert_eq!(host(&store, &session, "n2").await.0.fence, 2);
}

async fn a_revived_session_is_forgotten_when_its_new_time_is_over(store: Cobrowse) {
    let session = created(&store).await;
    store.claim(&session.token, &server("n1"), HOUR_MS, LAPSED).await.unwrap();
    let nothing = Hosting { life: FORGOTTEN, ..hosting(&session, 1) };
    assert_eq!(renew(&store, &nothing).await, HostVerdict::Kept { version: 1 });
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Unknown);
}

async fn only_the_newest_host_revives_what_lapsed(store: Cobrowse) {
    let session = created(&store).await;
    for node in ["n1", "n2"] {
        host(&store, &session, node).await;
    }
    put(&store, &Change { life: Some(LAPSED), ..change(&session, 1) }).await;
    let before = got(&store, &session).await;
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Fenced);
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
    assert_eq!(renew(&store, &hosting(&session, 2)).await, HostVerdict::Kept { version: 2 });
    let never_hosted = created_for(&store, LAPSED).await;
    assert_eq!(renew(&store, &hosting(&never_hosted, 0)).await, HostVerdict::Over);
}

async fn what_was_let_go_and_lapsed_stays_over(store: Cobrowse) {
    let session = created(&store).await;
    for node in ["n1", "n2"] {
        host(&store, &session, node).await;
    }
    assert!(store.let_go(&session.token, 2, LAPSED).await.unwrap());
    for fence in [1, 2] {
        assert_eq!(renew(&store, &hosting(&session, fence)).await, HostVerdict::Over);
    }
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms <= stored.now_ms);
}

async fn what_has_an_end_stays_over_for_every_host(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    put(&store, &change(&with_end(&session), 1)).await;
    let before = got(&store, &session).await;
    for fence in [0, 1, 9] {
        assert_eq!(renew(&store, &hosting(&session, fence)).await, HostVerdict::Over, "{fence}");
    }
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
}

async fn a_store_that_never_heard_of_a_fence_is_an_older_copy(store: Cobrowse) {
    let session = created(&store).await;
    let never_claimed = created_for(&store, LAPSED).await;
    host(&store, &session, "n1").await;
    for copy in [&session, &never_claimed] {
        let before = got(&store, copy).await;
        assert_eq!(renew(&store, &hosting(copy, 2)).await, HostVerdict::Unknown);
        for version in [1, 7] {
            let newer = Change {
                fence: Some(2),
                life: Some(LONG),
                events: vec![Event::ConsentGiven],
                ..change(&with_end(copy), version)
            };
            assert_eq!(put(&store, &newer).await, PutOutcome::Unknown);
        }
        assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, copy).await }, before);
    }
    assert_eq!(trail(&store, &session).await, [Event::Created, hosted("n1", 1)]);
    assert!(store.let_go(&session.token, 1, LAPSED).await.unwrap());
    assert_eq!(renew(&store, &hosting(&session, 2)).await, HostVerdict::Unknown, "let go or not");
}

async fn a_renewal_of_what_is_forgotten_is_unknown(store: Cobrowse) {
    assert_eq!(renew(&store, &hosting(&fresh(), 1)).await, HostVerdict::Unknown);
    let session = created(&store).await;
    store.claim(&session.token, &server("n1"), HOUR_MS, FORGOTTEN).await.unwrap();
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Unknown);
    assert_eq!(store.get(&session.token).await.unwrap(), None, "a renewal never creates");
}

async fn many_renewals_have_their_verdicts_in_order(store: Cobrowse) {
    let mut hostings = Vec::new();
    for number in 0..60 {
        let session = created(&store).await;
        host(&store, &session, "n0").await;
        host(&store, &session, "n1").await;
        // Every third one is of an older host, every other third one is unknown.
        let unknown = Hosting { session: fresh().token, ..hosting(&session, 2) };
        hostings.push(match number % 3 {
            0 => hosting(&session, 2),
            1 => hosting(&session, 1),
            _ => unknown,
        });
    }
    let verdicts = store.renew(&hostings).await;
    assert_eq!(verdicts.len(), 60);
    for (number, verdict) in verdicts.into_iter().enumerate() {
        let expected = match number % 3 {
            0 => HostVerdict::Kept { version: 1 },
            1 => HostVerdict::Fenced,
            _ => HostVerdict::Unknown,
        };
        assert_eq!(verdict.unwrap(), expected, "{number}");
    }
    assert!(store.renew(&[]).await.is_empty());
}

async fn a_session_let_go_has_no_host_and_the_life_it_is_given(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    let life = Life { live_ms: HOUR_MS / 2, remember_ms: HOUR_MS };
    assert!(store.let_go(&session.token, 1, life).await.unwrap());
    let stored = got(&store, &session).await;
    assert_eq!((stored.owner, stored.fence), (None, 1));
    assert!(stored.expires_ms <= stored.now_ms + HOUR_MS / 2);
    assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Fenced);
    let (stored, previous) = host(&store, &session, "n2").await;
    assert_eq!((stored.fence, previous), (2, None));
    let events = [Event::Created, hosted("n1", 1), Event::VisitorLost, hosted("n2", 2)];
    assert_eq!(trail(&store, &session).await, events);
}

async fn letting_go_again_changes_nothing(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    assert!(store.let_go(&session.token, 1, LAPSED).await.unwrap());
    let before = got(&store, &session).await;
    assert!(store.let_go(&session.token, 1, LONG).await.unwrap());
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
    assert_eq!(trail(&store, &session).await.len(), 3);
}

async fn an_older_host_lets_nothing_go(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    host(&store, &session, "n2").await;
    let before = got(&store, &session).await;
    assert!(!store.let_go(&session.token, 1, FORGOTTEN).await.unwrap());
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
    assert!(!store.let_go(&fresh().token, 1, LONG).await.unwrap());
}

for_every_backend!(cobrowse:
    a_claim_makes_a_node_the_host,
    the_newest_claim_wins,
    a_host_whose_lease_ran_out_is_none,
    what_is_over_cannot_be_claimed,
    racing_claims_get_a_fence_each,
    a_put_of_the_newest_host_is_written,
    a_put_of_an_older_host_is_fenced_whatever_it_read,
    racing_claims_and_puts_leave_one_whole_session,
    an_end_clears_the_host,
    a_renewal_keeps_host_and_session,
    a_renewal_of_an_older_host_is_fenced,
    a_renewal_revives_what_lapsed,
    a_revived_session_is_forgotten_when_its_new_time_is_over,
    only_the_newest_host_revives_what_lapsed,
    what_was_let_go_and_lapsed_stays_over,
    what_has_an_end_stays_over_for_every_host,
    a_store_that_never_heard_of_a_fence_is_an_older_copy,
    a_renewal_of_what_is_forgotten_is_unknown,
    many_renewals_have_their_verdicts_in_order,
    a_session_let_go_has_no_host_and_the_life_it_is_given,
    letting_go_again_changes_nothing,
    an_older_host_lets_nothing_go,
);
