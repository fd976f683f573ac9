//! What viewers notice of the node that hosts their session, and are told of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::steps::{Live, call, watched};
use crate::support::{
    cluster::{Cluster, ClusterBuilder, SECRET},
    cobrowse::{Page, SITE, Watcher, agent_token},
    proxy::Road,
};

fn cluster() -> ClusterBuilder {
    Cluster::of(2).with("cobrowse.allowed_origins", SITE)
}

/// It takes ten seconds: nothing is noticed sooner.
#[tokio::test]
async fn a_host_that_falls_silent_is_looked_for_again() {
    let cluster = cluster().with("streams.ping_seconds", 5).with_peers_apart().start().await;
    let at = |node: usize| cluster.node(node).public;
    let (_, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
    page.append("before");
    let welcomes = watcher.shows(b"before").await.count("welcome");
    const CONNECTED: &str = "baton_relay_passed_on_total{outcome=\"connected\"}";
    let connected = cluster.metric(1, CONNECTED).await;
    // What was sent disappears, and nobody is told; new connections get through.
    for link in cluster.node(0).peers().links() {
        link.set_road(Road::BlackHole);
    }
    page.append(" and after");
    let mirror = watcher.shows(b"before and after").await;
    assert_eq!(mirror.closed, None);
    assert_eq!(mirror.count("welcome"), welcomes + 1, "everything before is void");
    assert_eq!(cluster.metric(1, CONNECTED).await, connected + 1);
}

#[tokio::test]
async fn a_viewer_who_left_while_there_was_no_host_is_sent_away_by_it() {
    let cluster = cluster().start().await;
    let at = |node: usize| cluster.node(node).public;
    let live = Live::begin(at(0)).await;
    let ann = live.join(at(1), SECRET, "ann", "agent").await;
    let bob = live.join(at(1), SECRET, "bob", "agent").await;
    let mut ann = (Watcher::open(at(1), &ann).await, ann);
    let mut bob = Watcher::open(at(1), &bob).await;
    ann.0.status("waiting").await;
    let exit = format!("/cobrowse/rest/live/users/{}/session/exit", ann.1);
    assert_eq!(call(at(0), Method::POST, &exit, None, &Value::Null).await.0, 200);
    let page = Page::of_session(at(0), &live.customer).await;
    assert_eq!(ann.0.closed().await, 4011);
    assert_eq!(bob.status("active").await["visitorConnected"], true);
    drop(page);
}

#[tokio::test]
async fn a_host_that_drains_takes_viewers_as_long_as_it_hosts() {
    // Its page leaves at some time within ten minutes: if it does so too early, once more.
    for _ in 0..5 {
        let cluster = cluster()
            .with("node.drain_seconds", 600)
            .with("node.drain_deadline_seconds", 600)
            .start()
            .await;
        let at = |node: usize| cluster.node(node).public;
        let (live, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
        page.append("here");
        watcher.shows(b"here").await;
        let user = live.join(at(1), SECRET, "bob", "agent").await;
        cluster.node(0).drain().cancel();
        cluster.until_not_ready(0).await;
        let direct = Watcher::try_open(at(0), &user).await;
        assert_eq!(direct.err(), Some(503), "it takes no sockets of its own");
        let mut bob = Watcher::open(at(1), &user).await;
        let shown = tokio::select! {
            mirror = bob.shows(b"here") => Some(mirror),
            _ = page.closed() => None,
        };
        cluster.node(0).force().cancel();
        if let Some(mirror) = shown {
            assert_eq!(mirror.last("welcome").unwrap()["node"], "node-0");
            return;
        }
    }
    panic!("five pages left at once");
}

#[tokio::test]
async fn an_agent_is_told_two_ways_to_its_socket() {
    let cluster = cluster()
        .with("node.server_url", "https://n1.example.com/x")
        .with("public_url", "https://baton.example.com")
        .start()
        .await;
    let at = |node: usize| cluster.node(node).public;
    let live = Live::begin(at(0)).await;
    let path = format!("/cobrowse/rest/live/sessions/{}/users", live.token);
    let ann = agent_token(SECRET, "ann", "agent");
    let join = async |node: usize| {
        let body = json!({ "role": 2 });
        let (status, body) = call(at(node), Method::POST, &path, Some(&ann), &body).await;
        assert_eq!(status, 200, "{body}");
        body
    };
    let user = join(0).await;
    let token = user["userToken"].as_str().expect("a userToken");
    let socket = format!("wss://baton.example.com/cobrowse/socket/viewer?token={token}");
    assert_eq!(user["socketUrl"], socket);
    assert_eq!(user["directSocketUrl"], Value::Null, "nobody hosts it yet");
    let mut page = Page::of_session(at(0), &live.customer).await;
    page.status("active").await;
    for node in [0, 1] {
        let user = join(node).await;
        assert_eq!(user["socketUrl"], socket);
        let direct = format!("wss://n1.example.com/x/cobrowse/socket/viewer?token={token}");
        assert_eq!(user["directSocketUrl"], direct);
    }
}
