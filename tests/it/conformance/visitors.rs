//! Who is online: entering, beating, leaving, being invited.

use baton::domain::{
    ids::{SessionToken, TenantId, VisitorId},
    visitors::{
        Beat, BeatOutcome, EnterOutcome, Entrance, InviteOutcome, LookupCode, Profile, Seat,
        Visitor,
    },
};

use super::races::{count, race};
use crate::support::{
    clock::{HOUR_MS, now_ms, tick},
    eventually,
    stores::Visitors,
};

pub(super) fn tenant() -> TenantId {
    "tenant".into()
}

fn seat(connection: u64) -> Seat {
    // Above 2^53, where Lua's numbers would round it.
    Seat { node: "node 1".into(), connection: u64::MAX - connection }
}

fn code(digits: &str) -> LookupCode {
    LookupCode(digits.into())
}

fn session(digits: &str) -> SessionToken {
    digits.into()
}

/// A visitor's first connection, for an hour.
pub(super) fn entrance(visitor: &str) -> Entrance {
    Entrance {
        visitor: visitor.into(),
        profile: Profile { unique_id: Some(visitor.into()), ..Profile::default() },
        seat: seat(1),
        lease_ms: HOUR_MS,
        remember_ms: HOUR_MS,
        codes: Vec::new(),
        code_ms: HOUR_MS,
    }
}

pub(super) async fn enter(store: &Visitors, entrance: &Entrance) -> EnterOutcome {
    store.enter(&tenant(), entrance).await.unwrap()
}

async fn find(store: &Visitors, visitor: &str) -> Option<Visitor> {
    store.find(&tenant(), &VisitorId::from(visitor)).await.unwrap()
}

async fn found(store: &Visitors, visitor: &str) -> Visitor {
    find(store, visitor).await.expect("it is remembered")
}

async fn beat_for(store: &Visitors, visitor: &str, at: u64, lease_ms: u64) -> BeatOutcome {
    let beats = [Beat { visitor: visitor.into(), connection: seat(at).connection }];
    store.beat(&tenant(), &beats, lease_ms, HOUR_MS).await.unwrap().remove(0)
}

async fn beat(store: &Visitors, visitor: &str, at: u64) -> BeatOutcome {
    beat_for(store, visitor, at, HOUR_MS).await
}

async fn leave(store: &Visitors, visitor: &str, at: u64, remember_ms: u64) {
    let connection = seat(at).connection;
    store.leave(&tenant(), &visitor.into(), connection, remember_ms).await.unwrap();
}

async fn invite(store: &Visitors, expected: Option<&str>, to: &str) -> InviteOutcome {
    let expected = expected.map(SessionToken::from);
    store.invite(&tenant(), &"v".into(), expected.as_ref(), &session(to)).await.unwrap()
}

async fn online(store: &Visitors) -> u64 {
    store.online(&tenant()).await.unwrap()
}

async fn who_enters_is_online_with_what_its_page_tells(store: Visitors) {
    let profile = Profile {
        unique_id: Some("u{}".into()),
        identities: vec!["Jörg\n\"".into()],
        tags: Vec::new(),
        last_url: Some("shop.test/".into()),
        browser_name: Some("Firefox".into()),
        device_type: None,
    };
    let before = now_ms();
    let codes = vec![code("0042")];
    let entered =
        enter(&store, &Entrance { profile: profile.clone(), codes, ..entrance("v") }).await;
    let fresh = EnterOutcome { lookup_code: Some(code("0042")), session: None, previous: None };
    assert_eq!(entered, fresh);
    let visitor = found(&store, "v").await;
    assert!((before..=now_ms()).contains(&visitor.first_seen_ms));
    let expected = Visitor {
        id: "v".into(),
        profile,
        seat: Some(seat(1)),
        session: None,
        lookup_code: Some(code("0042")),
        first_seen_ms: visitor.first_seen_ms,
        last_seen_ms: visitor.first_seen_ms,
    };
    assert_eq!(visitor, expected);
    assert_eq!(online(&store).await, 1);
}

