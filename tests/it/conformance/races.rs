//! Every call is atomic within its account.

use std::{future::Future, sync::Arc};

use baton::domain::{
    ids::Generation,
    streams::{ConnectOutcome, Create, CreateOutcome, Policy, ReleaseOutcome},
};
use tokio::{sync::Barrier, task::JoinSet};

use super::steps::*;
use crate::support::stores::Streams;

/// Runs `count` calls that start together, each with its number; answers in any order.
pub(super) async fn race<S: Clone, T, F>(
    store: &S,
    count: usize,
    call: impl Fn(S, usize) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut calls = JoinSet::new();
    for number in 0..count {
        let (start, call) = (start.clone(), call(store.clone(), number));
        calls.spawn(async move {
            start.wait().await;
            call.await
        });
    }
    calls.join_all().await
}

/// How many outcomes are such.
pub(super) fn count<T>(outcomes: &[T], which: impl Fn(&T) -> bool) -> usize {
    outcomes.iter().filter(|outcome| which(outcome)).count()
}

fn is_created(outcome: &CreateOutcome) -> bool {
    matches!(outcome, CreateOutcome::Created { .. })
}

async fn racing_creates_never_exceed_the_limit(store: Streams) {
    let outcomes = race(&store, 200, |store, number| async move {
        create(&store, &Create { limit: 3, ..ask(&format!("s{number}")) }).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 3);
    let refused = count(
        &outcomes,
        |outcome| matches!(outcome, CreateOutcome::LimitReached { active, .. } if active.len() == 3),
    );
    assert_eq!(refused, 197);
    assert_eq!(sessions(&store).await.len(), 3);
}

async fn racing_creates_in_many_pools_never_exceed_the_account_limit(store: Streams) {
    let outcomes = race(&store, 200, |store, number| async move {
        let pool = offer(&format!("p{}", number % 5));
        let request =
            Create { pool, account_limit: Some(7), limit: 2, ..ask(&format!("s{number}")) };
        create(&store, &request).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 7);
    assert_eq!(sessions(&store).await.len(), 7);
}

async fn racing_evictions_leave_as_many_as_the_limit(store: Streams) {
    let outcomes = race(&store, 100, |store, number| async move {
        let request =
            Create { policy: Policy::EvictOldest, limit: 3, ..ask(&format!("s{number}")) };
        create(&store, &request).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 100);
    assert_eq!(sessions(&store).await.len(), 3);
    let ended = outcomes.iter().filter_map(|outcome| {
        if let CreateOutcome::Created { ended, .. } = outcome { Some(ended.len()) } else { None }
    });
    assert_eq!(ended.sum::<usize>(), 97, "each victim ends once");
}

async fn a_session_is_taken_over_once(store: Streams) {
    play_all(&store, &[Create { limit: 1, ..ask("target") }]).await;
    let outcomes = race(&store, 50, |store, number| async move {
        create(&store, &Create { limit: 1, ..take_over("target", &format!("s{number}")) }).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 1);
    assert_eq!(sessions(&store).await.len(), 1);
}

async fn racing_repeats_of_a_key_create_once(store: Streams) {
    let outcomes = race(&store, 50, |store, number| async move {
        let request = Create {
            name: "name".into(),
            idempotency_key: Some("k".into()),
            limit: 99,
            ..ask(&format!("s{number}"))
        };
        create(&store, &request).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 1);
    let first = outcomes.iter().find(|outcome| is_created(outcome)).unwrap();
    let repeated = CreateOutcome::Repeated(Box::new(first.clone()));
    assert_eq!(count(&outcomes, |outcome| *outcome == repeated), 49);
    assert_eq!(sessions(&store).await.len(), 1);
}

async fn racing_upserts_of_an_id_create_once(store: Streams) {
    let outcomes = race(&store, 50, |store, _| async move {
        create(&store, &Create { limit: 1, ..upsert("a") }).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 1);
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, CreateOutcome::Renewed(_))), 49);
}

async fn a_device_that_starts_many_times_at_once_has_one_session(store: Streams) {
    let outcomes = race(&store, 50, |store, number| async move {
        let request = Create { device: Some("tv".into()), limit: 1, ..ask(&format!("s{number}")) };
        create(&store, &request).await
    })
    .await;
    assert_eq!(count(&outcomes, is_created), 50);
    assert_eq!(sessions(&store).await.len(), 1);
}

async fn racing_sockets_get_a_generation_each(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let outcomes = race(&store, 50, |store, number| async move {
        connect(&store, "a", &format!("n{number}")).await
    })
    .await;
    let mut generations = Vec::new();
    let mut firsts = 0;
    for outcome in outcomes {
        let ConnectOutcome::Connected { session, previous } = outcome else {
            panic!("connected, not {outcome:?}");
        };
        firsts += usize::from(previous.is_none());
        generations.push(session.generation);
    }
    generations.sort();
    assert_eq!(generations, (2..52).map(Generation).collect::<Vec<_>>());
    assert_eq!(firsts, 1, "each of the others tells one holder to let go");
}

async fn a_session_is_released_once(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let outcomes = race(&store, 50, |store, _| async move { release(&store, "a").await }).await;
    let released = count(&outcomes, |outcome| matches!(outcome, ReleaseOutcome::Released(_)));
    let repeats = count(&outcomes, |outcome| matches!(outcome, ReleaseOutcome::AlreadyEnded(_)));
    assert_eq!((released, repeats), (1, 49));
}

for_every_backend!(
    racing_creates_never_exceed_the_limit,
    racing_creates_in_many_pools_never_exceed_the_account_limit,
    racing_evictions_leave_as_many_as_the_limit,
    a_session_is_taken_over_once,
    racing_repeats_of_a_key_create_once,
    racing_upserts_of_an_id_create_once,
    a_device_that_starts_many_times_at_once_has_one_session,
    racing_sockets_get_a_generation_each,
    a_session_is_released_once,
);
