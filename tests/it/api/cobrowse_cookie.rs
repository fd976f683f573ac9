//! The cookie that brings a customer back to the host of a session.

use reqwest::Method;

use crate::support::{
    cobrowse::rest::{Live, SESSIONS, shop},
    node::{Ask, TestNode},
};

const HTTP: (&str, &str) = ("BATON_PUBLIC_URL", "http://cobrowse.example.com");
const HTTPS: (&str, &str) = ("BATON_PUBLIC_URL", "https://cobrowse.example.com");

async fn cookie(variables: &[(&str, &str)]) -> String {
    let node = TestNode::start(variables).await;
    let answer = node.call(Method::POST, SESSIONS).answer().await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    answer.header("set-cookie").to_owned()
}

/// The attributes of a cookie, sorted.
fn attributes(cookie: &str) -> Vec<&str> {
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair, "gcbSessionServer=it");
    let mut attributes: Vec<_> = attributes.split("; ").collect();
    attributes.sort_unstable();
    attributes
}

#[tokio::test]
async fn its_attributes_follow_the_public_url() {
    let plain = ["HttpOnly", "Path=/", "SameSite=Lax"];
    assert_eq!(attributes(&cookie(&[]).await), plain);
    assert_eq!(attributes(&cookie(&[HTTP]).await), plain);
    assert_eq!(
        attributes(&cookie(&[HTTPS]).await),
        ["HttpOnly", "Partitioned", "Path=/", "SameSite=None", "Secure"]
    );
}

#[tokio::test]
async fn each_attribute_can_be_configured() {
    for url in [HTTP, HTTPS] {
        for (word, same_site) in
            [("strict", "SameSite=Strict"), ("lax", "SameSite=Lax"), ("none", "SameSite=None")]
        {
            for (secure, partitioned) in
                [("true", "true"), ("true", "false"), ("false", "true"), ("false", "false")]
            {
                let is_dropped = secure == "false" && (word == "none" || partitioned == "true");
                if is_dropped {
                    // Browsers drop such a cookie: the configuration refuses it.
                    continue;
                }
                let cookie = cookie(&[
                    url,
                    ("BATON_COBROWSE__COOKIE__SAME_SITE", word),
                    ("BATON_COBROWSE__COOKIE__SECURE", secure),
                    ("BATON_COBROWSE__COOKIE__PARTITIONED", partitioned),
                ])
                .await;
                let mut expected = vec!["HttpOnly", "Path=/", same_site];
                expected.extend((secure == "true").then_some("Secure"));
                expected.extend((partitioned == "true").then_some("Partitioned"));
                expected.sort_unstable();
                assert_eq!(attributes(&cookie), expected);
            }
        }
    }
}

#[tokio::test]
async fn whoever_joins_or_looks_gets_it() {
    let node = shop(&[]).await;
    let live = Live::create(&node).await;
    let body = serde_json::json!({ "role": 1, "customerToken": live.customer_token });
    let agent = crate::support::cobrowse::rest::token("agent", "ann");
    for answer in [
        live.look().await,
        live.join(body, None).await,
        live.join(serde_json::json!({ "role": 2 }), Some(&agent)).await,
    ] {
        attributes(answer.header("set-cookie"));
        answer.ok();
    }
}
