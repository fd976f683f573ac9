//! What differs between tenants.

use std::collections::HashMap;

use super::{ids::TenantId, origins::Origins, streams::Limits};

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
