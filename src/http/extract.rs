//! What handlers ask for as arguments: authorisation that cannot be forgotten, bodies, addresses.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts, uri::Authority},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer, Visitor},
    forward_to_deserialize_any,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{
    auth::{AuthError, Identity, Role, bearer},
    domain::{ids::CustomerId, origins::Origins, streams::Account},
    metrics::Metrics,
};

/// Longest `Idempotency-Key`.
const KEY_CHARS: usize = 255;
/// Longest name of a person in a query, in characters.
const NAME_CHARS: usize = 100;
/// Longest `user_id`, in characters.
const USER_CHARS: usize = 200;

/// The bearer of a verified token, whatever its role, on a page its tenant allows or on none.
pub struct Caller(pub Identity);

impl FromRequestParts<SharedApi> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        let identity = async {
            let token = bearer(text(&parts.headers, &header::AUTHORIZATION))?;
            api.keyring.verify(token).await
        };
        let identity = identity.await.map_err(|error| refuse(api, error))?;
        check_origin(&parts.headers, &api.tenants.get(&identity.tenant).origins)?;
        Ok(Self(identity))
    }
}

/// Refuses pages that run on an origin the tenant does not allow.
///
/// CORS alone would not: a preflight names no tenant, and keeps a page from reading an answer only.
pub fn check_origin(headers: &HeaderMap, origins: &Origins) -> Result<(), Problem> {
    let allowed = |origin: &HeaderValue| match origin.to_str() {
        Ok(origin) => origins.allow(origin),
        Err(_) => origins.allows_any(),
    };
    if headers.get_all(header::ORIGIN).iter().all(allowed) {
        return Ok(());
    }
    let detail = "Add the page's origin to streams.allowed_origins, or to its tenant's list.";
    Err(Problem::new(Kind::OriginRefused, detail))
}

/// The problem of a token that does not count, which is counted.
pub fn refuse(api: &SharedApi, error: AuthError) -> Problem {
    Metrics::count(&api.metrics.refused_tokens, error.word());
    error.into()
}

/// A customer who acts for himself.
pub struct Customer {
    /// Whose sessions.
    pub account: Account,
    /// The limit the token carries.
    pub limit: Option<u32>,
}

impl FromRequestParts<SharedApi> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        let Caller(identity) = Caller::from_request_parts(parts, api).await?;
        let missing = "The token has no customerId claim: this call acts for one customer.";
        let customer =
            identity.customer.ok_or_else(|| Problem::new(Kind::InvalidToken, missing))?;
        Ok(Self { account: Account { tenant: identity.tenant, customer }, limit: identity.limit })
    }
}

impl Caller {
    /// The account of a user, for that user and for services of the tenant; others see nothing.
    pub fn acting_for(self, user: &str) -> Result<Customer, Problem> {
        let Self(identity) = self;
        let user_in_path = CustomerId::from(user);
        if identity.customer.as_ref() != Some(&user_in_path) {
            if identity.role != Role::Service {
                return Err(Problem::no_such_session());
            }
            // Tokens hold customers to the same rule.
            plain_text(user, "user_id", 1..=USER_CHARS)?;
        }
        let account = Account { tenant: identity.tenant, customer: user_in_path };
        Ok(Customer { account, limit: identity.limit })
    }
}

/// An operator: whoever knows the admin token, or reaches a listener that has none.
pub struct Operator;

impl FromRequestParts<SharedApi> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Problem> {
        let Some(expected) = &api.admin_token else {
            return check_same_site(&parts.headers).map(|()| Self);
        };
        let given = bearer(text(&parts.headers, &header::AUTHORIZATION))?;
        if is_same_secret(given, expected) {
            return Ok(Self);
        }
        Err(Problem::new(Kind::InvalidToken, "The bearer token is not admin.token."))
    }
}

/// Refuses what another site's page does through an operator's browser: without a token, whatever
/// reaches the loopback listener is obeyed.
fn check_same_site(headers: &HeaderMap) -> Result<(), Problem> {
    let site = text(headers, &HeaderName::from_static("sec-fetch-site")).unwrap_or("none");
    let host = text(headers, &header::HOST).unwrap_or("localhost");
    // A name that leads here for the time being is how foreign pages become same-origin.
    let is_here = host.parse::<Authority>().is_ok_and(|authority| {
        let host = authority.host().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    if is_here && matches!(site, "same-origin" | "none") {
        return Ok(());
    }
    let detail = "Without admin.token only this machine's own pages and programs are served.";
    Err(Problem::new(Kind::OriginRefused, detail))
}

/// Compares secrets in a time that tells nothing of them, their lengths included: digests have one.
pub fn is_same_secret(given: &str, expected: &str) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(expected)).into()
}

/// A JSON body, whatever its content type says: the vendor's player sends `text/plain`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<SharedApi> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &SharedApi) -> Result<Self, Problem> {
        let bytes = body(request, api).await?;
        read(&bytes).map(Self)
    }
}

/// A JSON body that may be absent.
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<SharedApi> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &SharedApi) -> Result<Self, Problem> {
        let bytes = body(request, api).await?;
        if bytes.is_empty() { Ok(Self(None)) } else { read(&bytes).map(|body| Self(Some(body))) }
    }
}

