//! Hosts put back what the store forgot, or holds an older copy of.

use baton::domain::cobrowse::{HostVerdict, Session, Stored};

use super::{
    cobrowse::{
        LAPSED, LONG, change, created, created_for, fresh, got, put, server, trail, with_end,
    },
    hosting::{host, hosting, renew},
    races::{count, race},
};
use crate::support::{clock::HOUR_MS, stores::Cobrowse};

async fn a_forgotten_session_is_put_back_under_its_fence(store: Cobrowse) {
    let other = created(&store).await;
    let (held, _) = host(&store, &other, "n1").await;
    let lost = Stored { session: fresh(), version: 5, fence: 3, ..held };
    assert!(store.restore(&lost, HOUR_MS, LONG).await.unwrap());
    let found = got(&store, &lost.session).await;
    assert!(found.expires_ms > found.now_ms);
    let expected = Stored { now_ms: found.now_ms, expires_ms: found.expires_ms, ..lost.clone() };
    assert_eq!(found, expected);
    assert_eq!(renew(&store, &hosting(&lost.session, 3)).await, HostVerdict::Kept { version: 5 });
    let (next, previous) = host(&store, &lost.session, "n2").await;
    assert_eq!((next.fence, previous), (4, Some("n1".into())));
    let token = store.find(&lost.session.history_id).await.unwrap();
    assert_eq!(token, Some(lost.session.token), "its history is found again");
}

/// Puts it back: it must change nothing.
async fn keep_out(store: &Cobrowse, stored: &Stored) {
    let before = got(store, &stored.session).await;
    let happened = trail(store, &stored.session).await;
    assert!(!store.restore(stored, HOUR_MS, LONG).await.unwrap());
    assert_eq!(Stored { now_ms: before.now_ms, ..got(store, &stored.session).await }, before);
    assert_eq!(trail(store, &stored.session).await, happened);
}

async fn a_session_that_is_there_and_no_older_is_not_put_back(store: Cobrowse) {
    let session = created(&store).await;
    host(&store, &session, "n1").await;
    put(&store, &change(&session, 1)).await;
    let (there, _) = host(&store, &session, "n2").await;
    let consented = Session { consented: true, ..session };
    let other = Stored { session: consented, owner: Some(server("n9")), ..there };
    for (fence, version) in [(2, 2), (2, 1), (1, 2), (1, 9)] {
        keep_out(&store, &Stored { fence, version, ..other.clone() }).await;
    }
}

async fn an_older_copy_gives_way_to_the_host(store: Cobrowse) {
    for (fence, version, after) in [(2, 1, 4), (2, 9, 10), (1, 4, 5), (7, 3, 4)] {
        let session = created(&store).await;
        let (held, _) = host(&store, &session, "n1").await;
        for version in [1, 2] {
            put(&store, &change(&session, version)).await;
        }
        let copy = got(&store, &session).await;
        assert_eq!((copy.fence, copy.version), (1, 3));
        let happened = trail(&store, &session).await;
        let known = Stored {
            session: Session { consented: true, ..session.clone() },
            created_ms: held.created_ms - 5,
            owner: Some(server("n2")),
            fence,
            version,
            ..held
        };
        assert!(store.restore(&known, HOUR_MS, LONG).await.unwrap());
        let found = got(&store, &session).await;
        let Stored { now_ms, expires_ms, .. } = found;
        assert_eq!(found, Stored { version: after, now_ms, expires_ms, ..known.clone() });
        assert!(expires_ms > now_ms + HOUR_MS / 2);
        assert_eq!(trail(&store, &session).await, happened, "nothing is noted, nothing is lost");
        assert_eq!(store.find(&session.history_id).await.unwrap(), Some(session.token.clone()));
        let kept = renew(&store, &hosting(&session, fence)).await;
        assert_eq!(kept, HostVerdict::Kept { version: after });
        if fence > 1 {
            assert_eq!(renew(&store, &hosting(&session, 1)).await, HostVerdict::Fenced);
        }
        // A repeat, which its host may send where it got no answer.
        keep_out(&store, &known).await;
    }
}

