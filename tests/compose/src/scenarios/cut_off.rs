//! A node loses its network: it reaches nobody, nobody reaches it, and nobody is told.

use tokio::time::Instant;

use crate::{
    cluster::{NODES, name},
    compose::Project,
    load::show::join,
    machines::Machines,
    scenarios::crowd::Crowd,
    support::cobrowse::Watcher,
};

/// The rest goes on; whoever was at the node goes on elsewhere. It is back as soon as its network
/// is, hosts nothing that others host now, and counts are right.
pub async fn a_node_is_cut_off(project: &Project) -> String {
    let cluster = project.cluster();
    let mut crowd = Crowd::gather(cluster, "cora").await;
    let node = (0..NODES).find(|node| name(*node) == crowd.host).expect("one of ours");
    let before = cluster.member(node).await.expect("it is a member");
    let there = crowd.at(cluster, &crowd.host).await;
    assert!(there > 0, "the node has sockets of players");

    // A viewer that another node passes on to the host: it learns nothing from the balancer.
    let far = (node + 1) % NODES;
    let agent = join(cluster, cluster.nodes[far], &crowd.show.token, "far", &crowd.retries).await;
    let agent = agent.expect("an agent joins");
    let mut passed_on = Watcher::open(cluster.nodes[far], &agent.user).await;
    passed_on.shows(b"before ").await;

    project.cut_off(node).await;
    let began = Instant::now();
    cluster.is_avoided(node).await;
    let avoided = began.elapsed();
    crowd.has_room(cluster, "corinna").await;
    let code = crowd.show.page.closed().await;
    let noticed = began.elapsed();
    assert!(!(4000..5000).contains(&code), "nobody said goodbye: {code}");
    crowd.show.page_comes_back().await.expect("the page finds another node");
    crowd.show.page.status("active").await;
    crowd.show.watcher.closed().await;
    crowd.show.come_back().await.expect("the viewer may come back");
    crowd.sees("meanwhile ").await;
    let mirror = passed_on.shows(b"before meanwhile ").await;
    assert_eq!(mirror.closed, None, "its node kept its socket, and found the new host");
    let followed = began.elapsed();
    crowd.come_back(there).await;
    assert_eq!(crowd.at(cluster, &crowd.host).await, 0, "every player went elsewhere");

    project.reconnect(node).await;
    let began = Instant::now();
    cluster.joined(node, before.started_ms - 1).await;
    let joined = began.elapsed();
    crowd.is_right(cluster).await;
    crowd.sees("after ").await;
    let (returns, gap) = crowd.returns();
    assert_eq!(returns, there, "those of the other nodes noticed nothing");
    crowd.leave(cluster).await;
    format!(
        "avoided after {avoided:.1?}, its sockets broken after {noticed:.1?}, a viewer that was passed \
         on follows by {followed:.1?}, {there} players elsewhere (longest without a socket {gap:.1?}); \
         a member {joined:.1?} after its network"
    )
}
