//! Fail-overs as people run Redis: three Sentinels over a primary and two replicas, and a cluster
//! of three primaries with a replica each. Nodes of Baton follow by themselves.

use baton::{
    backend::redis::keys::Keys,
    domain::{ids::NodeName, streams::Account},
};
use redis::from_redis_value;

use crate::support::{
    cluster::{Cluster, Customer, Player, TENANT, Ticket},
    eventually,
    monitor::executed,
    redis::RedisServer,
    topology::{ClusterShape, RedisCluster, SentinelShape, Sentinelled},
};

/// Two nodes whose customers may play one stream.
async fn two_nodes(url: String) -> Cluster {
    let cluster = Cluster::of(2).at(url).with("streams.limit", 1);
    cluster.with("store.timeout_ms", 1000).start().await
}

async fn info(server: &RedisServer, field: &str) -> Option<String> {
    // Sentinels cut the connections of a server whose role they change.
    let info: String =
        from_redis_value(server.try_cli(&["INFO", "replication"]).await.ok()?).unwrap();
    let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.map(str::to_owned)
}

/// Waits until a replica has all that its primary has executed by now.
async fn has_caught_up(replica: &RedisServer, primary: &RedisServer) {
    let offset = async |server, field| -> Option<u64> { info(server, field).await?.parse().ok() };
    let wanted = offset(primary, "master_repl_offset").await.expect("a primary");
    eventually("the replica has it all", async || {
        (offset(replica, "slave_repl_offset").await? >= wanted).then_some(())
    })
    .await;
}

/// Whether a node is subscribed to its own channel there.
async fn hears(server: &RedisServer, cluster: &Cluster, node: &str) -> bool {
    let channel = Keys::new(cluster.prefix()).node_channel(&NodeName::from(node));
    let Ok(found) = server.try_cli(&["PUBSUB", "CHANNELS", &channel]).await else { return false };
    !from_redis_value::<Vec<String>>(found).unwrap().is_empty()
}

/// What plays as a node tells it in a refusal; none while its store is away. One is the limit, so
/// nobody is ever admitted.
async fn refused(jane: &Customer<'_>, node: usize) -> Option<String> {
    let answer = jane.ask(node, "Bed").await;
    assert_ne!(answer.status, 200, "admitted above the limit");
    let sessions = answer.body["details"]["activeSessions"].as_array()?;
    assert_eq!(sessions.len(), 1, "{}", answer.body);
    Some(sessions[0]["name"].as_str().expect("a name").to_owned())
}

/// Every node answers, and still knows what plays.
async fn both_know(jane: &Customer<'_>, playing: &str) {
    for node in 0..2 {
        let known = eventually("the node answers", async || refused(jane, node).await).await;
        assert_eq!(known, playing);
    }
}

/// A takeover through one node reaches the player at the other.
async fn takes_over(cluster: &Cluster, jane: &Customer<'_>, old: &Ticket, player: Player) {
    let sofa = eventually("the store answers", async || {
        let answer = jane.take_over(0, &old.session, "Sofa").await;
        (answer.status != 503).then(|| Ticket::of(&answer))
    })
    .await;
    assert_eq!(player.sent_away("TAKE_OVER", 4001).await["sessionName"], "Sofa");
    Player::starts(cluster, 1, &sofa).await.plays_on().await;
}

/// Waits until a server that was primary follows another one. Somebody asks for sessions all the
/// time; no script of theirs may reach it, whatever it believes itself to be.
async fn comes_back_and_is_not_written_to(old: &RedisServer, jane: &Customer<'_>) {
    old.restart().await;
    eventually("it follows the new primary", async || {
        for node in 0..2 {
            let known = refused(jane, node).await;
            assert!(known.is_none_or(|known| known == "Sofa"));
        }
        let follows = info(old, "role").await? == "slave"
            && info(old, "master_link_status").await.as_deref() == Some("up");
        follows.then_some(())
    })
    .await;
    let commands = executed(old).await;
    let written = ["eval", "evalsha"].iter().find(|command| commands.contains_key(**command));
    assert_eq!(written, None, "{commands:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_follow_three_sentinels_to_another_primary() {
    let servers = Sentinelled::of(SentinelShape::full()).await;
    let cluster = two_nodes(servers.store_url("", "")).await;
    let jane = cluster.customer("jane");
    let (kitchen, mut player) = jane.plays(0, 1, "Kitchen").await;
    for replica in &servers.replicas {
        has_caught_up(replica, &servers.master).await;
    }
    servers.master.stop();
    both_know(&jane, "Kitchen").await;
    player.plays_on().await;
    eventually("a node is subscribed at the new primary", async || {
        for replica in &servers.replicas {
            if info(replica, "role").await? == "master" && hears(replica, &cluster, "node-1").await
            {
                return Some(());
            }
        }
        None
    })
    .await;
    takes_over(&cluster, &jane, &kitchen, player).await;
    comes_back_and_is_not_written_to(&servers.master, &jane).await;
    cluster.ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_follow_a_cluster_whose_primary_died() {
    let servers = RedisCluster::of(ClusterShape { replicas: true, tls: None }).await;
    let cluster = two_nodes(servers.store_url("")).await;
    // The primary that dies has a session, and the subscription of the node its player is at.
    let lost = subscribed_at(&servers, &cluster).await;
    let jane = cluster.customer(&customer_at(&servers, lost, &cluster).await);
    let (kitchen, mut player) = jane.plays(0, 1, "Kitchen").await;
    has_caught_up(servers.replica_of(lost), lost).await;
    lost.stop();
    both_know(&jane, "Kitchen").await;
    player.plays_on().await;
    eventually("the node is subscribed elsewhere", async || {
        for other in servers.primaries().iter().filter(|other| other.port() != lost.port()) {
            if hears(other, &cluster, "node-1").await {
                return Some(());
            }
        }
        None
    })
    .await;
    takes_over(&cluster, &jane, &kitchen, player).await;
    comes_back_and_is_not_written_to(lost, &jane).await;
    cluster.ready().await;
}

/// The primary at which the second node is subscribed.
async fn subscribed_at<'a>(servers: &'a RedisCluster, cluster: &Cluster) -> &'a RedisServer {
    for primary in servers.primaries() {
        if hears(primary, cluster, "node-1").await {
            return primary;
        }
    }
    panic!("a node that is ready is subscribed");
}

/// A customer whose sessions are there.
async fn customer_at(servers: &RedisCluster, there: &RedisServer, cluster: &Cluster) -> String {
    let keys = Keys::new(cluster.prefix());
    for number in 0..100 {
        let id = format!("jane-{number}");
        let account = Account { tenant: TENANT.into(), customer: id.as_str().into() };
        let [leases, ..] = keys.streams(&account);
        if servers.owner(&leases).await.port() == there.port() {
            return id;
        }
    }
    panic!("one account of a hundred is at each of three servers");
}
