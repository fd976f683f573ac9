//! Finding the server, connecting to it, and refusing the wrong one.

use std::time::Duration;

use deadpool_redis::{Manager, Pool, Runtime};
use futures_util::future;
use redis::{AsyncConnectionConfig, Client, RedisError, cluster::ClusterClient};

use super::{
    link::{LinkConfigError, LinkOptions, Target},
    live::{Dialled, Strict},
    sentinel::{Lookout, Sentinels},
    server::Server,
    tls::Tls,
    wire::Conn,
};

/// Commands a connection queues before callers wait for the socket.
const QUEUED_COMMANDS: usize = 1024;

/// Connections for calls that wait for replicas: each is busy for a round trip to
/// the replica, so this bounds strict calls in flight.
const STRICT_CONNECTIONS: usize = 32;

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("{0}")]
    Refused(&'static str),
    #[error("the server did not answer in time")]
    TimedOut,
}

/// Knows where the server is, or whom to ask.
pub(super) struct Dialer {
    place: Place,
    connections: usize,
    strict: bool,
    timeout: Duration,
}

enum Place {
    Single(Client),
    Cluster { client: Box<ClusterClient>, nodes: Vec<Client> },
    Sentinel(Sentinels),
}

impl Dialer {
    /// Reads the URLs; connects to nothing.
    pub(super) fn new(options: &LinkOptions) -> Result<Self, LinkConfigError> {
        if options.connections == 0 {
            return Err(LinkConfigError::NoConnections);
        }
        let strict = options.wait_replicas > 0;
        let place = Place::new(&options.target, &options.tls, options.timeout)?;
        Ok(Self { place, connections: options.connections, strict, timeout: options.timeout })
    }

    /// Connects, and makes sure that the server takes writes.
    pub(super) async fn dial(&self) -> Result<(Dialled, Server), DialError> {
        // A fresh dial asks Sentinel, the handshake, the facts: each may take its time.
        let within = self.timeout * 4;
        let ended = tokio::time::timeout(within, self.connect()).await;
        ended.unwrap_or(Err(DialError::TimedOut))
    }

    async fn connect(&self) -> Result<(Dialled, Server), DialError> {
        match &self.place {
            Place::Single(client) => self.connect_to(client.clone(), None).await,
            Place::Sentinel(sentinels) => {
                let (client, lookout) = sentinels.find(self.timeout).await?;
                self.connect_to(client, Some(lookout)).await
            }
            Place::Cluster { client, nodes } => self.connect_cluster(client, nodes).await,
        }
    }

    async fn connect_to(
        &self,
        client: Client,
        lookout: Option<Lookout>,
    ) -> Result<(Dialled, Server), DialError> {
        let config = self.config();
        let dials = (0..self.connections)
            .map(|_| client.get_multiplexed_async_connection_with_config(&config));
        let dialled = future::try_join_all(dials).await?;
        let mut conns: Vec<Conn> = dialled.into_iter().map(Conn::Single).collect();
        let first = conns.first_mut().ok_or(DialError::Refused("no connection was made"))?;
        let server = Server::ask(first).await?;
        if let Some(refusal) = server.refusal() {
            return Err(DialError::Refused(refusal));
        }
        let strict = if self.strict { Some(self.pool(&client)?) } else { None };
        let headed = server.knows_lua_header();
        Ok((Dialled { conns, strict, subscribers: vec![client], headed, lookout }, server))
    }

    async fn connect_cluster(
        &self,
        client: &ClusterClient,
        nodes: &[Client],
    ) -> Result<(Dialled, Server), DialError> {
        let extra = usize::from(self.strict);
        let dials = (0..self.connections + extra).map(|_| client.get_async_connection());
        let dialled = future::try_join_all(dials).await?;
        let mut conns: Vec<Conn> = dialled.into_iter().map(Conn::Cluster).collect();
        let strict = if self.strict { conns.pop().map(Strict::Shared) } else { None };
        let first = conns.first_mut().ok_or(DialError::Refused("no connection was made"))?;
        // One node does not speak for the cluster: during a fail-over it may be silent,
        // or a replica by now, while the other shards serve.
        let server = Server::ask(first).await.unwrap_or_default();
        let headed = server.knows_lua_header();
        Ok((Dialled { conns, strict, subscribers: nodes.to_vec(), headed, lookout: None }, server))
    }

    /// Calls are bounded by the link itself, so the crate's own bound (500 ms) is off.
    fn config(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUED_COMMANDS)
    }

    fn pool(&self, client: &Client) -> Result<Strict, DialError> {
        let info = client.get_connection_info().clone();
        let manager = Manager::new_with_config(info, self.config())?;
        let limit = Some(self.timeout);
        let pool = Pool::builder(manager)
            .max_size(STRICT_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(limit)
            .create_timeout(limit)
            .recycle_timeout(limit)
            .build();
        Ok(Strict::Pool(pool.map_err(|_| DialError::Refused("no pool could be built"))?))
    }
}

impl Place {
    fn new(target: &Target, tls: &Tls, timeout: Duration) -> Result<Self, LinkConfigError> {
        let client = |url: &String| tls.client(url).map_err(LinkConfigError::Url);
        match target {
            Target::Single(url) => Ok(Self::Single(client(url)?)),
            Target::Cluster(urls) => {
                let nodes = urls.iter().map(client).collect::<Result<Vec<_>, _>>()?;
                let first = urls.first().ok_or(LinkConfigError::NoNodes)?;
                let mut builder = ClusterClient::builder(urls.iter().map(String::as_str))
                    .connection_timeout(timeout)
                    .response_timeout(timeout);
                if let Some(certificates) = tls.certificates(first) {
                    builder = builder.certs(certificates);
                }
                let client = Box::new(builder.build().map_err(LinkConfigError::Url)?);
                Ok(Self::Cluster { client, nodes })
            }
            Target::Sentinel { nodes, master, access } => {
                let nodes = nodes.iter().map(client).collect::<Result<Vec<_>, _>>()?;
                if nodes.is_empty() {
                    return Err(LinkConfigError::NoNodes);
                }
                let certificates = tls.certificates(access);
                let (master, access) = (master.clone(), Box::new(client(access)?));
                Ok(Self::Sentinel(Sentinels { nodes, master, access, certificates }))
            }
        }
    }
}
