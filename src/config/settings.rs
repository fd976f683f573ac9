//! The settings as types, section by section as in the file.
//!
//! Meanings, bounds and defaults stand in `table`; here are the types.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    origin::OriginRule,
    pattern::Pattern,
    secret::{JwksSource, Secret},
    store_url::StoreUrl,
};
use crate::domain::{
    ids::{NodeName, TenantId},
    streams::Policy,
};

/// Defines a section whose fields are all public, named as the keys and read strictly.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
}

section! {
    /// Everything a node is told at start.
    Settings {
        /// Public listener.
        listen: SocketAddr,
        /// As configured; [`Settings::public_url`] gives the effective one.
        public_url: Option<Url>,
        /// Networks whose forwarding headers are believed.
        trusted_proxies: Vec<IpNet>,
        /// `[admin]`
        admin: Admin,
        /// `[node]`
        node: Node,
        /// `[cluster]`
        cluster: Cluster,
        /// `[store]`
        store: Store,
        /// `[auth]`
        auth: Auth,
        /// `[streams]`
        streams: Streams,
        /// `[media_sessions]`
        media_sessions: MediaSessions,
        /// `[cobrowse]`
        cobrowse: Cobrowse,
        /// `[short_codes]`
        short_codes: ShortCodes,
        /// `[watch]`
        watch: Watch,
        /// `[web]`
        web: Web,
        /// `[log]`
        log: Log,
        /// `[[tenants]]`
        #[serde(default)]
        tenants: Vec<Tenant>,
        /// Whether this is `--dev`; no setting.
        #[serde(skip)]
        dev: bool,
        /// The `watch.api_key` that `--dev` made up; none where one is configured.
        #[serde(skip)]
        demo_api_key: Option<Secret>,
        /// What is allowed but unwise; see [`Settings::warnings`].
        #[serde(skip)]
        warnings: Vec<String>,
    }
}

section! {
    /// The listener of operators.
    Admin {
        /// Its address.
        listen: SocketAddr,
        /// Bearer token; present when the listener is not loopback.
        token: Option<Secret>,
    }
}

section! {
    /// This node.
    Node {
        /// Unique in the cluster.
        name: NodeName,
        /// Its own public URL.
        server_url: Option<Url>,
        /// As configured; [`Settings::internal_url`] gives the effective one.
        internal_url: Option<Url>,
        /// Sockets it holds at most.
        max_sockets: usize,
        /// Window over which it closes its sockets when draining.
        drain_seconds: u64,
        /// From the signal to the exit, at most; not below `drain_seconds`.
        drain_deadline_seconds: u64,
    }
}

section! {
    /// What all nodes share.
    Cluster {
        /// Always there: generated where a single node needs none.
        secret: Secret,
    }
}

section! {
    /// Where sessions live.
    Store {
        /// Which store.
        url: StoreUrl,
        /// Authorities trusted for TLS.
        ca_file: Option<PathBuf>,
        /// Certificate of this node; there together with `key_file`.
        cert_file: Option<PathBuf>,
        /// Its private key.
        key_file: Option<PathBuf>,
        /// First part of every key and channel.
        key_prefix: String,
        /// New stream sessions while it is away.
        on_failure: OnFailure,
        /// Shared multiplexed connections.
        connections: usize,
        /// Bound of one call.
        timeout_ms: u64,
        /// Replicas a new session waits for.
        wait_replicas: u32,
    }
}

/// What happens to new stream sessions while the store is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// 503 with Retry-After.
    Deny,
    /// "Tracking disabled": players play, uncounted.
    Allow,
}

section! {
    /// Keys of the default tenant: at most one of the two.
    Auth {
        /// HS256.
        secret: Option<Secret>,
        /// Public keys.
        jwks: Option<JwksSource>,
    }
}

section! {
    /// A tenant with keys of its own; absent members follow the general settings.
    Tenant {
        /// The `publisherId` of its tokens.
        publisher_id: TenantId,
        /// HS256; exactly one of this and `jwks` is there.
        secret: Option<Secret>,
        /// Public keys.
        jwks: Option<JwksSource>,
        /// Instead of `streams.limit`.
        limit: Option<u32>,
        /// Instead of `streams.account_limit`.
        account_limit: Option<u32>,
        /// Instead of `streams.policy`.
        policy: Option<Policy>,
        /// Instead of `streams.takeover`.
        takeover: Option<bool>,
        /// Instead of `streams.allowed_origins`.
        allowed_origins: Option<Vec<OriginRule>>,
        /// Instead of `store.on_failure`.
        on_failure: Option<OnFailure>,
    }
}