async fn the_newest_connection_wins(store: Visitors) {
    enter(&store, &entrance("v")).await;
    let entered = enter(&store, &Entrance { seat: seat(2), ..entrance("v") }).await;
    assert_eq!(entered.previous, Some(seat(1)));
    assert_eq!(found(&store, "v").await.seat, Some(seat(2)));
    assert_eq!(online(&store).await, 1);
}

async fn the_same_connection_updates_the_profile(store: Visitors) {
    enter(&store, &entrance("v")).await;
    let before = found(&store, "v").await;
    tick().await;
    let profile = Profile { tags: vec!["vip".into()], ..Profile::default() };
    let again = enter(&store, &Entrance { profile: profile.clone(), ..entrance("v") }).await;
    assert_eq!(again.previous, None);
    let after = found(&store, "v").await;
    assert!(after.last_seen_ms > before.last_seen_ms);
    assert_eq!(after, Visitor { profile, last_seen_ms: after.last_seen_ms, ..before });
}

async fn a_visitor_whose_lease_ran_out_is_offline_and_remembered(store: Visitors) {
    enter(&store, &Entrance { lease_ms: 0, ..entrance("v") }).await;
    assert_eq!(found(&store, "v").await.seat, None);
    assert_eq!(online(&store).await, 0);
    let entered = enter(&store, &Entrance { seat: seat(2), ..entrance("v") }).await;
    assert_eq!(entered.previous, None, "nobody had the seat");
}

async fn a_forgotten_visitor_is_a_new_one(store: Visitors) {
    let codes = vec![code("0001")];
    let short = Entrance { lease_ms: 0, remember_ms: 1, codes: codes.clone(), ..entrance("v") };
    enter(&store, &short).await;
    let first_seen_ms = found_at_first(&store).await;
    eventually("it is forgotten", async || find(&store, "v").await.is_none().then_some(())).await;
    assert_eq!(invite(&store, None, "1").await, InviteOutcome::Unknown);
    assert_eq!(beat(&store, "v", 1).await, BeatOutcome::Unknown);
    let other = enter(&store, &Entrance { codes, ..entrance("w") }).await;
    assert_eq!(other.lookup_code, Some(code("0001")), "its code is another's");
    let entered = enter(&store, &entrance("v")).await;
    assert_eq!(entered, EnterOutcome { lookup_code: None, session: None, previous: None });
    assert!(found(&store, "v").await.first_seen_ms >= first_seen_ms);
}

/// When `v` first came, where it is not forgotten yet.
async fn found_at_first(store: &Visitors) -> u64 {
    find(store, "v").await.map_or(0, |visitor| visitor.first_seen_ms)
}

async fn a_running_code_is_kept(store: Visitors) {
    enter(&store, &Entrance { codes: vec![code("0001")], ..entrance("v") }).await;
    let again = Entrance { codes: vec![code("0002")], seat: seat(2), ..entrance("v") };
    assert_eq!(enter(&store, &again).await.lookup_code, Some(code("0001")));
    let other = Entrance { codes: vec![code("0002")], ..entrance("w") };
    assert_eq!(enter(&store, &other).await.lookup_code, Some(code("0002")), "it is free");
}

async fn codes_are_tried_in_order(store: Visitors) {
    let tried = vec![code("0001"), code("0002"), code("0003")];
    for (visitor, digits) in [("a", "0001"), ("b", "0002"), ("c", "0003")] {
        let entered = enter(&store, &Entrance { codes: tried.clone(), ..entrance(visitor) }).await;
        assert_eq!(entered.lookup_code, Some(code(digits)));
    }
    let entered = enter(&store, &Entrance { codes: tried, ..entrance("d") }).await;
    assert_eq!(entered.lookup_code, None, "all are taken");
}

