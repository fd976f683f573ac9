//! The proxy breaks what it is told to break, and nothing else.

use std::time::Duration;

use futures_util::StreamExt;
use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};

use crate::support::{
    eventually, in_time,
    proxy::{ChaosProxy, Road},
    redis::{RedisServer, shared_redis, unique_prefix},
};

async fn proxy() -> (&'static RedisServer, ChaosProxy) {
    let server = shared_redis().await;
    (server, ChaosProxy::start(server.port()).await)
}

async fn connect(proxy: &ChaosProxy) -> RedisResult<MultiplexedConnection> {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    redis::Client::open(proxy.url())?.get_multiplexed_async_connection_with_config(&config).await
}

#[tokio::test]
async fn an_open_or_slow_road_carries_commands_and_answers() {
    let (_server, proxy) = proxy().await;
    let mut connection = connect(&proxy).await.unwrap();
    assert_eq!(connection.ping::<String>().await.unwrap(), "PONG");
    proxy.set_road(Road::Slow(Duration::from_millis(1)));
    assert_eq!(connection.ping::<String>().await.unwrap(), "PONG");
}

#[tokio::test]
async fn a_black_hole_holds_one_connection_until_it_closes() {
    let (server, proxy) = proxy().await;
    let key = unique_prefix();
    let mut held = connect(&proxy).await.unwrap();
    let mut free = connect(&proxy).await.unwrap();
    let links = proxy.links();
    links[0].set_road(Road::BlackHole);
    let sent = tokio::spawn({
        let key = key.clone();
        async move { held.incr::<_, _, i64>(&key, 1).await }
    });
    assert_eq!(free.ping::<String>().await.unwrap(), "PONG");
    assert_eq!(server.cli(&["EXISTS", &key]).await, redis::Value::Int(0));
    assert!(!sent.is_finished());
    links[0].set_road(Road::Open);
    assert_eq!(in_time("the held answer", sent).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_cut_ends_connections_and_new_ones_are_welcome() {
    let (_server, proxy) = proxy().await;
    let mut connection = connect(&proxy).await.unwrap();
    proxy.cut_all();
    assert!(proxy.links().is_empty());
    assert!(connection.ping::<String>().await.is_err());
    connect(&proxy).await.unwrap().ping::<String>().await.unwrap();
}

#[tokio::test]
async fn refusal_is_for_new_connections_only() {
    let (_server, proxy) = proxy().await;
    let mut connection = connect(&proxy).await.unwrap();
    proxy.refuse(true);
    assert!(connect(&proxy).await.is_err());
    connection.ping::<String>().await.unwrap();
    proxy.refuse(false);
    connect(&proxy).await.unwrap();
}

#[tokio::test]
async fn swallowed_messages_are_lost_while_commands_go_on() {
    let (server, proxy) = proxy().await;
    let channel = unique_prefix();
    let mut commands = connect(&proxy).await.unwrap();
    let client = redis::Client::open(proxy.url()).unwrap();
    let mut subscriber = client.get_async_pubsub().await.unwrap();
    subscriber.subscribe(&channel).await.unwrap();
    let subscribed: Vec<bool> = proxy.links().iter().map(|link| link.subscribed()).collect();
    assert_eq!(subscribed, [false, true]);

    proxy.swallow_subscriptions(true);
    server.cli(&["PUBLISH", &channel, "lost"]).await;
    eventually("the message is lost", async || (proxy.swallowed() > 0).then_some(())).await;
    commands.ping::<String>().await.unwrap();

    proxy.swallow_subscriptions(false);
    server.cli(&["PUBLISH", &channel, "heard"]).await;
    let message = in_time("a message", subscriber.on_message().next()).await.unwrap();
    assert_eq!(message.get_payload::<String>().unwrap(), "heard");
}
