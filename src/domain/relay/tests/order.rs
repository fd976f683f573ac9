//! Sequences and epochs: what does not fit is dropped, and one snapshot heals it.

use super::*;

#[tokio::test]
async fn after_a_gap_viewers_get_nothing_until_a_snapshot_comes() {
    let (room, visitor, viewer) = watched();
    send(&room, [delta(1, 1), delta(1, 3), delta(1, 4), volatile(1, 4)]);
    assert_eq!(drain(&viewer), ["d 1 1"]);
    assert_eq!(drain(&visitor), ["snapshotRequest"], "asked once");
    let late = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&late), ["welcome", "session"], "the old snapshot is no good");
    send(&room, [snapshot(1, 5), delta(1, 6)]);
    assert_eq!(drain(&viewer), ["resync", "s 1 5", "d 1 6"]);
    assert_eq!(drain(&late), ["s 1 5", "d 1 6"]);
    assert_eq!(drain(&visitor), [""; 0]);
}

#[tokio::test]
async fn a_repeated_delta_and_one_of_an_unknown_epoch_ask_for_a_snapshot() {
    for odd in [delta(1, 1), delta(2, 1), delta(2, 2)] {
        let (room, visitor, viewer) = watched();
        send(&room, [delta(1, 1), odd, delta(1, 2)]);
        assert_eq!(drain(&viewer), ["d 1 1"]);
        assert_eq!(drain(&visitor), ["snapshotRequest"]);
        send(&room, [snapshot(1, 2)]);
        assert_eq!(drain(&viewer), ["resync", "s 1 2"]);
    }
}

/// Two changes under one number: those who saw the first lack the second.
#[tokio::test]
async fn after_a_repeat_even_a_snapshot_of_the_same_number_goes_to_everybody() {
    let (room, _visitor, viewer) = watched();
    send(&room, [delta(1, 1), delta(1, 1), snapshot(1, 1)]);
    assert_eq!(drain(&viewer), ["resync", "s 1 1"], "what waited is void");
}

#[tokio::test]
async fn a_new_epoch_replaces_all_that_waits() {
    let (room, visitor, viewer) = watched();
    send(&room, [delta(1, 1), volatile(1, 1), snapshot(2, 0), delta(2, 1)]);
    assert_eq!(drain(&viewer), ["s 2 0", "d 2 1"]);
    assert_eq!(drain(&visitor), [""; 0]);
}

#[tokio::test]
async fn frames_of_an_old_epoch_are_dropped_and_told_once() {
    let (room, visitor, viewer) = watched();
    send(&room, [snapshot(2, 0), snapshot(1, 9), delta(1, 10), volatile(1, 10), delta(2, 1)]);
    assert_eq!(drain(&viewer), ["s 2 0", "d 2 1"]);
    assert_eq!(drain(&visitor), ["error oldEpoch"]);
    // The state on attach says where to begin.
    assert_eq!(last(&room.attach_visitor(), "session")["epoch"], 2);
}

#[tokio::test]
async fn a_snapshot_of_the_same_moment_goes_to_nobody_who_has_the_page() {
    let (room, _visitor, viewer) = watched();
    send(&room, [delta(1, 1), snapshot(1, 1), delta(1, 2)]);
    assert_eq!(drain(&viewer), ["d 1 1", "d 1 2"]);
}

#[tokio::test]
async fn a_snapshot_that_skips_deltas_goes_to_everybody_and_one_of_the_past_to_nobody() {
    let (room, visitor, viewer) = watched();
    send(&room, [snapshot(1, 7)]);
    assert_eq!(drain(&viewer), ["resync", "s 1 7"]);
    send(&room, [snapshot(1, 6), delta(1, 8)]);
    assert_eq!((drain(&viewer).len(), drain(&visitor)), (0, vec!["snapshotRequest".into()]));
    send(&room, [snapshot(1, 8)]);
    assert_eq!(drain(&viewer), ["resync", "s 1 8"]);
}

#[tokio::test]
async fn volatile_frames_of_another_moment_are_dropped() {
    let (room, visitor, viewer) = watched();
    send(&room, [volatile(1, 1), volatile(2, 0), volatile(1, 0)]);
    assert_eq!(drain(&viewer), ["v 1 0"]);
    assert_eq!(drain(&visitor), [""; 0]);
}

#[tokio::test]
async fn frames_that_cannot_be_are_faults() {
    let (room, _visitor, viewer) = watched();
    assert!(room.visitor_data(Bytes::from_static(b"short")).is_err());
    assert!(room.visitor_data(frame(Kind::Volatile, 1, 0, 16 << 10)).is_err());
    assert_eq!(drain(&viewer), [""; 0]);
}

#[tokio::test]
async fn no_data_pass_before_the_session_is_active() {
    let mut waiting = session(1);
    waiting.consent_required = true;
    let room = room(&waiting);
    let (visitor, viewer) = (room.attach_visitor(), room.attach_viewer(&user(0), 0).unwrap());
    page_says(&room, json!({"type": "page", "url": "https://shop.test/"}));
    send(&room, [snapshot(1, 0), delta(1, 1), snapshot(2, 0), delta(2, 1)]);
    assert_eq!(drain(&visitor), ["session", "error notActive", "error notActive"]);
    assert_eq!(drain(&viewer), ["welcome", "session"], "not even the address");
    change(&room, |session| session.consented = true);
    assert_eq!(drain(&visitor), ["session", "snapshotRequest"]);
    assert_eq!(drain(&viewer), ["session", "page"]);
    send(&room, [snapshot(2, 1)]);
    assert_eq!(drain(&viewer), ["s 2 1"]);
}

#[tokio::test]
async fn what_was_recorded_before_an_interruption_is_not_shown_after_it() {
    let (room, visitor, viewer) = watched();
    change(&room, |session| session.users[0].left = true);
    change(&room, |session| session.users[1].left = true);
    assert_eq!(drain(&viewer), ["close Removed"]);
    send(&room, [delta(1, 1)]);
    assert_eq!(drain(&visitor), ["session", "session", "error notActive"]);
    change(&room, |session| session.users[1].left = false);
    let back = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&back), ["welcome", "session"]);
    assert_eq!(drain(&visitor), ["session", "snapshotRequest"]);
}
