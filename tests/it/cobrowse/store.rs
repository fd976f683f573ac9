//! The store is away, or loses its data, while somebody is watched.

use reqwest::Method;
use serde_json::json;

use super::steps::watched;
use crate::support::{
    cluster::{Cluster, SECRET},
    cobrowse::SITE,
    eventually,
    proxy::Road,
};

async fn cluster(nodes: usize) -> Cluster {
    let cluster = Cluster::of(nodes).with("cobrowse.allowed_origins", SITE);
    cluster.with("store.timeout_ms", 200).through_proxies().on_own_redis().start().await
}

#[tokio::test]
async fn a_stop_counts_at_once_while_the_store_is_away() {
    let cluster = cluster(1).await;
    let at = cluster.node(0).public;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    page.append("seen");
    watcher.shows(b"seen").await;
    cluster.node(0).proxy().set_road(Road::BlackHole);
    page.say(json!({ "type": "end" }));
    page.append(" and not this");
    page.flushed().await;
    cluster.node(0).proxy().set_road(Road::Open);
    // The store is told as soon as it answers; nothing passed meanwhile.
    assert_eq!(watcher.status("terminated").await["endedBy"], "customer");
    assert_eq!(watcher.closed().await, 4003);
    assert_eq!(watcher.mirror().text.as_deref(), Some(&b"seen"[..]));
}

#[tokio::test]
async fn control_is_taken_back_at_once_while_the_store_is_away() {
    let cluster = cluster(1).await;
    let at = cluster.node(0).public;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    watcher.say(json!({ "type": "requestControl" }));
    let user = page.told("controlRequest").await["userId"].clone();
    page.say(json!({ "type": "control", "userId": user, "granted": true }));
    let has_control = |mirror: &crate::support::cobrowse::Mirror| {
        mirror.last("session").is_some_and(|state| state["control"] == user)
    };
    watcher.until("control", has_control).await;
    cluster.node(0).proxy().set_road(Road::BlackHole);
    page.say(json!({ "type": "control", "userId": user, "granted": false }));
    eventually("a click is refused", async || {
        watcher.say(json!({ "type": "click", "node": 1, "x": 1, "y": 1 }));
        let mirror = watcher.mirror();
        mirror.last("error").filter(|error| error["code"] == "noControl").cloned()
    })
    .await;
    cluster.node(0).proxy().set_road(Road::Open);
    let is_over = |mirror: &crate::support::cobrowse::Mirror| {
        mirror.last("session").is_some_and(|state| state["control"].is_null())
    };
    watcher.until("the record says so", is_over).await;
}

#[tokio::test]
async fn an_emptied_store_is_given_the_session_back() {
    let cluster = cluster(2).await;
    let at = |node: usize| cluster.node(node).public;
    let (live, mut page, mut watcher) = watched(at(0), at(1), SECRET).await;
    page.append("before");
    watcher.shows(b"before").await;
    cluster.redis().cli(&["FLUSHALL"]).await;
    eventually("the session is known again", async || {
        let path = format!("/api/v1/cobrowse/sessions/{}", live.token);
        let answer = cluster.admin(1, Method::GET, &path).await;
        (answer.status == 200 && answer.body["status"] == "active").then_some(())
    })
    .await;
    page.append(" and after");
    watcher.shows(b"before and after").await;
    page.say(json!({ "type": "end" }));
    assert_eq!(watcher.closed().await, 4003);
}
