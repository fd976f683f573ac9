//! A connection to one server, or to a cluster, behind one face.

use redis::{
    Cmd, Pipeline, RedisError, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};

/// A shared connection. Cloning it is cheap; clones use the same socket.
#[derive(Clone)]
pub(super) enum Conn {
    /// To one server.
    Single(MultiplexedConnection),
    /// To all servers of a cluster; the crate follows slots by itself.
    Cluster(ClusterConnection),
}

impl Conn {
    pub(super) fn is_cluster(&self) -> bool {
        match self {
            Self::Single(_) => false,
            Self::Cluster(_) => true,
        }
    }

    /// Sends a command to where its keys live.
    pub(super) async fn send(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        let reply = match self {
            Self::Single(conn) => conn.send_packed_command(cmd).await,
            Self::Cluster(conn) => conn.req_packed_command(cmd).await,
        };
        reply.and_then(sound)
    }

    /// Sends commands in one go. In a cluster all of them go to one server:
    /// only commands without keys may be sent so.
    pub(super) async fn send_all(&mut self, pipeline: Pipeline) -> RedisResult<Vec<Value>> {
        let count = pipeline.len();
        let replies = match self {
            Self::Single(conn) => conn.send_packed_commands(&pipeline, 0, count).await?,
            Self::Cluster(conn) => {
                let route = SingleNodeRoutingInfo::RandomPrimary;
                conn.route_pipeline(pipeline, 0, count, route).await?
            }
        };
        if replies.len() == count { Ok(replies) } else { Err(miscounted()) }
    }

    /// Sends a question about the server itself; in a cluster to any primary.
    ///
    /// The crate would ask every primary, and one that is gone would then speak for all.
    pub(super) async fn ask(&mut self, cmd: Cmd) -> RedisResult<Value> {
        let route = SingleNodeRoutingInfo::RandomPrimary;
        self.ask_at(cmd, route).await
    }

    /// Sends a command without keys to the server that holds a key.
    pub(super) async fn ask_owner(&mut self, cmd: Cmd, key: &str) -> RedisResult<Value> {
        let route = Route::with_key(key, SlotAddr::Master);
        self.ask_at(cmd, SingleNodeRoutingInfo::SpecificNode(route)).await
    }

    async fn ask_at(&mut self, cmd: Cmd, route: SingleNodeRoutingInfo) -> RedisResult<Value> {
        let reply = match self {
            Self::Single(conn) => conn.send_packed_command(&cmd).await,
            Self::Cluster(conn) => conn.route_command(cmd, RoutingInfo::SingleNode(route)).await,
        };
        reply.and_then(sound)
    }
}

/// Tells an error of the server from an answer.
pub(super) fn sound(value: Value) -> RedisResult<Value> {
    if let Value::ServerError(error) = value { Err(error.into()) } else { Ok(value) }
}

fn miscounted() -> RedisError {
    (redis::ErrorKind::Parse, "a pipeline had another number of replies than commands").into()
}
