//! What happens, as it happens: server-sent events for operators' consoles.
//!
//! The nodes, with their load, are read from the registry once a second: one read tells of the
//! whole cluster. The rest is the activity of the node that is asked.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    time::Duration,
};

use axum::{
    extract::State,
    http::HeaderName,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Serialize;
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::{
    admin_nodes::AdminNode,
    extract::Operator,
    problem::{Kind, Problem},
    state::SharedApi,
};
use crate::{
    activity::{self, Heard, WATCHERS, Watch, What},
    clock::wall_clock_ms,
    domain::{cluster::NodeRecord, ids::NodeName},
};

/// Between two looks at the registry: nodes beat once a second.
const LOOK: Duration = Duration::from_secs(1);
/// A comment is sent where nothing else was for so long: while the store hangs, say.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Tells nginx, and proxies that follow it, to pass each event on at once.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The data of an event `nodes`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodesNow {
    /// Milliseconds since 1970, by the clock of the node that tells.
    at_ms: u64,
    /// The node that tells, and whose activity is told.
    told_by: String,
    /// All nodes of the cluster; null while the store does not answer.
    nodes: Option<Vec<AdminNode>>,
}

/// Watch the cluster live
///
/// Server-sent events. About once a second `nodes`: all nodes with their load (`NodesNow`).
/// `activity`, whenever something happens at the node that is asked: `at_ms`, `node`, `kind`
/// (`stream_created`, `stream_refused`, `stream_ended`, `stream_expired`, `cobrowse_created`,
/// `cobrowse_joined`, `cobrowse_consent`, `cobrowse_ended`, `store`; of the cluster `node_joined`,
/// `node_draining`, `node_left`) and what belongs to it. `missed` with a `count`, where that
/// was more than the reader read. Ends when the node stops. At most 16 may watch a node.
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "watch_events",
    tag = "Admin",
    security(("admin" = [])),
    responses(
        (status = 200, body = NodesNow, content_type = "text/event-stream"),
        (status = 401, response = super::docs::ProblemDetails),
        (status = 429, response = super::docs::ProblemDetails),
    ),
)]
pub async fn events(_: Operator, State(api): State<SharedApi>) -> Result<Response, Problem> {
    let watch = api.activity.watch().ok_or_else(|| {
        let detail =
            format!("{WATCHERS} consoles watch this node: close one, or ask another node.");
        Problem::new(Kind::TooManyRequests, detail)
    })?;
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed { api, watch, looks, known: None, ready: VecDeque::new() };
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([(UNBUFFERED, "no")], events).into_response())
}

/// What one console is sent. It is asked for the next event when the last one was taken, so a slow
/// reader holds the events of one look here, and no more.
struct Feed {
    api: SharedApi,
    watch: Watch,
    looks: Interval,
    /// The nodes at the last look, and whether they drained.
    known: Option<BTreeMap<NodeName, bool>>,
    /// What was seen and is still to be sent.
    ready: VecDeque<Event>,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        let stop = self.api.stop.clone();
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                _ = self.looks.tick() => {
                    stop.run_until_cancelled(self.look()).await?;
                }
                heard = self.watch.next() => return Some(match heard? {
                    Heard::Event(event) => activity(&event),
                    Heard::Missed(count) => sent("missed", &json!({ "count": count })),
                }),
            }
        }
    }

    /// Reads the registry, and tells what has changed in it.
    async fn look(&mut self) {
        let nodes = self.api.nodes.nodes().await.ok();
        if let Some(nodes) = &nodes {
            let changes = self.compare(nodes);
            let events = changes.into_iter().map(|what| activity(&self.api.activity.event(what)));
            self.ready.extend(events);
        }
        let nodes = nodes.map(|nodes| nodes.into_iter().map(AdminNode::from).collect());
        let told_by = self.api.node.clone().into();
        let now = NodesNow { at_ms: wall_clock_ms(), told_by, nodes };
        self.ready.push_back(sent("nodes", &now));
    }

    fn compare(&mut self, nodes: &[NodeRecord]) -> Vec<What> {
        let now = nodes.iter().map(|node| (node.name.clone(), node.draining)).collect();
        let Some(before) = self.known.replace(now) else { return Vec::new() };
        let mut changes = Vec::new();
        for NodeRecord { name, draining, .. } in nodes {
            let was_draining = before.get(name);
            if was_draining.is_none() {
                changes.push(What::NodeJoined { name: name.clone() });
            }
            if *draining && was_draining != Some(&true) {
                changes.push(What::NodeDraining { name: name.clone() });
            }
        }
        let is_gone = |name: &&NodeName| nodes.iter().all(|node| node.name != **name);
        changes.extend(before.keys().filter(is_gone).cloned().map(|name| What::NodeLeft { name }));
        changes
    }
}

fn activity(event: &activity::Event) -> Event {
    sent("activity", event)
}

/// One line of JSON: it has no line breaks of its own.
fn sent(name: &str, data: &impl Serialize) -> Event {
    Event::default().event(name).data(json!(data).to_string())
}
