//! Coming, going, and the end.

use super::*;

#[tokio::test]
async fn the_end_is_told_before_feeds_close() {
    let (room, visitor, viewer) = watched();
    send(&room, [delta(1, 1)]);
    end(&room, EndedBy::Agent(user(0)));
    let Some(Next::Text(text)) = next(&viewer) else { panic!("no data come after the end") };
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["status"], &told["endedBy"]), (&json!("terminated"), &json!("agent")));
    assert_eq!(drain(&viewer), ["close Ended"]);
    let Some(Next::Text(text)) = next(&visitor) else { panic!("nothing is told") };
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["status"], &told["endedBy"]), (&json!("terminated"), &json!("agent")));
    assert_eq!(drain(&visitor), ["close Ended"]);
    // Those who come later are told the same.
    assert_eq!(drain(&room.attach_visitor()), ["session", "close Ended"]);
    let late = room.attach_viewer(&user(1), 0).unwrap();
    assert_eq!(drain(&late), ["welcome", "session", "close Ended"]);
    assert_eq!(says(&room, 0, &viewer, json!({"type": "end"})), ViewerAct::Done);
    assert_eq!(room.visitor_data(snapshot(2, 0)), Ok(()));
}

#[tokio::test]
async fn older_records_are_ignored() {
    let (room, visitor, viewer) = watched();
    let mut older = (*room.session()).clone();
    older.users.clear();
    for version in [0, 1] {
        room.update(older.clone(), version);
    }
    assert_eq!((room.version(), room.session().users.len()), (1, 2));
    assert_eq!((drain(&visitor).len(), drain(&viewer).len()), (0, 0));
}

#[tokio::test]
async fn both_sides_see_the_whole_state() {
    let (room, visitor, viewer) = watched();
    change(&room, |session| session.control = Some(user(1)));
    let session = room.session();
    let users = json!([
        {"userId": "u0", "role": "agent", "name": "Agent 0"},
        {"userId": "u1", "role": "agent", "name": "Agent 1"},
    ]);
    let for_visitor = json!({
        "type": "session", "sessionToken": session.token, "status": "active",
        "customerToken": session.customer_token, "users": users, "control": "u1", "epoch": 1,
    });
    assert_eq!(last(&visitor, "session"), for_visitor);
    let for_viewers = json!({
        "type": "session", "status": "active", "users": users, "control": "u1",
        "visitorConnected": true,
    });
    assert_eq!(last(&viewer, "session"), for_viewers);
}

#[tokio::test]
async fn a_viewer_is_welcomed_with_what_it_may_do() {
    let (room, _visitor, _viewer) = watched();
    let viewer = room.attach_viewer(&user(1), 0).unwrap();
    let session = room.session();
    let welcome = last(&viewer, "welcome");
    assert_eq!(welcome["protocol"], 1);
    assert_eq!(welcome["node"], "n1");
    assert_eq!(welcome["sessionToken"], session.token.as_str());
    assert_eq!(welcome["historyId"], session.history_id.as_str());
    assert_eq!(welcome["userId"], "u1");
    assert_eq!(welcome["userToken"], session.users[1].token.expose());
    assert_eq!(welcome["permissions"]["allow_click"], true);
    assert_eq!(welcome.get("link"), None);
}

#[tokio::test]
async fn only_present_users_who_watch_are_viewers() {
    let mut session = session(3);
    session.users[1].role = Role::Customer;
    session.users[2].left = true;
    let room = room(&session);
    assert!(room.attach_viewer(&user(0), 0).is_some());
    for nobody in [1, 2, 3] {
        assert!(room.attach_viewer(&user(nobody), 0).is_none(), "{nobody}");
    }
}

#[tokio::test]
async fn a_viewer_who_leaves_is_removed_and_an_older_socket_superseded() {
    let (room, _visitor, viewer) = watched();
    let newer = room.attach_viewer(&user(0), 0).unwrap();
    assert_eq!(drain(&viewer), ["close Superseded"]);
    room.detach_viewer(&viewer);
    assert_eq!(room.viewers(), 1);
    drain(&newer);
    change(&room, |session| session.users[0].left = true);
    assert_eq!(drain(&newer), ["close Removed"]);
    assert_eq!(room.viewers(), 0);
}

