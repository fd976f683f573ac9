//! Asking Sentinels for the master: to connect to it, and whether it still is the one.

use std::{collections::HashMap, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, RedisError, RedisResult,
    TlsCertificates, TlsMode,
    aio::MultiplexedConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};

/// The Sentinels that watch one master.
#[derive(Clone)]
pub(super) struct Sentinels {
    /// With their own credentials; at least one.
    pub(super) nodes: Vec<Client>,
    /// The master, as they call it.
    pub(super) master: String,
    /// Credentials, database and TLS of the master.
    pub(super) access: Box<Client>,
    /// Whom to believe, and what to show, where the master asks for TLS.
    pub(super) certificates: Option<TlsCertificates>,
}

impl Sentinels {
    /// Asks for the master, and makes sure that it believes to be one.
    pub(super) async fn find(&self, timeout: Duration) -> RedisResult<(Client, Lookout)> {
        let client = self.asking()?.async_get_client().await?;
        let found = client.get_connection_info().addr().to_string();
        let (sentinels, master) = (self.nodes.clone(), self.master.clone());
        Ok((client, Lookout { sentinels, master, found, timeout, conn: None }))
    }

    /// Asks with the credentials of the Sentinels; what it finds has those of the master.
    fn asking(&self) -> RedisResult<SentinelClient> {
        let addresses = self.nodes.iter().map(|node| node.get_connection_info().addr().clone());
        let kind = SentinelServerType::Master;
        let mut builder = SentinelClientBuilder::new(addresses, &self.master, kind)?;
        if let Some(node) = self.nodes.first() {
            let theirs = node.get_connection_info().redis_settings();
            if let Some(user) = theirs.username() {
                builder = builder.set_client_to_sentinel_username(user);
            }
            if let Some(password) = theirs.password() {
                builder = builder.set_client_to_sentinel_password(password);
            }
        }
        let access = self.access.get_connection_info();
        let settings = access.redis_settings();
        builder = builder
            .set_client_to_redis_db(settings.db())
            .set_client_to_redis_protocol(settings.protocol());
        if let Some(user) = settings.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = settings.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if let ConnectionAddr::TcpTls { .. } = access.addr() {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(certificates) = &self.certificates {
            builder = builder.set_client_to_redis_certificates(certificates.clone());
        }
        builder.build()
    }
}

/// Watches whether the Sentinels still name the master that was found.
///
/// The server itself cannot tell: after a fail-over a master that the Sentinels have
/// not reached yet takes writes for ten seconds and more, and loses them all.
pub(super) struct Lookout {
    sentinels: Vec<Client>,
    master: String,
    found: String,
    timeout: Duration,
    conn: Option<MultiplexedConnection>,
}

impl Lookout {
    /// `true` when a Sentinel names another master. Without an answer nothing has moved.
    pub(super) async fn sees_another_master(&mut self) -> bool {
        let asked = tokio::time::timeout(self.timeout, self.named());
        match asked.await {
            Ok(Ok(named)) => named != self.found,
            Ok(Err(_)) | Err(_) => {
                self.conn = None;
                false
            }
        }
    }

    /// `SENTINEL MASTER`, which finding a master relies on too: `GET-MASTER-ADDR-BY-NAME`
    /// runs ahead of it during a fail-over, and the two would contradict each other.
    async fn named(&mut self) -> RedisResult<String> {
        let mut conn = match &self.conn {
            Some(conn) => conn.clone(),
            None => self.connect().await?,
        };
        let mut cmd = redis::cmd("SENTINEL");
        cmd.arg("MASTER").arg(&self.master);
        let fields: HashMap<String, String> = cmd.query_async(&mut conn).await?;
        self.conn = Some(conn);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        Ok(format!("{}:{}", field("ip"), field("port")))
    }

    /// The first Sentinel that can be reached, in the order `find` prefers them.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout / 2))
            .set_response_timeout(None);
        let mut last = RedisError::from((ErrorKind::EmptySentinelList, "no sentinel"));
        for sentinel in &self.sentinels {
            match sentinel.get_multiplexed_async_connection_with_config(&config).await {
                Ok(conn) => return Ok(conn),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
