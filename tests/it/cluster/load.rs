//! What each node does, as any other shows it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{cluster::Cluster, watching::Watching};

fn watch(cluster: &Cluster, node: usize) -> impl Future<Output = Watching> {
    let url = format!("http://{}/api/v1/events", cluster.node(node).admin);
    Watching::start(reqwest::Client::builder().no_proxy().build().unwrap().get(url))
}

/// A number of each node's load.
fn each(nodes: &Value, pointer: &str) -> Value {
    let nodes = nodes.as_array().unwrap_or_else(|| panic!("a list of nodes: {nodes}")).iter();
    nodes.map(|node| node.pointer(pointer).cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn every_node_shows_the_load_of_all() {
    let cluster = Cluster::of(3).with("streams.limit", 1).start().await;
    let mut watching = watch(&cluster, 0).await;
    // Asked for at one node, played at another, taken over at the third.
    let jane = cluster.customer("jane");
    let (ticket, _player) = jane.plays(1, 2, "Kitchen").await;
    let joe = cluster.customer("joe");
    let (_, _player) = joe.plays(1, 2, "Sofa").await;
    jane.refused(0, "Bed").await;
    watching
        .nodes(|nodes| {
            let expected = [
                ("/name", json!(["node-0", "node-1", "node-2"])),
                ("/sockets", json!([0, 0, 2])),
                ("/load/held_streams", json!([0, 0, 2])),
                ("/load/since_start/creates", json!([0, 2, 0])),
                ("/load/since_start/refusals", json!([1, 0, 0])),
                ("/load/since_start/takeovers", json!([0, 0, 0])),
            ];
            expected.iter().all(|(pointer, value)| each(nodes, pointer) == *value).then_some(())
        })
        .await;
    jane.take_over(0, &ticket.session, "Bed").await;
    watching
        .nodes(|nodes| {
            let is_counted = each(nodes, "/load/since_start/takeovers") == json!([1, 0, 0]);
            (is_counted && each(nodes, "/load/held_streams") == json!([0, 0, 1])).then_some(())
        })
        .await;
}

#[tokio::test]
async fn nodes_that_come_drain_and_go_are_told() {
    let cluster = Cluster::of(2).start().await;
    let mut watching = watch(&cluster, 0).await;
    let kind = |kind: &'static str| {
        move |activity: &Value| (activity["kind"] == kind).then(|| activity["name"].clone())
    };
    cluster.admin(0, Method::POST, "/api/v1/nodes/node-1/drain").await;
    assert_eq!(watching.activity(kind("node_left")).await, "node-1");
}
