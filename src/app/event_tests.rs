//! Server-sent events without a network, so that time can be made up: how long they are told, and
//! what somebody costs who does not listen.

use std::net::SocketAddr;

use axum::{
    body::{Body, BodyDataStream},
    http::Request,
};
use futures_util::StreamExt;
use serde_json::Value;
use tower::ServiceExt;

use super::parts::Parts;
use crate::{
    activity::What,
    config::Settings,
    http::{self, state::SharedApi},
};

/// What a console hears.
struct Console(BodyDataStream);

impl Console {
    async fn open(api: &SharedApi) -> Self {
        let request = Request::get("/api/v1/events").body(Body::empty()).unwrap();
        let response = http::private(api.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream())
    }

    /// The next event: its name and data. None at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        let frame = self.0.next().await?.unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let (name, data) = (field("event: ").unwrap(), field("data: ").unwrap());
        Some((name.to_owned(), serde_json::from_str(data).unwrap()))
    }
}

fn node() -> SharedApi {
    let settings = Settings::load(None, [], true).unwrap();
    let bound: SocketAddr = "127.0.0.1:1".parse().unwrap();
    Parts::new(&settings, bound, false).unwrap().api
}

#[tokio::test(start_paused = true)]
async fn events_are_told_beyond_the_deadline_of_requests_until_the_node_stops() {
    let api = node();
    let mut console = Console::open(&api).await;
    let began = tokio::time::Instant::now();
    for _ in 0..120 {
        let (name, data) = console.next().await.unwrap();
        assert_eq!((name.as_str(), data["nodes"].is_array()), ("nodes", true), "{data}");
    }
    assert_eq!(began.elapsed().as_secs(), 119);
    // An operator sees the drain to its end.
    api.drain.cancel();
    assert_eq!(console.next().await.unwrap().0, "nodes");
    api.stop.cancel();
    assert_eq!(console.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_costs_a_bounded_memory_and_is_told_what_was_missed() {
    let api = node();
    let mut console = Console::open(&api).await;
    for _ in 0..10_000 {
        api.activity.note(|| What::Store { up: true });
    }
    let (mut kept, mut missed) = (0, 0);
    while kept + missed < 10_000 {
        let (name, data) = console.next().await.unwrap();
        match name.as_str() {
            "activity" => kept += 1,
            "missed" => missed += data["count"].as_u64().unwrap(),
            _ => {}
        }
    }
    assert_eq!((kept, missed), (256, 10_000 - 256));
}
