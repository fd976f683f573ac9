//! What the settings say of tenants and of co-browse sessions, in the words of the domain.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use url::Url;

use crate::{
    auth::{self, JwksTiming, KeySource},
    config::{JwksSource, OnFailure, OriginRule, Secret, Settings, ShortCodes},
    domain::{
        cobrowse::{CobrowseTerms, Server},
        ids::TenantId,
        origins::{Origins, Whitelist},
        short_codes::ShortCodeTerms,
        tenants::{Sites, Tenant, Tenants},
    },
};

/// From a host's last renewal until others take it for dead. Renewed three times as often, so two
/// renewals may fail; agents of a killed host wait no longer than a person would before giving up.
const COBROWSE_LEASE: Duration = Duration::from_secs(15);

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

/// The sites of co-browse sessions: the general list, and what tenants name themselves.
///
/// `demo` is where demo pages are served, with `--dev`: they are visited as well.
pub(super) fn sites(settings: &Settings, demo: Option<&Url>) -> Sites {
    let demo = demo.map(|url| url.origin().ascii_serialization());
    let whitelist = |rules: &[OriginRule]| Whitelist::new(rules.iter().map(OriginRule::as_str));
    let own = settings.tenants.iter().filter_map(|tenant| {
        let rules = tenant.allowed_origins.as_deref()?;
        Some((tenant.publisher_id.clone(), whitelist(rules)))
    });
    let general = settings.cobrowse.allowed_origins.iter().map(OriginRule::as_str);
    Sites::new(Whitelist::new(general.chain(demo.as_deref())), own.collect())
}

/// The terms of co-browse sessions.
pub(super) fn cobrowse(settings: &Settings) -> CobrowseTerms {
    let cobrowse = &settings.cobrowse;
    CobrowseTerms {
        idle: Duration::from_secs(cobrowse.idle_seconds),
        reconnect_grace: Duration::from_secs(cobrowse.reconnect_grace_seconds),
        history: Duration::from_secs(cobrowse.history_seconds),
        lease: COBROWSE_LEASE,
        sessions_per_agent: cobrowse.sessions_per_agent,
        watched_most: settings.watch.max_sessions,
        consent_required: cobrowse.require_authorization_for_session,
        open_join: cobrowse.open_join,
    }
}

/// The terms of short codes.
pub(super) fn short_codes(settings: &Settings) -> ShortCodeTerms {
    let ShortCodes { length, ttl_seconds } = settings.short_codes;
    ShortCodeTerms::new(length, Duration::from_secs(ttl_seconds))
}

/// This node, as the records of co-browse sessions name it.
pub(super) fn here(settings: &Settings, bound: SocketAddr) -> Server {
    // A URL without a path prints a slash that nobody configured.
    let text = |url: &Url| url.as_str().trim_end_matches('/').into();
    Server {
        name: settings.node.name.clone(),
        url: settings.node.server_url.as_ref().map(text),
        internal_url: text(&settings.internal_url(bound)),
    }
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