/// A person's name in a query, where there is one.
pub fn optional_name(text: Option<String>, parameter: &str) -> Result<Option<Box<str>>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    plain_text(&text, parameter, 1..=NAME_CHARS)?;
    Ok(Some(text.into()))
}

/// A text of bounded length without control characters, which would get onto the screens of other
/// devices and into logs.
pub fn plain_text<'a>(
    text: &'a str,
    member: &str,
    chars: RangeInclusive<usize>,
) -> Result<&'a str, Problem> {
    if !chars.contains(&text.chars().count()) {
        let (least, most) = chars.into_inner();
        return Err(Problem::invalid(format!("`{member}` takes {least} to {most} characters.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::invalid(format!("`{member}` takes no control characters.")));
    }
    Ok(text)
}

async fn body(request: Request, api: &SharedApi) -> Result<Bytes, Problem> {
    let too_large = "Send at most 16 KiB.";
    Bytes::from_request(request, api).await.map_err(|rejection| {
        if rejection.status() == Kind::BodyTooLarge.status() {
            Problem::new(Kind::BodyTooLarge, too_large)
        } else {
            Problem::invalid("The body could not be read to its end.")
        }
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Object(&mut json)).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "the body".to_owned() } else { format!("`{path}`") };
        Problem::invalid(format!("In {place}: {}.", error.inner()))
    })?;
    json.end().map_err(|error| Problem::invalid(format!("In the body: {error}.")))?;
    Ok(value)
}

/// An object, and never an array of its members, which serde takes for a struct as well.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<T, D::Error> {
    T::deserialize(Object(json))
}

struct Object<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// The `Idempotency-Key` header.
pub struct IdempotencyKey(pub Option<Box<str>>);

impl FromRequestParts<SharedApi> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &SharedApi) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match value.to_str() {
            Ok(key) if (1..=KEY_CHARS).contains(&key.len()) => Ok(Self(Some(key.into()))),
            Ok(_) | Err(_) => Err(Problem::invalid(
                "Idempotency-Key takes 1 to 255 visible ASCII characters, e.g. a UUID.",
            )),
        }
    }
}

/// The client's address: the peer's, or what trusted proxies forward.
pub struct ClientIp(pub IpAddr);

impl FromRequestParts<SharedApi> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &SharedApi) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(peer)| peer.ip());
        Ok(Self(forwarded(&parts.headers, peer, |ip| api.trusts(ip))))
    }
}

/// The client by the headers that are there, `Forwarded` (RFC 7239) and `X-Forwarded-For`.
///
/// A proxy that writes one of them passes the other on as the client made it up, and nobody tells
/// which is which: two that disagree are not believed, and the nearest proxy counts as the client.
fn forwarded(headers: &HeaderMap, peer: IpAddr, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let peer = peer.to_canonical();
    let lists = [
        hops(headers, &header::FORWARDED, for_pair),
        hops(headers, &HeaderName::from_static("x-forwarded-for"), hop),
    ];
    let lists = lists.into_iter().filter(|hops| !hops.is_empty());
    let mut clients = lists.map(|hops| walk(hops, peer, &trusts));
    let client = clients.next().unwrap_or(peer);
    if clients.all(|other| other == client) { client } else { peer }
}

/// Walks from the peer back along what proxies noted, as far as the proxies are trusted.
fn walk(mut hops: Vec<Option<IpAddr>>, peer: IpAddr, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    while trusts(client) {
        match hops.pop() {
            Some(Some(hop)) => client = hop.to_canonical(),
            // Nothing more, or something obfuscated (RFC 7239 §6.3): the last known one counts.
            Some(None) | None => break,
        }
    }
    client
}

/// The hops that a header lists: the nearest last.
fn hops(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|element| read(element.trim())).collect()
}

/// The node of the `for` pair of an element of `Forwarded`.
fn for_pair(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    hop(node.trim_matches('"'))
}

/// An address as proxies write it: with or without a port, IPv6 in brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.parse().ok();
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.or_else(with_port).or_else(bracketed)
}

/// A header as text.
pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusts = |ip: IpAddr| ip.to_string().starts_with("10.");
        forwarded(&map, peer.parse().unwrap(), trusts).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let lie = [("x-forwarded-for", "6.6.6.6")];
        assert_eq!(client("9.9.9.9", &lie), "9.9.9.9");
        assert_eq!(client("10.0.0.1", &lie), "6.6.6.6");
    }

    #[test]
    fn the_nearest_untrusted_hop_is_the_client() {
        let chain = [("x-forwarded-for", "6.6.6.6, 8.8.8.8"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(client("10.0.0.1", &chain), "8.8.8.8");
        let standard = [("forwarded", "for=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.9")];
        assert_eq!(client("10.0.0.1", &standard), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn headers_that_disagree_are_not_believed() {
        let both = |standard: &str, de_facto: &str| {
            client("10.0.0.1", &[("forwarded", standard), ("x-forwarded-for", de_facto)])
        };
        assert_eq!(both("for=6.6.6.6", "8.8.8.8"), "10.0.0.1");
        assert_eq!(both("for=8.8.8.8", "6.6.6.6, 8.8.8.8"), "8.8.8.8");
        assert_eq!(both("for=_hidden", "8.8.8.8"), "10.0.0.1");
        assert_eq!(both("proto=https", "8.8.8.8"), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &[("forwarded", ""), ("x-forwarded-for", "8.8.8.8")]),
            "10.0.0.1"
        );
    }
}
