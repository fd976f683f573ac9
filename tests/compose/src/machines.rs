//! What a test does to the machines of a cluster, whatever they are made of.

use crate::cluster::Cluster;

/// The machines of a cluster. Each call returns when it is done, and panics where it fails.
#[allow(async_fn_in_trait, reason = "no test moves one to another thread")]
pub trait Machines {
    /// How clients reach the cluster.
    fn cluster(&self) -> &Cluster;

    /// Ends a node at once, without a word.
    async fn kill(&self, node: usize);

    /// Tells a node to drain (SIGTERM); returns once it exited, in order.
    async fn stop(&self, node: usize);

    /// Starts a node that was killed or stopped.
    async fn start(&self, node: usize);

    /// Stops the execution of Redis: connections stand, nothing answers.
    async fn freeze_store(&self);

    /// Lets Redis go on.
    async fn thaw_store(&self);

    /// Whether a probe of a node (`livez`, `readyz`) is green, asked without the balancer.
    async fn is_green(&self, node: usize, probe: &str) -> bool;
}