section! {
    /// Stream sessions.
    Streams {
        /// False: "tracking disabled".
        enabled: bool,
        /// Sessions per customer and pool.
        limit: u32,
        /// Sessions per customer over all pools.
        account_limit: Option<u32>,
        /// What happens at the limit.
        policy: Policy,
        /// Whether a running session may be taken over.
        takeover: bool,
        /// Web origins that may call and connect; empty: any.
        allowed_origins: Vec<OriginRule>,
        /// Life of a session without renewal.
        lease_seconds: u64,
        /// From POST to the first REQUESTED.
        connect_grace_seconds: u64,
        /// After the socket drops.
        reconnect_grace_seconds: u64,
        /// How long a PING may stay unanswered.
        pong_timeout_ms: u64,
        /// Interval of transport-level pings.
        ping_seconds: u64,
        /// Limits of pools; the first that matches wins.
        #[serde(default)]
        rules: Vec<StreamRule>,
    }
}

section! {
    /// A limit for the pools whose name matches: exactly one of the three globs is there.
    StreamRule {
        /// Offers.
        offer: Option<Pattern>,
        /// Tags.
        tag: Option<Pattern>,
        /// Types of device.
        device_type: Option<Pattern>,
        /// Sessions per customer and pool.
        limit: Option<u32>,
        /// What happens at the limit.
        policy: Option<Policy>,
    }
}

section! {
    /// Media Play Sessions.
    MediaSessions {
        /// Where they are mounted.
        base_path: String,
        /// Life without heartbeat.
        ttl_seconds: u64,
    }
}

section! {
    /// Co-browse sessions.
    Cobrowse {
        /// Where the Genesys REST API is mounted.
        base_path: String,
        /// The sites visitors are on; empty: none.
        allowed_origins: Vec<OriginRule>,
        /// The visitor must accept.
        require_authorization_for_session: bool,
        /// Agents may join by session token alone.
        open_join: bool,
        /// A session nobody uses ends.
        idle_seconds: u64,
        /// How long a session waits for its visitor.
        reconnect_grace_seconds: u64,
        /// How long history is kept.
        history_seconds: u64,
        /// Sessions one agent holds at a time.
        sessions_per_agent: u32,
        /// `[cobrowse.cookie]`
        #[serde(default)]
        cookie: Cookie,
    }
}

/// Attributes of `gcbSessionServer` as configured; [`Cookie::attributes`] fills the gaps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cookie {
    /// `SameSite`.
    pub same_site: Option<SameSite>,
    /// `Secure`.
    pub secure: Option<bool>,
    /// `Partitioned`.
    pub partitioned: Option<bool>,
}

/// `SameSite` of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// Own site only.
    Strict,
    /// Own site and top-level navigation.
    Lax,
    /// Everywhere; browsers demand `Secure`.
    None,
}

/// The effective attributes of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieAttributes {
    /// `SameSite`.
    pub same_site: SameSite,
    /// `Secure`.
    pub secure: bool,
    /// `Partitioned`.
    pub partitioned: bool,
}

section! {
    /// Short codes.
    ShortCodes {
        /// Digits.
        length: usize,
        /// How long a code can be redeemed.
        ttl_seconds: u64,
    }
}

section! {
    /// Watch links.
    Watch {
        /// `X-Api-Key` of the v1.1 REST API; absent: it is closed.
        api_key: Option<Secret>,
        /// How long a link can be opened.
        link_ttl_seconds: u64,
        /// Watched sessions at a time.
        max_sessions: Option<u32>,
    }
}

section! {
    /// The pages.
    Web {
        /// Served instead of the embedded pages.
        dir: Option<PathBuf>,
    }
}

section! {
    /// The log.
    Log {
        /// Its form; the level is `RUST_LOG`.
        format: LogFormat,
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}
