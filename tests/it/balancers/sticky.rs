//! Who comes for a co-browse session gets to the node that hosts it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{LOOKED_UP, SESSIONS, Site, cookie, each_product};
use crate::support::{
    cluster::SECRET,
    cobrowse::{Page, PageOptions, Watcher, agent_token},
    front::{NODES, Product, name},
    node::{Answer, Ask},
};

/// Viewers whose host is another node than the one they came to.
const PASSED_ON: &str = r#"baton_relay_passed_on_total{outcome="connected"}"#;

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_else(|| panic!("{member}: {body}")).to_owned()
}

/// Calls with a cookie, or without.
async fn call(site: &Site, method: Method, path: &str, cookie: &str, body: &Value) -> Answer {
    let request = site.front.request(method, path).json(body);
    let request = if cookie.is_empty() { request } else { request.header("cookie", cookie) };
    request.answer().await
}

/// Lets an agent join: what it was answered, and the cookie it has from then on.
async fn agent_joins(site: &Site, session: &str) -> (Value, String) {
    let path = format!("{SESSIONS}/{session}/users");
    let request = site.front.request(Method::POST, &path).json(&json!({ "role": 2 }));
    let answer = request.bearer_auth(agent_token(SECRET, "ann", "agent")).answer().await;
    let cookie = cookie(&answer);
    (answer.ok(), cookie)
}

async fn page(site: &Site, url: &str, customer: &str, cookie: Option<&str>) -> Page {
    let socket = site.front.socket(url, cookie).await.expect("the socket opens");
    let token = Some(customer.to_owned());
    Page::over(socket, PageOptions { token, consents: Some(true), ..PageOptions::default() }).await
}

async fn watcher(site: &Site, url: &str, cookie: Option<&str>) -> Watcher {
    Watcher::over(site.front.socket(url, cookie).await.expect("the socket opens")).await
}

fn visitor_socket(customer: &str) -> String {
    format!("wss://baton.example.com/cobrowse/socket/visitor?token={customer}")
}

each_product! { the_cookie_leads_to_the_host }

async fn the_cookie_leads_to_the_host(product: Product) {
    let site = Site::start(product).await;
    let created = call(&site, Method::POST, SESSIONS, "", &Value::Null).await;
    let customer_cookie = cookie(&created);
    let created = created.ok();
    let host = text(&created, "sessionServerName");
    assert_eq!(customer_cookie, format!("gcbSessionServer={host}"), "the node's own cookie stands");
    let (session, customer) = (text(&created, "sessionToken"), text(&created, "customerToken"));

    let path = format!("{SESSIONS}/{session}");
    for _ in 0..2 * NODES {
        let answer = call(&site, Method::GET, &path, &customer_cookie, &Value::Null).await;
        assert_eq!(cookie(&answer), customer_cookie);
        answer.ok();
    }
    let mut expected = [0; NODES];
    let hosting = (0..NODES).find(|node| name(*node) == host).expect("a node of the cluster");
    expected[hosting] = 2 * NODES as u64;
    assert_eq!(site.metric(LOOKED_UP).await, expected, "the host answers all that has its cookie");

    let mut page = page(&site, &visitor_socket(&customer), &customer, Some(&customer_cookie)).await;
    assert_eq!(page.told("welcome").await["node"], *host);
    let (joined, agent_cookie) = agent_joins(&site, &session).await;
    assert_eq!(agent_cookie, customer_cookie, "whoever joins gets the host's");
    let url = text(&joined, "socketUrl");
    let mut watcher = watcher(&site, &url, Some(&agent_cookie)).await;
    page.status("active").await;
    page.append("through the balancer");
    watcher.shows(b"through the balancer").await;
    assert_eq!(site.metric(PASSED_ON).await, [0; NODES], "nobody made a detour");

    let user = text(&joined, "userToken");
    let exit = format!("/cobrowse/rest/live/users/{user}/session/exit");
    call(&site, Method::POST, &exit, &agent_cookie, &Value::Null).await.ok();
    assert_eq!(page.closed().await, 4003);
    let log = site.front.log();
    for secret in [&user, &customer] {
        assert!(!log.contains(secret.as_str()), "a secret is in the log:\n{log}");
    }
    assert!(log.contains("POST"), "it logs:\n{log}");
}

each_product! { a_new_client_is_given_a_cookie_and_stays }

async fn a_new_client_is_given_a_cookie_and_stays(product: Product) {
    const HEALTH: &str = "/cobrowse/health";
    const ASKED: &str =
        r#"baton_requests_total{method="GET",route="/cobrowse/health",status="200"}"#;
    let site = Site::start(product).await;
    let mut served = [0; NODES];
    for _ in 0..2 {
        let first = call(&site, Method::GET, HEALTH, "", &Value::Null).await;
        let cookie = cookie(&first);
        assert!(cookie.starts_with("gcbSessionServer="), "{first:?}");
        let attributes = first.header("set-cookie").to_lowercase();
        for attribute in ["httponly", "secure", "samesite=none", "path=/"] {
            assert!(attributes.contains(attribute), "{attribute}: {attributes}");
        }
        first.ok();
        let after_first = site.metric(ASKED).await;
        for _ in 0..NODES {
            call(&site, Method::GET, HEALTH, &cookie, &Value::Null).await.ok();
        }
        let mut moved = after_first;
        let home = (0..NODES).find(|node| after_first[*node] > served[*node]).expect("one served");
        moved[home] += NODES as u64;
        served = site.metric(ASKED).await;
        assert_eq!(served, moved, "who has its cookie comes back to it");
    }
}

each_product! {
    all_of_one_session_meet_at_one_node:
    haproxy = HaproxyBySession,
    nginx = NginxBySession,
}

async fn all_of_one_session_meet_at_one_node(product: Product) {
    let site = Site::start(product).await;
    let mut homes = [0; NODES];
    // By chance all of so many sessions belong to one node once in a million times.
    for _ in 0..14 {
        let created = call(&site, Method::POST, SESSIONS, "", &Value::Null).await.ok();
        let path = format!("{SESSIONS}/{}", text(&created, "sessionToken"));
        let before = site.metric(LOOKED_UP).await;
        for _ in 0..2 {
            call(&site, Method::GET, &path, "", &Value::Null).await.ok();
        }
        let after = site.metric(LOOKED_UP).await;
        let home = (0..NODES).find(|node| after[*node] == before[*node] + 2);
        homes[home.unwrap_or_else(|| panic!("{before:?} {after:?}: two nodes were asked"))] += 1;
    }
    assert!(homes.iter().filter(|sessions| **sessions > 0).count() > 1, "{homes:?}");

    for _ in 0..3 {
        let created = call(&site, Method::POST, SESSIONS, "", &Value::Null).await.ok();
        let customer = text(&created, "customerToken");
        let mut page = page(&site, &visitor_socket(&customer), &customer, None).await;
        let (joined, _) = agent_joins(&site, &text(&created, "sessionToken")).await;
        let mut watcher = watcher(&site, &text(&joined, "socketUrl"), None).await;
        page.status("active").await;
        page.append("together");
        watcher.shows(b"together").await;
        watcher.say(json!({ "type": "end" }));
        page.closed().await;
    }
    assert_eq!(site.metric(PASSED_ON).await, [0; NODES], "nobody made a detour");
}
