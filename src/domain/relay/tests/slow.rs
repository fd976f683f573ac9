//! Viewers and visitors that do not read fast enough.

use super::*;
use crate::domain::relay::queue::{FRAME_BYTES, FRAMES, GESTURE_TEXTS, TEXTS};

/// Passes on as many deltas after `from` as fit into a queue.
fn fill(room: &Room, from: u64) -> u64 {
    let to = from + FRAMES as u64;
    for sequence in from + 1..=to {
        send(room, [delta(1, sequence)]);
    }
    to
}

#[tokio::test]
async fn volatile_frames_go_first() {
    let (room, _visitor, viewer) = watched();
    for _ in 0..FRAMES {
        send(&room, [volatile(1, 0)]);
    }
    send(&room, [delta(1, 1), volatile(1, 1), delta(1, 2)]);
    assert_eq!(drain(&viewer), ["d 1 1", "v 1 1", "d 1 2"]);
}

#[tokio::test]
async fn volatile_frames_are_left_out_of_a_full_queue() {
    let (room, _visitor, viewer) = watched();
    let last = fill(&room, 0);
    send(&room, [volatile(1, last)]);
    let taken = drain(&viewer);
    assert_eq!(taken.len(), FRAMES);
    assert!(taken.iter().all(|told| told.starts_with('d')));
}

#[tokio::test]
async fn a_lagging_viewer_gets_nothing_until_it_has_taken_everything_and_then_a_new_start() {
    let (room, visitor, slow) = watched();
    let fast = room.attach_viewer(&user(1), 0).unwrap();
    drain(&fast);
    let last = fill(&room, 0);
    assert_eq!(drain(&fast).len(), FRAMES);
    send(&room, [delta(1, last + 1)]);
    // Its whole queue went; control messages stay, and data wait for it to read.
    page_says(&room, json!({"type": "page", "url": "https://shop.test/"}));
    send(&room, [snapshot(1, last + 1), delta(1, last + 2)]);
    assert_eq!(told(&next(&slow).unwrap()), "page");
    send(&room, [delta(1, last + 3)]);
    assert_eq!(drain(&slow), ["resync", "s 1 513", "d 1 514", "d 1 515"]);
    assert_eq!(drain(&fast), ["d 1 513", "page", "d 1 514", "d 1 515"], "it costs others nothing");
    send(&room, [delta(1, last + 4)]);
    assert_eq!(drain(&slow), ["d 1 516"]);
    assert_eq!(drain(&visitor), [""; 0]);
}

#[tokio::test]
async fn a_lagging_viewer_without_a_snapshot_joins_the_request() {
    let (room, visitor, slow) = watched();
    let last = fill(&room, 0);
    send(&room, [delta(1, last + 1)]);
    assert_eq!(drain(&visitor), [""; 0], "nothing is asked before it has read");
    assert_eq!(drain(&slow), ["resync"]);
    let late = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&visitor), ["snapshotRequest"]);
    send(&room, [snapshot(1, last + 1)]);
    assert_eq!((drain(&slow), drain(&late).len()), (vec!["s 1 513".into()], 3));
}

#[tokio::test]
async fn bytes_are_bounded_beside_the_snapshot() {
    let (room, _visitor, viewer) = watched();
    let large = FRAME_BYTES / 4 - 16;
    send(&room, [frame(Kind::Snapshot, 2, 0, (4 << 20) - 16)]);
    send(&room, (1..=4).map(|sequence| frame(Kind::Delta, 2, sequence, large)));
    assert_eq!(drain(&viewer), ["s 2 0", "d 2 1", "d 2 2", "d 2 3", "d 2 4"]);
    send(&room, (5..=9).map(|sequence| frame(Kind::Delta, 2, sequence, large)));
    assert_eq!(drain(&viewer), ["resync"]);
}

#[tokio::test]
async fn a_new_epoch_does_not_reach_a_lagging_viewer_before_it_has_read() {
    let (room, _visitor, slow) = watched();
    let last = fill(&room, 0);
    send(&room, [delta(1, last + 1), snapshot(2, 0), snapshot(3, 0)]);
    assert_eq!(drain(&slow), ["resync", "s 3 0"]);
}

#[tokio::test]
async fn a_waiting_socket_wakes_up() {
    let (room, _visitor, viewer) = watched();
    let waits = tokio::spawn(async move { viewer.next().await });
    tokio::task::yield_now().await;
    send(&room, [delta(1, 1)]);
    assert_eq!(told(&waits.await.unwrap()), "d 1 1");
}

#[tokio::test(start_paused = true)]
async fn resync_gives_a_new_start_once_a_second() {
    let (room, _visitor, viewer) = watched();
    send(&room, [delta(1, 1)]);
    for told in [vec!["resync", "s 1 0", "d 1 1"], vec!["error tooSoon"]] {
        assert_eq!(says(&room, 0, &viewer, json!({"type": "resync"})), ViewerAct::Done);
        assert_eq!(drain(&viewer), told);
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    says(&room, 0, &viewer, json!({"type": "resync"}));
    assert_eq!(drain(&viewer), ["resync", "s 1 0", "d 1 1"]);
}

#[tokio::test]
async fn too_many_control_messages_close_a_feed() {
    let (room, _visitor, viewer) = watched();
    send(&room, [delta(1, 1)]);
    for _ in 0..TEXTS {
        viewer.push_text("{}".into());
    }
    assert!(matches!(next(&viewer), Some(Next::Binary(_))));
    viewer.push_text("{}".into());
    for _ in 0..2 {
        assert_eq!(next(&viewer), Some(Next::Close(FeedEnd::TooSlow)), "and it stays closed");
    }
    assert_eq!(room.viewers(), 1, "the socket detaches it");
}

#[tokio::test]
async fn of_positions_only_the_newest_waits_for_the_visitor() {
    let (room, visitor, viewer) = watched();
    let other = room.attach_viewer(&user(1), 0).unwrap();
    drain(&visitor);
    for x in 0..500 {
        says(&room, 0, &viewer, json!({"type": "cursor", "x": x, "y": 0}));
        says(&room, 0, &viewer, json!({"type": "pointer", "x": x, "y": 0}));
        says(&room, 1, &other, json!({"type": "cursor", "x": x, "y": 0}));
    }
    says(&room, 0, &viewer, json!({"type": "clear"}));
    assert_eq!(drain(&visitor), ["cursor", "pointer", "cursor", "clear"]);
}

#[tokio::test]
async fn viewers_cannot_crowd_out_what_the_node_tells_the_visitor() {
    let (room, visitor, viewer) = watched();
    for _ in 0..GESTURE_TEXTS {
        says(&room, 0, &viewer, json!({"type": "clear"}));
    }
    assert_eq!(drain(&viewer), [""; 0]);
    says(&room, 0, &viewer, json!({"type": "clear"}));
    assert_eq!(drain(&viewer), ["error visitorBusy"]);
    change(&room, |session| session.control = Some(user(0)));
    let taken = drain(&visitor);
    assert_eq!((taken.len(), taken.last().unwrap().as_str()), (GESTURE_TEXTS + 1, "session"));
}
