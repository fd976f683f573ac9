//! The stores under test: the only place that knows how each backend is built.

use std::{sync::Arc, time::Duration};

use baton::{
    backend::{
        memory::MemoryStreams,
        redis::{
            keys::Keys,
            link::{Link, LinkOptions, Target},
            streams::RedisStreams,
        },
    },
    domain::streams::StreamStore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    in_time,
    redis::{RedisServer, shared_redis, unique_prefix},
    topology::shared_cluster,
};

/// A call may take this long on a machine that is busy with other tests.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// A stream store of whatever backend.
pub(crate) type Streams = Arc<dyn StreamStore>;

/// The embedded backend, empty.
pub(crate) async fn memory_streams() -> Streams {
    Arc::new(MemoryStreams::new())
}

/// The Redis backend on a server, its keys under that prefix. It lives as long as the runtime.
pub(crate) async fn redis_streams(server: &RedisServer, prefix: &str) -> Streams {
    streams_at(Target::Single(server.url()), prefix).await
}

/// The Redis backend at a URL.
pub(crate) async fn redis_streams_at(url: String, prefix: &str) -> Streams {
    streams_at(Target::Single(url), prefix).await
}

async fn streams_at(target: Target, prefix: &str) -> Streams {
    let options = LinkOptions { target, connections: 1, timeout: CALL_TIMEOUT, wait_replicas: 0 };
    let link = Link::open(options, &TaskTracker::new(), CancellationToken::new());
    let link = link.expect("the URL is valid");
    let mut state = link.state();
    in_time("the link to Redis", state.wait_for(|state| state.up)).await.expect("it goes on");
    Arc::new(RedisStreams::new(link, Keys::new(prefix)))
}

/// The Redis backend on the server all tests share, empty.
pub(crate) async fn shared_redis_streams() -> Streams {
    redis_streams(shared_redis().await, &unique_prefix()).await
}

/// The Redis backend on the cluster all tests share, empty.
pub(crate) async fn shared_cluster_streams() -> Streams {
    streams_at(shared_cluster().await.target(), &unique_prefix()).await
}

/// Every backend, each empty, by name. The first is the one the others are compared with.
pub(crate) async fn every_streams() -> Vec<(&'static str, Streams)> {
    vec![("memory", memory_streams().await), ("redis", shared_redis_streams().await)]
}
