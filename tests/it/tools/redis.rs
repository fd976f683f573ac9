//! Servers start, stop, freeze and come back as told.

use std::process::Command;

use redis::Value;

use crate::support::{
    eventually,
    redis::{RedisServer, shared_redis, unique_prefix},
};

#[tokio::test]
async fn a_restarted_server_is_empty_at_the_same_port() {
    let server = RedisServer::start().await;
    let port = server.port();
    server.cli(&["SET", "key", "value"]).await;
    server.restart().await;
    assert_eq!(server.port(), port);
    assert_eq!(server.cli(&["DBSIZE"]).await, Value::Int(0));
}

#[tokio::test]
async fn a_frozen_server_executes_later_what_was_sent_to_it() {
    let server = RedisServer::start().await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    server.freeze();
    let sent = tokio::spawn(async move {
        redis::Cmd::new().arg("INCR").arg("key").query_async::<i64>(&mut connection).await
    });
    server.thaw();
    // The answer is `Err` where the crate gave up waiting: the command was executed all the same.
    let _ = sent.await.unwrap();
    eventually("the increment", async || {
        let value = server.cli(&["GET", "key"]).await;
        (value == Value::BulkString(b"1".to_vec())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stopped_server_leaves_no_process_behind() {
    let server = RedisServer::start().await;
    let pid = server.pid().to_string();
    let runs = || Command::new("kill").args(["-0", &pid]).output().unwrap().status.success();
    assert!(runs());
    server.freeze();
    server.stop();
    assert!(!runs(), "redis-server {pid} still runs");
}

#[tokio::test]
async fn the_shared_server_is_one_server() {
    assert_eq!(shared_redis().await.pid(), shared_redis().await.pid());
    assert_ne!(unique_prefix(), unique_prefix());
}
