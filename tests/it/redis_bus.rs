//! Messages between nodes through Redis.

use std::time::Duration;

use baton::{
    backend::redis::{bus::RedisBus, keys::Keys},
    domain::{
        cluster::{Bus, Delivery, INBOX_MESSAGES, Message},
        ids::NodeName,
    },
};
use tokio::sync::mpsc::Receiver;

use crate::support::{eventually, linked::LinkedNode, redis::RedisServer};

fn bus(node: &LinkedNode) -> RedisBus {
    RedisBus::new(node.link.clone(), Keys::new("t"), &node.tracker, node.shutdown.clone())
}

async fn next(inbox: &mut Receiver<Delivery>) -> Delivery {
    let delivery = tokio::time::timeout(Duration::from_secs(30), inbox.recv()).await;
    delivery.expect("something is delivered").expect("the bus lives")
}

async fn until(inbox: &mut Receiver<Delivery>, wanted: &Delivery) {
    while next(inbox).await != *wanted {}
}

fn probe(nonce: u64) -> Message {
    Message::Probe { nonce }
}

#[tokio::test]
async fn a_message_to_the_own_channel_arrives_after_resumed() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    bus.publish(&NodeName::from("b"), &probe(1));
    bus.publish(&name, &probe(2));
    assert_eq!(next(&mut inbox).await, Delivery::Message(probe(2)));
    assert_eq!(bus.dropped(), 0);
}

#[tokio::test]
async fn messages_of_other_releases_are_ignored() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    server.cli(&["PUBLISH", "t:node:a", r#"{"v":2,"kind":"drain"}"#]).await;
    server.cli(&["PUBLISH", "t:node:a", r#"{"v":1,"kind":"invented"}"#]).await;
    server.cli(&["PUBLISH", "t:node:a", r#"{"v":1,"kind":"drain","later":1}"#]).await;
    assert_eq!(next(&mut inbox).await, Delivery::Message(Message::Drain));
}

#[tokio::test]
async fn a_killed_subscription_is_rebuilt_and_says_so() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(next(&mut inbox).await, Delivery::Lost);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    bus.publish(&name, &probe(1));
    assert_eq!(next(&mut inbox).await, Delivery::Message(probe(1)));
}

#[tokio::test]
async fn a_deaf_subscription_is_replaced_when_asked() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    bus.resubscribe();
    assert_eq!(next(&mut inbox).await, Delivery::Lost);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
}

#[tokio::test]
async fn a_restarted_server_hears_the_subscription_again() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    server.stop();
    until(&mut inbox, &Delivery::Lost).await;
    node.until_down().await;
    bus.publish(&name, &probe(1));
    eventually("lost", async || (bus.dropped() == 1).then_some(())).await;
    server.restart().await;
    until(&mut inbox, &Delivery::Resumed).await;
    eventually("heard", async || {
        bus.publish(&name, &probe(2));
        let heard = tokio::time::timeout(Duration::from_millis(200), inbox.recv()).await;
        (heard == Ok(Some(Delivery::Message(probe(2))))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_overflown_inbox_tells_one_resumed_instead_of_what_it_lost() {
    let server = RedisServer::start().await;
    let node = LinkedNode::on(&server);
    let (bus, name) = (bus(&node), NodeName::from("a"));
    let mut inbox = bus.subscribe(&name);
    assert_eq!(next(&mut inbox).await, Delivery::Resumed);
    let sent = INBOX_MESSAGES as u64 + 1000;
    for nonce in 0..sent {
        bus.publish(&name, &probe(nonce));
    }
    eventually("full", async || (inbox.len() == INBOX_MESSAGES).then_some(())).await;
    // What is still on its way must have been dropped before there is room again:
    // a message published afterwards through the same pipeline proves that.
    let published = format!("{}", sent);
    eventually("all published", async || {
        let info = server.cli(&["INFO", "commandstats"]).await;
        let info: String = redis::from_redis_value(info).ok()?;
        info.contains(&format!("cmdstat_publish:calls={published},")).then_some(())
    })
    .await;
    let mut messages = 0;
    while next(&mut inbox).await != Delivery::Resumed {
        messages += 1;
    }
    assert!(messages >= INBOX_MESSAGES, "{messages}");
    bus.publish(&name, &probe(u64::MAX));
    until(&mut inbox, &Delivery::Message(probe(u64::MAX))).await;
}
