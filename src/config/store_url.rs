//! `store.url`: which store, and how to reach it.

use std::{fmt, str::FromStr};

use url::Url;

use super::{secret::redact_url, text::as_text};

/// Where the sessions live. URLs inside carry credentials: only `Display` may be printed.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// In this process: one node, nothing to install.
    Memory,
    /// One server: `redis://` or `rediss://`, with credentials and database.
    Redis(String),
    /// The seeds of a Redis Cluster, each a complete `redis://` or `rediss://` URL.
    Cluster(Vec<String>),
    /// A server found through Sentinels.
    Sentinel {
        /// The Sentinels, each a complete URL with the Sentinels' own credentials.
        nodes: Vec<String>,
        /// The name of the monitored primary.
        master: String,
        /// TLS, credentials and database of the data nodes, as a URL of the host `master`.
        access: String,
    },
}

impl StoreUrl {
    /// Whether the way to the store is encrypted.
    pub fn has_tls(&self) -> bool {
        let url = match self {
            Self::Memory => None,
            Self::Redis(url) => Some(url),
            Self::Cluster(urls) => urls.first(),
            Self::Sentinel { access, .. } => Some(access),
        };
        url.is_some_and(|url| url.starts_with("rediss://"))
    }
}

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// A `store.url` that cannot be used. Never quotes the URL, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadStoreUrl {
    /// Neither `memory` nor a URL of a known scheme.
    #[error("the scheme is none of redis, rediss, redis+cluster, redis+sentinel")]
    Scheme,
    /// A host, port or user part that cannot be read.
    #[error("a host is missing or malformed (in passwords, write / ? # @ % and : as %XX)")]
    Host,
    /// A database that is no number.
    #[error("the database after the last / must be a number")]
    Database,
    /// A database other than 0 in a cluster.
    #[error("a Redis Cluster has no database numbers: end the URL after the hosts")]
    ClusterDatabase,
    /// Sentinel without the name of the primary.
    #[error("the name of the primary is missing: redis+sentinel://host1,host2/NAME")]
    Master,
    /// A parameter that nothing reads.
    #[error("a parameter after ? or # is unknown (Sentinel: sentinel_username, sentinel_password)")]
    Parameter,
}

/// The pieces of `scheme://user@host,host/path?query`, still encoded.
struct Parts<'a> {
    tls: &'a str,
    user: Option<&'a str>,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(scheme: &'a str, rest: &'a str) -> Self {
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(r, q)| (r, Some(q)));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) =
            authority.rsplit_once('@').map_or((None, authority), |(u, hosts)| (Some(u), hosts));
        let tls = scheme.split_once('+').map_or(scheme, |(tls, _)| tls);
        Self { tls, user, hosts: hosts.split(',').map(str::trim).collect(), path, query }
    }

    /// A complete URL for each host; `user` belongs to the servers asked for.
    fn urls(&self, user: Option<&str>, port: u16) -> Result<Vec<Url>, BadStoreUrl> {
        self.hosts.iter().map(|host| self.url(user, host, port)).collect()
    }

    fn url(&self, user: Option<&str>, host: &str, port: u16) -> Result<Url, BadStoreUrl> {
        let user = user.map_or(String::new(), |user| format!("{user}@"));
        let mut url = Url::parse(&format!("{}://{user}{host}", self.tls))
            .ok()
            .filter(|url| url.host_str().is_some_and(|host| !host.is_empty()))
            .filter(|url| matches!(url.path(), "" | "/") && url.fragment().is_none())
            .ok_or(BadStoreUrl::Host)?;
        if url.port().is_none() {
            url.set_port(Some(port)).map_err(|()| BadStoreUrl::Host)?;
        }
        Ok(url)
    }
}

fn database(path: &str) -> Result<&str, BadStoreUrl> {
    let number = path.is_empty() || path.parse::<u32>().is_ok();
    number.then_some(path).ok_or(BadStoreUrl::Database)
}

fn single(parts: &Parts<'_>) -> Result<StoreUrl, BadStoreUrl> {
    let [host] = parts.hosts[..] else { return Err(BadStoreUrl::Host) };
    let mut url = parts.url(parts.user, host, REDIS_PORT)?;
    url.set_path(database(parts.path)?);
    match parts.query {
        None => {}
        Some(query @ ("protocol=resp2" | "protocol=resp3")) => url.set_query(Some(query)),
        Some(_) => return Err(BadStoreUrl::Parameter),
    }
    Ok(StoreUrl::Redis(url.into()))
}

fn cluster(parts: &Parts<'_>) -> Result<StoreUrl, BadStoreUrl> {
    if !matches!(parts.path, "" | "0") {
        return Err(BadStoreUrl::ClusterDatabase);
    }
    if parts.query.is_some() {
        return Err(BadStoreUrl::Parameter);
    }
    let urls = parts.urls(parts.user, REDIS_PORT)?;
    Ok(StoreUrl::Cluster(urls.into_iter().map(String::from).collect()))
}

