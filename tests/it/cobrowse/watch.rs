//! Visitors who are online, and those who watch them by a link: on one node, and on three.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::steps::{back, node};
use crate::support::{
    cluster::Cluster,
    cobrowse::{API_KEY, Desk, Page, PageOptions, SITE, Watcher, socket_url},
    eventually,
    ws::WsClient,
};

const KEY: (&str, &str) = ("BATON_WATCH__API_KEY", API_KEY);

async fn three() -> (Cluster, [SocketAddr; 3]) {
    three_with("watch.link_ttl_seconds", "600").await
}

async fn three_with(key: &str, value: &str) -> (Cluster, [SocketAddr; 3]) {
    let cluster = Cluster::of(3).with("cobrowse.allowed_origins", SITE);
    let cluster = cluster.with("watch.api_key", API_KEY).with(key, value).start().await;
    let at = [0, 1, 2].map(|node| cluster.node(node).public);
    (cluster, at)
}

/// Who the visitor is.
struct Name {
    id: String,
    token: String,
    code: String,
}

impl Name {
    async fn of(page: &mut Page) -> Self {
        let welcome = page.told("welcome").await;
        let text = |member: &str| welcome[member].as_str().expect(member).to_owned();
        Self { id: text("visitorId"), token: text("visitorToken"), code: text("lookupCode") }
    }

    /// The page of the same visitor, which accepts nothing by itself.
    fn again(&self) -> PageOptions {
        let hello = json!({ "visitor": {}, "visitorToken": self.token });
        PageOptions { hello, ..PageOptions::default() }
    }
}

fn vera() -> Value {
    json!({ "uniqueId": "vera-7", "identities": ["Vera"], "url": "https://shop.test/cart?secret" })
}

/// A visitor's page that accepts nothing by itself.
async fn quiet(at: SocketAddr) -> Page {
    let hello = json!({ "visitor": vera() });
    Page::open(at, PageOptions { hello, ..PageOptions::default() }).await
}

/// What a page is told that asks why a viewer's socket does not open.
async fn look(at: SocketAddr, token: &str) -> u16 {
    let url = socket_url(at, "viewer", Some(token)).replacen("ws", "http", 1);
    reqwest::get(url).await.unwrap().status().as_u16()
}

async fn watched_by_link(at: [SocketAddr; 3]) {
    let mut page = quiet(at[0]).await;
    let name = Name::of(&mut page).await;
    for node in at {
        for search in ["", "VERA", "cart", &name.id, &name.code] {
            assert_eq!(Desk(node).ids(search).await, [&*name.id], "{search}");
        }
        assert!(Desk(node).ids("nobody").await.is_empty());
        let visitor = Desk(node).visitor(&name.id).await;
        assert_eq!(visitor["is_online"], true);
        assert_eq!(
            (&visitor["is_in_session"], &visitor["unique_id"]),
            (&false.into(), &"vera-7".into())
        );
        assert_eq!(visitor["last_url"], "shop.test/cart");
        assert_eq!(Desk(node).usage().await, [1, 0, 0]);
    }

    let link = Desk(at[1]).link(&name.id, "ann").await;
    for node in at {
        assert_eq!(look(node, &link).await, 426, "it would open, and is not used up by looking");
    }
    let mut watcher = Watcher::open(at[2], &link).await;
    for node in at {
        assert_eq!(look(node, &link).await, 410);
    }
    let asked = page.status("pendingRequest").await;
    let ann = &asked["users"][0];
    assert_eq!((&ann["name"], &ann["role"]), (&"Agent ann".into(), &"agent".into()), "{asked}");
    watcher.status("pendingRequest").await;
    page.append("secret");
    page.say(json!({ "type": "consent", "accepted": true }));
    watcher.status("active").await;
    page.append(" page");
    watcher.shows(b"secret page").await;
    for node in at {
        assert_eq!(Watcher::try_open(node, &link).await.err(), Some(410), "a link opens once");
        assert_eq!(Desk(node).visitor(&name.id).await["is_in_session"], true);
        assert_eq!(Desk(node).usage().await, [1, 1, 1]);
    }
    page.say(json!({ "type": "end" }));
    assert_eq!(watcher.status("terminated").await["endedBy"], "customer");
    assert_eq!(watcher.closed().await, 4003);
    page.status("terminated").await;
    assert_eq!(Desk(at[1]).usage().await, [1, 0, 1]);
}

#[tokio::test]
async fn a_visitor_is_listed_and_watched_on_one_node() {
    let node = node(&[KEY]).await;
    watched_by_link([node.node.public_addr; 3]).await;
}

#[tokio::test]
async fn a_visitor_is_listed_and_watched_on_any_node() {
    let (_cluster, at) = three().await;
    watched_by_link(at).await;
}

