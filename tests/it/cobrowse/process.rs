//! Real processes on one Redis: one that is killed, or told to go, and the sessions it hosted.

use std::net::SocketAddr;

use reqwest::Client;

use super::steps::{back, of_session, watched};
use crate::support::{
    cluster::SECRET,
    cobrowse::{SITE, Watcher},
    eventually,
    process::Baton,
    redis::{shared_redis, unique_prefix},
};

/// A node that is ready.
struct Process {
    baton: Baton,
    at: SocketAddr,
}

impl Process {
    async fn start(name: &str, prefix: &str) -> Self {
        let variables = [
            ("BATON_AUTH__SECRET", SECRET),
            ("BATON_CLUSTER__SECRET", SECRET),
            ("BATON_COBROWSE__ALLOWED_ORIGINS", SITE),
            ("BATON_NODE__NAME", name),
            ("BATON_NODE__DRAIN_SECONDS", "0"),
            ("BATON_STORE__KEY_PREFIX", prefix),
            ("BATON_STORE__TIMEOUT_MS", "5000"),
            ("BATON_STORE__URL", &shared_redis().await.url()),
        ];
        let mut baton = Baton::start(&["serve"], &variables);
        let url = baton.line("listening on ").await;
        let admin = baton.line("admin on ").await;
        let http = Client::builder().no_proxy().build().unwrap();
        eventually("the process is ready", async || {
            let answer = http.get(format!("{admin}/readyz")).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        let at = url.strip_prefix("http://").expect("a URL").parse().expect("an address");
        Self { baton, at }
    }
}

async fn three() -> [Process; 3] {
    let prefix = unique_prefix();
    let start = |name: &'static str| Process::start(name, &prefix);
    let (zero, one, two) = tokio::join!(start("p0"), start("p1"), start("p2"));
    [zero, one, two]
}

#[tokio::test]
async fn a_host_killed_amid_the_stream_loses_neither_session_nor_viewer() {
    let [mut host, one, two] = three().await;
    let (live, mut page, mut watcher) = watched(host.at, one.at, SECRET).await;
    page.append("start ");
    watcher.shows(b"start ").await;
    for n in 0..200 {
        page.append(&format!("{n} "));
        if n == 100 {
            watcher.until("the stream flows", |mirror| mirror.deltas >= 20).await;
            host.baton.signal("KILL");
        }
    }
    assert_eq!(host.baton.exit_code().await, None, "a signal ended it");
    assert_eq!(page.closed().await, 1006);

    let mut page = back(page, two.at, of_session(&live.customer)).await;
    let state = page.status("active").await;
    assert_eq!(state["sessionToken"], live.token.as_str());
    let asked = page.seen().messages.iter().any(|said| said["status"] == "pendingRequest");
    assert!(!asked, "the visitor consented before");
    page.append("after");
    let text = page.text().await;
    let mirror = watcher.shows(&text).await;
    assert_eq!(mirror.closed, None, "its socket was never closed");
    assert_eq!(mirror.last("welcome").unwrap()["node"], "p2");
    // What the viewer does goes to the new host as well.
    watcher.say(serde_json::json!({ "type": "end" }));
    assert_eq!(page.status("terminated").await["endedBy"], "agent", "the last agent left");
    assert_eq!((page.closed().await, watcher.closed().await), (4003, 4003));
}

#[tokio::test]
async fn a_host_told_to_go_hands_its_session_over_and_exits_in_order() {
    let [mut host, one, two] = three().await;
    let (live, mut page, mut watcher) = watched(host.at, one.at, SECRET).await;
    let user = live.join(host.at, SECRET, "bob", "agent").await;
    let mut local = Watcher::open(host.at, &user).await;
    page.append("before ");
    watcher.shows(b"before ").await;
    local.shows(b"before ").await;

    host.baton.signal("TERM");
    assert_eq!((page.closed().await, local.closed().await), (4500, 4500));
    let mut page = back(page, two.at, of_session(&live.customer)).await;
    assert_eq!(page.status("active").await["sessionToken"], live.token.as_str());
    let mut local = Watcher::open(one.at, &user).await;
    page.append("after");
    let mirror = watcher.shows(b"before after").await;
    assert_eq!((mirror.closed, local.shows(b"before after").await.closed), (None, None));
    assert_eq!(host.baton.exit_code().await, Some(0));
}
