//! R4: every node is restarted, one after the other, while clients of every dialect go on.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use crate::{
    cluster::{NODES, name},
    load::{Figures, Load, Size},
    machines::Machines,
};

/// What a rolling restart took.
pub struct Rolling {
    figures: Figures,
    /// Draining and exit, then start until the balancer uses it.
    nodes: Vec<(Duration, Duration)>,
}

impl fmt::Display for Rolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.figures)?;
        for (node, (stopped, started)) in self.nodes.iter().enumerate() {
            let separator = if node == 0 { "" } else { "; " };
            let node = name(node);
            write!(f, "{separator}{node} drained in {stopped:.1?}, back in {started:.1?}")?;
        }
        Ok(())
    }
}

/// Restarts the nodes under load. No session is lost, and no call fails that is repeated.
pub async fn rolling_restart(machines: &impl Machines, size: Size) -> Rolling {
    let cluster = machines.cluster();
    let load = Load::begin(cluster, size).await;
    let mut nodes = Vec::new();
    for node in 0..NODES {
        let before = cluster.member(node).await.expect("it is a member");
        let began = Instant::now();
        machines.stop(node).await;
        let stopped = began.elapsed();
        machines.start(node).await;
        cluster.joined(node, before.started_ms).await;
        nodes.push((stopped, began.elapsed() - stopped));
    }
    Rolling { figures: load.end().await, nodes }
}
