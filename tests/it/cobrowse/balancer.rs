//! Everything through a balancer that sends each connection to the next node.

use reqwest::Method;
use serde_json::{Value, json};

use super::steps::{Live, back, call, of_session};
use crate::support::{
    balancer::Balancer,
    cluster::{Cluster, SECRET},
    cobrowse::{Page, PageOptions, SITE, Watcher},
};

const NODES: usize = 3;

async fn balanced() -> (Cluster, Balancer) {
    let cluster = Cluster::of(NODES).with("cobrowse.allowed_origins", SITE).start().await;
    let nodes = (0..NODES).map(|node| cluster.node(node).public).collect();
    (cluster, Balancer::start(nodes).await)
}

#[tokio::test]
async fn a_session_needs_no_stickiness() {
    let (_cluster, balancer) = balanced().await;
    let at = balancer.at;
    let live = Live::begin(at).await;
    let path = format!("/cobrowse/rest/live/sessions/{}", live.token);
    for _ in 0..NODES {
        let (status, body) = call(at, Method::GET, &path, None, &Value::Null).await;
        assert_eq!((status, &body["sessionToken"]), (200, &live.token.clone().into()), "{body}");
    }
    let join = json!({ "role": 1, "customerToken": live.customer });
    let joined = call(at, Method::POST, &format!("{path}/users"), None, &join).await;
    let customer = joined.1["userToken"].as_str().expect("a userToken").to_owned();
    let ann = live.join(at, SECRET, "ann", "agent").await;
    let cleo = live.join(at, SECRET, "cleo", "controller").await;

    let mut watchers = [Watcher::open(at, &ann).await, Watcher::open(at, &cleo).await];
    let mut page = Page::of_session(at, &customer).await;
    page.status("active").await;
    let mut hosts = vec![page.told("welcome").await["node"].clone()];
    for round in 0..4 {
        page.append(&format!("round {round} "));
        let text = page.text().await;
        for watcher in &mut watchers {
            watcher.shows(&text).await;
        }
        page.drop_line();
        page = back(page, at, of_session(&customer)).await;
        page.status("active").await;
        hosts.push(page.told("welcome").await["node"].clone());
        assert_ne!(hosts[round], hosts[round + 1], "another node hosts each time");
        for watcher in &mut watchers {
            watcher.shows(&text).await;
        }
    }
    watchers[0].say(json!({ "type": "pointer", "x": 1, "y": 2 }));
    assert_eq!(page.told("pointer").await["y"], 2.0);

    let stop = format!("/cobrowse/rest/live/users/{cleo}/session/stop");
    let (status, times) = call(at, Method::GET, &stop, None, &Value::Null).await;
    assert_eq!(status, 200, "{times}");
    assert!(times["activationTime"].as_u64() <= times["deactivationTime"].as_u64(), "{times}");
    for _ in 0..NODES {
        let repeated = call(at, Method::POST, &stop, None, &Value::Null).await;
        assert_eq!(repeated, (200, times.clone()), "any node answers a repeat alike");
    }
    assert_eq!(page.status("terminated").await["endedBy"], "agent");
    assert_eq!(page.closed().await, 4003);
    for mut watcher in watchers {
        assert_eq!(watcher.status("terminated").await["endedBy"], "agent");
        assert_eq!(watcher.closed().await, 4003);
    }
}

#[tokio::test]
async fn a_node_that_dies_behind_the_balancer_ends_no_session() {
    let (mut cluster, balancer) = balanced().await;
    let at = balancer.at;
    let live = Live::begin(at).await;
    let user = live.join(at, SECRET, "ann", "agent").await;
    // Created at node 0, joined at node 1: the page is at node 2, and the viewer at node 0.
    let mut page = Page::of_session(at, &live.customer).await;
    let mut watcher = Watcher::open(at, &user).await;
    page.append("a");
    watcher.shows(b"a").await;
    assert_eq!(page.told("welcome").await["node"], "node-2");
    cluster.kill(2).await;
    assert_eq!(page.closed().await, 1006);
    // The balancer finds a node that is alive, whoever's turn it is.
    for _ in 0..NODES {
        page = back(page, at, PageOptions { consents: None, ..of_session(&live.customer) }).await;
        page.status("active").await;
        page.append("b");
        let text = page.text().await;
        assert_eq!(watcher.shows(&text).await.closed, None);
        page.drop_line();
    }
}
