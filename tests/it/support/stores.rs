//! The stores under test: the only place that knows how each backend is built.

use std::{sync::Arc, time::Duration};

use baton::{
    backend::{
        memory::{MemoryCobrowse, MemoryShortCodes, MemorySlots, MemoryStreams, MemoryVisitors},
        redis::{
            cobrowse::RedisCobrowse,
            keys::Keys,
            link::{Link, LinkOptions, Target},
            short_codes::RedisShortCodes,
            slots::RedisSlots,
            streams::RedisStreams,
            tls::Tls,
            visitors::RedisVisitors,
        },
    },
    domain::{
        cobrowse::{CobrowseStore, SlotStore},
        short_codes::ShortCodeStore,
        streams::StreamStore,
        visitors::VisitorStore,
    },
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
/// A store of co-browse sessions of whatever backend.
pub(crate) type Cobrowse = Arc<dyn CobrowseStore>;
/// A store of slots of whatever backend.
pub(crate) type Slots = Arc<dyn SlotStore>;
/// A store of short codes of whatever backend.
pub(crate) type ShortCodes = Arc<dyn ShortCodeStore>;
/// A store of visitors of whatever backend.
pub(crate) type Visitors = Arc<dyn VisitorStore>;

/// The stores of one backend.
pub(crate) struct Stores {
    pub(crate) streams: Streams,
    pub(crate) cobrowse: Cobrowse,
    pub(crate) slots: Slots,
    pub(crate) short_codes: ShortCodes,
    pub(crate) visitors: Visitors,
}

/// The embedded backend, empty.
pub(crate) async fn memory() -> Stores {
    Stores {
        streams: Arc::new(MemoryStreams::new()),
        cobrowse: Arc::new(MemoryCobrowse::new()),
        slots: Arc::new(MemorySlots::new()),
        short_codes: Arc::new(MemoryShortCodes::new()),
        visitors: Arc::new(MemoryVisitors::new()),
    }
}

/// The Redis backend on the server all tests share, empty.
pub(crate) async fn redis() -> Stores {
    stores_at(Target::Single(shared_redis().await.user_url()), &unique_prefix()).await
}

/// The Redis backend on the cluster all tests share, empty.
pub(crate) async fn redis_cluster() -> Stores {
    stores_at(shared_cluster().await.user_target(), &unique_prefix()).await
}

/// The stream store of the Redis backend on a server, its keys under that prefix. It lives as long
/// as the runtime.
pub(crate) async fn redis_streams(server: &RedisServer, prefix: &str) -> Streams {
    redis_streams_at(server.url(), prefix).await
}

/// The stream store of the Redis backend at a URL.
pub(crate) async fn redis_streams_at(url: String, prefix: &str) -> Streams {
    stores_at(Target::Single(url), prefix).await.streams
}

/// The Redis backend, its keys under that prefix.
pub(crate) async fn stores_at(target: Target, prefix: &str) -> Stores {
    stores_by(target, Tls::default(), prefix).await
}

/// The same over TLS.
pub(crate) async fn stores_by(target: Target, tls: Tls, prefix: &str) -> Stores {
    let timeout = CALL_TIMEOUT;
    let options = LinkOptions { target, connections: 1, timeout, wait_replicas: 0, tls };
    let link = Link::open(options, &TaskTracker::new(), CancellationToken::new());
    let link = link.expect("the URL is valid");
    let mut state = link.state();
    in_time("the link to Redis", state.wait_for(|state| state.up)).await.expect("it goes on");
    let keys = Keys::new(prefix);
    Stores {
        streams: Arc::new(RedisStreams::new(link.clone(), keys.clone())),
        cobrowse: Arc::new(RedisCobrowse::new(link.clone(), keys.clone())),
        slots: Arc::new(RedisSlots::new(link.clone(), keys.clone())),
        short_codes: Arc::new(RedisShortCodes::new(link.clone(), keys.clone())),
        visitors: Arc::new(RedisVisitors::new(link, keys)),
    }
}

/// Every backend's stream store, each empty, by name. The first is the one the others are compared
/// with.
pub(crate) async fn every_streams() -> Vec<(&'static str, Streams)> {
    vec![("memory", memory().await.streams), ("redis", redis().await.streams)]
}
