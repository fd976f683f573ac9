//! What a server tells about itself when it is dialled.

use std::collections::HashMap;

use redis::{RedisResult, Value, from_redis_value};

use super::{trouble, wire::Conn};

/// What is known of a server. Each fact may be missing: an ACL may forbid the question.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// Major version of Redis, or of the Redis a Valkey claims to be.
    pub(super) major: Option<u32>,
    /// `false` for a replica.
    pub(super) master: Option<bool>,
    /// It still reads its data from disk.
    pub(super) loading: bool,
    /// What it does when memory is full.
    pub(super) eviction: Option<String>,
}

impl Server {
    /// Asks with `INFO`, and with `HELLO` where `INFO` is forbidden.
    pub(super) async fn ask(conn: &mut Conn) -> RedisResult<Self> {
        match conn.ask(redis::cmd("INFO")).await {
            Ok(reply) => Ok(Self::from_info(&from_redis_value::<String>(reply)?)),
            Err(error) if trouble::is_denied(&error) => Ok(Self::hello(conn).await),
            Err(error) => Err(error),
        }
    }

    /// Nothing here may fail: whoever may not ask has to find out by using the server.
    async fn hello(conn: &mut Conn) -> Self {
        let reply = conn.ask(redis::cmd("HELLO")).await.and_then(|reply| {
            let fields: HashMap<String, Value> = from_redis_value(reply)?;
            Ok(fields)
        });
        let mut fields = reply.unwrap_or_default();
        let mut text = |name| fields.remove(name).and_then(|v| from_redis_value(v).ok());
        let version: Option<String> = text("version");
        let role: Option<String> = text("role");
        Self {
            major: version.as_deref().and_then(major),
            master: role.map(|role| role == "master"),
            ..Self::default()
        }
    }

    fn from_info(info: &str) -> Self {
        let fields: HashMap<&str, &str> =
            info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let field = |name: &str| fields.get(name).copied();
        Self {
            major: field("redis_version").and_then(major),
            master: field("role").map(|role| role == "master"),
            loading: field("loading") == Some("1") || field("async_loading") == Some("1"),
            eviction: field("maxmemory_policy").map(str::to_owned),
        }
    }

    /// Whether scripts may begin with `#!lua`.
    pub(super) fn knows_lua_header(&self) -> bool {
        self.major.is_some_and(|major| major >= 7)
    }

    /// Why no writes can be sent there, if none can.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        if self.master == Some(false) {
            Some("the server is a replica")
        } else if self.loading {
            Some("the server is loading its data")
        } else {
            None
        }
    }
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read_with_what_it_has() {
        let info = "# Server\r\nredis_version:7.0.15\r\nloading:0\r\nrole:slave\r\n\
                    maxmemory_policy:allkeys-lru\r\n";
        let server = Server::from_info(info);
        assert!(server.knows_lua_header());
        assert_eq!(server.refusal(), Some("the server is a replica"));
        assert_eq!(server.eviction.as_deref(), Some("allkeys-lru"));
        assert_eq!(Server::from_info(""), Server::default());
        assert_eq!(Server::default().refusal(), None);
        assert!(!Server::from_info("redis_version:6.2.1\r\n").knows_lua_header());
    }
}