async fn a_code_that_ran_out_is_free(store: Visitors) {
    let short = Entrance { codes: vec![code("0001")], code_ms: 0, ..entrance("a") };
    enter(&store, &short).await;
    assert_eq!(found(&store, "a").await.lookup_code, None);
    let other = Entrance { codes: vec![code("0001")], ..entrance("b") };
    assert_eq!(enter(&store, &other).await.lookup_code, Some(code("0001")));
    let again = Entrance { codes: vec![code("0001"), code("0002")], ..entrance("a") };
    assert_eq!(enter(&store, &again).await.lookup_code, Some(code("0002")));
}

async fn racing_visitors_have_different_codes(store: Visitors) {
    let outcomes = race(&store, 30, |store, number| async move {
        let codes = (0..40).map(|digits| code(&format!("{digits:04}"))).collect();
        enter(&store, &Entrance { codes, ..entrance(&format!("v{number}")) }).await
    })
    .await;
    let mut codes: Vec<_> = outcomes.into_iter().map(|o| o.lookup_code.unwrap().0).collect();
    codes.sort();
    let expected: Vec<Box<str>> = (0..30).map(|digits| format!("{digits:04}").into()).collect();
    assert_eq!(codes, expected);
}

async fn racing_connections_each_learn_of_the_one_before(store: Visitors) {
    let outcomes = race(&store, 30, |store, number| async move {
        enter(&store, &Entrance { seat: seat(number as u64), ..entrance("v") }).await
    })
    .await;
    let mut before: Vec<_> =
        outcomes.iter().filter_map(|o| o.previous.as_ref()).map(|seat| seat.connection).collect();
    before.extend(found(&store, "v").await.seat.map(|seat| seat.connection));
    before.sort_unstable();
    before.dedup();
    assert_eq!(before.len(), 30, "each was the newest once");
    assert_eq!(count(&outcomes, |outcome| outcome.previous.is_none()), 1);
}

async fn tell(store: &Visitors, at: u64, tag: &str) -> bool {
    let profile = Profile { tags: vec![tag.into()], ..Profile::default() };
    store.tell(&tenant(), &"v".into(), seat(at).connection, &profile).await.unwrap()
}

async fn who_has_the_seat_tells_its_profile(store: Visitors) {
    enter(&store, &Entrance { codes: vec![code("0042")], ..entrance("v") }).await;
    invite(&store, None, "1").await;
    let before = found(&store, "v").await;
    tick().await;
    for _ in 0..2 {
        assert!(tell(&store, 1, "{vip}\n\"é").await);
    }
    let profile = Profile { tags: vec!["{vip}\n\"é".into()], ..Profile::default() };
    assert_eq!(found(&store, "v").await, Visitor { profile, ..before }, "and nothing else changed");
}

async fn telling_renews_nothing(store: Visitors) {
    enter(&store, &Entrance { lease_ms: 300, remember_ms: 1, ..entrance("v") }).await;
    eventually("it is forgotten", async || {
        tell(&store, 1, "vip").await;
        find(&store, "v").await.is_none().then_some(())
    })
    .await;
}

async fn who_has_no_seat_tells_nothing(store: Visitors) {
    assert!(!tell(&store, 1, "vip").await);
    assert_eq!(find(&store, "v").await, None, "telling seats nobody");
    enter(&store, &entrance("v")).await;
    enter(&store, &Entrance { seat: seat(2), ..entrance("v") }).await;
    let before = found(&store, "v").await;
    assert!(!tell(&store, 1, "vip").await, "another has it");
    assert_eq!(found(&store, "v").await, before);
    leave(&store, "v", 2, HOUR_MS).await;
    assert!(!tell(&store, 2, "vip").await, "it left");
    enter(&store, &Entrance { lease_ms: 0, ..entrance("v") }).await;
    assert!(!tell(&store, 1, "vip").await, "its lease ran out");
    assert_eq!(found(&store, "v").await.profile, before.profile);
    enter(&store, &Entrance { lease_ms: 0, remember_ms: 0, ..entrance("v") }).await;
    assert!(!tell(&store, 1, "vip").await, "it is forgotten");
    assert_eq!(find(&store, "v").await, None);
}

