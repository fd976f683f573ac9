//! Records of co-browse sessions: what is created, changed, remembered, and what happened.

use baton::domain::{
    cobrowse::{
        Begun, Change, End, EndedBy, Event, Life, LinkTerms, Permissions, PutOutcome, Role, Server,
        Session, Stored, User, audit,
    },
    ids::{HistoryId, SessionToken, UserId},
};

use super::races::{count, race};
use crate::support::{
    clock::{HOUR_MS, now_ms, tick},
    eventually,
    stores::Cobrowse,
};

/// Longer than any test.
pub(super) const LONG: Life = Life { live_ms: HOUR_MS, remember_ms: HOUR_MS };
/// Over at once, and remembered.
pub(super) const LAPSED: Life = Life { live_ms: 0, remember_ms: HOUR_MS };
/// Over and forgotten at once.
pub(super) const FORGOTTEN: Life = Life { live_ms: 0, remember_ms: 0 };

pub(super) fn server(name: &str) -> Server {
    Server { name: name.into(), url: None, internal_url: format!("http://{name}.test").into() }
}

pub(super) fn fresh() -> Session {
    Session::new("tenant".into(), Begun::ShortCode, server("home"), true)
}

/// A session that lives.
pub(super) async fn created(store: &Cobrowse) -> Session {
    created_for(store, LONG).await
}

pub(super) async fn created_for(store: &Cobrowse, life: Life) -> Session {
    let session = fresh();
    assert!(store.create(&session, life, &[Event::Created]).await.unwrap());
    session
}

pub(super) async fn got(store: &Cobrowse, session: &Session) -> Stored {
    store.get(&session.token).await.unwrap().expect("it is remembered")
}

/// What happened in a session, without times.
pub(super) async fn trail(store: &Cobrowse, session: &Session) -> Vec<Event> {
    let entries = store.events(&session.token).await.unwrap();
    entries.into_iter().map(|entry| entry.event).collect()
}

/// A change that changes nothing.
pub(super) fn change(session: &Session, version: u64) -> Change {
    Change { session: session.clone(), version, fence: None, life: None, events: Vec::new() }
}

pub(super) async fn put(store: &Cobrowse, change: &Change) -> PutOutcome {
    store.put(change).await.unwrap()
}

pub(super) fn with_end(session: &Session) -> Session {
    let end = End { at_ms: now_ms(), by: EndedBy::Operator };
    Session { end: Some(end), ..session.clone() }
}

fn left(number: usize) -> Event {
    Event::Left { user: UserId::from(format!("u{number}")) }
}

async fn a_created_session_is_read_as_it_was_written(store: Cobrowse) {
    let mut session = fresh();
    let link = LinkTerms {
        metadata: [("ticket".to_owned(), serde_json::json!({"empty": [], "n": 1.5}))]
            .into_iter()
            .collect(),
        ..LinkTerms::default()
    };
    session.users = vec![User {
        id: UserId::random(),
        token: baton::domain::cobrowse::Credential::random(&session.token),
        role: Role::Controller,
        name: Some("Jörg {}\n\"".into()),
        agent: Some("agent".into()),
        permissions: Permissions::default(),
        link: Some(Box::new(link)),
        left: false,
    }];
    let before = now_ms();
    assert!(store.create(&session, LONG, &[]).await.unwrap());
    let stored = got(&store, &session).await;
    assert!((before..=now_ms()).contains(&stored.created_ms));
    assert!((stored.created_ms..=now_ms()).contains(&stored.now_ms));
    let expected = Stored {
        session,
        version: 1,
        created_ms: stored.created_ms,
        now_ms: stored.now_ms,
        expires_ms: stored.created_ms + HOUR_MS,
        owner: None,
        fence: 0,
    };
    assert_eq!(stored, expected);
}

async fn a_taken_token_is_refused_and_changes_nothing(store: Cobrowse) {
    let session = created(&store).await;
    let before = got(&store, &session).await;
    let other = Session { token: session.token.clone(), ..fresh() };
    assert!(!store.create(&other, LONG, &[Event::Created]).await.unwrap());
    assert_eq!(Stored { now_ms: before.now_ms, ..got(&store, &session).await }, before);
    assert_eq!(trail(&store, &session).await, [Event::Created]);
    assert_eq!(store.find(&other.history_id).await.unwrap(), None);
}

async fn a_session_that_is_over_keeps_its_token_while_it_is_remembered(store: Cobrowse) {
    let session = created_for(&store, LAPSED).await;
    assert!(!store.create(&session, LONG, &[]).await.unwrap());
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms <= stored.now_ms);
}