async fn a_copy_that_lapsed_or_was_let_go_gives_way_as_well(store: Cobrowse) {
    let lapsed = created_for(&store, LAPSED).await;
    let let_go = created(&store).await;
    host(&store, &let_go, "n1").await;
    assert!(store.let_go(&let_go.token, 1, LONG).await.unwrap());
    for session in [lapsed, let_go] {
        let copy = got(&store, &session).await;
        let known = Stored { fence: 2, owner: Some(server("n2")), ..copy };
        assert!(store.restore(&known, HOUR_MS, LONG).await.unwrap());
        assert_eq!(renew(&store, &hosting(&session, 2)).await, HostVerdict::Kept { version: 2 });
        assert_eq!(got(&store, &session).await.owner, Some(server("n2")));
    }
}

async fn a_restored_session_without_a_host_has_none(store: Cobrowse) {
    let session = created(&store).await;
    let (copy, _) = host(&store, &session, "n1").await;
    let known = Stored { fence: 2, owner: None, ..copy };
    assert!(store.restore(&known, HOUR_MS, LONG).await.unwrap());
    assert_eq!(got(&store, &session).await.owner, None);
    assert_eq!(renew(&store, &hosting(&session, 2)).await, HostVerdict::Fenced);
}

async fn an_end_is_restored_and_never_overwritten(store: Cobrowse) {
    let session = created(&store).await;
    let (copy, _) = host(&store, &session, "n1").await;
    let ended = with_end(&session);
    let known = Stored { session: ended.clone(), fence: 2, ..copy };
    assert!(store.restore(&known, HOUR_MS, LONG).await.unwrap());
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms <= stored.now_ms);
    assert_eq!((stored.session, stored.owner, stored.version), (ended, None, 2));
    keep_out(&store, &Stored { session, fence: 9, version: 9, ..known }).await;
}

async fn another_session_under_that_token_is_not_overwritten(store: Cobrowse) {
    let session = created(&store).await;
    let other = Session { token: session.token.clone(), ..fresh() };
    let there = got(&store, &session).await;
    keep_out(&store, &Stored { session: other.clone(), fence: 9, version: 9, ..there }).await;
    assert_eq!(store.find(&other.history_id).await.unwrap(), None);
}

async fn racing_hosts_put_a_session_back_once(store: Cobrowse) {
    let (held, _) = host(&store, &created(&store).await, "n1").await;
    let lost = Stored { session: fresh(), ..held };
    let outcomes = race(&store, 20, move |store, _| {
        let lost = lost.clone();
        async move { store.restore(&lost, HOUR_MS, LONG).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, |restored| *restored), 1);
}

async fn of_racing_hosts_the_newest_puts_a_session_back(store: Cobrowse) {
    let (held, _) = host(&store, &created(&store).await, "n1").await;
    let lost = Stored { session: fresh(), ..held };
    let raced = lost.clone();
    let outcomes = race(&store, 20, move |store, number| {
        let owner = Some(server(&format!("n{number}")));
        let lost = Stored { fence: number as u64 + 1, owner, ..raced.clone() };
        async move { store.restore(&lost, HOUR_MS, LONG).await.unwrap() }
    })
    .await;
    let restored = count(&outcomes, |restored| *restored);
    let stored = got(&store, &lost.session).await;
    assert_eq!((stored.fence, stored.owner), (20, Some(server("n19"))));
    assert_eq!(stored.version, restored as u64, "each has a version of its own");
}

for_every_backend!(cobrowse:
    a_forgotten_session_is_put_back_under_its_fence,
    a_session_that_is_there_and_no_older_is_not_put_back,
    an_older_copy_gives_way_to_the_host,
    a_copy_that_lapsed_or_was_let_go_gives_way_as_well,
    a_restored_session_without_a_host_has_none,
    an_end_is_restored_and_never_overwritten,
    another_session_under_that_token_is_not_overwritten,
    racing_hosts_put_a_session_back_once,
    of_racing_hosts_the_newest_puts_a_session_back,
);
