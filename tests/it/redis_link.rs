//! The link to Redis, and what it makes of every state of a server.

use baton::{
    backend::redis::script::{Arg, Call, Script},
    domain::error::StoreError,
};
use redis::{Value, from_redis_value};

use crate::support::{eventually, linked::LinkedNode, redis::RedisServer};

fn counter() -> Script {
    Script::new("count", &["return redis.call('INCRBY', KEYS[1], ARGV[1])"])
}

fn keys() -> Vec<String> {
    vec!["n".to_owned()]
}

async fn count(node: &LinkedNode) -> Result<i64, StoreError> {
    let value = node.link.run(&counter(), &keys(), &[Arg::Int(1)]).await?;
    Ok(from_redis_value(value).unwrap())
}

#[tokio::test]
async fn a_link_waits_for_a_server_that_is_not_there_yet() {
    let server = RedisServer::start().await;
    server.stop();
    let node = LinkedNode::on(&server);
    assert!(matches!(count(&node).await, Err(StoreError::Unavailable(_))));
    server.restart().await;
    assert_eq!(node.until_up().await.incarnation, 1);
    assert_eq!(count(&node).await.unwrap(), 1);
}

#[tokio::test]
async fn a_restarted_server_is_used_again() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let before = node.until_up().await.incarnation;
    assert_eq!(count(&node).await.unwrap(), 1);
    server.stop();
    node.until_down().await;
    assert!(count(&node).await.unwrap_err().is_transient());
    server.restart().await;
    assert!(node.until_up().await.incarnation > before);
    assert_eq!(count(&node).await.unwrap(), 1);
}

#[tokio::test]
async fn a_frozen_server_is_given_up_and_used_again_when_it_wakes() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    node.until_up().await;
    server.freeze();
    // Whether this call or the self-probe notices first is chance.
    assert!(count(&node).await.unwrap_err().is_transient());
    node.until_down().await;
    assert!(matches!(count(&node).await, Err(StoreError::Unavailable(_))));
    server.thaw();
    node.until_up().await;
    count(&node).await.unwrap();
}

#[tokio::test]
async fn a_demoted_primary_is_left_until_it_is_one_again() {
    let (server, other) = (RedisServer::start().await, RedisServer::start().await);
    let node = LinkedNode::on(&server);
    node.until_up().await;
    server.cli(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]).await;
    eventually("down", async || count(&node).await.is_err().then_some(())).await;
    node.until_down().await;
    server.cli(&["REPLICAOF", "NO", "ONE"]).await;
    node.until_up().await;
    count(&node).await.unwrap();
}

#[tokio::test]
async fn a_demoted_primary_is_noticed_without_any_call() {
    let (server, other) = (RedisServer::start().await, RedisServer::start().await);
    let node = LinkedNode::on(&server);
    node.until_up().await;
    server.cli(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]).await;
    node.until_down().await;
}

#[tokio::test]
async fn scripts_survive_a_flush_between_calls() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    node.until_up().await;
    assert_eq!(count(&node).await.unwrap(), 1);
    server.cli(&["SCRIPT", "FLUSH"]).await;
    assert_eq!(count(&node).await.unwrap(), 2);
    server.cli(&["SCRIPT", "FLUSH"]).await;

    let calls = vec![Call { keys: keys(), args: vec![Arg::Int(1)] }; 1000];
    let results = node.link.run_many(&counter(), &calls).await;
    let mut seen: Vec<i64> =
        results.into_iter().map(|r| from_redis_value(r.unwrap()).unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (3..=1002).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_failed_call_of_a_batch_fails_alone() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    node.until_up().await;
    let call = |arg: &str| Call { keys: keys(), args: vec![arg.into()] };
    let mut results =
        node.link.run_many(&counter(), &[call("1"), call("x"), call("2")]).await.into_iter();
    assert_eq!(results.next().unwrap().unwrap(), Value::Int(1));
    assert!(matches!(results.next().unwrap(), Err(StoreError::Corrupt(_))));
    assert_eq!(results.next().unwrap().unwrap(), Value::Int(3));
    assert!(node.link.state().borrow().up);
}

#[tokio::test]
async fn an_admission_counts_only_when_replicas_have_it() {
    let (server, replica) = (RedisServer::start().await, RedisServer::start().await);
    let node = LinkedNode::with(&server, 1);
    node.until_up().await;
    let admit = async || node.link.run_admitted(&counter(), &keys(), &[Arg::Int(1)]).await;
    assert!(matches!(admit().await, Err(StoreError::Unavailable(_))));
    // Executed all the same.
    assert_eq!(node.link.command(redis::cmd("GET").arg("n")).await.unwrap(), bulk("1"));
    replica.cli(&["REPLICAOF", "127.0.0.1", &server.port().to_string()]).await;
    eventually("confirmed", async || admit().await.ok()).await;
    server.cli(&["SCRIPT", "FLUSH"]).await;
    admit().await.unwrap();
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

#[tokio::test]
async fn connections_out_of_step_are_given_up_with_all_calls_in_flight() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let before = node.until_up().await.incarnation;
    assert_eq!(count(&node).await.unwrap(), 1);
    // The first poll sends the call; its answer comes to connections that are given up by then.
    let (in_flight, ()) = tokio::join!(count(&node), async { node.link.distrust("a test") });
    assert!(matches!(in_flight, Err(StoreError::Unavailable(_))), "{in_flight:?}");
    assert!(count(&node).await.unwrap_err().is_transient());
    node.until("dialled again", |state| state.up && state.incarnation > before).await;
    assert_eq!(count(&node).await.unwrap(), 3, "as after a time-out, it may have been executed");
}

#[tokio::test]
async fn shutdown_ends_all_tasks_and_leaves_the_connections_for_last_words() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    node.until_up().await;
    node.shutdown.cancel();
    node.tracker.close();
    node.tracker.wait().await;
    count(&node).await.unwrap();
}
