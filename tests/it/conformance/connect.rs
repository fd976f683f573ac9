//! Sockets bind to sessions; the newest wins.

use baton::domain::{
    ids::Generation,
    streams::{ConnectOutcome, Create, Holder},
};

use super::steps::*;
use crate::support::stores::Streams;

/// Connects, and answers the holder that is to let go.
async fn previous(store: &Streams, session: &str, at: &str) -> Option<Holder> {
    let outcome = connect(store, session, at).await;
    let ConnectOutcome::Connected { previous, .. } = outcome else {
        panic!("{session} must be connected, not {outcome:?}");
    };
    previous
}

fn holder(at: &str, generation: u64) -> Option<Holder> {
    Some(Holder { node: node(at), generation: Generation(generation) })
}

async fn each_connect_raises_the_generation_by_one(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    for generation in 2..6 {
        let session = attach(&store, "a", "n1").await;
        assert_eq!(session.generation, Generation(generation));
        assert_eq!(sessions(&store).await, [session]);
    }
}

async fn the_newest_socket_holds_the_session(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    assert_eq!(attach(&store, "a", "n1").await.holder, Some(node("n1")));
    assert_eq!(attach(&store, "a", "n2").await.holder, Some(node("n2")));
    assert_eq!(find(&store, "a").await.holder, Some(node("n2")));
}

async fn connect_names_the_previous_holder(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    assert_eq!(previous(&store, "a", "n1").await, None);
    assert_eq!(previous(&store, "a", "n2").await, holder("n1", 2));
    assert_eq!(previous(&store, "a", "n2").await, holder("n2", 3), "also on the same node");
    assert_eq!(previous(&store, "a", "n1").await, holder("n2", 4));
}

async fn connect_changes_nothing_else(store: Streams) {
    let request = Create {
        device: Some("tv".into()),
        attributes: Some("{}".into()),
        lease_ms: 7_200_000,
        ..ask("a")
    };
    let (created, _) = play(&store, &request).await;
    let mut connected = attach(&store, "a", "n1").await;
    assert!(connected.expires_ms > created.expires_ms);
    connected.expires_ms = created.expires_ms;
    connected.generation = created.generation;
    connected.holder = None;
    assert_eq!(connected, created);
}

async fn a_session_below_the_generation_of_the_token_is_unknown(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    let at_least =
        async |least| store.connect(&me(), &id("a"), Generation(least), &node("n1")).await.unwrap();
    assert_eq!(at_least(2).await, ConnectOutcome::Unknown);
    let untouched = find(&store, "a").await;
    assert_eq!((untouched.generation, untouched.holder), (Generation::FIRST, None));
    assert!(matches!(at_least(1).await, ConnectOutcome::Connected { .. }));
    assert!(matches!(at_least(2).await, ConnectOutcome::Connected { .. }));
    assert!(matches!(at_least(1).await, ConnectOutcome::Connected { .. }), "old tokens stay good");
    assert_eq!(at_least(5).await, ConnectOutcome::Unknown);
}

async fn connect_to_an_ended_session_tells_how_it_ended(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    release(&store, "a").await;
    let told = ended(&store, "a").await;
    assert_eq!(told.session, id("a"));
    assert_eq!(sessions(&store).await, [], "and revives nothing");
}

async fn connect_to_nothing_is_unknown(store: Streams) {
    assert_eq!(connect(&store, "nobody", "n1").await, ConnectOutcome::Unknown);
    play(&store, &Create { first_lease_ms: 0, ..ask("lapsed") }).await;
    assert_eq!(connect(&store, "lapsed", "n1").await, ConnectOutcome::Unknown);
    play(&store, &Create { account: somebody_else(), ..ask("theirs") }).await;
    assert_eq!(connect(&store, "theirs", "n1").await, ConnectOutcome::Unknown);
    assert_eq!(sessions(&store).await, []);
}

for_every_backend!(
    each_connect_raises_the_generation_by_one,
    the_newest_socket_holds_the_session,
    connect_names_the_previous_holder,
    connect_changes_nothing_else,
    a_session_below_the_generation_of_the_token_is_unknown,
    connect_to_an_ended_session_tells_how_it_ended,
    connect_to_nothing_is_unknown,
);
