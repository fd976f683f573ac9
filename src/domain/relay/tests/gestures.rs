//! What viewers may do, and how control is asked for, granted and revoked.

use super::*;
use crate::domain::relay::VisitorAct;

fn gestures() -> [(&'static str, Value); 9] {
    [
        ("cursor", json!({"type": "cursor", "x": 1, "y": 2})),
        ("pointer", json!({"type": "pointer", "x": 1, "y": 2})),
        ("draw", json!({"type": "draw", "points": [[1, 2]], "color": "#e4572e"})),
        ("clear", json!({"type": "clear"})),
        ("click", json!({"type": "click", "node": 7, "x": 1, "y": 2})),
        ("type", json!({"type": "type", "node": 7, "text": "hello"})),
        ("key", json!({"type": "key", "node": 7, "key": "Enter"})),
        ("scroll", json!({"type": "scroll", "x": 0, "y": 9})),
        ("redirect", json!({"type": "redirect", "url": "https://shop.test/help"})),
    ]
}

fn drain_both(visitor: &Feed, viewer: &Feed) {
    drain(visitor);
    drain(viewer);
}

/// What of all gestures reaches the visitor, and the refusals of the others.
fn try_all(room: &Room, visitor: &Feed, viewer: &Arc<Feed>) -> (Vec<String>, Vec<String>) {
    for (_, gesture) in gestures() {
        assert_eq!(says(room, 0, viewer, gesture), ViewerAct::Done);
    }
    (drain(visitor), drain(viewer))
}

#[tokio::test]
async fn who_has_control_may_do_everything() {
    let (room, visitor, viewer) = watched();
    change(&room, |session| session.control = Some(user(0)));
    drain_both(&visitor, &viewer);
    let (passed, refused) = try_all(&room, &visitor, &viewer);
    assert_eq!(passed, gestures().map(|(word, _)| word));
    assert_eq!(refused, [""; 0]);
}

#[tokio::test]
async fn without_control_a_viewer_points_and_draws() {
    let (room, visitor, viewer) = watched();
    change(&room, |session| session.control = Some(user(1)));
    drain_both(&visitor, &viewer);
    let (passed, refused) = try_all(&room, &visitor, &viewer);
    assert_eq!(passed, ["cursor", "pointer", "draw", "clear"]);
    assert_eq!(refused, ["error noControl"; 5]);
}

#[tokio::test]
async fn each_permission_opens_its_own_gestures() {
    type Grant = fn(&mut Permissions);
    let grants: [(Grant, &[&str]); 5] = [
        (|may| may.allow_draw = true, &["draw", "clear"]),
        (|may| may.allow_click = true, &["click"]),
        (|may| may.allow_type = true, &["type", "key"]),
        (|may| may.allow_scroll = true, &["scroll"]),
        (|may| may.allow_agent_redirect = true, &["redirect"]),
    ];
    for (grant, allowed) in grants {
        let (room, visitor, viewer) = watched();
        change(&room, |session| {
            let may = &mut session.users[0].permissions;
            (may.allow_click, may.allow_draw, may.allow_scroll) = (false, false, false);
            (may.allow_type, may.allow_agent_redirect) = (false, false);
            grant(may);
            session.control = Some(user(0));
        });
        drain_both(&visitor, &viewer);
        let (passed, refused) = try_all(&room, &visitor, &viewer);
        assert_eq!(passed[..2], ["cursor", "pointer"]);
        assert_eq!(passed[2..], *allowed);
        assert_eq!(refused, vec!["error notPermitted"; 7 - allowed.len()]);
    }
}

#[tokio::test]
async fn nothing_passes_before_the_session_is_active() {
    let mut waiting = session(1);
    waiting.consent_required = true;
    waiting.control = Some(user(0));
    let room = room(&waiting);
    let (visitor, viewer) = (room.attach_visitor(), room.attach_viewer(&user(0), 0).unwrap());
    drain_both(&visitor, &viewer);
    let (passed, refused) = try_all(&room, &visitor, &viewer);
    assert_eq!((passed.len(), refused), (0, vec!["error notActive".into(); 9]));
    says(&room, 0, &viewer, json!({"type": "requestControl"}));
    assert_eq!(drain(&viewer), ["error notActive"]);
    page_says(&room, json!({"type": "control", "userId": "u0", "granted": true}));
    assert_eq!(drain(&visitor), ["error notActive"]);
}

#[tokio::test]
async fn gestures_name_their_viewer() {
    let (room, visitor, viewer) = watched();
    says(&room, 0, &viewer, json!({"type": "cursor", "x": 1.5, "y": 2, "userId": "forged"}));
    let told = last(&visitor, "cursor");
    assert_eq!(told, json!({"type": "cursor", "x": 1.5, "y": 2.0, "userId": "u0"}));
    says(&room, 0, &viewer, json!({"type": "draw", "points": [[1, 2]], "color": "#e4572e"}));
    let stroke = json!({
        "type": "draw", "points": [[1.0, 2.0]], "color": "#e4572e", "userId": "u0",
    });
    assert_eq!(last(&visitor, "draw"), stroke);
}

#[tokio::test]
async fn control_is_asked_for_once_until_it_is_answered() {
    let (room, visitor, viewer) = watched();
    let asked = says(&room, 0, &viewer, json!({"type": "requestControl"}));
    assert_eq!(asked, ViewerAct::RequestControl);
    let again = says(&room, 0, &viewer, json!({"type": "requestControl"}));
    assert_eq!(again, ViewerAct::Done);
    let request = json!({"type": "controlRequest", "userId": "u0", "name": "Agent 0"});
    assert_eq!(last(&visitor, "controlRequest"), request);
    // A page that reloads is asked again.
    let visitor = room.attach_visitor();
    assert_eq!(drain(&visitor), ["session", "controlRequest"]);
    drain(&viewer);
    let declined = page_says(&room, json!({"type": "control", "userId": "u0", "granted": false}));
    assert_eq!(declined, VisitorAct::Control { user: user(0), granted: false });
    assert_eq!(drain(&viewer), ["controlDeclined"]);
    let anew = says(&room, 0, &viewer, json!({"type": "requestControl"}));
    assert_eq!((anew, drain(&visitor)), (ViewerAct::RequestControl, vec!["controlRequest".into()]));
}

#[tokio::test]
async fn control_is_granted_revoked_and_given_back() {
    let (room, visitor, viewer) = watched();
    let granted = page_says(&room, json!({"type": "control", "userId": "u0", "granted": true}));
    assert_eq!(granted, VisitorAct::Control { user: user(0), granted: true });
    change(&room, |session| session.control = Some(user(0)));
    assert_eq!(last(&viewer, "session")["control"], "u0");
    assert_eq!(last(&visitor, "session")["control"], "u0");
    assert_eq!(
        says(&room, 0, &viewer, json!({"type": "releaseControl"})),
        ViewerAct::ReleaseControl
    );
    page_says(&room, json!({"type": "control", "userId": "u0", "granted": false}));
    assert_eq!(drain(&viewer), [""; 0], "a revocation is told by the session");
    change(&room, |session| session.control = None);
    assert_eq!(drain(&viewer), ["session"]);
    assert_eq!(says(&room, 0, &viewer, json!({"type": "releaseControl"})), ViewerAct::Done);
    assert_eq!(drain(&viewer), ["error noControl"]);
    drain(&visitor);
    page_says(&room, json!({"type": "control", "userId": "nobody", "granted": true}));
    assert_eq!(drain(&visitor), ["error unknownUser"]);
}

#[tokio::test]
async fn without_the_visitor_nothing_is_done_and_only_positions_are_not_refused() {
    let (room, visitor, viewer) = watched();
    room.detach_visitor(&visitor);
    drain(&viewer);
    for (message, told) in [
        (json!({"type": "cursor", "x": 1, "y": 2}), vec![]),
        (json!({"type": "clear"}), vec!["error visitorAway"]),
        (json!({"type": "requestControl"}), vec!["error visitorAway"]),
    ] {
        assert_eq!(says(&room, 0, &viewer, message), ViewerAct::Done);
        assert_eq!(drain(&viewer), told);
    }
}

#[tokio::test]
async fn the_rest_is_for_the_store() {
    let (room, visitor, viewer) = watched();
    assert_eq!(says(&room, 0, &viewer, json!({"type": "end"})), ViewerAct::End);
    assert_eq!(page_says(&room, json!({"type": "end"})), VisitorAct::End);
    let consent = page_says(&room, json!({"type": "consent", "accepted": true}));
    assert_eq!(consent, VisitorAct::Consent(true));
    let page = page_says(&room, json!({"type": "page", "url": "https://shop.test/?q"}));
    assert_eq!(page, VisitorAct::Page("shop.test/".into()));
    assert!(matches!(
        page_says(&room, json!({"type": "profile", "visitor": {"tags": ["vip"]}})),
        VisitorAct::Profile(profile) if profile.tags.len() == 1
    ));
    page_says(&room, json!({"type": "hello", "protocol": 1}));
    assert_eq!(drain(&visitor), ["error unexpected"]);
    drain(&viewer);
    says(&room, 0, &viewer, json!({"type": "hello", "protocol": 1}));
    assert_eq!(drain(&viewer), ["error unexpected"]);
    // Somebody else's feed, or one that is gone, says nothing.
    assert_eq!(says(&room, 1, &viewer, json!({"type": "end"})), ViewerAct::Done);
    room.detach_viewer(&viewer);
    assert_eq!(says(&room, 0, &viewer, json!({"type": "end"})), ViewerAct::Done);
}