async fn a_beat_renews_the_seat(store: Visitors) {
    enter(&store, &Entrance { remember_ms: 0, ..entrance("v") }).await;
    let before = found(&store, "v").await;
    tick().await;
    for _ in 0..2 {
        assert_eq!(beat(&store, "v", 1).await, BeatOutcome::Present { session: None });
    }
    let after = found(&store, "v").await;
    assert!(after.last_seen_ms > before.last_seen_ms);
    assert_eq!(after, Visitor { last_seen_ms: after.last_seen_ms, ..before });
    assert_eq!(beat_for(&store, "v", 1, 0).await, BeatOutcome::Present { session: None });
    assert_eq!(online(&store).await, 0, "the lease is the newest beat's");
}

async fn a_beat_brings_the_session(store: Visitors) {
    enter(&store, &entrance("v")).await;
    invite(&store, None, "1").await;
    assert_eq!(beat(&store, "v", 1).await, BeatOutcome::Present { session: Some(session("1")) });
    assert_eq!(enter(&store, &entrance("v")).await.session, Some(session("1")));
}

async fn a_connection_without_the_seat_stands_by(store: Visitors) {
    enter(&store, &entrance("v")).await;
    enter(&store, &Entrance { seat: seat(2), ..entrance("v") }).await;
    assert_eq!(beat_for(&store, "v", 1, 0).await, BeatOutcome::Standby);
    assert_eq!(found(&store, "v").await.seat, Some(seat(2)), "nothing changed");
}

async fn a_beat_never_seats_anybody(store: Visitors) {
    assert_eq!(beat(&store, "v", 1).await, BeatOutcome::Unknown);
    enter(&store, &Entrance { lease_ms: 0, ..entrance("v") }).await;
    for connection in [1, 2] {
        assert_eq!(beat(&store, "v", connection).await, BeatOutcome::Unknown);
    }
    enter(&store, &entrance("v")).await;
    leave(&store, "v", 1, HOUR_MS).await;
    assert_eq!(beat(&store, "v", 1).await, BeatOutcome::Unknown);
    assert_eq!(online(&store).await, 0);
}

async fn many_beats_have_their_outcomes_in_order(store: Visitors) {
    for number in 0..20 {
        enter(&store, &entrance(&format!("v{number}"))).await;
    }
    // Those of odd numbers stand by; from 20 on nobody entered.
    let connection = |number: u64| seat(1 + number % 2).connection;
    let beats: Vec<_> = (0..700)
        .map(|number| Beat { visitor: format!("v{number}").into(), connection: connection(number) })
        .collect();
    let outcomes = store.beat(&tenant(), &beats, HOUR_MS, HOUR_MS).await.unwrap();
    assert_eq!(outcomes.len(), 700);
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let expected = match number {
            20.. => BeatOutcome::Unknown,
            _ if number % 2 == 1 => BeatOutcome::Standby,
            _ => BeatOutcome::Present { session: None },
        };
        assert_eq!(outcome, expected, "{number}");
    }
    assert_eq!(store.beat(&tenant(), &[], 1, 1).await.unwrap(), []);
}

async fn who_leaves_is_offline_and_remembered(store: Visitors) {
    enter(&store, &entrance("v")).await;
    let before = found(&store, "v").await;
    tick().await;
    for _ in 0..2 {
        leave(&store, "v", 1, HOUR_MS).await;
    }
    let after = found(&store, "v").await;
    assert!(after.last_seen_ms > before.last_seen_ms);
    assert_eq!(after, Visitor { seat: None, last_seen_ms: after.last_seen_ms, ..before });
    assert_eq!(online(&store).await, 0);
    enter(&store, &entrance("v")).await;
    leave(&store, "v", 1, 0).await;
    assert_eq!(find(&store, "v").await, None, "as long as it was said");
    leave(&store, "nobody", 1, HOUR_MS).await;
    assert_eq!(find(&store, "nobody").await, None);
}

