//! Control and permissions: what a viewer may do on the visitor's page, and who says so.

use serde_json::{Value, json};

use super::steps::{node, watched};
use crate::support::{
    cobrowse::{API_KEY, Desk, Page, PageOptions, Seen, Watcher},
    node::SECRET,
};

const KEY: (&str, &str) = ("BATON_WATCH__API_KEY", API_KEY);

/// The visitor grants control to a viewer, and everybody is told.
async fn grant(page: &mut Page, watcher: &mut Watcher) -> Value {
    let user = watcher.told("welcome").await["userId"].clone();
    page.say(json!({ "type": "control", "userId": user, "granted": true }));
    watcher
        .until("control", |mirror| mirror.last("session").is_some_and(|s| s["control"] == user))
        .await;
    user
}

/// A viewer's message is refused with that code.
async fn refused(watcher: &mut Watcher, message: &Value, code: &str) {
    let before = watcher.mirror().count("error");
    watcher.say(message.clone());
    let mirror = watcher.until("an error", |mirror| mirror.count("error") > before).await;
    assert_eq!(mirror.last("error").unwrap()["code"], code, "{message}");
}

fn click(node: u32) -> Value {
    json!({ "type": "click", "node": node, "x": 1, "y": 2 })
}

#[tokio::test]
async fn each_viewer_has_permissions_of_its_own() {
    let node = node(&[KEY]).await;
    let at = node.node.public_addr;
    let mut page = Page::of_visitor(at, json!({})).await;
    let visitor = page.told("welcome").await["visitorId"].as_str().unwrap().to_owned();
    let may = json!({ "allow_click": false, "allow_draw": false });
    let link = Desk(at).link_with(&visitor, "ann", &may).await;
    let mut ann = Watcher::open(at, &link).await;
    let mut bob = Watcher::open(at, &Desk(at).link(&visitor, "bob").await).await;
    page.status("active").await;
    let told = ann.told("welcome").await["permissions"].clone();
    assert_eq!(
        [&told["allow_click"], &told["allow_draw"], &told["allow_type"], &told["allow_console"]],
        [false, false, true, false]
    );
    assert_eq!(bob.told("welcome").await["permissions"]["allow_click"], true);

    grant(&mut page, &mut ann).await;
    refused(&mut ann, &click(1), "notPermitted").await;
    refused(&mut ann, &json!({ "type": "clear" }), "notPermitted").await;
    ann.say(json!({ "type": "type", "node": 1, "text": "hello" }));
    assert_eq!(page.told("type").await["text"], "hello");
    refused(&mut bob, &click(2), "noControl").await;
    bob.say(json!({ "type": "clear" }));
    let bob = bob.told("welcome").await["userId"].clone();
    assert_eq!(page.told("clear").await["userId"], bob);
    assert_eq!(page.seen().last("click"), None);
}

#[tokio::test]
async fn the_last_grant_counts() {
    let node = node(&[]).await;
    let at = node.node.public_addr;
    let (live, mut page, mut ann) = watched(at, at, SECRET).await;
    let user = live.join(at, SECRET, "cleo", "controller").await;
    let mut cleo = Watcher::open(at, &user).await;
    grant(&mut page, &mut ann).await;
    ann.say(click(1));
    assert_eq!(page.told("click").await["node"], 1);
    let second = grant(&mut page, &mut cleo).await;
    refused(&mut ann, &click(2), "noControl").await;
    cleo.say(click(3));
    let clicked = |seen: &Seen| seen.last("click").is_some_and(|click| click["node"] == 3);
    let seen = page.until("the second controller clicks", clicked).await;
    assert_eq!(seen.last("click").unwrap()["userId"], second);
    // Given back, nobody has it.
    cleo.say(json!({ "type": "releaseControl" }));
    let is_free =
        |seen: &Seen| seen.last("session").is_some_and(|session| session["control"].is_null());
    page.until("control is given back", is_free).await;
    refused(&mut cleo, &click(4), "noControl").await;
}

/// Every gesture, and whether it needs control.
fn gestures() -> [(Value, bool); 9] {
    [
        (json!({ "type": "cursor", "x": 1, "y": 2 }), false),
        (json!({ "type": "pointer", "x": 1, "y": 2 }), false),
        (json!({ "type": "draw", "points": [[1, 2]], "color": "#e4572e" }), false),
        (json!({ "type": "clear" }), false),
        (json!({ "type": "click", "node": 7, "x": 1, "y": 2 }), true),
        (json!({ "type": "type", "node": 7, "text": "x" }), true),
        (json!({ "type": "key", "node": 7, "key": "Enter" }), true),
        (json!({ "type": "scroll", "x": 0, "y": 10 }), true),
        (json!({ "type": "redirect", "url": "https://shop.test/x" }), true),
    ]
}

#[tokio::test]
async fn each_gesture_needs_an_active_session_its_permission_and_control() {
    let node = node(&[KEY]).await;
    let at = node.node.public_addr;
    let hello = json!({ "visitor": {} });
    let mut page = Page::open(at, PageOptions { hello, ..PageOptions::default() }).await;
    let visitor = page.told("welcome").await["visitorId"].as_str().unwrap().to_owned();
    let nothing = json!({
        "allow_click": false, "allow_draw": false, "allow_scroll": false, "allow_type": false,
        "allow_agent_redirect": false,
    });
    let mut may = Watcher::open(at, &Desk(at).link(&visitor, "may").await).await;
    let link = Desk(at).link_with(&visitor, "may-not", &nothing).await;
    let mut may_not = Watcher::open(at, &link).await;
    page.status("pendingRequest").await;
    may.status("pendingRequest").await;
    for (gesture, _) in gestures() {
        refused(&mut may, &gesture, "notActive").await;
    }
    for message in ["requestControl", "releaseControl"] {
        let code = if message == "requestControl" { "notActive" } else { "noControl" };
        refused(&mut may, &json!({ "type": message }), code).await;
    }
    page.say(json!({ "type": "consent", "accepted": true }));
    may.status("active").await;
    grant(&mut page, &mut may_not).await;
    for (gesture, needs_control) in gestures() {
        if needs_control {
            refused(&mut may, &gesture, "noControl").await;
        }
        if needs_control || ["draw", "clear"].map(Value::from).contains(&gesture["type"]) {
            refused(&mut may_not, &gesture, "notPermitted").await;
        }
    }
    refused(&mut may, &json!({ "type": "hello", "protocol": 1 }), "unexpected").await;
    let heard: Vec<_> = gestures().map(|(gesture, _)| gesture["type"].clone()).into();
    assert!(!page.seen().messages.iter().any(|said| heard.contains(&said["type"])));

    let user = grant(&mut page, &mut may).await;
    for (gesture, _) in gestures() {
        may.say(gesture.clone());
        let told = page.told(gesture["type"].as_str().unwrap()).await;
        assert_eq!(told["userId"], user, "{gesture}");
    }
    page.say(json!({ "type": "control", "userId": "nobody", "granted": true }));
    assert_eq!(page.told("error").await["code"], "unknownUser");
    assert_eq!((page.seen().closed, may.mirror().closed), (None, None));
}
