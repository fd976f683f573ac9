//! What differs between tenants.

use std::collections::HashMap;

use super::{
    ids::TenantId,
    origins::{Origins, Whitelist},
    streams::Limits,
};

/// The terms of one tenant.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Limits and policies of its stream sessions.
    pub limits: Limits,
    /// While the store is away its players play untracked, instead of being refused.
    pub untracked_when_away: bool,
    /// Web origins its players run on.
    pub origins: Origins,
}

/// The listed tenants, and the default terms for every other publisher.
#[derive(Debug, Clone, Default)]
pub struct Tenants {
    default: Tenant,
    listed: HashMap<TenantId, Tenant>,
}

impl Tenants {
    /// The default terms and those of the listed tenants.
    pub fn new(default: Tenant, listed: HashMap<TenantId, Tenant>) -> Self {
        Self { default, listed }
    }

    /// The terms of a publisher.
    pub fn get(&self, tenant: &TenantId) -> &Tenant {
        self.listed.get(tenant).unwrap_or(&self.default)
    }

    /// Whether any tenant's players may run on that origin.
    ///
    /// For preflights, which carry no token and so name no tenant.
    pub fn any_allows(&self, origin: &str) -> bool {
        self.default.origins.allow(origin)
            || self.listed.values().any(|tenant| tenant.origins.allow(origin))
    }
}

/// The sites whose visitors are co-browsed, and whose sites they are.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    general: Whitelist,
    own: Vec<(TenantId, Whitelist)>,
}

impl Sites {
    /// The sites of everybody else, and those that tenants name themselves: the first listed wins.
    pub fn new(general: Whitelist, own: Vec<(TenantId, Whitelist)>) -> Self {
        Self { general, own }
    }

    /// Whether any visitor may be on that origin.
    pub fn allow(&self, origin: &str) -> bool {
        self.tenant(origin).is_some() || self.general.lists(origin)
    }

    /// The sites of that tenant: those of everybody, and its own.
    pub fn of<'a>(&'a self, tenant: &'a TenantId) -> impl Iterator<Item = &'a Whitelist> {
        let own = self.own.iter().filter(move |(owner, _)| owner == tenant);
        std::iter::once(&self.general).chain(own.map(|(_, sites)| sites))
    }

    /// The tenant that names the origin itself.
    pub fn tenant(&self, origin: &str) -> Option<&TenantId> {
        let (tenant, _) = self.own.iter().find(|(_, sites)| sites.lists(origin))?;
        Some(tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> Sites {
        let own = [("a", "https://a.test"), ("b", "https://*.b.test"), ("c", "https://a.test")];
        let own = own.map(|(tenant, origin)| (tenant.into(), Whitelist::new([origin])));
        Sites::new(Whitelist::new(["https://shop.test", "https://x.b.test"]), own.into())
    }

    #[test]
    fn a_site_is_of_the_first_tenant_that_names_it() {
        for (origin, tenant) in [
            ("https://a.test", Some("a")),
            ("https://x.b.test", Some("b")),
            ("https://shop.test", None),
            ("https://evil.test", None),
        ] {
            assert_eq!(sites().tenant(origin).map(TenantId::as_str), tenant, "{origin}");
        }
    }

    #[test]
    fn only_named_sites_are_allowed() {
        for origin in ["https://a.test", "https://y.b.test", "https://shop.test"] {
            assert!(sites().allow(origin), "{origin}");
        }
        for origin in ["https://evil.test", "null", "", "http://a.test"] {
            assert!(!sites().allow(origin), "{origin}");
            assert!(!Sites::default().allow(origin), "{origin}");
        }
    }
}
