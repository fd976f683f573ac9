//! The node that hosts a co-browse session, and holds players' sockets, dies without a word.

use crate::{
    cluster::{COOKIE, NODES, name},
    machines::Machines,
    scenarios::crowd::Crowd,
};

/// The session goes on at another node, and the viewer sees the page again; players come back to
/// the same endpoint, and keep their sessions. Started again, the node takes its share.
pub async fn the_host_dies(machines: &impl Machines) -> String {
    let cluster = machines.cluster();
    let mut crowd = Crowd::gather(cluster, "dora").await;
    let node = (0..NODES).find(|node| name(*node) == crowd.host).expect("one of ours");
    let before = cluster.member(node).await.expect("it is a member");
    let there = crowd.at(cluster, &crowd.host).await;
    assert!(there > 0, "the node has sockets of players");

    machines.kill(node).await;
    let code = crowd.show.page.closed().await;
    assert!(!(4000..5000).contains(&code), "nobody said goodbye: {code}");
    crowd.show.page_comes_back().await.expect("the page finds another node");
    crowd.show.page.status("active").await;
    let seen = crowd.show.page.until("a snapshot is asked for", |seen| seen.requests > 0).await;
    let host = seen.last("welcome").expect("a welcome")["node"].as_str().expect("a name");
    assert_ne!(host, crowd.host, "another node hosts the session");
    assert!(seen.messages.iter().all(|said| said["status"] != "pendingRequest"), "asked again");
    // The cookie had brought the viewer to the host, too.
    crowd.show.watcher.closed().await;
    crowd.show.come_back().await.expect("the viewer may come back");
    crowd.sees("after ").await;
    crowd.come_back(there).await;
    crowd.is_right(cluster).await;
    let (returns, gap) = crowd.returns();
    assert_eq!(returns, there, "those of the other nodes noticed nothing");

    machines.start(node).await;
    cluster.joined(node, before.started_ms).await;
    let cookie = format!("{COOKIE}={}", name(node));
    let created = super::hosts::create(cluster, &[("cookie", &cookie)]).await;
    assert_eq!(created.text("sessionServerName"), name(node), "it takes its share again");
    crowd.is_right(cluster).await;
    crowd.leave(cluster).await;
    format!("{returns} players came back, longest without a socket {gap:.1?}")
}
