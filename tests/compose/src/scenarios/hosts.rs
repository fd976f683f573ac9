//! What brings the two ends of a co-browse session to its host, and that nothing depends on it.

use reqwest::Method;
use serde_json::Value;

use crate::{
    answer::{Answer, Retries},
    cluster::{COOKIE, Cluster, Member, NODES, name},
    load::show::{Show, join},
    support::cobrowse::Watcher,
};

const SESSIONS: &str = "/cobrowse/rest/live/sessions";
/// Clients that bring each cookie.
const CLIENTS: usize = 4;

/// A co-browse session that a client with such headers begins.
pub(super) async fn create(cluster: &Cluster, headers: &[(&str, &str)]) -> Answer {
    let call = cluster.call(cluster.public, Method::POST, SESSIONS, headers, &Value::Null);
    call.await.and_then(|answer| answer.only(200)).expect("a co-browse session")
}

/// The cookie names the host and leads to it: calls and sockets of the visitor and of the agent.
pub async fn the_cookie_leads_to_the_host(cluster: &Cluster) {
    for node in 0..NODES {
        let cookie = format!("{COOKIE}={}", name(node));
        for _ in 0..CLIENTS {
            let created = create(cluster, &[("cookie", &cookie)]).await;
            assert_eq!(created.text("sessionServerName"), name(node), "the node that answered");
            assert_eq!(created.server(), Some(name(node).as_str()), "the cookie stays");
        }
    }
    // A client that brings none gets one: by Baton's answer, or else by the balancer.
    let created = create(cluster, &[]).await;
    assert_eq!(created.server(), Some(created.text("sessionServerName")));
    let health = cluster.call(cluster.public, Method::GET, "/cobrowse/health", &[], &Value::Null);
    let inserted = health.await.expect("an answer");
    let named = inserted.server().expect("the balancer inserts one").to_owned();
    let created = create(cluster, &[("cookie", &format!("{COOKIE}={named}"))]).await;
    assert_eq!(created.text("sessionServerName"), named);

    // Both ends of a session bring the cookie: all sockets are at its host.
    sockets_are(cluster, "", [0, 0]).await;
    let mut show = Show::begin(cluster, "ann", &Retries::default()).await.expect("a session");
    let host = show.home.clone();
    assert_eq!(show.page.told("welcome").await["node"], host.as_str(), "the page's socket");
    show.page.append("hello");
    show.agrees().await;
    sockets_are(cluster, &host, [2, 0]).await;
    show.page.say(serde_json::json!({ "type": "end" }));
    assert_eq!(show.page.closed().await, 4003);
}

/// An agent comes by the host's own URL, and another by the URL of a node that does not host.
pub async fn agents_come_by_any_url(cluster: &Cluster) {
    let retries = Retries::default();
    let mut show = Show::begin(cluster, "ben", &retries).await.expect("a session");
    show.page.append("hello ");
    show.agrees().await;
    let path = format!("{SESSIONS}/{}", show.token);
    sockets_are(cluster, &show.home, [2, 0]).await;
    let mut watchers = Vec::new();
    for node in 0..NODES {
        let call = cluster.call(cluster.nodes[node], Method::GET, &path, &[], &Value::Null);
        let found = call.await.and_then(|answer| answer.only(200)).expect("any node knows it");
        assert_eq!(found.text("sessionServerName"), show.home);
        let at = host_of(cluster, &found);
        assert_eq!(name(at), show.home, "the URL is that of the host");
        // Once at the host, and twice by a hop.
        let agent = format!("carl{node}");
        let agent = join(cluster, cluster.nodes[node], &show.token, &agent, &retries).await;
        let agent = agent.expect("an agent joins");
        let mut watcher = Watcher::open(cluster.nodes[node], &agent.user).await;
        show.page.append(&format!("{node} "));
        let text = show.page.text().await;
        let mirror = watcher.shows(&text).await;
        assert_eq!(mirror.last("welcome").expect("a welcome")["node"], show.home.as_str());
        watchers.push(watcher);
    }
    // Each came where it was sent, one to each node; the host has also those that were passed on to it.
    sockets_are(cluster, &show.home, [2 + NODES as u64, 1]).await;
    show.page.say(serde_json::json!({ "type": "end" }));
    assert_eq!(show.page.closed().await, 4003);
}

/// The node whose listener `sessionServerUrl` names.
fn host_of(cluster: &Cluster, found: &Answer) -> usize {
    let url = found.text("sessionServerUrl");
    let is_there = |at: &std::net::SocketAddr| url.trim_end_matches('/') == format!("http://{at}");
    cluster.nodes.iter().position(is_there).unwrap_or_else(|| panic!("whose is {url}?"))
}

/// Waits until the host has so many clients' sockets, and each other node so many.
async fn sockets_are(cluster: &Cluster, host: &str, [there, elsewhere]: [u64; 2]) {
    let what = format!("{there} sockets at {host:?}, {elsewhere} at each other node");
    let wanted = |member: &Member| if member.name == host { there } else { elsewhere };
    let are = |members: &[Member]| members.iter().all(|member| member.sockets == wanted(member));
    cluster.until(&what, are).await;
}
