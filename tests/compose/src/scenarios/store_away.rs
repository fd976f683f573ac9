//! Redis stands still for a while.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{cluster::NODES, machines::Machines, scenarios::crowd::Crowd, support::eventually};

/// How long: longer than the lease of a co-browse session.
const AWAY: Duration = Duration::from_secs(20);
/// Between two looks at the nodes meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// Sockets stay, pages are seen, `livez` is green and `readyz` is not; sessions live on, and counts
/// are right afterwards.
pub async fn the_store_stands_still(machines: &impl Machines) -> String {
    let cluster = machines.cluster();
    let mut crowd = Crowd::gather(cluster, "stan").await;
    machines.freeze_store().await;
    let began = Instant::now();
    all_become(machines, false).await;
    let red = began.elapsed();
    let mut looks = 0;
    while began.elapsed() < AWAY {
        for node in 0..NODES {
            assert!(machines.is_green(node, "livez").await, "node {node} lives");
        }
        crowd.sees(&format!("{looks} ")).await;
        looks += 1;
        sleep(LOOK).await;
    }
    machines.thaw_store().await;
    let began = Instant::now();
    all_become(machines, true).await;
    let green = began.elapsed();
    // The balancer has seen it, too.
    cluster.is_whole().await;
    crowd.is_right(cluster).await;
    let right = began.elapsed();
    crowd.has_room(cluster, "newcomer").await;
    assert_eq!(crowd.returns().0, 0, "no socket of a player was closed");
    crowd.sees("after ").await;
    let shown = &crowd.show.seen;
    assert_eq!((shown.page_returns, shown.viewer_returns), (0, 0), "no socket of a session");
    crowd.leave(cluster).await;
    format!(
        "red after {red:.1?}; once Redis went on, green after {green:.1?}, all counts right after \
         {right:.1?}"
    )
}

async fn all_become(machines: &impl Machines, green: bool) {
    for node in 0..NODES {
        let what = format!("readyz of node {node} is green: {green}");
        eventually(&what, async || {
            (machines.is_green(node, "readyz").await == green).then_some(())
        })
        .await;
    }
}
