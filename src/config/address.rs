//! What follows from several settings: addresses, cookies, a tenant's effective choices.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Url;

use super::settings::{Cookie, CookieAttributes, OnFailure, SameSite, Settings, Tenant};
use super::{origin::OriginRule, store_url::StoreUrl};
use crate::domain::ids::TenantId;

impl Settings {
    /// How clients reach the cluster; `bound` is where the public listener really is.
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        self.public_url.clone().unwrap_or_else(|| http_url(bound))
    }

    /// How other nodes reach this one; `bound` is where the public listener really is.
    pub fn internal_url(&self, bound: SocketAddr) -> Url {
        self.node.internal_url.clone().unwrap_or_else(|| http_url(bound))
    }

    /// The tenant of a `publisherId`, where it has an entry of its own.
    pub fn tenant(&self, publisher: &TenantId) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.publisher_id == *publisher)
    }

    /// What happens to a tenant's new stream sessions while the store is away.
    pub fn on_failure(&self, publisher: &TenantId) -> OnFailure {
        self.tenant(publisher).and_then(|t| t.on_failure).unwrap_or(self.store.on_failure)
    }

    /// Web origins that may use a tenant's stream sessions; empty: any.
    pub fn stream_origins(&self, publisher: &TenantId) -> &[OriginRule] {
        let own = self.tenant(publisher).and_then(|tenant| tenant.allowed_origins.as_deref());
        own.unwrap_or(&self.streams.allowed_origins)
    }

    /// What is allowed but unwise, one sentence each: to be logged at start.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether sessions live in this process alone.
    pub fn is_single_node(&self) -> bool {
        self.store.url == StoreUrl::Memory
    }
}

impl Cookie {
    /// The effective attributes: made for other sites' pages wherever https allows that.
    pub fn attributes(&self, https: bool) -> CookieAttributes {
        let default_site = if https { SameSite::None } else { SameSite::Lax };
        CookieAttributes {
            same_site: self.same_site.unwrap_or(default_site),
            secure: self.secure.unwrap_or(https),
            partitioned: self.partitioned.unwrap_or(https),
        }
    }
}

/// How to reach a listener from its own machine. A wildcard address is none to connect to: the
/// loopback of its family stands in.
#[expect(clippy::expect_used, reason = "an IP address and a port always form a URL")]
pub fn http_url(mut bound: SocketAddr) -> Url {
    if bound.ip().is_unspecified() {
        bound.set_ip(match bound.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    // Without the scope id that link-local addresses print, and URLs do not know.
    let authority = SocketAddr::new(bound.ip(), bound.port());
    Url::parse(&format!("http://{authority}")).expect("a URL of an address")
}