async fn a_forgotten_session_is_nowhere_and_its_token_is_free(store: Cobrowse) {
    let session = created_for(&store, FORGOTTEN).await;
    assert_eq!(store.get(&session.token).await.unwrap(), None);
    assert_eq!(store.find(&session.history_id).await.unwrap(), None);
    assert_eq!(trail(&store, &session).await, []);
    assert_eq!(put(&store, &change(&session, 1)).await, PutOutcome::Unknown);
    let next = Session { token: session.token.clone(), ..fresh() };
    assert!(store.create(&next, LONG, &[]).await.unwrap());
    assert_eq!(store.find(&session.history_id).await.unwrap(), None, "it names no other session");
    assert_eq!(trail(&store, &next).await, [], "nothing is left of the one before");
}

async fn a_session_is_forgotten_when_its_time_is_over(store: Cobrowse) {
    let session = created_for(&store, Life { live_ms: 1, remember_ms: 1 }).await;
    eventually("it is forgotten", async || {
        store.get(&session.token).await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(store.events(&session.token).await.unwrap(), []);
}

async fn a_session_may_be_created_with_an_end(store: Cobrowse) {
    let session = with_end(&fresh());
    assert!(store.create(&session, LONG, &[]).await.unwrap());
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms <= stored.now_ms);
}

async fn an_unknown_session_is_none(store: Cobrowse) {
    let session = fresh();
    assert_eq!(store.get(&session.token).await.unwrap(), None);
    assert_eq!(trail(&store, &session).await, []);
    assert_eq!(put(&store, &change(&session, 0)).await, PutOutcome::Unknown);
}

async fn racing_creates_of_a_token_write_one_session(store: Cobrowse) {
    let token = SessionToken::random();
    let outcomes = race(&store, 30, move |store, _| {
        let session = Session { token: token.clone(), ..fresh() };
        async move { store.create(&session, LONG, &[Event::Created]).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, |created| *created), 1);
}

async fn a_put_writes_the_record_under_the_next_version(store: Cobrowse) {
    let session = created(&store).await;
    let before = got(&store, &session).await;
    let consented = Session { consented: true, ..session };
    let given = Change { events: vec![Event::ConsentGiven], ..change(&consented, 1) };
    assert_eq!(put(&store, &given).await, PutOutcome::Put { version: 2 });
    let after = got(&store, &consented).await;
    let expected = Stored { session: consented, version: 2, now_ms: after.now_ms, ..before };
    assert_eq!(after, expected, "without a life it lives as long as before");
    assert_eq!(trail(&store, &after.session).await, [Event::Created, Event::ConsentGiven]);
}

async fn a_put_on_a_changed_record_is_refused_and_notes_nothing(store: Cobrowse) {
    let session = created(&store).await;
    assert_eq!(put(&store, &change(&session, 1)).await, PutOutcome::Put { version: 2 });
    let late = Change {
        life: Some(FORGOTTEN),
        events: vec![Event::ConsentGiven],
        ..change(&Session { consented: true, ..session.clone() }, 1)
    };
    assert_eq!(put(&store, &late).await, PutOutcome::Changed);
    assert_eq!(got(&store, &session).await.session, session);
    assert_eq!(trail(&store, &session).await, [Event::Created]);
}

async fn a_repeated_put_is_changed(store: Cobrowse) {
    let session = created(&store).await;
    let once = Change { events: vec![Event::ConsentGiven], ..change(&session, 1) };
    assert_eq!(put(&store, &once).await, PutOutcome::Put { version: 2 });
    assert_eq!(put(&store, &once).await, PutOutcome::Changed);
    assert_eq!(trail(&store, &session).await.len(), 2);
}

async fn racing_puts_on_one_version_write_once(store: Cobrowse) {
    let session = created(&store).await;
    let read = session.clone();
    let outcomes = race(&store, 30, move |store, number| {
        let change = Change { events: vec![left(number)], ..change(&read, 1) };
        async move { put(&store, &change).await }
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == PutOutcome::Put { version: 2 }), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == PutOutcome::Changed), 29);
    assert_eq!(trail(&store, &session).await.len(), 2);
}

async fn a_put_with_a_life_moves_the_end(store: Cobrowse) {
    let session = created(&store).await;
    let life = Some(Life { live_ms: 2 * HOUR_MS, remember_ms: HOUR_MS });
    put(&store, &Change { life, ..change(&session, 1) }).await;
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms > stored.now_ms + HOUR_MS);
    put(&store, &Change { life: Some(LAPSED), ..change(&session, 2) }).await;
    let stored = got(&store, &session).await;
    assert!(stored.expires_ms <= stored.now_ms);
}

async fn a_record_with_an_end_is_over_and_remembered(store: Cobrowse) {
    let session = created(&store).await;
    let ended = with_end(&session);
    assert_eq!(put(&store, &change(&ended, 1)).await, PutOutcome::Put { version: 2 });
    let stored = got(&store, &ended).await;
    assert!(stored.expires_ms <= stored.now_ms);
    assert_eq!((stored.session, stored.owner), (ended, None));
    assert_eq!(store.find(&session.history_id).await.unwrap(), Some(session.token));
}

