//! Co-browse sessions: every node answers for every session, and names its host.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    cluster::{Answer, Cluster, SECRET},
    cobrowse::{SESSIONS, SHOP, staff, text},
};

async fn post(cluster: &Cluster, node: usize, path: &str, body: &Value, token: &str) -> Answer {
    let request = cluster.request(node, Method::POST, path).json(body);
    let request = if token.is_empty() { request } else { request.bearer_auth(token) };
    cluster.answer(request).await
}

/// The node that an answer's cookie and members name.
fn host(answer: &Answer) -> String {
    let name = text(&answer.body, "sessionServerName");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with(&format!("gcbSessionServer={name}; ")), "{cookie}");
    name
}

#[tokio::test]
async fn any_node_answers_and_names_the_host() {
    let cluster = Cluster::of(3).with("cobrowse.allowed_origins", SHOP).start().await;
    let created = post(&cluster, 0, SESSIONS, &json!(null), "").await;
    assert_eq!(host(&created), "node-0");
    let path = format!("{SESSIONS}/{}", text(&created.body, "sessionToken"));
    let look = async |node| {
        let request = cluster.request(node, Method::GET, &path).header("origin", SHOP);
        cluster.answer(request).await
    };
    assert_eq!(host(&look(1).await), "node-0");
    let users = format!("{path}/users");
    let customer = json!({ "role": 1, "customerToken": created.body["customerToken"] });
    assert_eq!(host(&post(&cluster, 1, &users, &customer, "").await), "node-0");
    let cleo = staff("controller", "cleo").sign(SECRET);
    let joined = post(&cluster, 2, &users, &json!({ "role": 3 }), &cleo).await;
    assert_eq!(
        (host(&joined).as_str(), joined.body["users"].as_array().unwrap().len()),
        ("node-0", 2)
    );
    let user = text(&joined.body, "userToken");
    let stop = format!("/cobrowse/rest/live/users/{user}/session/stop");
    let stopped = post(&cluster, 1, &stop, &json!(null), "").await;
    let again = cluster.answer(cluster.request(0, Method::GET, &stop)).await;
    assert!(stopped.body["deactivationTime"].is_u64(), "{}", stopped.body);
    assert_eq!((again.status.as_u16(), &again.body), (200, &stopped.body));
    assert_eq!(look(2).await.status.as_u16(), 404);
    let history = text(&joined.body, "sessionHistoryId");
    let history = format!("/cobrowse/rest/history/sessions/{history}");
    let request = cluster.request(2, Method::GET, &history).bearer_auth(&cleo);
    let told = cluster.answer(request).await.body;
    assert_eq!(told["deactivationTime"], stopped.body["deactivationTime"]);
}

#[tokio::test]
async fn an_agent_holds_one_session_on_all_nodes_together() {
    let cluster = Cluster::of(2).start().await;
    let ann = staff("agent", "ann").sign(SECRET);
    let mut statuses = Vec::new();
    for node in [0, 1] {
        let created = post(&cluster, node, SESSIONS, &json!(null), "").await;
        let users = format!("{SESSIONS}/{}/users", text(&created.body, "sessionToken"));
        let joined = post(&cluster, 1 - node, &users, &json!({ "role": 2 }), &ann).await;
        statuses.push(joined.status.as_u16());
    }
    assert_eq!(statuses, [200, 409]);
}