fn sentinel(parts: &Parts<'_>) -> Result<StoreUrl, BadStoreUrl> {
    let (master, db) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    if master.is_empty() {
        return Err(BadStoreUrl::Master);
    }
    let mut access = parts.url(parts.user, "master", REDIS_PORT)?;
    access.set_path(database(db)?);
    let mut nodes = parts.urls(None, SENTINEL_PORT)?;
    for (name, value) in url::form_urlencoded::parse(parts.query.unwrap_or("").as_bytes()) {
        for node in &mut nodes {
            match &*name {
                "sentinel_username" => node.set_username(&value),
                "sentinel_password" => node.set_password(Some(&value)),
                _ => return Err(BadStoreUrl::Parameter),
            }
            .map_err(|()| BadStoreUrl::Host)?;
        }
    }
    let nodes = nodes.into_iter().map(String::from).collect();
    Ok(StoreUrl::Sentinel { nodes, master: master.to_owned(), access: access.into() })
}

impl FromStr for StoreUrl {
    type Err = BadStoreUrl;

    fn from_str(text: &str) -> Result<Self, BadStoreUrl> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadStoreUrl::Scheme)?;
        if rest.contains('#') {
            return Err(BadStoreUrl::Parameter);
        }
        let parts = Parts::of(scheme, rest);
        match scheme {
            "redis" | "rediss" => single(&parts),
            "redis+cluster" | "rediss+cluster" => cluster(&parts),
            "redis+sentinel" | "rediss+sentinel" => sentinel(&parts),
            _ => Err(BadStoreUrl::Scheme),
        }
    }
}

/// Inserts the kind of store into the scheme of a URL that is already redacted.
fn several(kind: &str, urls: &[String]) -> String {
    let mut shown = String::new();
    for (index, url) in urls.iter().enumerate() {
        let url = redact_url(url);
        if index == 0 {
            shown.push_str(&url.replacen("://", &format!("+{kind}://"), 1));
        } else if let Some((_, host)) = url.rsplit_once(['@', '/']) {
            shown.push(',');
            shown.push_str(host);
        }
    }
    shown
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(url) => f.write_str(&redact_url(url)),
            Self::Cluster(urls) => f.write_str(&several("cluster", urls)),
            Self::Sentinel { nodes, master, access } => {
                let database = access.rsplit_once("master:6379").map_or("", |(_, path)| path);
                write!(f, "{}/{master}{database}", several("sentinel", nodes))
            }
        }
    }
}

as_text!(StoreUrl);

#[cfg(test)]
mod tests {
    use super::*;

    fn store(text: &str) -> StoreUrl {
        text.parse().expect("a store URL")
    }

    #[test]
    fn one_server_keeps_credentials_tls_and_database() {
        for (text, url) in [
            ("redis://h", "redis://h:6379"),
            ("rediss://u:p@h:1/2", "rediss://u:p@h:1/2"),
            ("redis://:p%40@[::1]/0?protocol=resp3", "redis://:p%40@[::1]:6379/0?protocol=resp3"),
        ] {
            assert_eq!(store(text), StoreUrl::Redis(url.to_owned()));
        }
    }

    #[test]
    fn a_cluster_is_complete_urls_with_the_same_credentials() {
        let urls = ["rediss://u:p@h1:6379", "rediss://u:p@h2:7"].map(str::to_owned);
        let cluster = store("rediss+cluster://u:p@h1,h2:7");
        assert_eq!(cluster, StoreUrl::Cluster(urls.into()));
        assert_eq!(cluster.to_string(), "rediss+cluster://u:<redacted>@h1:6379,h2:7");
        assert!(cluster.has_tls() && !store("redis+cluster://h").has_tls());
    }

    #[test]
    fn sentinels_have_credentials_of_their_own() {
        let text = "redis+sentinel://u:p@h1,h2:7/main/3?sentinel_password=a%2Fb";
        let sentinel = store(text);
        let nodes = ["redis://:a%2Fb@h1:26379", "redis://:a%2Fb@h2:7"].map(str::to_owned);
        let access = "redis://u:p@master:6379/3".to_owned();
        let master = "main".to_owned();
        assert_eq!(sentinel, StoreUrl::Sentinel { nodes: nodes.into(), master, access });
        assert_eq!(format!("{sentinel:?}"), "redis+sentinel://:<redacted>@h1:26379,h2:7/main/3");
        assert!(store("rediss+sentinel://h/m").has_tls() && !sentinel.has_tls());
    }

    #[test]
    fn unusable_urls_say_why_and_quote_nothing() {
        for (text, why) in [
            ("postgres://h", BadStoreUrl::Scheme),
            ("Memory", BadStoreUrl::Scheme),
            ("redis://", BadStoreUrl::Host),
            ("redis://h1,h2", BadStoreUrl::Host),
            ("redis://u:pa/ss@h", BadStoreUrl::Host),
            ("redis+cluster://h1,,h2", BadStoreUrl::Host),
            ("redis://h/one", BadStoreUrl::Database),
            ("redis://h?timeout=1", BadStoreUrl::Parameter),
            ("rediss://h#insecure", BadStoreUrl::Parameter),
            ("redis+cluster://h/1", BadStoreUrl::ClusterDatabase),
            ("redis+sentinel://h", BadStoreUrl::Master),
            ("redis+sentinel://h/m?password=p", BadStoreUrl::Parameter),
        ] {
            assert_eq!(text.parse::<StoreUrl>(), Err(why), "{text}");
        }
    }
}
