//! What handlers reach.

use std::{net::IpAddr, sync::Arc, time::Duration};

use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::problem::Problem;
use crate::{
    activity::Activity,
    auth::{Keyring, LinkTokens, SocketTokens},
    domain::{
        cluster::{Bus, NodeStore},
        cobrowse::CobrowseService,
        ids::NodeName,
        origins::Whitelist,
        short_codes::ShortCodeService,
        streams::StreamService,
        tenants::{Sites, Tenants},
        visitors::VisitorService,
    },
    health::Health,
    metrics::Metrics,
    ws::{cobrowse::CobrowseSockets, stream::StreamSockets},
};

/// State of both listeners, shared by all requests.
pub struct Api {
    /// The stream engine.
    pub streams: Arc<StreamService>,
    /// The co-browse engine.
    pub cobrowse: Arc<CobrowseService>,
    /// Short codes.
    pub short_codes: Arc<ShortCodeService>,
    /// Visitors and watch links.
    pub visitors: Arc<VisitorService>,
    /// The sites of co-browse sessions.
    pub sites: Sites,
    /// What brings clients to the hosts of co-browse sessions.
    pub directions: super::cobrowse_host::Directions,
    /// What co-browse sockets share.
    pub cobrowse_sockets: Arc<CobrowseSockets>,
    /// Origins of the viewer's own page.
    pub viewer_origins: Whitelist,
    /// Terms of the tenants.
    pub tenants: Arc<Tenants>,
    /// Verifies bearer tokens.
    pub keyring: Arc<Keyring>,
    /// Signs and verifies socket tokens.
    pub socket_tokens: SocketTokens,
    /// Signs and verifies watch links.
    pub link_tokens: LinkTokens,
    /// What stream sockets share.
    pub sockets: Arc<StreamSockets>,
    /// One permit per socket.
    pub socket_permits: Arc<Semaphore>,
    /// Readiness.
    pub health: Arc<Health>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// What happens here.
    pub activity: Arc<Activity>,
    /// Registry.
    pub nodes: Arc<dyn NodeStore>,
    /// Messages to nodes.
    pub bus: Arc<dyn Bus>,
    /// This node.
    pub node: NodeName,
    /// The WebSocket URL up to the token: see [`socket_url`].
    pub socket_url: String,
    /// Where watch links lead, up to the token.
    pub watch_url: String,
    /// `cobrowse.base_path`
    pub cobrowse_base_path: String,
    /// Key of the v1.1 API; it is closed without one.
    pub api_key: Option<String>,
    /// Life of a media play session without a heartbeat.
    pub media_ttl: Duration,
    /// Networks whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Bearer token of the admin API.
    pub admin_token: Option<String>,
    /// The pages of the front end.
    pub pages: super::pages::Pages,
    /// `--dev` only: what mints demo tokens.
    pub demo: Option<super::demo::Demo>,
    /// Cancelled to drain this node.
    pub drain: CancellationToken,
    /// Cancelled when the listeners close: answers that never end by themselves end then.
    pub stop: CancellationToken,
}

/// The state as handlers take it.
pub type SharedApi = Arc<Api>;

impl Api {
    /// The WebSocket URL that a socket token belongs to. A token needs no escapes.
    pub fn endpoint(&self, token: &str) -> String {
        [&self.socket_url, token].concat()
    }

    /// Whether forwarding headers of that peer are believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }

    /// Refuses an address that creates too many sessions and codes: neither needs credentials.
    pub async fn count_creation(&self, address: IpAddr) -> Result<(), Problem> {
        match self.short_codes.count_creation(address).await? {
            Some(retry) => Err(Problem::creating(retry)),
            None => Ok(()),
        }
    }
}

/// Where sockets are opened, up to the token: below a URL of ours, at this path.
pub fn socket_url(base_url: &Url, path: &str) -> String {
    let mut url = base_url.clone();
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // Both pairs of schemes are special ones, between which a URL may change.
    let _ = url.set_scheme(scheme);
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}{path}"));
    url.set_query(Some("token="));
    url.into()
}
