//! Asking Sentinels for the master: to connect to it, and whether it still is the one.

use std::{collections::HashMap, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, RedisConnectionInfo,
    RedisError, RedisResult, TlsMode,
    aio::MultiplexedConnection,
    sentinel::{Sentinel, SentinelNodeConnectionInfo},
};

/// The Sentinels that watch one master.
#[derive(Clone)]
pub(super) struct Sentinels {
    /// User, password and database are the master's; at least one.
    pub(super) nodes: Vec<ConnectionInfo>,
    /// The master, as they call it.
    pub(super) master: String,
}

impl Sentinels {
    /// Asks for the master, and makes sure that it believes to be one.
    ///
    /// The Sentinels are asked without a password, and where that fails with the
    /// master's: a Sentinel that has no password refuses one.
    pub(super) async fn find(&self, timeout: Duration) -> RedisResult<(Client, Lookout)> {
        let login = self.nodes.first().map(ConnectionInfo::redis_settings);
        let plain = RedisConnectionInfo::default();
        let first = match self.ask(&plain).await {
            Ok(client) => return Ok(self.found(client, &plain, timeout)),
            Err(error) => error,
        };
        let Some(login) = login.filter(|login| login.password().is_some()) else {
            return Err(first);
        };
        let login = login.clone().set_db(0);
        match self.ask(&login).await {
            Ok(client) => Ok(self.found(client, &login, timeout)),
            Err(second) => Err(if first.code() == Some("NOAUTH") { second } else { first }),
        }
    }

    async fn ask(&self, login: &RedisConnectionInfo) -> RedisResult<Client> {
        let mut node = SentinelNodeConnectionInfo::default();
        if let Some(first) = self.nodes.first() {
            node = node.set_redis_connection_info(first.redis_settings().clone());
            if let ConnectionAddr::TcpTls { .. } = first.addr() {
                node = node.set_tls_mode(TlsMode::Secure);
            }
        }
        let sentinels = self.logged_in(login);
        Sentinel::build(sentinels)?.async_master_for(&self.master, Some(&node)).await
    }

    fn logged_in(&self, login: &RedisConnectionInfo) -> Vec<ConnectionInfo> {
        self.nodes.iter().map(|node| node.clone().set_redis_settings(login.clone())).collect()
    }

    fn found(
        &self,
        client: Client,
        login: &RedisConnectionInfo,
        timeout: Duration,
    ) -> (Client, Lookout) {
        let (sentinels, master) = (self.logged_in(login), self.master.clone());
        let found = client.get_connection_info().addr().to_string();
        (client, Lookout { sentinels, master, found, timeout, conn: None })
    }
}

/// Watches whether the Sentinels still name the master that was found.
///
/// The server itself cannot tell: after a fail-over a master that the Sentinels have
/// not reached yet takes writes for ten seconds and more, and loses them all.
pub(super) struct Lookout {
    sentinels: Vec<ConnectionInfo>,
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
            let client = Client::open(sentinel.clone())?;
            match client.get_multiplexed_async_connection_with_config(&config).await {
                Ok(conn) => return Ok(conn),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