async fn watched_across_pages(at: [SocketAddr; 3]) {
    let mut page = Page::of_visitor(at[0], vera()).await;
    let name = Name::of(&mut page).await;
    let mut ann = Watcher::open(at[1], &Desk(at[1]).link(&name.id, "ann").await).await;
    page.append("one");
    ann.shows(b"one").await;
    let session = ann.told("welcome").await["sessionToken"].clone();

    page.drop_line();
    let mut page = back(page, at[1], name.again()).await;
    assert_eq!(page.told("welcome").await["visitorId"], name.id.as_str(), "the same short_id");
    assert_eq!(page.status("active").await["sessionToken"], session, "and not asked again");
    page.append(" two");
    assert_eq!(ann.shows(b"one two").await.closed, None);

    let mut bob = Watcher::open(at[2], &Desk(at[0]).link(&name.id, "bob").await).await;
    assert_eq!(bob.told("welcome").await["sessionToken"], session);
    bob.shows(b"one two").await;
    assert_eq!(Desk(at[2]).usage().await, [1, 1, 1], "one session, however many watch");

    for node in at {
        assert_eq!(Desk(node).end(&name.id).await.ok(), "ok", "also where there is none");
    }
    assert_eq!(ann.status("terminated").await["endedBy"], "operator");
    assert_eq!((ann.closed().await, bob.closed().await), (4003, 4003));
    page.status("terminated").await;
    let visitor = Desk(at[0]).visitor(&name.id).await;
    assert_eq!((&visitor["is_online"], &visitor["is_in_session"]), (&true.into(), &false.into()));

    // The same socket shows its page in the next session, if the visitor accepts again.
    let mut cleo = Watcher::open(at[0], &Desk(at[2]).link(&name.id, "cleo").await).await;
    assert_ne!(cleo.told("welcome").await["sessionToken"], session);
    page.status("pendingRequest").await;
    page.say(json!({ "type": "consent", "accepted": true }));
    cleo.shows(b"one two").await;
    assert_eq!(page.seen().closed, None);
    assert_eq!(Desk(at[0]).usage().await, [1, 1, 2]);
}

#[tokio::test]
async fn a_visitor_keeps_name_and_session_across_pages_on_one_node() {
    let node = node(&[KEY]).await;
    watched_across_pages([node.node.public_addr; 3]).await;
}

#[tokio::test]
async fn a_visitor_keeps_name_and_session_across_pages_on_any_node() {
    let (_cluster, at) = three().await;
    watched_across_pages(at).await;
}

#[tokio::test]
async fn a_visitor_who_is_offline_is_waited_for() {
    let (_cluster, at) = three().await;
    let mut page = quiet(at[0]).await;
    let name = Name::of(&mut page).await;
    page.drop_line();
    eventually("the visitor is offline", async || {
        (Desk(at[1]).visitor(&name.id).await["is_online"] == false).then_some(())
    })
    .await;
    assert_eq!(Desk(at[2]).usage().await, [0, 0, 0]);
    let mut watcher = Watcher::open(at[1], &Desk(at[1]).link(&name.id, "ann").await).await;
    assert_eq!(watcher.status("waiting").await["visitorConnected"], false);
    let mut page = back(page, at[2], name.again()).await;
    page.status("pendingRequest").await;
    page.say(json!({ "type": "consent", "accepted": true }));
    page.append("here again");
    watcher.shows(b"here again").await;
}

#[tokio::test]
async fn no_more_sessions_are_watched_than_may_be() {
    let (_cluster, at) = three_with("watch.max_sessions", "1").await;
    let (mut one, mut two) = (quiet(at[0]).await, quiet(at[1]).await);
    let (first, second) = (Name::of(&mut one).await, Name::of(&mut two).await);
    let early = Desk(at[2]).link(&second.id, "bob").await;
    let mut ann = Watcher::open(at[0], &Desk(at[0]).link(&first.id, "ann").await).await;
    ann.status("pendingRequest").await;
    for node in at {
        Desk(node).ask(&second.id, "bob", &json!({})).await.has(402);
        // One more who watches the same session is none too many.
        Desk(node).link(&first.id, "bob").await;
    }
    assert_eq!(Watcher::try_open(at[1], &early).await.err(), Some(402));
    Desk(at[2]).end(&first.id).await.ok();
    assert_eq!(ann.closed().await, 4003);
    let mut bob = Watcher::open(at[2], &Desk(at[1]).link(&second.id, "bob").await).await;
    bob.status("pendingRequest").await;
    two.status("pendingRequest").await;
}

#[tokio::test]
async fn of_two_tabs_the_newer_is_shown() {
    let (_cluster, at) = three().await;
    let mut older = quiet(at[0]).await;
    let name = Name::of(&mut older).await;
    let mut newer = Page::open(at[1], name.again()).await;
    assert_eq!(newer.told("welcome").await["visitorId"], name.id.as_str());
    // It learns so by its next beat.
    older.told("standby").await;
    let mut ann = Watcher::open(at[2], &Desk(at[2]).link(&name.id, "ann").await).await;
    newer.status("pendingRequest").await;
    newer.say(json!({ "type": "consent", "accepted": true }));
    newer.append("newer");
    ann.shows(b"newer").await;
    assert_eq!(older.seen().last("session"), None);

    // Left, the seat falls to the tab that is still there, and the session with it.
    newer.drop_line();
    older.status("active").await;
    older.append("older");
    assert_eq!(ann.shows(b"older").await.closed, None);
    assert_eq!(Desk(at[1]).ids("").await, [&*name.id], "one visitor, whatever tabs");
}

#[tokio::test]
async fn pages_of_other_sites_open_no_socket() {
    let node = node(&[KEY]).await;
    let at = node.node.public_addr;
    let hello = json!({ "visitor": {} });
    for origin in
        [None, Some("null"), Some("https://evil.test"), Some("https://shop.test.evil.test")]
    {
        let options = PageOptions { hello: hello.clone(), ..PageOptions::default() };
        assert_eq!(Page::try_open(at, options, origin).await.err(), Some(403), "{origin:?}");
    }
    let mut page = quiet(at).await;
    let name = Name::of(&mut page).await;
    let link = Desk(at).link(&name.id, "ann").await;
    let url = socket_url(at, "viewer", Some(&link));
    let evil = WsClient::try_connect(&url, &[("origin", "https://evil.test")]).await;
    assert_eq!(evil.err().map(|status| status.as_u16()), Some(403));
    // That used nothing up: an application of its own, without a page, opens it.
    Watcher::open(at, &link).await.status("pendingRequest").await;
}
