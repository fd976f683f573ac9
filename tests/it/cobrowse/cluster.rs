//! Three nodes, and a balancer that knows nothing of sessions: stickiness is never needed.

use serde_json::json;

use super::steps::{Live, watched};
use crate::support::{
    cluster::{Cluster, SECRET},
    cobrowse::{Page, PageOptions, SITE, Watcher},
    eventually,
    proxy::Road,
};

async fn cluster() -> Cluster {
    Cluster::of(3).with("cobrowse.allowed_origins", SITE).start().await
}

#[tokio::test]
async fn an_agent_at_the_wrong_node_sees_the_page() {
    let cluster = cluster().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
    page.append("a");
    let mirror = watcher.shows(b"a").await;
    assert_eq!(mirror.last("welcome").unwrap()["node"], "node-0", "the host welcomes");
    assert!(cluster.metric(1, "baton_relay_passed_on_total{outcome=\"connected\"}").await >= 1);

    // What a viewer does takes the same way back.
    watcher.say(json!({ "type": "pointer", "x": 3, "y": 4 }));
    assert_eq!(page.told("pointer").await["x"], 3.0);

    // A third node answers for the session, and names its host.
    let user = live.join(at(2), SECRET, "bob", "controller").await;
    let mut bob = Watcher::open(at(2), &user).await;
    page.append("b");
    let text = page.text().await;
    bob.shows(&text).await;
    watcher.shows(&text).await;

    // A controller's call at any node ends it for all.
    bob.say(json!({ "type": "end" }));
    assert_eq!(watcher.status("terminated").await["endedBy"], "agent");
    assert_eq!([page.closed().await, watcher.closed().await, bob.closed().await], [4003; 3]);
}

#[tokio::test]
async fn a_call_at_another_node_is_told_to_the_host() {
    let cluster = cluster().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
    let path = format!("/api/v1/cobrowse/sessions/{}", live.token);
    let ended = cluster.admin(2, reqwest::Method::DELETE, &path).await;
    assert!(ended.status.is_success(), "{}", ended.body);
    assert_eq!(page.status("terminated").await["endedBy"], "operator");
    assert_eq!([page.closed().await, watcher.closed().await], [4003; 2]);
}

#[tokio::test]
async fn the_host_is_killed_and_the_session_goes_on_elsewhere() {
    let mut cluster = cluster().await;
    let [zero, one, two] = [0, 1, 2].map(|node| cluster.node(node).public);
    let (live, mut page, mut watcher) = watched(zero, one, SECRET).await;
    let local = live.join(zero, SECRET, "bob", "controller").await;
    let mut local = (Watcher::open(zero, &local).await, local);
    page.append("before");
    watcher.shows(b"before").await;
    local.0.shows(b"before").await;

    cluster.kill(0).await;
    let text = String::from_utf8(page.text().await).unwrap();
    assert_eq!(page.closed().await, 1006);
    let options = PageOptions {
        token: Some(live.customer.clone()),
        text,
        epoch: page.seen().epoch + 1,
        ..PageOptions::default()
    };
    let mut page = Page::open(two, options).await;
    let state = page.status("active").await;
    assert_eq!(state["sessionToken"], live.token.as_str(), "the same session, and no new consent");
    page.append(" and after");
    // Its socket never closed: it followed to the new host by itself.
    let mirror = watcher.shows(b"before and after").await;
    assert_eq!(mirror.closed, None);
    assert!(mirror.count("welcome") >= 2, "everything before is void");
    assert_eq!(mirror.last("welcome").unwrap()["node"], "node-2");
    // One whose own node died comes back to any.
    let mut local = Watcher::open(one, &local.1).await;
    local.shows(b"before and after").await;
}

#[tokio::test]
async fn a_drained_host_hands_its_sessions_over() {
    let cluster = cluster().await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
    page.append("before");
    watcher.shows(b"before").await;
    cluster.node(0).drain().cancel();
    assert_eq!(page.closed().await, 4500);
    let options = PageOptions {
        token: Some(live.customer.clone()),
        text: "before".to_owned(),
        epoch: 2,
        ..PageOptions::default()
    };
    let mut page = Page::open(at(2), options).await;
    page.append("!");
    let mirror = watcher.shows(b"before!").await;
    assert_eq!(mirror.closed, None);
    cluster.node(0).until_stopped().await;
}

#[tokio::test]
async fn of_two_nodes_that_claim_at_once_one_hosts() {
    let cluster = cluster().await;
    let at = |node: usize| cluster.node(node).public;
    for _ in 0..5 {
        let live = Live::begin(at(0)).await;
        let user = live.join(at(2), SECRET, "ann", "agent").await;
        let page = |node: usize| {
            let options = PageOptions {
                token: Some(live.customer.clone()),
                consents: Some(true),
                ..PageOptions::default()
            };
            Page::open(at(node), options)
        };
        let (mut one, mut two) = tokio::join!(page(0), page(1));
        // One of them is sent away, the other shows its page.
        let (winner, loser) =
            eventually("one is closed", async || match (one.seen().closed, two.seen().closed) {
                (Some(4002), None) => Some((1, 0)),
                (None, Some(4002)) => Some((0, 1)),
                (None, None) => None,
                both => panic!("{both:?}"),
            })
            .await;
        assert_ne!(winner, loser);
        let winner = if winner == 0 { &mut one } else { &mut two };
        winner.status("active").await;
        winner.append("mine");
        let mut watcher = Watcher::open(at(2), &user).await;
        watcher.shows(b"mine").await;
        winner.say(json!({ "type": "end" }));
        assert_eq!(watcher.closed().await, 4003);
    }
}

#[tokio::test]
async fn a_stale_host_is_fenced_off() {
    let cluster = Cluster::of(2)
        .with("cobrowse.allowed_origins", SITE)
        .through_proxies()
        .on_own_redis()
        .start()
        .await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut watcher) = watched(at(0), at(0), SECRET).await;
    page.append("old");
    watcher.shows(b"old").await;
    // The host hears nothing of Redis while the visitor comes back elsewhere.
    cluster.node(0).proxy().set_road(Road::BlackHole);
    let options = PageOptions {
        token: Some(live.customer.clone()),
        text: "new".to_owned(),
        epoch: 5,
        ..PageOptions::default()
    };
    let mut moved = Page::open(at(1), options).await;
    moved.status("active").await;
    cluster.node(0).proxy().set_road(Road::Open);
    // Back again it learns by its next renewal, or by the message, that it hosts no more.
    assert_eq!(page.closed().await, 4002);
    moved.append("er");
    watcher.shows(b"newer").await;
}
