//! Which nodes a create call names: those that may hold sockets of the account.

use baton::domain::{
    ids::{Generation, NodeName},
    streams::{Create, CreateOutcome},
};

use super::steps::*;
use crate::support::stores::Streams;

/// The nodes of an answer, sorted.
async fn nodes(store: &Streams, request: &Create) -> Vec<NodeName> {
    let outcome = create(store, request).await;
    let (CreateOutcome::Created { mut nodes, .. } | CreateOutcome::LimitReached { mut nodes, .. }) =
        outcome
    else {
        panic!("{request:?} must be created or meet a limit, not {outcome:?}");
    };
    nodes.sort();
    nodes
}

/// Three sessions in two pools, on two nodes and without a socket.
async fn spread_out(store: &Streams) {
    let other = |session| Create { pool: offer("other"), ..ask(session) };
    play_all(store, &[ask("a"), other("b"), other("c")]).await;
    attach(store, "a", "n1").await;
    attach(store, "b", "n2").await;
}

async fn a_created_session_comes_with_the_nodes_of_the_others(store: Streams) {
    spread_out(&store).await;
    assert_eq!(nodes(&store, &ask("new")).await, [node("n1"), node("n2")]);
}

async fn a_limit_answer_comes_with_the_nodes_of_all_pools(store: Streams) {
    spread_out(&store).await;
    let limited = Create { limit: 1, ..ask("new") };
    assert_eq!(nodes(&store, &limited).await, [node("n1"), node("n2")]);
}

async fn a_node_is_named_once(store: Streams) {
    play_all(&store, &[ask("a"), ask("b")]).await;
    attach(&store, "a", "n1").await;
    attach(&store, "b", "n1").await;
    assert_eq!(nodes(&store, &ask("new")).await, [node("n1")]);
}

async fn a_new_holder_is_named(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    attach(&store, "a", "n1").await;
    attach(&store, "a", "n2").await;
    assert!(nodes(&store, &ask("new")).await.contains(&node("n2")));
}

async fn the_node_of_a_session_put_back_is_named(store: Streams) {
    let (session, _) = play(&store, &ask("a")).await;
    let held = baton::domain::streams::Session {
        generation: Generation(3),
        holder: Some(node("n3")),
        ..session
    };
    store.reassert(&me(), &held).await.unwrap();
    assert!(nodes(&store, &ask("new")).await.contains(&node("n3")));
}

async fn an_account_without_sockets_has_no_nodes(store: Streams) {
    play_all(&store, &[ask("a")]).await;
    assert_eq!(nodes(&store, &ask("b")).await, []);
}

async fn the_nodes_of_other_accounts_are_not_named(store: Streams) {
    play(&store, &Create { account: somebody_else(), ..ask("theirs") }).await;
    store.connect(&somebody_else(), &id("theirs"), Generation::FIRST, &node("n1")).await.unwrap();
    assert_eq!(nodes(&store, &ask("mine")).await, []);
}

for_every_backend!(
    a_created_session_comes_with_the_nodes_of_the_others,
    a_limit_answer_comes_with_the_nodes_of_all_pools,
    a_node_is_named_once,
    a_new_holder_is_named,
    the_node_of_a_session_put_back_is_named,
    an_account_without_sockets_has_no_nodes,
    the_nodes_of_other_accounts_are_not_named,
);