#[tokio::test]
async fn a_socket_that_was_replaced_does_not_come_back_when_the_host_changes() {
    let (room, _visitor, _viewer) = watched();
    let newer = room.attach_viewer(&user(0), 7).unwrap();
    drain(&newer);
    let older = room.attach_viewer(&user(0), 6).unwrap();
    assert_eq!(drain(&older).last().unwrap(), "close Superseded");
    assert_eq!((room.viewers(), drain(&newer)), (1, Vec::new()));
    room.attach_viewer(&user(0), 8).unwrap();
    assert_eq!(drain(&newer), ["close Superseded"]);
}

#[tokio::test(start_paused = true)]
async fn viewers_are_told_how_long_the_visitor_has_to_come_back() {
    let (room, visitor, viewer) = watched();
    assert!(room.detach_visitor(&visitor));
    let told = last(&viewer, "session");
    assert_eq!((&told["visitorConnected"], &told["backInSeconds"]), (&json!(false), &json!(30)));
    tokio::time::advance(Duration::from_millis(10_500)).await;
    let late = room.attach_viewer(&user(1), 0).unwrap();
    let Some(Next::Text(_)) = next(&late) else { panic!("no welcome") };
    let Some(Next::Text(text)) = next(&late) else { panic!("no session") };
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["backInSeconds"], 20);
    assert_eq!(drain(&late), ["s 1 0"], "the last that was seen");
    let back = room.attach_visitor();
    let told = last(&viewer, "session");
    assert_eq!((&told["visitorConnected"], told.get("backInSeconds")), (&json!(true), None));
    assert!(!room.detach_visitor(&visitor), "a superseded socket takes nothing away");
    assert!(room.detach_visitor(&back));
}

#[tokio::test(start_paused = true)]
async fn an_active_session_is_deserted_while_nobody_watches() {
    let mut waiting = session(1);
    waiting.consent_required = true;
    let room = room(&waiting);
    assert_eq!(room.deserted_since(), None, "it is not active");
    change(&room, |session| session.consented = true);
    let activated = tokio::time::Instant::now();
    assert_eq!(room.deserted_since(), Some(activated));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(room.deserted_since(), Some(activated));
    let viewer = room.attach_viewer(&user(0), 0).unwrap();
    assert_eq!(room.deserted_since(), None);
    room.detach_viewer(&viewer);
    assert_eq!(room.deserted_since(), Some(tokio::time::Instant::now()));
    end(&room, EndedBy::Deserted);
    assert_eq!(room.deserted_since(), None);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_sent_counts_as_use() {
    let (room, visitor, viewer) = watched();
    let uses: [&dyn Fn(); 5] = [
        &|| send(&room, [delta(1, 1)]),
        &|| _ = says(&room, 0, &viewer, json!({"type": "cursor", "x": 1, "y": 1})),
        &|| drop(page_says(&room, json!({"type": "viewport", "width": 1, "height": 1}))),
        &|| room.detach_viewer(&viewer),
        &|| _ = room.detach_visitor(&visitor),
    ];
    for used in uses {
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(room.last_used() < tokio::time::Instant::now());
        used();
        assert_eq!(room.last_used(), tokio::time::Instant::now());
    }
}

#[tokio::test]
async fn a_closed_room_lets_nobody_stay() {
    let (room, visitor, viewer) = watched();
    viewer.push_text(json!({"type": "viewport"}).to_string());
    room.close(FeedEnd::Rehomed);
    room.close(FeedEnd::Draining);
    assert_eq!(drain(&visitor), ["close Rehomed"]);
    assert_eq!(drain(&viewer), ["viewport", "close Rehomed"], "control messages are not dropped");
    assert_eq!(drain(&room.attach_visitor()), ["session", "close Rehomed"]);
}

#[tokio::test]
async fn a_room_that_is_dropped_leaves_no_socket_waiting() {
    let (room, visitor, viewer) = watched();
    drop(room);
    assert_eq!(drain(&visitor), ["close Rehomed"]);
    assert_eq!(drain(&viewer), ["close Rehomed"]);
}
