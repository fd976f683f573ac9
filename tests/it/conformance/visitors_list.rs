//! Lists and counts of visitors, and ids that are used once.

use baton::domain::visitors::{Entrance, Seat, VisitorsPage};

use super::{
    races::{count, race},
    visitors::{enter, entrance, tenant},
};
use crate::support::{
    clock::{HOUR_MS, tick},
    eventually,
    stores::Visitors,
};

/// The ids of a page, and where it goes on.
async fn list(store: &Visitors, skip: u64, most: u64) -> (Vec<String>, Option<u64>) {
    let VisitorsPage { visitors, next } = store.list(&tenant(), skip, most).await.unwrap();
    (visitors.iter().map(|visitor| visitor.id.to_string()).collect(), next)
}

/// One after the other, each a little later.
async fn come(store: &Visitors, visitors: &[&str]) {
    for visitor in visitors {
        enter(store, &entrance(visitor)).await;
        tick().await;
    }
}

async fn those_seen_last_come_first(store: Visitors) {
    come(&store, &["a", "b", "c", "a"]).await;
    assert_eq!(list(&store, 0, 10).await, (vec!["a".into(), "c".into(), "b".into()], None));
    let page = store.list(&tenant(), 0, 1).await.unwrap();
    let found = store.find(&tenant(), &"a".into()).await.unwrap();
    assert_eq!(page.visitors.first(), found.as_ref(), "a list shows what a find shows");
}

async fn pages_go_on_where_the_one_before_ended(store: Visitors) {
    come(&store, &["a", "b", "c"]).await;
    assert_eq!(list(&store, 0, 2).await, (vec!["c".into(), "b".into()], Some(2)));
    assert_eq!(list(&store, 2, 2).await, (vec!["a".into()], None));
    assert_eq!(list(&store, 1, 2).await, (vec!["b".into(), "a".into()], None));
    assert_eq!(list(&store, 9, 2).await, (vec![], None));
    assert_eq!(list(&store, 0, 0).await, (vec![], Some(0)));
}

async fn offline_visitors_are_listed_while_they_are_remembered(store: Visitors) {
    enter(&store, &Entrance { lease_ms: 0, ..entrance("offline") }).await;
    enter(&store, &Entrance { lease_ms: 0, remember_ms: 0, ..entrance("forgotten") }).await;
    assert_eq!(list(&store, 0, 10).await, (vec!["offline".into()], None));
}

async fn thousands_who_are_forgotten_at_once_are_in_nobodys_way(store: Visitors) {
    let outcomes = race(&store, 1200, |store, number| async move {
        let brief = Entrance { lease_ms: 0, remember_ms: 300, ..entrance(&format!("v{number}")) };
        enter(&store, &brief).await
    })
    .await;
    assert_eq!(outcomes.len(), 1200);
    enter(&store, &entrance("here")).await;
    eventually("the others are forgotten", async || {
        (list(&store, 0, 10).await == (vec!["here".into()], None)).then_some(())
    })
    .await;
}

async fn nobody_is_online_at_first(store: Visitors) {
    assert_eq!(store.online(&tenant()).await.unwrap(), 0);
    assert_eq!(list(&store, 0, 10).await, (vec![], None));
}

async fn tenants_do_not_see_each_other(store: Visitors) {
    come(&store, &["a"]).await;
    let other = "{tenant}".into();
    let seat = Seat { node: "n2".into(), connection: 2 };
    store.enter(&other, &Entrance { seat: seat.clone(), ..entrance("a") }).await.unwrap();
    assert_eq!(store.online(&tenant()).await.unwrap(), 1);
    assert_eq!(store.online(&other).await.unwrap(), 1);
    let found = store.find(&other, &"a".into()).await.unwrap().unwrap();
    assert_eq!(found.seat, Some(seat));
    assert_eq!(store.find(&"third".into(), &"a".into()).await.unwrap(), None);
}

async fn an_id_is_used_once(store: Visitors) {
    assert!(store.use_up("{id} of a link", HOUR_MS).await.unwrap());
    assert!(!store.use_up("{id} of a link", HOUR_MS).await.unwrap());
    assert!(store.use_up("another", HOUR_MS).await.unwrap());
}

async fn an_id_may_be_used_again_when_its_time_is_over(store: Visitors) {
    assert!(store.use_up("id", 0).await.unwrap());
    assert!(store.use_up("id", 1).await.unwrap());
    eventually("its time is over", async || {
        store.use_up("id", HOUR_MS).await.unwrap().then_some(())
    })
    .await;
}

async fn of_racing_uses_one_succeeds(store: Visitors) {
    let outcomes =
        race(&store, 40, |store, _| async move { store.use_up("id", HOUR_MS).await.unwrap() })
            .await;
    assert_eq!(count(&outcomes, |used| *used), 1);
}

async fn sessions_are_counted_by_tenant_and_day(store: Visitors) {
    let counted =
        async |tenant: &str, day, add| store.count_session(&tenant.into(), day, add).await.unwrap();
    assert_eq!(counted("a", 20_000, 1).await, 1);
    assert_eq!(counted("a", 20_000, 2).await, 3);
    assert_eq!(counted("a", 20_000, 0).await, 3);
    assert_eq!(counted("a", 20_001, 1).await, 1);
    assert_eq!(counted("b", 20_000, 0).await, 0);
}

async fn racing_sessions_are_all_counted(store: Visitors) {
    let outcomes =
        race(
            &store,
            40,
            |store, _| async move { store.count_session(&tenant(), 1, 1).await.unwrap() },
        )
        .await;
    let mut counts = outcomes.clone();
    counts.sort_unstable();
    assert_eq!(counts, (1..=40).collect::<Vec<_>>());
}

for_every_backend!(visitors:
    those_seen_last_come_first,
    pages_go_on_where_the_one_before_ended,
    offline_visitors_are_listed_while_they_are_remembered,
    thousands_who_are_forgotten_at_once_are_in_nobodys_way,
    nobody_is_online_at_first,
    tenants_do_not_see_each_other,
    an_id_is_used_once,
    an_id_may_be_used_again_when_its_time_is_over,
    of_racing_uses_one_succeeds,
    sessions_are_counted_by_tenant_and_day,
    racing_sessions_are_all_counted,
);
