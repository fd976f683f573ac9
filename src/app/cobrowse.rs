//! Makes the co-browse parts of a node: the engines, and what their sockets share.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{stores::Stores, terms};
use crate::{
    auth::{NodeTokens, VisitorTokens},
    config::Settings,
    domain::{cobrowse::CobrowseService, origins::Whitelist, visitors::VisitorService},
    metrics::Metrics,
    ws::cobrowse::{CobrowseSockets, Crowd, Rooms},
};

/// The co-browse engines and sockets of a node.
pub(super) fn sockets(
    settings: &Settings,
    bound: SocketAddr,
    stores: &Stores,
    metrics: &Arc<Metrics>,
) -> CobrowseSockets {
    let (here, terms) = (terms::here(settings, bound), terms::cobrowse(settings));
    let rooms = Rooms::new(here.clone(), terms.reconnect_grace);
    let (sessions, slots) = (stores.cobrowse.clone(), stores.slots.clone());
    let service =
        Arc::new(CobrowseService::new(sessions, slots, stores.bus.clone(), here.clone(), terms));
    let link_life = Duration::from_secs(settings.watch.link_ttl_seconds);
    let (visitors, bus) = (stores.visitors.clone(), stores.bus.clone());
    let visitors = VisitorService::new(visitors, service.clone(), bus, here.name, link_life);
    let secret = settings.cluster.secret.expose().as_bytes();
    CobrowseSockets {
        service,
        visitors: Arc::new(visitors),
        rooms: Arc::new(rooms),
        presences: Arc::default(),
        crowd: Crowd::new(Duration::from_secs(settings.node.drain_seconds)),
        node_tokens: NodeTokens::new(secret),
        visitor_tokens: VisitorTokens::new(secret),
        metrics: metrics.clone(),
        ping_every: Duration::from_secs(settings.streams.ping_seconds),
    }
}

/// The origins of the viewer's own page.
pub(super) fn viewer_origins(settings: &Settings, bound: SocketAddr) -> Whitelist {
    let public_url = settings.public_url(bound);
    let urls = [Some(&public_url), settings.node.server_url.as_ref()];
    let origins = urls.into_iter().flatten().map(|url| url.origin().ascii_serialization());
    let origins: Vec<String> = origins.collect();
    Whitelist::new(origins.iter().map(String::as_str))
}
