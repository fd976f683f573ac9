//! The forms of texts that settings are written in.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;
use url::Url;

use super::{
    kind::Form, origin::OriginRule, pattern::Pattern, secret::JwksSource, store_url::StoreUrl,
};

const fn form(expected: &'static str, read: fn(&str) -> Result<String, String>) -> Form {
    Form { expected, read, private: false, number: false }
}

const fn private(expected: &'static str, read: fn(&str) -> Result<String, String>) -> Form {
    Form { expected, read, private: true, number: false }
}

pub(super) const ADDRESS: Form =
    form("an address and a port, such as 127.0.0.1:8700 or [::]:8700", parsed::<SocketAddr>);
pub(super) const WEB_URL: Form =
    private("a URL http(s)://host[:port][/path] without user, query and fragment", web_url);
pub(super) const NETWORK: Form =
    form("a network or an address, such as 10.0.0.0/8 or 192.0.2.1", network);
pub(super) const ORIGIN: Form = form(
    "an origin such as https://shop.example.com or https://*.example.com",
    parsed::<OriginRule>,
);
pub(super) const NODE_NAME: Form = form("1 to 64 letters, digits, dots, - or _", node_name);
pub(super) const KEY_PREFIX: Form = form("1 to 32 letters, digits, dots, :, - or _", key_prefix);
pub(super) const BASE_PATH: Form =
    form("a path such as /api/v1/media: / first, none last, letters, digits, . - _ ~", base_path);
pub(super) const GLOB: Form = form("a glob such as S*_US", parsed::<Pattern>);
pub(super) const DIRECTORY: Form = form("a directory", not_empty);
pub(super) const FILE: Form = form("a file in PEM", not_empty);
pub(super) const STORE_URL: Form = private(
    "memory, redis://host, redis+cluster://h1,h2 or redis+sentinel://h1,h2/name; with TLS rediss…",
    parsed::<StoreUrl>,
);
pub(super) const JWKS: Form = private("a file or an http(s) URL", jwks);
pub(super) const SECRET: Form = private("a text without white space at its ends", secret);
pub(super) const PUBLISHER: Form = Form {
    expected: "the publisherId of the tenant's tokens, 1 to 128 characters",
    read: publisher,
    private: false,
    number: true,
};

/// Accepts what the type parses; the settings parse it once more, into the type.
fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn accept(text: &str, good: bool) -> Result<String, String> {
    if good { Ok(text.to_owned()) } else { Err(String::new()) }
}

fn not_empty(text: &str) -> Result<String, String> {
    accept(text, !text.is_empty())
}

fn web_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let user = !url.username().is_empty() || url.password().is_some();
    accept(text, web && !user && url.query().is_none() && url.fragment().is_none())
}

fn network(text: &str) -> Result<String, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| text.parse::<IpNet>()).map_err(|error| error.to_string())?;
    Ok(network.trunc().to_string())
}

fn is_word(text: &str, max: usize, extra: &[u8]) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
    (1..=max).contains(&text.len()) && text.bytes().all(good)
}

/// A node's name is a cookie value, part of a channel and a label of metrics.
fn node_name(text: &str) -> Result<String, String> {
    accept(text, is_word(text, 64, b".-_"))
}

/// No braces: they would move every key into one slot of a Redis Cluster.
fn key_prefix(text: &str) -> Result<String, String> {
    accept(text, is_word(text, 32, b".:-_"))
}

/// No braces or stars: the router would read them as parameters.
fn base_path(text: &str) -> Result<String, String> {
    let segments = text.strip_prefix('/').map(|rest| rest.split('/'));
    let good = |segment: &str| is_word(segment, 128, b".-_~") && !segment.starts_with('.');
    accept(text, segments.is_some_and(|mut segments| segments.all(good)))
}

fn jwks(text: &str) -> Result<String, String> {
    not_empty(text)?;
    parsed::<JwksSource>(text)
}

/// A newline at the end comes from a file that was pasted into a variable, and never matches.
fn secret(text: &str) -> Result<String, String> {
    let bare = text.trim() == text;
    not_empty(text).map_err(|_| "it is empty".to_owned())?;
    accept(text, bare).map_err(|_| "white space, such as a newline at the end".to_owned())
}

fn publisher(text: &str) -> Result<String, String> {
    accept(text, (1..=128).contains(&text.chars().count()) && text.trim() == text)
}
