//! A Prometheus with the shipped configuration, in front of nodes on which all sorts of things happen:
//! every series and label that alerts and dashboard name is there.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    dashboard::{dashboard, panels, queries},
    promql::{Names, names},
};
use crate::support::{
    cluster::{Cluster, Customer, Player},
    cobrowse::{Page, Watcher, agent_token},
    eventually,
    front::{Front, NODES, Product, nodes},
    prometheus::Prometheus,
};

/// A cluster that is watched.
struct Watched {
    cluster: Cluster,
    front: Front,
    prometheus: Prometheus,
}

impl Watched {
    async fn start() -> Self {
        let cluster = nodes()
            .on_own_redis()
            // Players of these tests go to nodes of their choice.
            .with("public_url", "http://127.0.0.1")
            .with("streams.limit", 2)
            .with("streams.lease_seconds", 2)
            .with("store.timeout_ms", 200)
            .with("node.drain_seconds", 600)
            .with("node.drain_deadline_seconds", 600)
            .start()
            .await;
        let front = Front::start(Product::HaproxyByCookie, &cluster).await;
        let admins: Vec<_> = (0..NODES).map(|node| cluster.node(node).admin).collect();
        let prometheus = Prometheus::start(&admins, front.ports.metrics).await;
        Self { cluster, front, prometheus }
    }
}

/// Something of all that nodes count, and sockets that stay open.
async fn all_sorts_of_things(watched: &Watched) -> (Vec<Player>, Page, Watcher) {
    let cluster = &watched.cluster;
    let alice = cluster.customer("alice");
    let (first, victim) = alice.plays(0, 1, "TV").await;
    let (_, player) = alice.plays(1, 2, "Phone").await;
    alice.refused(2, "Tablet").await;
    alice.take_over(2, &first.session, "Tablet").await;
    victim.sent_away("TAKE_OVER", 4001).await;
    let (_, leaver) = cluster.customer("bob").plays(0, 0, "TV").await;
    leaver.leaves().await;
    let forged = cluster.request(0, Method::GET, "/sessions").bearer_auth("forged");
    assert_eq!(cluster.answer(forged).await.status, 401);

    let sessions = "/cobrowse/rest/live/sessions";
    let created = watched.front.request(Method::POST, sessions).send().await.expect("an answer");
    let created: Value = created.json().await.expect("JSON");
    let text = |body: &Value, member: &str| body[member].as_str().expect(member).to_owned();
    let at = |node: usize| cluster.node(node).public;
    let mut page = Page::of_session(at(0), &text(&created, "customerToken")).await;
    let mut watchers = Vec::new();
    for agent in ["ann", "ben"] {
        let path = format!("{sessions}/{}/users", text(&created, "sessionToken"));
        let bearer = agent_token(crate::support::cluster::SECRET, agent, "agent");
        let join = cluster.request(1, Method::POST, &path).bearer_auth(bearer);
        let joined = cluster.answer(join.json(&json!({ "role": 2 }))).await.body;
        watchers.push(Watcher::open(at(1), &text(&joined, "userToken")).await);
    }
    page.append("all sorts of things");
    let mut watcher = watchers.pop().expect("two watch");
    watcher.shows(b"all sorts of things").await;
    watchers.pop().expect("two watch").say(json!({ "type": "end" }));

    // One node drains, and refuses.
    let (_, stays) = cluster.customer("carol").plays(0, 2, "TV").await;
    let (_, stays_too) = cluster.customer("dora").plays(0, 2, "TV").await;
    cluster.node(2).drain().cancel();
    cluster.until_not_ready(2).await;
    assert_eq!(Customer::ask(&alice, 2, "late").await.status, 503);
    (vec![player, stays, stays_too], page, watcher)
}

/// The labels of each series, with their values.
type Exposed = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

async fn exposed(prometheus: &Prometheus) -> Exposed {
    let mut exposed = Exposed::new();
    for series in prometheus.series().await {
        let labels = series.as_object().expect("labels");
        let name = labels["__name__"].as_str().expect("a name");
        let known = exposed.entry(name.to_owned()).or_default();
        for (label, value) in labels {
            let value = value.as_str().expect("a text").to_owned();
            known.entry(label.clone()).or_default().insert(value);
        }
    }
    exposed
}

