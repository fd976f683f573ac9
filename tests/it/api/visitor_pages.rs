//! What browsers load of co-browsing: how it may be cached, loaded by others, and shown in frames.

use std::fs;

use reqwest::{Method, header};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    cobrowse::{API_KEY, Page, SITE},
    node::{Answer, Ask, TestNode},
};

/// A front end of its own, so that these tests need no built one.
fn front_end() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let cobrowse = directory.path().join("cobrowse");
    fs::create_dir(&cobrowse).unwrap();
    let script = "'use strict';".repeat(100);
    for (file, text) in [
        ("watch.html", "<title>Viewer</title>"),
        ("visitor.js", script.as_str()),
        ("assist.js", "const base = '%BATON_BASE_PATH%';"),
    ] {
        fs::write(cobrowse.join(file), text).unwrap();
    }
    directory
}

async fn node(front_end: &TempDir, more: &[(&str, &str)]) -> TestNode {
    let directory = front_end.path().to_str().unwrap();
    let sites = format!("{SITE},https://*.crm.test,https://a-*.test");
    let preset = [("BATON_WEB__DIR", directory), ("BATON_COBROWSE__ALLOWED_ORIGINS", &*sites)];
    TestNode::start(&[&preset[..], more].concat()).await
}

async fn get(node: &TestNode, path: &str) -> Answer {
    node.call(Method::GET, path).answer().await
}

fn frame_ancestors(answer: &Answer) -> &str {
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'; script-src 'self'; connect-src 'self'"),
        "{policy}"
    );
    policy.split_once("frame-ancestors ").unwrap().1
}

/// The path of a link to a visitor whose page is online.
async fn link(node: &TestNode, origin: Option<&str>) -> String {
    let mut page = Page::of_visitor(node.node.public_addr, json!({})).await;
    let visitor = page.told("welcome").await["visitorId"].clone();
    let path = format!("/v1.1/visitors/{}/watch_url.json", visitor.as_str().unwrap());
    let body = json!({ "agent": { "id": 1, "name": "Ann" }, "origin": origin });
    let call = node.call(Method::POST, &path).header("x-api-key", API_KEY).json(&body);
    let url = call.answer().await.ok()["watch_url"].as_str().unwrap().to_owned();
    url[url.find("/cobrowse/").unwrap()..].to_owned()
}

#[tokio::test]
async fn a_script_is_everybodys_and_asked_for_each_time() {
    let front_end = front_end();
    let node = node(&front_end, &[]).await;
    let first = get(&node, "/cobrowse/assets/visitor.js").await;
    assert_eq!(first.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(first.header("cache-control"), "no-cache");
    let tag = first.header("etag").to_owned();
    let again = async || {
        let call = node.call(Method::GET, "/cobrowse/assets/visitor.js");
        call.header(header::IF_NONE_MATCH, &tag).answer().await
    };
    let known = again().await;
    assert_eq!((known.status, &known.body), (304, &json!("")));
    fs::write(front_end.path().join("cobrowse/visitor.js"), "another release").unwrap();
    assert_eq!(again().await.ok(), json!("another release"));
    get(&node, "/cobrowse/assets/absent.js").await.problem(404, "NotFound");
    get(&node, "/cobrowse/assets/..%2fsecret").await.problem(404, "NotFound");
}

#[tokio::test]
async fn a_script_is_sent_compressed() {
    let front_end = front_end();
    let node = node(&front_end, &[]).await;
    let call = node.call(Method::GET, "/cobrowse/assets/visitor.js");
    let answer = call.header(header::ACCEPT_ENCODING, "gzip").answer().await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(get(&node, "/cobrowse/assets/visitor.js").await.header("content-encoding"), "");
}

#[tokio::test]
async fn the_live_assist_script_knows_the_base_path() {
    let front_end = front_end();
    let node = node(&front_end, &[("BATON_COBROWSE__BASE_PATH", "/co/browse")]).await;
    let answer = get(&node, "/assistserver/sdk/web/consumer/assist.js").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.ok(), json!("const base = '/co/browse';"));
    get(&node, "/co/browse/assets/visitor.js").await.ok();
}

#[tokio::test]
async fn a_viewer_is_shown_in_frames_of_listed_sites_or_of_the_one_its_link_names() {
    let front_end = front_end();
    let node = node(&front_end, &[("BATON_WATCH__API_KEY", API_KEY)]).await;
    let sites = format!("'self' {SITE} https://*.crm.test");
    let general = get(&node, &link(&node, None).await).await;
    assert_eq!(frame_ancestors(&general), sites);
    assert_eq!(general.header("referrer-policy"), "no-referrer");
    assert_eq!(general.ok(), json!("<title>Viewer</title>"));
    let own = link(&node, Some("https://desk.other.test")).await;
    assert_eq!(frame_ancestors(&get(&node, &own).await), "https://desk.other.test");
    // What cannot be opened is told by the page, where it would have been shown.
    assert_eq!(frame_ancestors(&get(&node, "/cobrowse/watch/x.y.z").await), sites);
}

#[tokio::test]
async fn a_cid_may_be_a_parameter() {
    let front_end = front_end();
    let node = node(&front_end, &[]).await;
    let code = node.call(Method::PUT, "/assistserver/shortcode/create").answer().await.ok();
    let code = code["shortCode"].as_str().unwrap();
    let agent = get(&node, &format!("/assistserver/shortcode/agent?appkey={code}")).await.ok();
    let cid = agent["cid"].as_str().unwrap();
    let moved = get(&node, &format!("/cobrowse/watch?cid={cid}")).await;
    assert_eq!((moved.status, moved.header("location")), (307, &*format!("watch/{cid}")));
    assert_eq!(get(&node, &format!("/cobrowse/watch/{cid}")).await.status, 200);
    let named = get(&node, &format!("/cobrowse/watch?cid={cid}&name=Ann%26B")).await;
    assert_eq!(named.header("location"), format!("watch/{cid}?name=Ann%26B"));
    // People follow broken links, too: the page tells them.
    for broken in ["/cobrowse/watch", "/cobrowse/watch?cid=%22%3E", "/cobrowse/watch?cid=%ff"] {
        assert_eq!(get(&node, broken).await.header("location"), "watch/", "{broken}");
    }
    assert_eq!(get(&node, "/cobrowse/watch/").await.status, 200);
}