async fn a_later_put_does_not_move_the_end(store: Cobrowse) {
    let session = created(&store).await;
    let ended = with_end(&session);
    put(&store, &change(&ended, 1)).await;
    let expires_ms = got(&store, &session).await.expires_ms;
    tick().await;
    put(&store, &Change { events: vec![left(1)], ..change(&ended, 2) }).await;
    assert_eq!(got(&store, &session).await.expires_ms, expires_ms);
}

async fn an_ended_session_is_remembered_as_long_as_the_put_says(store: Cobrowse) {
    let session = created(&store).await;
    let ended = Change { life: Some(FORGOTTEN), ..change(&with_end(&session), 1) };
    assert_eq!(put(&store, &ended).await, PutOutcome::Put { version: 2 });
    // It was not over when it got its life: that is what it has left, which is nothing.
    assert_eq!(store.get(&session.token).await.unwrap(), None);
    assert_eq!(store.find(&session.history_id).await.unwrap(), None);
}

async fn a_put_does_not_revive_what_is_over(store: Cobrowse) {
    let lapsed = created_for(&store, LAPSED).await;
    let revived = Change { life: Some(LONG), ..change(&lapsed, 1) };
    assert_eq!(put(&store, &revived).await, PutOutcome::Put { version: 2 });
    let stored = got(&store, &lapsed).await;
    assert!(stored.expires_ms <= stored.now_ms);
    let ended = created(&store).await;
    put(&store, &change(&with_end(&ended), 1)).await;
    put(&store, &Change { life: Some(LONG), ..change(&ended, 2) }).await;
    let stored = got(&store, &ended).await;
    assert!(stored.expires_ms <= stored.now_ms);
}

async fn events_are_kept_in_order_with_the_time_of_the_store(store: Cobrowse) {
    let session = fresh();
    let before = now_ms();
    let page = Event::Page { url: "shop.test/ a{}\n\"é".into() };
    let first = [Event::Created, page.clone()];
    assert!(store.create(&session, LONG, &first).await.unwrap());
    tick().await;
    let more = Change { events: vec![left(1), left(2)], ..change(&session, 1) };
    put(&store, &more).await;
    let entries = store.events(&session.token).await.unwrap();
    let events: Vec<_> = entries.iter().map(|entry| entry.event.clone()).collect();
    assert_eq!(events, [Event::Created, page, left(1), left(2)]);
    assert!(entries.is_sorted_by_key(|entry| entry.at_ms));
    assert!(entries[1].at_ms < entries[2].at_ms);
    assert!(entries.iter().all(|entry| (before..=now_ms()).contains(&entry.at_ms)));
}

async fn the_oldest_events_go_first(store: Cobrowse) {
    let session = created(&store).await;
    let events = (0..audit::EVENTS).map(left).collect();
    put(&store, &Change { events, ..change(&session, 1) }).await;
    put(&store, &Change { events: vec![left(5000)], ..change(&session, 2) }).await;
    let kept = trail(&store, &session).await;
    assert_eq!(kept.len(), audit::EVENTS);
    assert_eq!((kept.first(), kept.last()), (Some(&left(1)), Some(&left(5000))));
}

async fn a_history_id_names_its_session(store: Cobrowse) {
    let (one, two) = (created(&store).await, created(&store).await);
    assert_eq!(store.find(&one.history_id).await.unwrap(), Some(one.token));
    assert_eq!(store.find(&two.history_id).await.unwrap(), Some(two.token));
    assert_eq!(store.find(&HistoryId::from("{no}\n")).await.unwrap(), None);
}

for_every_backend!(cobrowse:
    a_created_session_is_read_as_it_was_written,
    a_taken_token_is_refused_and_changes_nothing,
    a_session_that_is_over_keeps_its_token_while_it_is_remembered,
    a_forgotten_session_is_nowhere_and_its_token_is_free,
    a_session_is_forgotten_when_its_time_is_over,
    a_session_may_be_created_with_an_end,
    an_unknown_session_is_none,
    racing_creates_of_a_token_write_one_session,
    a_put_writes_the_record_under_the_next_version,
    a_put_on_a_changed_record_is_refused_and_notes_nothing,
    a_repeated_put_is_changed,
    racing_puts_on_one_version_write_once,
    a_put_with_a_life_moves_the_end,
    a_record_with_an_end_is_over_and_remembered,
    a_later_put_does_not_move_the_end,
    an_ended_session_is_remembered_as_long_as_the_put_says,
    a_put_does_not_revive_what_is_over,
    events_are_kept_in_order_with_the_time_of_the_store,
    the_oldest_events_go_first,
    a_history_id_names_its_session,
);
