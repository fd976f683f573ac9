//! Short codes from the call to the shared page, each step at another node.

use reqwest::Method;
use serde_json::{Value, json};

use super::steps::of_session;
use crate::support::{
    cluster::Cluster,
    cobrowse::{Page, PageOptions, SITE, Watcher, http},
    node::{Answer, Ask},
};

async fn cluster() -> Cluster {
    Cluster::of(3).with("cobrowse.allowed_origins", SITE).start().await
}

async fn code_call(cluster: &Cluster, node: usize, method: Method, path: &str) -> Answer {
    let url = format!("http://{}/assistserver/shortcode/{path}", cluster.node(node).public);
    http().request(method, url).answer().await
}

async fn create(cluster: &Cluster, node: usize) -> String {
    let created = code_call(cluster, node, Method::PUT, "create").await.ok();
    created["shortCode"].as_str().expect("a text").to_owned()
}

async fn redeem(cluster: &Cluster, node: usize, who: &str, code: &str) -> Answer {
    code_call(cluster, node, Method::GET, &format!("{who}?appkey={code}")).await
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().expect(member).to_owned()
}

#[tokio::test]
async fn each_step_of_a_short_code_may_be_at_another_node() {
    let cluster = cluster().await;
    let [a, b, c] = [0, 1, 2];
    let at = |node: usize| cluster.node(node).public;
    let code = create(&cluster, a).await;
    let cid = text(&redeem(&cluster, b, "agent", &code).await.ok(), "cid");
    let consumer = redeem(&cluster, c, "consumer", &code).await.ok();
    assert_eq!(text(&consumer, "cid"), cid);
    for node in [a, b, c] {
        redeem(&cluster, node, "consumer", &code).await.problem(403, "CodeRefused");
    }

    let token = text(&consumer, "session-token");
    let mut page = Page::open(at(a), of_session(&token)).await;
    assert_eq!(page.told("session").await["status"], "created");
    let mut watcher = Watcher::open(at(b), &format!("{cid}&name=Ann%20Bell")).await;
    let agent = page.status("pendingRequest").await["users"][1].clone();
    assert_eq!((&agent["role"], &agent["name"]), (&"agent".into(), &"Ann Bell".into()));
    page.say(json!({ "type": "consent", "accepted": true }));
    watcher.status("active").await;
    page.append("shared");
    let mirror = watcher.shows(b"shared").await;

    // The cid lets in one who watches each time; who comes back says its own token.
    let mut other = Watcher::open(at(c), &cid).await;
    let welcome = mirror.last("welcome").unwrap();
    assert_ne!(other.told("welcome").await["userId"], welcome["userId"]);
    let mut again = Watcher::open(at(c), &text(welcome, "userToken")).await;
    assert_eq!(watcher.closed().await, 4002, "the newest socket of a user wins");
    page.append("!");
    again.shows(b"shared!").await;
    other.shows(b"shared!").await;

    // An agent who came by a code ends the session for all, and the code with it.
    again.say(json!({ "type": "end" }));
    assert_eq!(page.status("terminated").await["endedBy"], "agent");
    assert_eq!([page.closed().await, again.closed().await, other.closed().await], [4003; 3]);
    for (node, end, token) in [(a, "agent", &code), (c, "agent", &code)] {
        redeem(&cluster, node, end, token).await.problem(403, "CodeRefused");
    }
    assert_eq!(Watcher::try_open(at(a), &cid).await.err(), Some(410));
    let late = Page::try_open(at(b), of_session(&token), Some(SITE)).await;
    assert_eq!(late.err(), Some(410));
}

#[tokio::test]
async fn a_consumer_who_reloads_elsewhere_goes_on() {
    let cluster = cluster().await;
    let at = |node: usize| cluster.node(node).public;
    let code = create(&cluster, 2).await;
    let consumer = redeem(&cluster, 0, "consumer", &code).await.ok();
    let (token, cid) = (text(&consumer, "session-token"), text(&consumer, "cid"));
    let options = PageOptions { consents: Some(true), ..of_session(&token) };
    let mut page = Page::open(at(0), options).await;
    let mut watcher = Watcher::open(at(0), &cid).await;
    page.append("one");
    watcher.shows(b"one").await;
    page.drop_line();
    let mut page = super::steps::back(page, at(1), of_session(&token)).await;
    page.append(" two");
    let mirror = watcher.shows(b"one two").await;
    assert_eq!(mirror.closed, None);
}

#[tokio::test]
async fn guesses_from_one_address_are_counted_across_nodes() {
    let cluster = cluster().await;
    let code = create(&cluster, 0).await;
    let number: u32 = code.parse().unwrap();
    for guess in 1..=10 {
        let wrong = format!("{:06}", (number + guess) % 1_000_000);
        let (node, who) = (guess as usize % 3, ["agent", "consumer"][guess as usize % 2]);
        redeem(&cluster, node, who, &wrong).await.problem(403, "CodeRefused");
    }
    for node in 0..3 {
        let limited = redeem(&cluster, node, "agent", &code).await;
        limited.problem(429, "TooManyRequests");
        let wait: u32 = limited.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
}