async fn a_connection_without_the_seat_cannot_leave_for_the_other(store: Visitors) {
    enter(&store, &entrance("v")).await;
    enter(&store, &Entrance { seat: seat(2), ..entrance("v") }).await;
    leave(&store, "v", 1, 0).await;
    assert_eq!(found(&store, "v").await.seat, Some(seat(2)));
}

async fn an_invitation_is_noted_for_the_seat(store: Visitors) {
    assert_eq!(invite(&store, None, "1").await, InviteOutcome::Unknown);
    enter(&store, &entrance("v")).await;
    assert_eq!(invite(&store, None, "1").await, InviteOutcome::Invited(Some(seat(1))));
    assert_eq!(found(&store, "v").await.session, Some(session("1")));
    leave(&store, "v", 1, HOUR_MS).await;
    assert_eq!(invite(&store, Some("1"), "2").await, InviteOutcome::Invited(None));
    assert_eq!(found(&store, "v").await.session, Some(session("2")), "offline or not");
}

async fn an_invitation_that_expects_another_is_refused(store: Visitors) {
    enter(&store, &entrance("v")).await;
    invite(&store, None, "1").await;
    assert_eq!(invite(&store, None, "2").await, InviteOutcome::Other(session("1")));
    assert_eq!(invite(&store, Some("3"), "2").await, InviteOutcome::Other(session("1")));
    assert_eq!(found(&store, "v").await.session, Some(session("1")));
    assert_eq!(invite(&store, None, "1").await, InviteOutcome::Invited(Some(seat(1))), "a repeat");
}

async fn an_invitation_where_none_is_noted_succeeds_whatever_it_expects(store: Visitors) {
    enter(&store, &entrance("v")).await;
    assert_eq!(invite(&store, Some("1"), "2").await, InviteOutcome::Invited(Some(seat(1))));
}

async fn of_racing_invitations_one_succeeds(store: Visitors) {
    enter(&store, &entrance("v")).await;
    let outcomes =
        race(
            &store,
            30,
            |store, number| async move { invite(&store, None, &number.to_string()).await },
        )
        .await;
    let invited = |outcome: &InviteOutcome| matches!(outcome, InviteOutcome::Invited(_));
    assert_eq!(count(&outcomes, invited), 1);
    let noted = found(&store, "v").await.session.unwrap();
    assert_eq!(count(&outcomes, |outcome| *outcome == InviteOutcome::Other(noted.clone())), 29);
}

for_every_backend!(visitors:
    who_enters_is_online_with_what_its_page_tells,
    the_newest_connection_wins,
    the_same_connection_updates_the_profile,
    a_visitor_whose_lease_ran_out_is_offline_and_remembered,
    a_forgotten_visitor_is_a_new_one,
    a_running_code_is_kept,
    codes_are_tried_in_order,
    a_code_that_ran_out_is_free,
    racing_visitors_have_different_codes,
    racing_connections_each_learn_of_the_one_before,
    who_has_the_seat_tells_its_profile,
    telling_renews_nothing,
    who_has_no_seat_tells_nothing,
    a_beat_renews_the_seat,
    a_beat_brings_the_session,
    a_connection_without_the_seat_stands_by,
    a_beat_never_seats_anybody,
    many_beats_have_their_outcomes_in_order,
    who_leaves_is_offline_and_remembered,
    a_connection_without_the_seat_cannot_leave_for_the_other,
    an_invitation_is_noted_for_the_seat,
    an_invitation_that_expects_another_is_refused,
    an_invitation_where_none_is_noted_succeeds_whatever_it_expects,
    of_racing_invitations_one_succeeds,
);
