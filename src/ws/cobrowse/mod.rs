//! Co-browse sockets of this node: visitors' pages, and those who watch them.
//!
//! The node with the visitor's socket hosts the session (`rooms`). A viewer's socket that lands
//! elsewhere is passed on to the host (`remote`), and looks for the next host when that one dies.

pub mod close;
pub mod crowd;
pub mod line;
pub mod presences;
pub mod remote;
pub mod rooms;
pub mod viewer;
pub mod visitor;

use std::{sync::Arc, time::Duration};

pub use self::{
    close::Close,
    crowd::Crowd,
    presences::{PresenceOrder, Presences},
    rooms::{Rooms, Wish},
};
use crate::{
    auth::{NodeTokens, VisitorTokens},
    domain::{cobrowse::CobrowseService, visitors::VisitorService},
    metrics::Metrics,
};

/// What all co-browse sockets of a node share.
pub struct CobrowseSockets {
    /// The engine.
    pub service: Arc<CobrowseService>,
    /// Who is online.
    pub visitors: Arc<VisitorService>,
    /// The sessions hosted here.
    pub rooms: Arc<Rooms>,
    /// The visitors who are online here.
    pub presences: Arc<Presences>,
    /// All of these sockets.
    pub crowd: Arc<Crowd>,
    /// Signs what one node shows another.
    pub node_tokens: NodeTokens,
    /// Lets a visitor keep its name.
    pub visitor_tokens: VisitorTokens,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Between transport-level pings.
    pub ping_every: Duration,
}
