//! The admin API of nodes: who is there, what each does, and drain.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    extract::Operator,
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::domain::{
    cluster::{Latency, Load, Message, NodeRecord, Tally},
    ids::NodeName,
};

/// The nodes of the cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminNodes {
    nodes: Vec<AdminNode>,
}

/// A node of the cluster.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminNode {
    name: String,
    server_url: Option<String>,
    internal_url: String,
    version: String,
    /// Sockets open now.
    sockets: u64,
    draining: bool,
    /// Milliseconds since 1970, by the node's clock.
    started_ms: u64,
    /// What it did a second ago; null of a release that does not tell.
    load: Option<AdminLoad>,
}

/// What a node does. Levels and counts are those of its `/metrics`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminLoad {
    /// When this was taken: milliseconds since 1970, by the node's clock.
    at_ms: u64,
    /// Whether it took work.
    ready: bool,
    /// Stream sessions whose socket it holds.
    held_streams: u64,
    /// Co-browse sessions it hosts.
    hosted_sessions: u64,
    /// Visitors whose presence connection it holds.
    visitors: u64,
    /// What it has counted since `started_ms`.
    since_start: AdminTally,
    /// How long its answers took in the last ten seconds; null where it gave none.
    latency: Option<AdminLatency>,
}

/// What a node has counted since its start.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminTally {
    /// Requests answered, on both listeners.
    requests: u64,
    /// Stream sessions admitted.
    creates: u64,
    /// Stream sessions refused at a limit.
    refusals: u64,
    /// Stream sessions that others took the place of, chosen by viewers or by `evict_oldest`.
    takeovers: u64,
    /// Frames received from visitors.
    relay_frames: u64,
    /// Their bytes.
    relay_bytes: u64,
}

/// Estimates, in microseconds, from the buckets of `baton_request_duration_seconds`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminLatency {
    /// Half of all answers took no longer.
    p50_us: u64,
    /// One of twenty took longer.
    p95_us: u64,
    /// One of a hundred took longer.
    p99_us: u64,
}

impl From<Load> for AdminLoad {
    fn from(load: Load) -> Self {
        let Tally { requests, creates, refusals, takeovers, relay_frames, relay_bytes } =
            load.since_start;
        let latency = load.latency.map(|Latency { p50_us, p95_us, p99_us }| AdminLatency {
            p50_us,
            p95_us,
            p99_us,
        });
        Self {
            at_ms: load.at_ms,
            ready: load.ready,
            held_streams: load.held_streams,
            hosted_sessions: load.hosted_sessions,
            visitors: load.visitors,
            since_start: AdminTally {
                requests,
                creates,
                refusals,
                takeovers,
                relay_frames,
                relay_bytes,
            },
            latency,
        }
    }
}

impl From<NodeRecord> for AdminNode {
    fn from(node: NodeRecord) -> Self {
        Self {
            name: node.name.into(),
            server_url: node.server_url,
            internal_url: node.internal_url,
            version: node.version,
            sockets: node.sockets,
            draining: node.draining,
            started_ms: node.started_ms,
            load: node.load.map(AdminLoad::from),
        }
    }
}

/// The nodes of the cluster
#[utoipa::path(
    get, path = "/api/v1/nodes", operation_id = "list_nodes",
    tag = "Admin",
    security(("admin" = [])),
    responses(
        (status = 200, body = AdminNodes),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn nodes(
    _: Operator,
    State(api): State<SharedApi>,
) -> Result<axum::Json<AdminNodes>, Problem> {
    let nodes = api.nodes.nodes().await?.into_iter().map(AdminNode::from).collect();
    Ok(axum::Json(AdminNodes { nodes }))
}

/// Drain a node: it takes no new sessions, sends its sockets away and stops
#[utoipa::path(
    post, path = "/api/v1/nodes/{name}/drain", operation_id = "drain_node",
    tag = "Admin",
    security(("admin" = [])),
    params(("name" = String, Path, description = "`node.name`")),
    responses(
        (status = 202, description = "It is told"),
        (status = 400, response = super::docs::ProblemDetails),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 404, response = super::docs::ProblemDetails),
        (status = 503, response = super::docs::ProblemDetails),
    ),
)]
pub async fn drain(
    _: Operator,
    State(api): State<SharedApi>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let node = NodeName::from(name);
    if !api.nodes.nodes().await?.iter().any(|known| known.name == node) {
        return Err(Problem::new(Kind::NoSuchNode, "GET /api/v1/nodes lists them."));
    }
    tracing::info!(%node, "an operator drains a node");
    if node == api.node {
        // Also when the bus is away, an operator must be able to stop the node it talks to.
        api.drain.cancel();
    } else {
        api.bus.publish(&node, &Message::Drain);
    }
    Ok(StatusCode::ACCEPTED)
}