/// What a query names that nobody exposes.
fn unknown(query: &str, exposed: &Exposed) -> Vec<String> {
    let Names { selectors, labels } = names(query);
    let mut unknown = Vec::new();
    let mut grouped: BTreeSet<_> = labels;
    for selector in selectors {
        // What redis_exporter tells, and what Prometheus makes itself.
        if selector.name.starts_with("redis_") || selector.name == "ALERTS" {
            return Vec::new();
        }
        let Some(known) = exposed.get(&selector.name) else {
            unknown.push(format!("{}: {query}", selector.name));
            continue;
        };
        grouped.retain(|label| !known.contains_key(label));
        for (label, operator, value) in selector.matchers {
            let Some(values) = known.get(&label) else {
                unknown.push(format!("{}{{{label}}}: {query}", selector.name));
                continue;
            };
            // Statuses that did not come up are statuses nevertheless.
            if operator == "=" && label != "status" && !values.contains(&value) {
                unknown.push(format!("{}{{{label}=\"{value}\"}}: {query}", selector.name));
            }
        }
    }
    unknown.extend(grouped.into_iter().map(|label| format!("by ({label}): {query}")));
    unknown
}

#[tokio::test]
async fn alerts_and_dashboard_ask_for_what_is_there() {
    let watched = Watched::start().await;
    let prometheus = &watched.prometheus;
    let _open = all_sorts_of_things(&watched).await;
    // Each panel shows something, and has the labels that its legend names.
    for panel in panels(&dashboard()) {
        for (query, legend) in queries(panel) {
            let asked = query.replace("$node", ".*").replace("$__rate_interval", "1m");
            if asked.contains("ALERTS") {
                prometheus.query(&asked).await;
                continue;
            }
            let what = format!("{} shows something: {asked}", panel["title"]);
            let found = eventually(&what, async || {
                let found = prometheus.query(&asked).await;
                (!found.is_empty()).then_some(found)
            })
            .await;
            for label in legend.split("{{").skip(1).map(|rest| rest.split("}}").next().expect("}}"))
            {
                for series in &found {
                    assert!(!series["metric"][label].is_null(), "{legend}: {series}");
                }
            }
        }
    }
    let exposed = exposed(prometheus).await;
    let mut missing = Vec::new();
    for panel in panels(&dashboard()) {
        for (query, _) in queries(panel) {
            missing.extend(unknown(&query.replace("$node", ".*"), &exposed));
        }
    }
    for annotation in dashboard()["annotations"]["list"].as_array().expect("annotations") {
        if let Some(query) = annotation["expr"].as_str() {
            missing.extend(unknown(query, &exposed));
        }
    }
    let rules = prometheus.rules().await;
    assert_eq!(rules.len(), super::rules::alerts().len());
    for rule in &rules {
        missing.extend(unknown(rule["query"].as_str().expect("a query"), &exposed));
    }
    assert!(missing.is_empty(), "nobody exposes\n{}", missing.join("\n"));
    eventually("every rule was judged without an error", async || {
        let rules = prometheus.rules().await;
        for rule in &rules {
            assert_ne!(rule["health"], "err", "{rule}");
        }
        rules.iter().all(|rule| rule["health"] == "ok").then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_breaks_is_on_its_way_to_an_alarm() {
    let mut watched = Watched::start().await;
    let quiet = ["BatonNodeDown", "BatonStoreDown", "BatonNodeNotReady", "BatonNoNodeReady"];
    let scraped = async || {
        let up = watched.prometheus.query("sum(baton_ready) == 3").await;
        (!up.is_empty()).then_some(())
    };
    eventually("all nodes are scraped", scraped).await;
    watched.cluster.kill(2).await;
    is_on_its_way(&watched.prometheus, &["BatonNodeDown"]).await;
    watched.cluster.redis().stop();
    is_on_its_way(&watched.prometheus, &quiet).await;
}

async fn is_on_its_way(prometheus: &Prometheus, expected: &[&str]) {
    eventually(&format!("{expected:?} are on their way"), async || {
        let alerts = prometheus.alerts().await;
        expected.iter().all(|name| alerts.iter().any(|alert| alert == name)).then_some(())
    })
    .await;
}
