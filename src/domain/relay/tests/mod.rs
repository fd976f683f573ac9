//! The rules of the relay as a whole.

mod consistency;
mod gestures;
mod joining;
mod life;
mod order;
mod slow;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{
    ErrorCode, Feed, FeedEnd, FromViewer, FromVisitor, Header, Kind, Next, Room, ViewerAct,
};
use crate::domain::{
    cobrowse::{Begun, Credential, End, EndedBy, Permissions, Role, Server, Session, User},
    ids::UserId,
};

const GRACE: Duration = Duration::from_secs(30);

/// A session whose visitor came, with that many agents `u0`, `u1`, …
fn session(agents: usize) -> Session {
    let home = Server { name: "n1".into(), url: None, internal_url: "http://n1".into() };
    let mut session = Session::new("shop".into(), Begun::Live, home, false);
    session.visitor_came = true;
    session.users = (0..agents).map(|at| agent(&session, at)).collect();
    session
}

fn agent(session: &Session, at: usize) -> User {
    User {
        id: user(at),
        token: Credential::random(&session.token),
        role: Role::Agent,
        name: Some(format!("Agent {at}").into()),
        agent: None,
        permissions: Permissions::default(),
        link: None,
        left: false,
    }
}

fn user(at: usize) -> UserId {
    UserId::from(format!("u{at}"))
}

fn room(session: &Session) -> Room {
    Room::new(session, 1, "n1".into(), GRACE)
}

/// Changes the record as a store would.
fn change(room: &Room, change: impl FnOnce(&mut Session)) {
    let mut session = (*room.session()).clone();
    change(&mut session);
    room.update(session, room.version() + 1);
}

fn end(room: &Room, by: EndedBy) {
    change(room, |session| session.end = Some(End { at_ms: 1, by }));
}

/// A frame whose payload has that many bytes.
fn frame(kind: Kind, epoch: u32, sequence: u64, payload: usize) -> Bytes {
    let mut frame = Header { kind, flags: 0, epoch, sequence }.bytes().to_vec();
    frame.resize(frame.len() + payload, b'x');
    frame.into()
}

fn snapshot(epoch: u32, sequence: u64) -> Bytes {
    frame(Kind::Snapshot, epoch, sequence, 10)
}

fn delta(epoch: u32, sequence: u64) -> Bytes {
    frame(Kind::Delta, epoch, sequence, 10)
}

fn volatile(epoch: u32, sequence: u64) -> Bytes {
    frame(Kind::Volatile, epoch, sequence, 10)
}

fn send(room: &Room, frames: impl IntoIterator<Item = Bytes>) {
    for frame in frames {
        assert_eq!(room.visitor_data(frame), Ok(()));
    }
}

/// One thing a socket was given, in short: `s 1 0` for a snapshot, `session`, `close Ended`.
fn told(next: &Next) -> String {
    match next {
        Next::Text(text) => {
            let message: Value = serde_json::from_str(text).unwrap();
            let code = message["code"].as_str().map(|code| format!(" {code}"));
            format!("{}{}", message["type"].as_str().unwrap(), code.unwrap_or_default())
        }
        Next::Binary(frame) => {
            let Header { kind, epoch, sequence, .. } = Header::read(frame).unwrap();
            let kind = match kind {
                Kind::Snapshot => 's',
                Kind::Delta => 'd',
                Kind::Volatile => 'v',
            };
            format!("{kind} {epoch} {sequence}")
        }
        Next::Close(end) => format!("close {end:?}"),
    }
}

/// Takes the next thing, if there is one now.
fn next(feed: &Feed) -> Option<Next> {
    feed.next().now_or_never()
}

/// Takes everything that is there now.
fn drain(feed: &Feed) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(next) = next(feed) {
        all.push(told(&next));
        if matches!(next, Next::Close(_)) {
            break;
        }
    }
    all
}

/// Takes everything, and returns the last message of that type.
fn last(feed: &Feed, kind: &str) -> Value {
    let mut found = Value::Null;
    while let Some(Next::Text(text)) = next(feed) {
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] == kind {
            found = message;
        }
    }
    found
}

/// An active session with its visitor and one viewer, who follows from snapshot 1/0 on. Drained.
fn watched() -> (Room, Arc<Feed>, Arc<Feed>) {
    let room = room(&session(2));
    let visitor = room.attach_visitor();
    let viewer = room.attach_viewer(&user(0), 0).unwrap();
    send(&room, [snapshot(1, 0)]);
    assert_eq!(drain(&visitor), ["session", "snapshotRequest"]);
    assert_eq!(drain(&viewer), ["welcome", "session", "s 1 0"]);
    (room, visitor, viewer)
}

fn says(room: &Room, at: usize, feed: &Arc<Feed>, message: Value) -> ViewerAct {
    room.viewer_says(&user(at), feed, FromViewer::read(&message.to_string()).unwrap())
}

fn page_says(room: &Room, message: Value) -> super::VisitorAct {
    room.visitor_says(FromVisitor::read(&message.to_string()).unwrap())
}

#[test]
fn a_large_payload_is_named_and_not_shown() {
    let next = Next::Text(json!({"type": "type", "text": "secret"}).to_string());
    assert!(!format!("{next:?}").contains("secret"));
    assert_eq!(format!("{:?}", Next::Close(FeedEnd::Ended)), "Close(Ended)");
}

#[test]
fn the_protocol_tells_of_every_error() {
    let protocol = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/relay-protocol.md");
    let protocol = std::fs::read_to_string(protocol).unwrap();
    for code in ErrorCode::ALL {
        let word = json!(code);
        let word = word.as_str().unwrap();
        assert!(protocol.contains(&format!("| `{word}` | {}", code.detail())), "{word}");
    }
}
