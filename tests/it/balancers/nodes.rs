//! The URLs of single nodes: `node.server_url`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{SESSIONS, Site, each_product};
use crate::support::{
    cluster::SECRET,
    cobrowse::{Page, PageOptions, Watcher, agent_token},
    front::{NODES, Product, name},
    node::Ask,
};

const CREATED: &str =
    r#"baton_requests_total{method="POST",route="/cobrowse/rest/live/sessions",status="200"}"#;

each_product! {
    the_url_of_a_node_leads_to_it:
    haproxy = HaproxyByCookie,
    haproxy_by_session = HaproxyBySession,
    nginx = NginxByCookie,
    nginx_by_session = NginxBySession,
    traefik = Traefik,
}

async fn the_url_of_a_node_leads_to_it(product: Product) {
    let mut site = Site::start(product).await;
    for node in 0..NODES {
        for _ in 0..2 {
            let created = site.front.request_to(node, Method::POST, SESSIONS).answer().await.ok();
            assert_eq!(created["sessionServerName"], *name(node));
        }
    }
    assert_eq!(site.metric(CREATED).await, [2; NODES]);

    // An agent comes by the URL that it was told, whatever cookie it has.
    let created = site.front.request_to(1, Method::POST, SESSIONS).answer().await.ok();
    let text = |body: &Value, member: &str| body[member].as_str().expect(member).to_owned();
    assert_eq!(created["sessionServerUrl"], "https://node2.baton.example.com");
    let customer = text(&created, "customerToken");
    let url = format!("wss://node2.baton.example.com/cobrowse/socket/visitor?token={customer}");
    let socket = site.front.socket(&url, None).await.expect("the page's socket opens");
    let options =
        PageOptions { token: Some(customer), consents: Some(true), ..PageOptions::default() };
    let mut page = Page::over(socket, options).await;
    assert_eq!(page.told("welcome").await["node"], "node2");
    let join = format!("{SESSIONS}/{}/users", text(&created, "sessionToken"));
    let join = site.front.request(Method::POST, &join).json(&json!({ "role": 2 }));
    let joined = join.bearer_auth(agent_token(SECRET, "ann", "agent")).answer().await.ok();
    let direct = text(&joined, "directSocketUrl");
    assert!(direct.starts_with("wss://node2.baton.example.com/"), "{direct}");
    let other = Some("gcbSessionServer=node1");
    let mut watcher =
        Watcher::over(site.front.socket(&direct, other).await.expect("it opens")).await;
    page.status("active").await;
    page.append("direct");
    watcher.shows(b"direct").await;
    let passed_on = r#"baton_relay_passed_on_total{outcome="connected"}"#;
    assert_eq!(site.metric(passed_on).await, [0; NODES]);

    // While the node is away another one stands in for it.
    site.cluster.kill(1).await;
    let created = site.front.request_to(1, Method::POST, SESSIONS).answer().await.ok();
    assert_ne!(created["sessionServerName"], "node2");
    let direct = site.front.socket(&direct, other).await;
    let mut watcher = Watcher::over(direct.expect("another node takes the agent")).await;
    watcher.told("welcome").await;
}
