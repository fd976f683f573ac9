//! More than one Redis: a cluster, and a primary with replicas and Sentinels.

mod cluster;
mod sentinel;

pub(crate) use cluster::{ClusterShape, RedisCluster, shared_cluster};
pub(crate) use sentinel::{SentinelShape, Sentinelled};

use super::{redis::free_port, tls::ServerTls};

/// Arguments of a server that also answers by TLS, and talks to its own kind by it.
async fn tls_arguments(tls: Option<&ServerTls>, own_kind: &str) -> Vec<String> {
    let Some(tls) = tls else { return Vec::new() };
    let mut arguments = tls.arguments(free_port().await);
    arguments.extend([own_kind, "yes"].map(str::to_owned));
    arguments
}
