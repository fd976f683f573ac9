//! Those who watch: many, slow ones, removed ones, and the sessions that nobody uses.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use super::steps::{Live, call, node, of_session, watched};
use crate::support::{
    cluster::{Cluster, SECRET as CLUSTER},
    cobrowse::{Page, PageOptions, SITE, Watcher},
    node::SECRET,
};

/// A payload of the mouse's that makes its frame as large as may be.
const LARGEST_VOLATILE: usize = 16 * 1024 - 16;

#[tokio::test]
async fn a_slow_viewer_is_resynced_and_slows_nobody() {
    let cluster = Cluster::of(2).with("cobrowse.allowed_origins", SITE).start().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut near) = watched(at(0), at(0), CLUSTER).await;
    let far = live.join(at(1), CLUSTER, "far", "agent").await;
    let slow = live.join(at(0), CLUSTER, "slow", "agent").await;
    let mut far = Watcher::open(at(1), &far).await;
    let mut slow = Watcher::open(at(0), &slow).await;
    page.append("start ");
    for watcher in [&mut near, &mut far, &mut slow] {
        watcher.shows(b"start ").await;
    }

    let before = [&near, &far, &slow].map(|watcher| watcher.mirror().deltas);
    slow.sleep(true);
    // First what fills the buffers of TCP, then more than a queue holds. Step by step, so that
    // those who read are never behind.
    let mouse = vec![0; LARGEST_VOLATILE];
    for step in 1..=14 {
        for _ in 0..50 {
            page.volatile(&mouse);
        }
        let moved = near.until("the mouse moves", |mirror| mirror.volatile == step * 50);
        assert_eq!(moved.await.snapshots, 1);
    }
    for step in 0..12 {
        for n in 0..50 {
            page.append(&format!("{step}/{n} "));
        }
        let text = page.text().await;
        assert_eq!(near.shows(&text).await.snapshots, 1);
        assert_eq!(far.shows(&text).await.snapshots, 1);
    }
    assert_eq!(slow.mirror().deltas, before[2], "it is behind");

    slow.sleep(false);
    page.append("end");
    let text = page.text().await;
    let healed = slow.shows(&text).await;
    assert!(healed.count("resync") >= 1 && healed.snapshots == 1 + healed.count("resync"));
    assert!(healed.deltas - before[2] < 601, "not every delta came to it: {}", healed.deltas);
    for (watcher, before) in [&mut near, &mut far].into_iter().zip(before) {
        let mirror = watcher.shows(&text).await;
        assert_eq!((mirror.snapshots, mirror.deltas - before), (1, 601), "{:?}", mirror.at);
        assert_eq!((mirror.count("resync"), mirror.closed), (0, None));
    }
}

#[tokio::test]
async fn fifty_viewers_of_a_large_page_miss_nothing() {
    let cluster = Cluster::of(3).with("cobrowse.allowed_origins", SITE).start().await;
    let at = |node: usize| cluster.node(node % 3).public;
    let live = Live::begin(at(0)).await;
    let mut watchers = Vec::new();
    for n in 0..50 {
        let user = live.join(at(n), CLUSTER, &format!("agent-{n}"), "agent").await;
        watchers.push(Watcher::open(at(n), &user).await);
    }
    let options = PageOptions {
        consents: Some(true),
        text: "x".repeat(95_000),
        ..of_session(&live.customer)
    };
    let mut page = Page::open(at(1), options).await;
    let first = page.text().await;
    join_all(watchers.iter_mut().map(|watcher| watcher.shows(&first))).await;
    for n in 0..300 {
        page.append(&format!("<p>{n}</p>"));
    }
    let text = page.text().await;
    for mirror in join_all(watchers.iter_mut().map(|watcher| watcher.shows(&text))).await {
        assert_eq!((mirror.snapshots, mirror.deltas, mirror.at.1), (1, 300, 300));
        assert_eq!((mirror.count("resync"), mirror.closed), (0, None));
    }
    assert_eq!(page.seen().requests, 1, "one snapshot is made for all");
}

async fn exit(at: std::net::SocketAddr, user: &str) {
    let path = format!("/cobrowse/rest/live/users/{user}/session/exit");
    let (status, body) = call(at, Method::POST, &path, None, &Value::Null).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_viewer_who_is_removed_is_closed_and_the_others_go_on() {
    let cluster = Cluster::of(3).with("cobrowse.allowed_origins", SITE).start().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut ann) = watched(at(0), at(1), CLUSTER).await;
    for (node, name) in [(0, "here"), (1, "there")] {
        let user = live.join(at(2), CLUSTER, name, "agent").await;
        let mut gone = Watcher::open(at(node), &user).await;
        page.append(".");
        gone.shows(&page.text().await).await;
        exit(at(2), &user).await;
        assert_eq!(gone.closed().await, 4011);
        assert_eq!(Watcher::try_open(at(node), &user).await.err(), Some(404));
        page.append("on");
        let mirror = ann.shows(&page.text().await).await;
        assert_eq!((mirror.snapshots, mirror.closed), (1, None));
    }
}

#[tokio::test]
async fn a_viewer_who_is_removed_while_it_waits_is_closed() {
    let cluster = Cluster::of(2).with("cobrowse.allowed_origins", SITE).start().await;
    let at = |node: usize| cluster.node(node).public;
    let live = Live::begin(at(0)).await;
    let ann = live.join(at(0), CLUSTER, "ann", "agent").await;
    let bob = live.join(at(0), CLUSTER, "bob", "agent").await;
    let mut gone = Watcher::open(at(1), &bob).await;
    let mut stays = Watcher::open(at(1), &ann).await;
    gone.status("waiting").await;
    exit(at(0), &bob).await;
    assert_eq!(gone.closed().await, 4011);
    let mut page = Page::of_session(at(0), &live.customer).await;
    page.append("a");
    stays.shows(&page.text().await).await;
}

#[tokio::test]
async fn a_session_that_nobody_watches_any_more_ends() {
    let node = node(&[("BATON_COBROWSE__RECONNECT_GRACE_SECONDS", "2")]).await;
    let at = node.node.public_addr;
    let (_, mut page, watcher) = watched(at, at, SECRET).await;
    drop(watcher);
    assert_eq!(page.status("terminated").await["endedBy"], "deserted");
    assert_eq!(page.closed().await, 4003);
}

#[tokio::test]
async fn a_session_whose_visitor_does_not_come_back_ends() {
    let node = node(&[("BATON_COBROWSE__RECONNECT_GRACE_SECONDS", "2")]).await;
    let at = node.node.public_addr;
    let (live, mut page, mut watcher) = watched(at, at, SECRET).await;
    page.drop_line();
    assert_eq!(watcher.status("terminated").await["endedBy"], "timeout");
    assert_eq!(watcher.closed().await, 4003);
    let late = Page::try_open(at, of_session(&live.customer), Some(SITE)).await;
    assert_eq!(late.err(), Some(410));
}

#[tokio::test]
async fn a_session_in_which_nobody_does_anything_ends() {
    let node = node(&[("BATON_COBROWSE__IDLE_SECONDS", "3")]).await;
    let at = node.node.public_addr;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    assert_eq!(watcher.status("terminated").await["endedBy"], "timeout");
    assert_eq!(page.status("terminated").await["endedBy"], "timeout");
    assert_eq!((page.closed().await, watcher.closed().await), (4003, 4003));
}
