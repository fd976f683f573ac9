//! `baton healthcheck`: how a node is, in an exit code and a line.

use std::process::Output;

use tokio::net::TcpListener;

use crate::support::{
    eventually,
    process::{Baton, run},
    redis::RedisServer,
};

/// Asks the node whose admin listener is at an address, with these variables beside it.
async fn ask(arguments: &[&str], address: &str, others: &[(&str, &str)]) -> Output {
    let variables = [&[("BATON_ADMIN__LISTEN", address)], others].concat();
    run(&[&["healthcheck"], arguments].concat(), &variables).await
}

/// One line to the standard output, and success.
fn well(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// What it complains of.
fn unwell(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The address in a URL of a listener.
fn address(url: &str) -> &str {
    url.strip_prefix("http://").unwrap()
}

#[tokio::test]
async fn a_node_that_takes_work_is_ready_and_alive() {
    let mut node = Baton::start(&["serve", "--dev"], &[]);
    let admin = node.line("admin on ").await;
    let address = address(&admin);
    assert_eq!(well(&ask(&[], address, &[]).await), "ready\n");
    assert_eq!(well(&ask(&["--live"], address, &[]).await), "alive\n");
    // As a node in a container is configured: it listens everywhere, and is asked by loopback.
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    assert_eq!(well(&ask(&[], &everywhere, &[]).await), "ready\n");
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    let nobody = ask(&["--live"], address, &[]).await;
    let expected = format!("baton: no node answers at {admin}/livez");
    assert!(unwell(&nobody).starts_with(&expected), "{nobody:?}");
}

#[tokio::test]
async fn a_node_without_its_redis_is_alive_and_not_ready() {
    let redis = RedisServer::start().await;
    let mut node = Baton::start(
        &["serve"],
        &[
            ("BATON_AUTH__SECRET", "0123456789abcdef0123456789abcdef"),
            ("BATON_CLUSTER__SECRET", "fedcba9876543210fedcba9876543210"),
            ("BATON_STORE__URL", &redis.url()),
        ],
    );
    let admin = node.line("admin on ").await;
    let address = address(&admin);
    eventually("it is ready", async || ask(&[], address, &[]).await.status.success().then_some(()))
        .await;
    redis.stop();
    eventually("it is not ready", async || {
        let output = ask(&[], address, &[]).await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code() == Some(1)
            && text.starts_with("baton: not ready: the store does not answer"))
        .then_some(())
    })
    .await;
    assert_eq!(well(&ask(&["--live"], address, &[]).await), "alive\n");
}

#[tokio::test]
async fn it_needs_no_setting_but_where_to_ask() {
    let mut node = Baton::start(&["serve", "--dev"], &[]);
    let admin = node.line("admin on ").await;
    let address = address(&admin);
    let bad = [
        ("BATON_STREAMS__LIMIT", "none"),
        ("BATON_CLUSTER__SECRET", "short"),
        ("BATON_STORE__URL", "redis://127.0.0.1:1"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
        ("http_proxy", "http://127.0.0.1:1"),
    ];
    assert_eq!(well(&ask(&[], address, &bad).await), "ready\n");
    let nowhere = ask(&[], "nowhere", &[]).await;
    assert!(unwell(&nowhere).contains("BATON_ADMIN__LISTEN: admin.listen"), "{nowhere:?}");
}

#[tokio::test]
async fn another_program_at_the_address_is_no_node() {
    let mut node = Baton::start(&["serve", "--dev"], &[]);
    let public = node.line("listening on ").await;
    let stranger = ask(&[], address(&public), &[]).await;
    assert!(unwell(&stranger).contains("/readyz answers 404 Not Found"), "{stranger:?}");
    // What takes connections and never answers is as bad as nobody.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = ask(&[], &silent.local_addr().unwrap().to_string(), &[]).await;
    assert!(unwell(&silent).starts_with("baton: no node answers at http://"), "{silent:?}");
}
