//! Late joiners: a snapshot and its tail, asked for once.

use super::*;
use crate::domain::relay::tape::{TAIL_BYTES, TAIL_FRAMES};

#[tokio::test]
async fn a_late_joiner_gets_the_newest_snapshot_and_the_deltas_since() {
    let (room, visitor, viewer) = watched();
    send(&room, [delta(1, 1), volatile(1, 1), delta(1, 2)]);
    let late = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&late), ["welcome", "session", "s 1 0", "d 1 1", "d 1 2"]);
    assert_eq!(drain(&viewer), ["d 1 1", "v 1 1", "d 1 2"]);
    send(&room, [delta(1, 3)]);
    assert_eq!((drain(&late), drain(&viewer)), (vec!["d 1 3".into()], vec!["d 1 3".into()]));
    assert_eq!(drain(&visitor), [""; 0], "nobody had to be asked");
}

#[tokio::test]
async fn a_tail_that_is_too_long_costs_one_snapshot_for_all_who_join() {
    let room = room(&session(4));
    let visitor = room.attach_visitor();
    let first = room.attach_viewer(&user(0), 0).unwrap();
    send(&room, [snapshot(1, 0)]);
    let last = TAIL_FRAMES as u64;
    for sequence in 1..=last {
        send(&room, [delta(1, sequence)]);
    }
    let joins_in_time = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&joins_in_time).len(), 3 + TAIL_FRAMES);
    send(&room, [delta(1, last + 1)]);
    drain(&visitor);
    drain(&first);
    let joiners = [2, 3].map(|at| room.attach_viewer(&user(at), 0).unwrap());
    assert_eq!(drain(&visitor), ["snapshotRequest"], "one request for both");
    send(&room, [delta(1, last + 2), snapshot(1, last + 2), delta(1, last + 3)]);
    for joiner in &joiners {
        assert_eq!(drain(joiner), ["welcome", "session", "s 1 202", "d 1 203"]);
    }
    assert_eq!(drain(&first), ["d 1 202", "d 1 203"], "it had the page");
    let another = room.attach_viewer(&user(2), 0).unwrap();
    assert_eq!(drain(&another), ["welcome", "session", "s 1 202", "d 1 203"]);
    assert_eq!(drain(&visitor), [""; 0]);
}

#[tokio::test]
async fn a_tail_that_is_too_large_is_not_kept() {
    let (room, visitor, _viewer) = watched();
    send(&room, [frame(Kind::Delta, 1, 1, TAIL_BYTES)]);
    let late = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&late), ["welcome", "session"]);
    assert_eq!(drain(&visitor), ["snapshotRequest"]);
}

#[tokio::test]
async fn a_snapshot_is_asked_for_when_the_visitor_can_send_one() {
    let room = room(&session(1));
    let viewer = room.attach_viewer(&user(0), 0).unwrap();
    let visitor = room.attach_visitor();
    assert_eq!(drain(&visitor), ["session", "snapshotRequest"]);
    // The page reloads before it has answered: the next one is asked again.
    let next = room.attach_visitor();
    assert_eq!(drain(&visitor), ["close Superseded"]);
    assert_eq!(drain(&next), ["session", "snapshotRequest"]);
    send(&room, [snapshot(1, 0)]);
    assert_eq!(drain(&viewer), ["welcome", "session", "session", "session", "s 1 0"]);
    assert_eq!(drain(&room.attach_visitor()), ["session"], "the node has the page");
}

#[tokio::test]
async fn page_and_viewport_are_remembered_for_late_joiners() {
    let (room, _visitor, viewer) = watched();
    page_says(&room, json!({"type": "page", "url": "https://shop.test/old"}));
    page_says(&room, json!({"type": "page", "url": "https://shop.test/cart?secret"}));
    page_says(&room, json!({"type": "viewport", "width": 390, "height": 844}));
    assert_eq!(drain(&viewer), ["page", "viewport"], "only the newest page waits");
    let late = room.attach_viewer(&user(1), 0).unwrap();
    let mut texts = Vec::new();
    while let Some(Next::Text(text)) = next(&late) {
        texts.push(serde_json::from_str::<Value>(&text).unwrap());
    }
    assert_eq!(texts[2], json!({"type": "page", "url": "shop.test/cart"}));
    assert_eq!(texts[3], json!({"type": "viewport", "width": 390, "height": 844}));
}

#[tokio::test]
async fn a_frame_for_many_viewers_is_shared_and_not_copied() {
    let room = room(&session(50));
    let _visitor = room.attach_visitor();
    let viewers: Vec<_> = (0..50).map(|at| room.attach_viewer(&user(at), 0).unwrap()).collect();
    let sent = snapshot(1, 0);
    send(&room, [sent.clone()]);
    assert_eq!(room.viewers(), 50);
    for viewer in &viewers {
        while let Some(next) = next(viewer) {
            if let Next::Binary(received) = next {
                assert_eq!(received.as_ptr(), sent.as_ptr());
            }
        }
    }
}
