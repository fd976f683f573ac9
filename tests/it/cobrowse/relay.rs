//! What the relay promises to one visitor and those who watch, on one node.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::steps::{Live, node, watched};
use crate::support::{
    cobrowse::{Page, PageOptions, Watcher},
    node::SECRET,
};

#[tokio::test]
async fn a_viewer_shows_what_the_page_is() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    for text in ["a", "b", "c"] {
        page.append(text);
    }
    let mirror = watcher.shows(b"abc").await;
    assert_eq!(mirror.last("welcome").unwrap()["protocol"], 1);
    page.volatile(b"mouse");
    watcher.until("the mouse moves", |mirror| mirror.volatile == 1).await;
}

#[tokio::test]
async fn nothing_passes_before_the_visitor_consents() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let live = Live::begin(at).await;
    let user = live.join(at, SECRET, "ann", "agent").await;
    let options = PageOptions { token: Some(live.customer), ..PageOptions::default() };
    let mut page = Page::open(at, options).await;
    let mut watcher = Watcher::open(at, &user).await;
    let asked = page.status("pendingRequest").await;
    assert_eq!(asked["users"][0]["name"], "Agent ann", "{asked}");
    watcher.status("pendingRequest").await;
    page.append("secret");
    assert_eq!(page.told("error").await["code"], "notActive");
    page.say(json!({ "type": "consent", "accepted": true }));
    let mirror = watcher.shows(b"secret").await;
    assert_eq!((mirror.snapshots, mirror.deltas), (1, 0));
}

#[tokio::test]
async fn a_visitor_who_declines_ends_the_session() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let live = Live::begin(at).await;
    let user = live.join(at, SECRET, "ann", "agent").await;
    let mut watcher = Watcher::open(at, &user).await;
    watcher.status("waiting").await;
    let token = Some(live.customer);
    let consents = Some(false);
    let mut page = Page::open(at, PageOptions { token, consents, ..PageOptions::default() }).await;
    assert_eq!(watcher.status("terminated").await["endedBy"], "declined");
    assert_eq!((page.closed().await, watcher.closed().await), (4003, 4003));
}

#[tokio::test]
async fn a_late_viewer_is_given_one_snapshot() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (live, mut page, mut first) = watched(at, at, SECRET).await;
    // More than the node keeps: the late viewer needs a new snapshot, the first one does not.
    for _ in 0..300 {
        page.append("x");
    }
    first.shows(&page.text().await).await;
    let before = page.seen().requests;
    let user = live.join(at, SECRET, "bob", "controller").await;
    let mut late = Watcher::open(at, &user).await;
    late.shows(&page.text().await).await;
    page.append("!");
    let text = page.text().await;
    let (late, first) = (late.shows(&text).await, first.shows(&text).await);
    assert_eq!((late.snapshots, first.snapshots), (1, 1));
    assert_eq!(page.seen().requests - before, 1);
}

#[tokio::test]
async fn control_needs_a_grant_of_the_visitor() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    let click = json!({ "type": "click", "node": 7, "x": 1, "y": 2 });
    watcher.say(click.clone());
    assert_eq!(watcher.told("error").await["code"], "noControl");
    watcher.say(json!({ "type": "requestControl" }));
    let user = page.told("controlRequest").await["userId"].clone();
    page.say(json!({ "type": "control", "userId": user, "granted": true }));
    watcher
        .until("control", |mirror| mirror.last("session").is_some_and(|s| s["control"] == user))
        .await;
    watcher.say(click);
    assert_eq!(page.told("click").await["userId"], user);
}

#[tokio::test]
async fn what_is_no_frame_closes_the_visitors_socket() {
    for (frame, code) in [
        (vec![9; 20], 4006),
        (vec![1; 3], 4006),
        ([&[3, 0, 0, 0][..], &[0; 20 * 1024]].concat(), 1009),
        (vec![1; 5 << 20], 1009),
    ] {
        let node = node(&[]).await;
        let at = node.node.public_addr;
        let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
        page.raw(Message::binary(frame));
        assert_eq!(page.closed().await, code);
        let state = watcher.until("the visitor is away", |mirror| {
            mirror.last("session").is_some_and(|state| state["visitorConnected"] == false)
        });
        assert_eq!(state.await.last("session").unwrap()["backInSeconds"], 60);
    }
}

#[tokio::test]
async fn a_gap_is_healed_by_a_snapshot() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    page.append("a");
    watcher.shows(b"a").await;
    page.skip();
    page.append("b");
    let mirror = watcher.shows(b"ab").await;
    assert_eq!(mirror.snapshots, 2);
}

#[tokio::test]
async fn a_viewer_who_floods_is_closed() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (_, mut page, mut watcher) = watched(at, at, SECRET).await;
    for x in 0..1000 {
        watcher.say(json!({ "type": "cursor", "x": x, "y": 1 }));
    }
    assert_eq!(watcher.closed().await, 4008);
    page.append("still here");
    assert_eq!(page.seen().closed, None);
}
