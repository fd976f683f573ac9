//! The limit of a pool, and the answer of those policies that end nothing.

use baton::domain::{
    ids::Generation,
    streams::{Create, CreateOutcome, Policy, Pool, PoolKind, store::ANSWER_SESSIONS},
};

use super::steps::*;
use crate::support::{
    clock::{HOUR_MS, now_ms},
    stores::Streams,
};

async fn a_created_session_is_as_it_was_asked_for(store: Streams) {
    let request = Create {
        device: Some("tv".into()),
        attributes: Some(r#"{"a": 1}"#.into()),
        first_lease_ms: HOUR_MS,
        lease_ms: 2 * HOUR_MS,
        ..ask("a")
    };
    let before = now_ms();
    let (session, ended) = play(&store, &request).await;
    assert_eq!(ended, []);
    assert_eq!(
        (&session.id, &session.pool, &session.name),
        (&request.session, &request.pool, &request.name)
    );
    assert_eq!((&session.device, &session.attributes), (&request.device, &request.attributes));
    assert_eq!((session.generation, &session.holder), (Generation::FIRST, &None));
    assert_eq!(session.lease_ms, 2 * HOUR_MS);
    assert!((before..=now_ms()).contains(&session.created_ms));
    assert_eq!(session.expires_ms, session.created_ms + HOUR_MS, "the first lease comes first");
    assert_eq!(sessions(&store).await, [session]);
}

async fn a_pool_takes_as_many_sessions_as_its_limit(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    refused(&store, &ask("c")).await;
    assert_eq!(live(&store).await, ["a", "b"]);
}

async fn ask_and_reject_answer_the_sessions_oldest_first(store: Streams) {
    // Against the order of their ids, which proves nothing about age.
    play_all(&store, &[ask("z"), ask("a")]).await;
    for policy in [Policy::Ask, Policy::Reject] {
        assert_eq!(refused(&store, &Create { policy, ..ask("m") }).await, ["z", "a"]);
    }
    assert_eq!(live(&store).await, ["a", "z"]);
}

async fn the_answer_shows_sessions_as_a_listing_does(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    attach(&store, "b", "n1").await;
    let CreateOutcome::LimitReached { active, .. } = create(&store, &ask("c")).await else {
        panic!("the limit is reached");
    };
    assert_eq!(active, sessions(&store).await);
}

async fn the_answer_names_the_oldest_of_many(store: Streams) {
    let many = Create { limit: 1000, ..ask("") };
    for number in 0..ANSWER_SESSIONS {
        let request = Create { session: format!("old {number}").into(), ..many.clone() };
        create(&store, &request).await;
    }
    crate::support::clock::tick().await;
    play(&store, &Create { session: id("young"), ..many }).await;
    let active = refused(&store, &ask("one more")).await;
    assert_eq!(active.len(), ANSWER_SESSIONS);
    assert!(!active.contains(&"young".to_owned()));
}

async fn pools_are_counted_apart(store: Streams) {
    let pools = [
        offer("basic"),
        offer("premium"),
        Pool::new(PoolKind::Tag, "basic"),
        Pool::new(PoolKind::DeviceType, "basic"),
    ];
    for (number, pool) in pools.into_iter().enumerate() {
        let session = format!("s{number}");
        let request = Create { pool: pool.clone(), limit: 1, ..ask(&session) };
        play_all(&store, std::slice::from_ref(&request)).await;
        let next = Create { session: id("next"), ..request };
        assert_eq!(refused(&store, &next).await, [session], "in {pool}");
    }
}

async fn the_limit_is_the_one_of_the_request(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    play(&store, &Create { limit: 3, ..ask("c") }).await;
    assert_eq!(refused(&store, &Create { limit: 1, ..ask("d") }).await, ["a", "b", "c"]);
    assert_eq!(live(&store).await, ["a", "b", "c"], "a lower limit ends nothing that runs");
}

async fn a_limit_of_zero_admits_nothing(store: Streams) {
    for policy in [Policy::Ask, Policy::Reject, Policy::EvictOldest] {
        let none: [&str; 0] = [];
        assert_eq!(refused(&store, &Create { limit: 0, policy, ..ask("a") }).await, none);
    }
    assert_eq!(sessions(&store).await, []);
}

async fn a_refused_session_is_unknown(store: Streams) {
    play_all(&store, &[Create { limit: 1, ..ask("a") }]).await;
    refused(&store, &Create { limit: 1, ..ask("b") }).await;
    let outcome = connect(&store, "b", "n1").await;
    assert_eq!(outcome, baton::domain::streams::ConnectOutcome::Unknown);
}

for_every_backend!(
    a_created_session_is_as_it_was_asked_for,
    a_pool_takes_as_many_sessions_as_its_limit,
    ask_and_reject_answer_the_sessions_oldest_first,
    the_answer_shows_sessions_as_a_listing_does,
    the_answer_names_the_oldest_of_many,
    pools_are_counted_apart,
    the_limit_is_the_one_of_the_request,
    a_limit_of_zero_admits_nothing,
    a_refused_session_is_unknown,
);
