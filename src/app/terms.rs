//! What the settings say of each tenant, in the words of the domain.

use std::collections::HashMap;

use crate::{
    auth::{self, JwksTiming, KeySource},
    config::{JwksSource, OnFailure, Secret, Settings},
    domain::{
        ids::TenantId,
        origins::Origins,
        tenants::{Tenant, Tenants},
    },
};

/// Limits, origins and behaviour without a store, by tenant.
pub(super) fn tenants(settings: &Settings) -> Tenants {
    let limits = settings.limits();
    let terms = |publisher: &TenantId| Tenant {
        limits: limits.of(publisher).clone(),
        untracked_when_away: settings.on_failure(publisher) == OnFailure::Allow,
        origins: Origins::new(settings.stream_origins(publisher).iter().map(|o| o.as_str())),
    };
    let listed = settings.tenants.iter().map(|tenant| &tenant.publisher_id);
    let listed = listed.map(|publisher| (publisher.clone(), terms(publisher))).collect();
    // No publisher has an empty id, so this one has the terms of those not listed.
    Tenants::new(terms(&TenantId::from("")), listed)
}

/// The keys of the default tenant and of the listed ones.
pub(super) fn keys(
    settings: &Settings,
) -> (Option<KeySource>, HashMap<TenantId, KeySource>, JwksTiming) {
    let default = source(settings.auth.secret.as_ref(), settings.auth.jwks.as_ref());
    let listed = settings.tenants.iter().filter_map(|tenant| {
        let keys = source(tenant.secret.as_ref(), tenant.jwks.as_ref())?;
        Some((tenant.publisher_id.clone(), keys))
    });
    (default, listed.collect(), JwksTiming::default())
}

fn source(secret: Option<&Secret>, jwks: Option<&JwksSource>) -> Option<KeySource> {
    let published = |jwks: &JwksSource| match jwks {
        JwksSource::File(path) => auth::JwksSource::File(path.clone()),
        JwksSource::Url(url) => auth::JwksSource::Url(url.clone()),
    };
    let secret = secret.map(|secret| KeySource::Secret(secret.expose().as_bytes().to_vec()));
    secret.or_else(|| jwks.map(|jwks| KeySource::Jwks(published(jwks))))
}
