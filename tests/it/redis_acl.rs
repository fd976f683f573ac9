//! The users of `deploy/README.md`: what they may do is all that Baton needs, and no more.
//!
//! The conformance suite and the clusters of nodes run with them as well, wherever they are on a
//! server that tests share.

use std::{collections::BTreeSet, fs, path::Path};

use baton::{
    backend::redis::{
        keys::Keys,
        link::Target,
        nodes::RedisNodes,
        script::{Arg, Call, Script},
    },
    domain::{cluster::NodeStore, error::StoreError},
};
use redis::{RedisError, Value};
use reqwest::Method;
use tempfile::NamedTempFile;

use crate::support::{
    acl::{USER, make_user, permitted},
    cluster::Cluster,
    eventually,
    linked::LinkedNode,
    process::Baton,
    redis::RedisServer,
    topology::{SentinelShape, Sentinelled},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn url(server: &RedisServer) -> String {
    server.url().replace("://", &format!("://{USER}"))
}

async fn as_user(server: &RedisServer, words: &[&str]) -> Result<Value, RedisError> {
    let client = redis::Client::open(url(server)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::Cmd::new();
    command.arg(words);
    command.query_async(&mut connection).await
}

/// The commands in all scripts, but the one that only tries them.
fn called_by_scripts() -> BTreeSet<String> {
    let mut commands = BTreeSet::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("lua")).unwrap() {
        let path = file.unwrap().path();
        let is_script = path.extension().is_some_and(|extension| extension == "lua");
        if !is_script || path.ends_with("permission_check.lua") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let calls = text.split("call('").skip(1);
        commands.extend(calls.map(|call| call.split('\'').next().unwrap().to_lowercase()));
    }
    commands
}

#[test]
fn what_is_permitted_is_what_is_used() {
    let sent = ["evalsha", "eval", "script|load", "publish", "subscribe"].map(str::to_owned);
    let mut used = called_by_scripts();
    let check = include_str!("../../lua/permission_check.lua");
    let tried: BTreeSet<_> = check
        .lines()
        .filter_map(|line| line.strip_prefix("try('")?.split('\'').next())
        .map(str::to_lowercase)
        .collect();
    assert_eq!(tried, used, "permission_check.lua tries what scripts call");
    used.extend(sent);
    let listed = permitted("server");
    assert_eq!(BTreeSet::from_iter(listed.iter().cloned()), used, "deploy/README.md");
    assert_eq!(listed.len(), used.len(), "none is listed twice");
}

#[tokio::test]
async fn the_user_may_do_nothing_else() {
    let server = RedisServer::start().await;
    make_user(&server, &["server", "watchful", "cluster", "strict"], "baton").await;
    server.cli(&["SET", "other:x", "1"]).await;
    for words in [
        &["FLUSHALL"][..],
        &["FLUSHDB"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["CONFIG", "GET", "*"],
        &["ACL", "LIST"],
        &["CLIENT", "LIST"],
        &["SHUTDOWN"],
        &["SCRIPT", "FLUSH"],
        &["MONITOR"],
        &["REPLICAOF", "NO", "ONE"],
        &["GET", "other:x"],
        &["SET", "other:x", "2"],
        &["GET", "batonx"],
        &["PUBLISH", "other:node:a", "x"],
        &["EVAL", "return redis.call('GET', KEYS[1])", "1", "other:x"],
        &["EVAL", "return redis.call('GET', 'other:x')", "0"],
        &["EVAL", "return redis.call('FLUSHALL')", "0"],
    ] {
        let refused = as_user(&server, words).await.expect_err(&words.join(" ")).to_string();
        let denied = ["permission", "can't run this command", "can't access"];
        let known = denied.iter().any(|part| refused.contains(part));
        assert!(known, "{words:?}: {refused}");
    }
    as_user(&server, &["SET", "baton:x", "1"]).await.unwrap();
    let subscribed = as_user(&server, &["SUBSCRIBE", "other:node:a"]).await.expect_err("refused");
    assert!(subscribed.to_string().contains("ermission"), "{subscribed}");
}

/// The user without one of its commands.
async fn without(command: &str) -> RedisServer {
    let server = RedisServer::start().await;
    make_user(&server, &["server", "watchful"], "t").await;
    // Redis 6 takes no subcommand away; this one is the only one of its command.
    let command = command.split('|').next().expect("a command");
    server.cli(&["ACL", "SETUSER", "baton", &format!("-{command}")]).await;
    server
}

#[tokio::test]
async fn without_any_one_command_of_a_script_the_check_names_it() {
    let server = RedisServer::start().await;
    make_user(&server, &["server", "watchful"], "t").await;
    let node = LinkedNode::at(Target::Single(url(&server)));
    node.until_up().await;
    // Each registry checks when it is asked first.
    let epoch = async || RedisNodes::new(node.link.clone(), Keys::new("t")).epoch().await;
    for command in called_by_scripts() {
        server.cli(&["ACL", "SETUSER", "baton", &format!("-{command}")]).await;
        let Err(StoreError::Unavailable(cause)) = epoch().await else { panic!("{command}") };
        let named = cause.to_string();
        assert!(named.ends_with(&format!(": {}", command.to_uppercase())), "{command}: {named}");
        server.cli(&["ACL", "SETUSER", "baton", &format!("+{command}")]).await;
        epoch().await.unwrap();
    }
    assert_eq!(server.cli(&["EXISTS", "t:scratch"]).await, Value::Int(0));
}

#[tokio::test]
async fn without_any_one_command_of_the_link_something_fails() {
    let count = Script::new("count", &["return redis.call('INCR', KEYS[1])"]);
    let call = || Call { keys: vec!["t:n".to_owned()], args: vec![Arg::from("")] };
    for command in ["eval", "evalsha", "script|load", "publish"] {
        let server = without(command).await;
        let node = LinkedNode::at(Target::Single(url(&server)));
        node.until_up().await;
        let alone = node.link.run(&count, &call().keys, &call().args).await;
        assert_eq!(alone.is_err(), command.starts_with("eval"), "{command}: {alone:?}");
        // A script that nobody has sent yet.
        let other = Script::new("count", &["return redis.call('INCR', KEYS[1]) + 1"]);
        let many = node.link.run_many(&other, &[call()]).await;
        assert_eq!(many[0].is_err(), ["evalsha", "script|load"].contains(&command), "{command}");
        let published = node.link.publish_many(&[("t:c".to_owned(), "x".to_owned())]).await;
        assert_eq!(published.is_err(), command == "publish", "{command}");
        assert!(node.link.state().borrow().up, "another connection would change nothing");
    }
}

/// Starts a node and waits for a line of its log; it is not ready, and is once all is permitted.
async fn not_ready_and_told(server: &RedisServer, missing: &str, told: &str) {
    let log = NamedTempFile::new().unwrap();
    let variables = [
        ("BATON_AUTH__SECRET", SECRET),
        ("BATON_CLUSTER__SECRET", SECRET),
        ("BATON_STORE__KEY_PREFIX", "t"),
        ("BATON_STORE__URL", &url(server)),
    ];
    let mut baton = Baton::logging(log.reopen().unwrap(), &["serve"], &variables);
    let admin = baton.line("admin on ").await;
    eventually(told, async || {
        let text = fs::read_to_string(log.path()).unwrap();
        text.lines().any(|line| line.contains("WARN") && line.contains(told)).then_some(())
    })
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = async || {
        let answer = client.get(format!("{admin}/readyz")).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(ready().await, 503);
    server.cli(&["ACL", "SETUSER", "baton", &format!("+{missing}")]).await;
    eventually("ready", async || (ready().await == 200).then_some(())).await;
}

#[tokio::test]
async fn a_node_that_lacks_a_permission_says_which_and_is_not_ready() {
    for (missing, told) in [
        ("zlexcount", "the ACL forbids this user: ZLEXCOUNT"),
        ("evalsha", "no permissions to run the 'evalsha'"),
        ("subscribe", "this user may not subscribe"),
        ("publish", "messages to nodes were lost"),
    ] {
        not_ready_and_told(&without(missing).await, missing, told).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let server = without("role").await;
    server.cli(&["ACL", "SETUSER", "baton", "resetpass", ">another"]).await;
    let log = NamedTempFile::new().unwrap();
    let variables = [
        ("BATON_AUTH__SECRET", SECRET),
        ("BATON_CLUSTER__SECRET", SECRET),
        ("BATON_STORE__URL", &url(&server)),
    ];
    let _baton = Baton::logging(log.reopen().unwrap(), &["serve"], &variables);
    let line = eventually("the log tells why", async || {
        let text = fs::read_to_string(log.path()).unwrap();
        text.lines().find(|line| line.contains("redis is down")).map(str::to_owned)
    })
    .await;
    assert!(line.contains("uthentication") && !line.contains("secret"), "{line}");
}

/// Two nodes with a player each, so that all of it is used once.
async fn nodes_work(store_url: String, settings: &[(&str, &str)]) {
    let mut cluster = Cluster::of(2).at(store_url).with("streams.limit", 1);
    for (key, value) in settings {
        cluster = cluster.with(key, value);
    }
    let cluster = cluster.start().await;
    let jane = cluster.customer("jane");
    let (kitchen, player) = jane.plays(0, 1, "Kitchen").await;
    assert_eq!(jane.take_over(0, &kitchen.session, "Sofa").await.status, 200);
    player.sent_away("TAKE_OVER", 4001).await;
    let nodes = cluster.admin(1, Method::GET, "/api/v1/nodes").await;
    assert_eq!(nodes.body["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn strict_admissions_need_no_more_than_their_block() {
    let (server, replica) = (RedisServer::start().await, RedisServer::start().await);
    make_user(&server, &["server", "strict"], "it-*").await;
    replica.cli(&["REPLICAOF", "127.0.0.1", &server.port().to_string()]).await;
    let script = Script::new("set", &["return redis.call('SET', KEYS[1], 1)"]);
    let node = LinkedNode::reaching(Target::Single(url(&server)), 1);
    node.until_up().await;
    let keys = ["it-x:n".to_owned()];
    eventually("a replica confirms", async || {
        node.link.run_admitted(&script, &keys, &[]).await.ok()
    })
    .await;
    nodes_work(url(&server), &[("store.wait_replicas", "1")]).await;
}

#[tokio::test]
async fn sentinels_need_no_more_than_their_block() {
    let servers = Sentinelled::of(SentinelShape::small()).await;
    for server in std::iter::once(&servers.master).chain(&servers.replicas) {
        make_user(server, &["server", "watchful"], "it-*").await;
    }
    for sentinel in &servers.sentinels {
        make_user(sentinel, &["sentinel"], "").await;
    }
    let parameters = "?sentinel_username=baton&sentinel_password=secret";
    nodes_work(servers.store_url(USER, parameters), &[]).await;
}
