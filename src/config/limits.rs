//! The limits of every tenant, compiled once at start.

use std::collections::HashMap;

use super::settings::{Settings, StreamRule, Tenant};
use crate::domain::{
    ids::TenantId,
    streams::{LimitRule, Limits, PoolKind},
};

/// The limits by tenant.
#[derive(Debug, Clone)]
pub struct TenantLimits {
    default: Limits,
    tenants: HashMap<TenantId, Limits>,
}

impl TenantLimits {
    /// The limits of a tenant; the general ones for a tenant without an entry.
    pub fn of(&self, publisher: &TenantId) -> &Limits {
        self.tenants.get(publisher).unwrap_or(&self.default)
    }
}

impl Settings {
    /// The limits of all tenants. Compiles matchers: once per start, not per request.
    pub fn limits(&self) -> TenantLimits {
        let default = Limits {
            rules: self.streams.rules.iter().filter_map(StreamRule::compiled).collect(),
            limit: self.streams.limit,
            account_limit: self.streams.account_limit,
            policy: self.streams.policy,
            takeover: self.streams.takeover,
        };
        let own = |tenant: &Tenant| (tenant.publisher_id.clone(), tenant.limits(&default));
        TenantLimits { tenants: self.tenants.iter().map(own).collect(), default }
    }
}

impl Tenant {
    /// The tenant's defaults; the rules are common to all tenants and still come first.
    fn limits(&self, general: &Limits) -> Limits {
        Limits {
            rules: general.rules.clone(),
            limit: self.limit.unwrap_or(general.limit),
            account_limit: self.account_limit.or(general.account_limit),
            policy: self.policy.unwrap_or(general.policy),
            takeover: self.takeover.unwrap_or(general.takeover),
        }
    }
}

impl StreamRule {
    /// None only for a rule without a glob, which no loaded settings hold.
    fn compiled(&self) -> Option<LimitRule> {
        let globs = [
            (PoolKind::Offer, &self.offer),
            (PoolKind::Tag, &self.tag),
            (PoolKind::DeviceType, &self.device_type),
        ];
        let (kind, glob) =
            globs.into_iter().find_map(|(kind, glob)| Some((kind, glob.as_ref()?)))?;
        let names = glob.matcher().clone();
        Some(LimitRule { kind, names, limit: self.limit, policy: self.policy })
    }
}
