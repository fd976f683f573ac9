//! Every setting: its name, bounds, default and meaning. The one source of all of them.
//!
//! The structs of `settings` have no defaults of their own: they are filled from this table, and a
//! test holds the two together. The README's table is held to [`reference`].

use super::{
    form::{
        ADDRESS, BASE_PATH, DIRECTORY, FILE, GLOB, JWKS, KEY_PREFIX, NETWORK, NODE_NAME, ORIGIN,
        PUBLISHER, SECRET, STORE_URL, WEB_URL,
    },
    kind::Kind::{self, Integer, List, OneOf, Switch, Text},
};

/// What stands where nobody sets anything.
pub(super) enum Preset {
    /// This text, read as a variable would be.
    Value(&'static str),
    /// Found out at start; in words.
    Derived(&'static str),
    /// Nothing: the setting is optional.
    Absent,
    /// Each entry of the list must have it.
    Required,
}

use Preset::{Absent, Derived, Required, Value};

/// One row.
pub(super) struct Setting {
    /// The full key; `[]` marks a list of tables.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) preset: Preset,
    pub(super) meaning: &'static str,
}

const fn row(key: &'static str, kind: Kind, preset: Preset, meaning: &'static str) -> Setting {
    Setting { key, kind, preset, meaning }
}

const fn int(min: i64, max: i64) -> Kind {
    Integer { min, max }
}

/// More sessions than any household plays; a typing error beyond.
const LIMIT: Kind = int(0, 10_000);
const POLICY: Kind = OneOf(&["ask", "reject", "evict_oldest"]);
const ON_FAILURE: Kind = OneOf(&["deny", "allow"]);
const GRACE: Kind = int(1, 3600);

#[rustfmt::skip] // one row, one line or two
pub(super) const TABLE: &[Setting] = &[
    row("listen", Text(ADDRESS), Value("127.0.0.1:8700"), "public listener"),
    row("public_url", Text(WEB_URL), Derived("http://<listen>"),
        "how clients reach the cluster: endpoints, watch links and cookie security follow it"),
    row("trusted_proxies", List(NETWORK), Value(""), "networks whose `Forwarded` / `X-Forwarded-For` is believed"),

    row("admin.listen", Text(ADDRESS), Value("127.0.0.1:8701"), "admin API, console, metrics, probes"),
    row("admin.token", Text(SECRET), Absent, "bearer token of the admin API; required when its listener is not loopback"),

    row("node.name", Text(NODE_NAME), Derived("host name"), "`sessionServerName` and cookie value, unique in the cluster"),
    row("node.server_url", Text(WEB_URL), Absent, "this node's public URL (`serverUrl`); absent: no `sessionServerUrl`"),
    row("node.internal_url", Text(WEB_URL), Derived("http://<listen>"), "how other nodes reach this one"),
    row("node.max_sockets", int(1, 10_000_000), Value("100000"), "sockets this node holds at most"),
    row("node.drain_seconds", int(0, 600), Value("20"), "window over which a draining node closes its sockets"),
    row("node.drain_deadline_seconds", int(1, 3600), Value("30"), "a draining node exits after this, come what may"),

    row("cluster.secret", Text(SECRET), Derived("generated"),
        "node-to-node authentication and token signing, the same on every node, 32 characters or more; required with Redis"),

    row("store.url", Text(STORE_URL), Value("memory"), "where sessions live: this process, or Redis"),
    row("store.ca_file", Text(FILE), Absent, "authorities trusted for `rediss`, instead of the system's"),
    row("store.cert_file", Text(FILE), Absent, "certificate this node shows to Redis, with `store.key_file`"),
    row("store.key_file", Text(FILE), Absent, "private key of `store.cert_file`"),
    row("store.key_prefix", Text(KEY_PREFIX), Value("baton"), "first part of every key and channel"),
    row("store.on_failure", ON_FAILURE, Value("deny"), "new stream sessions while the store is away"),
    row("store.connections", int(1, 16), Value("2"), "shared multiplexed connections"),
    row("store.timeout_ms", int(50, 10_000), Value("1000"), "how long one call may take"),
    row("store.wait_replicas", int(0, 5), Value("0"), "a new session waits until so many replicas have it"),

    row("auth.secret", Text(SECRET), Absent, "HS256 secret of the default tenant"),
    row("auth.jwks", Text(JWKS), Absent, "file or URL of the default tenant's keys"),

    row("tenants[].publisher_id", Text(PUBLISHER), Required, "the `publisherId` of the tenant's tokens"),
    row("tenants[].secret", Text(SECRET), Absent, "HS256 secret of the tenant; this or `jwks`"),
    row("tenants[].jwks", Text(JWKS), Absent, "file or URL of the tenant's keys; this or `secret`"),
    row("tenants[].limit", LIMIT, Absent, "instead of `streams.limit`"),
    row("tenants[].account_limit", LIMIT, Absent, "instead of `streams.account_limit`"),
    row("tenants[].policy", POLICY, Absent, "instead of `streams.policy`"),
    row("tenants[].takeover", Switch, Absent, "instead of `streams.takeover`"),
    row("tenants[].allowed_origins", List(ORIGIN), Absent, "instead of `streams.allowed_origins`; beside `cobrowse.allowed_origins`, its own sites"),
    row("tenants[].on_failure", ON_FAILURE, Absent, "instead of `store.on_failure`"),

    row("streams.enabled", Switch, Value("true"), "false: DRISC answers \"tracking disabled\""),
    row("streams.limit", LIMIT, Value("2"), "sessions per customer and pool where no rule says otherwise"),
    row("streams.account_limit", LIMIT, Absent, "sessions per customer over all pools"),
    row("streams.policy", POLICY, Value("ask"), "what happens at the limit"),
    row("streams.takeover", Switch, Value("true"), "whether the viewer may take a running session over"),
    row("streams.allowed_origins", List(ORIGIN), Value(""), "web origins that may call and connect; none named: any"),
    row("streams.lease_seconds", GRACE, Value("30"), "life of a session without renewal (node death)"),
    row("streams.connect_grace_seconds", GRACE, Value("30"), "from POST to the first REQUESTED"),
    row("streams.reconnect_grace_seconds", GRACE, Value("30"), "after the socket drops"),
    row("streams.pong_timeout_ms", int(3000, 60_000), Value("5000"),
        "how long a player may take to answer PING; the vendor's client answers a second late"),
    row("streams.ping_seconds", int(5, 300), Value("25"), "interval of transport-level pings"),
    row("streams.rules[].offer", Text(GLOB), Absent, "offers the rule is for; or `tag`, or `device_type`"),
    row("streams.rules[].tag", Text(GLOB), Absent, "tags the rule is for"),
    row("streams.rules[].device_type", Text(GLOB), Absent, "types of device the rule is for"),
    row("streams.rules[].limit", LIMIT, Absent, "limit of these pools; the first matching rule wins"),
    row("streams.rules[].policy", POLICY, Absent, "policy of these pools"),

    row("media_sessions.base_path", Text(BASE_PATH), Value("/api/v1/media"), "where Media Play Sessions are mounted"),
    row("media_sessions.ttl_seconds", int(1, 604_800), Value("7200"), "life of a media play session without heartbeat"),

    row("cobrowse.base_path", Text(BASE_PATH), Value("/cobrowse"), "where the Genesys REST API is mounted"),
    row("cobrowse.allowed_origins", List(ORIGIN), Value(""),
        "sites of the Genesys GET, of visitor sockets, of frame-ancestors; none named: none"),
    row("cobrowse.require_authorization_for_session", Switch, Value("true"), "the visitor must accept (`pendingRequest`)"),
    row("cobrowse.open_join", Switch, Value("false"), "agents may join by session token alone (migration)"),
    row("cobrowse.idle_seconds", int(1, 86_400), Value("1800"), "a session nobody uses ends"),
    row("cobrowse.reconnect_grace_seconds", GRACE, Value("60"), "how long a session waits for its visitor"),
    row("cobrowse.history_seconds", int(1, 31_536_000), Value("86400"), "how long the history of a session is kept"),
    row("cobrowse.sessions_per_agent", int(1, 100), Value("1"), "sessions one agent may hold at a time"),
    row("cobrowse.cookie.same_site", OneOf(&["strict", "lax", "none"]), Derived("none with an https public_url, else lax"),
        "SameSite of `gcbSessionServer`"),
    row("cobrowse.cookie.secure", Switch, Derived("with an https public_url"), "Secure of `gcbSessionServer`"),
    row("cobrowse.cookie.partitioned", Switch, Derived("with an https public_url"), "Partitioned of `gcbSessionServer`"),

    row("short_codes.length", int(4, 12), Value("6"), "digits of a short code"),
    row("short_codes.ttl_seconds", int(1, 86_400), Value("600"), "how long a short code can be redeemed"),

    row("watch.api_key", Text(SECRET), Absent, "`X-Api-Key` of the v1.1 REST API; absent: it is closed"),
    row("watch.link_ttl_seconds", int(1, 86_400), Value("300"), "how long a watch link can be opened"),
    row("watch.max_sessions", int(0, 1_000_000), Absent, "watched sessions at a time; above it 402"),

    row("web.dir", Text(DIRECTORY), Absent, "directory served instead of the embedded pages"),
    row("log.format", OneOf(&["text", "json"]), Value("text"), "form of the log; its level is `RUST_LOG`"),
];

/// The row of a key, lists marked by `[]`.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|setting| setting.key == key)
}

/// The keys directly in a section, `""` being the top; empty for what is no section.
pub(super) fn members(section: &str) -> Vec<&'static str> {
    let below = |key: &'static str| match section {
        "" => Some(key),
        section => key.strip_prefix(section)?.strip_prefix('.'),
    };
    let mut names: Vec<_> =
        TABLE.iter().filter_map(|s| below(s.key)?.split(['.', '[']).next()).collect();
    names.dedup();
    names
}

/// The variable of a key; none for what stands in a list of tables.
pub(super) fn variable(key: &str) -> Option<String> {
    (!key.contains('[')).then(|| format!("BATON_{}", key.replace('.', "__").to_uppercase()))
}

/// A setting as documentation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDoc {
    /// The full key; `tenants[].limit` stands in `[[tenants]]`.
    pub key: &'static str,
    /// The environment variable; none for entries of lists of tables.
    pub variable: Option<String>,
    /// What is expected, bounds included.
    pub values: String,
    /// The default, in words where it is computed; `–` for none.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting, in the order of the documentation.
pub fn reference() -> Vec<SettingDoc> {
    let default = |preset: &Preset| match preset {
        Value("") => "none",
        Value(text) | Derived(text) => text,
        Absent => "–",
        Required => "required",
    };
    let doc = |setting: &Setting| SettingDoc {
        key: setting.key,
        variable: variable(setting.key),
        values: setting.kind.expected(),
        default: default(&setting.preset),
        meaning: setting.meaning,
    };
    TABLE.iter().map(doc).collect()
}
