//! A stream is taken over at another node than the one that holds the victim's socket.

use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::{
    cluster::{Cluster, name},
    support::{eventually, ws::WsClient},
};

/// The victim's socket is at one node, the takeover is called at another, the new player is at the
/// third: the victim is told who took over, and closed.
pub async fn takeover_across_nodes(cluster: &Cluster) {
    let bearer = cluster.customer("victor", 1);
    let created = cluster.create(cluster.nodes[0], &bearer, "Living room", "victor-1").await;
    let created = created.and_then(|answer| answer.only(200)).expect("a session");
    let mut victim = plays_at(cluster, 0, created.text("endpoint")).await;
    let id = created.text("sessionId").to_owned();
    holder_is(cluster, &id, 0).await;

    let refused = cluster.create(cluster.nodes[1], &bearer, "Kitchen", "victor-2").await;
    let refused = refused.and_then(|answer| answer.only(409)).expect("the limit");
    assert_eq!(refused.json["details"]["activeSessions"][0]["sessionId"], id.as_str());
    assert_eq!(victim.next_action().await.0, "PING", "asked whether it is still there");
    victim.send_action("PONG").await;

    let headers = [("authorization", bearer.as_str())];
    let body = json!({ "sessionName": "Kitchen", "offerId": "S1", "sessionId": id });
    let taken = cluster.call(cluster.nodes[1], Method::POST, "/takeover", &headers, &body).await;
    let taken = taken.and_then(|answer| answer.only(200)).expect("a takeover");
    let (action, told) = victim.next_action().await;
    assert_eq!((action.as_str(), &told["sessionName"]), ("TAKE_OVER", &"Kitchen".into()));
    assert_eq!(victim.next_close().await.0, 4001);

    let _winner = plays_at(cluster, 2, taken.text("endpoint")).await;
    holder_is(cluster, taken.text("sessionId"), 2).await;
}

/// A socket at one node, on which the player was told to play.
async fn plays_at(cluster: &Cluster, node: usize, endpoint: &str) -> WsClient {
    let mut url = Url::parse(endpoint).expect("the endpoint is a URL");
    assert_eq!(url.port(), Some(cluster.public.port()), "it leads to the balancer: {endpoint}");
    url.set_port(Some(cluster.nodes[node].port())).expect("a port");
    let mut socket = WsClient::connect(url.as_str()).await;
    socket.send_action("REQUESTED").await;
    assert_eq!(socket.next_action().await.0, "OK");
    socket
}

/// Victor's only session is this one, and that node holds its socket.
async fn holder_is(cluster: &Cluster, id: &str, node: usize) {
    let wanted = [(id.to_owned(), Some(name(node)))];
    eventually("the session and its holder are told", async || {
        (cluster.account("victor").await == wanted).then_some(())
    })
    .await;
}
