//! Redis by TLS: a private authority, certificates of clients, and servers that are not believed.

use std::{collections::BTreeSet, fs, path::Path, process::Output};

use baton::{
    backend::redis::{
        bus::RedisBus,
        keys::Keys,
        link::Target,
        script::{Arg, Script},
        tls::TlsFiles,
    },
    domain::{
        cluster::{Bus, Delivery, Message},
        ids::NodeName,
    },
};
use redis::from_redis_value;
use tempfile::NamedTempFile;

use crate::support::{
    eventually, in_time,
    linked::LinkedNode,
    monitor::executed,
    process::{Baton, run},
    redis::{RedisServer, free_port},
    tls::{Authority, ServerTls},
    topology::{ClusterShape, RedisCluster, SentinelShape, Sentinelled},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn server(tls: &ServerTls) -> RedisServer {
    RedisServer::start_with(async || tls.arguments(free_port().await)).await
}

/// One call per key, and a message to its own channel: every kind of connection a node has.
async fn works(node: &LinkedNode, keys: usize) {
    node.until_up().await;
    let count = Script::new("count", &["return redis.call('INCR', KEYS[1])"]);
    for number in 0..keys {
        node.link.run_admitted(&count, &[format!("{{{number}}}")], &[Arg::from("")]).await.unwrap();
    }
    let bus =
        RedisBus::new(node.link.clone(), Keys::new("t"), &node.tracker, node.shutdown.clone());
    let (name, probe) = (NodeName::from("a"), Message::Probe { nonce: 7 });
    let mut inbox = bus.subscribe(&name);
    assert_eq!(in_time("subscribed", inbox.recv()).await, Some(Delivery::Resumed));
    bus.publish(&name, &probe);
    assert_eq!(in_time("a message", inbox.recv()).await, Some(Delivery::Message(probe)));
}

#[tokio::test]
async fn a_server_of_a_private_authority_is_used() {
    let authority = Authority::new();
    let (tls, client) = (authority.server(), authority.client_tls());
    let (server, replica) = (server(&tls).await, server(&tls).await);
    let replicate = ["REPLICAOF", "127.0.0.1", &server.port().to_string()];
    replica.cli(&replicate).await;
    let node = LinkedNode::by_tls(Target::Single(server.tls_url()), 1, client);
    eventually("a replica is there", async || {
        let info: String = from_redis_value(server.cli(&["INFO", "replication"]).await).unwrap();
        info.contains("state=online").then_some(())
    })
    .await;
    works(&node, 3).await;
}

#[tokio::test]
async fn a_cluster_is_used() {
    let authority = Authority::new();
    let shape = ClusterShape { replicas: false, tls: Some(authority.server()) };
    let cluster = RedisCluster::of(shape).await;
    let node = LinkedNode::by_tls(cluster.tls_target(), 0, authority.client_tls());
    works(&node, 60).await;
    let sizes = cluster.sizes().await;
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
}

#[tokio::test]
async fn sentinels_are_asked_and_followed() {
    let authority = Authority::new();
    let shape = SentinelShape { tls: Some(authority.server()), ..SentinelShape::small() };
    let servers = Sentinelled::of(shape).await;
    let node = LinkedNode::by_tls(servers.tls_target(), 0, authority.client_tls());
    works(&node, 3).await;
    let before = node.link.state().borrow().incarnation;
    // Each self-probe is followed by a question to the Sentinel.
    let probes = async || executed(&servers.master).await.get("role").copied().unwrap_or(0);
    let first = probes().await;
    eventually("some probes", async || (probes().await > first + 2).then_some(())).await;
    let state = *node.link.state().borrow();
    assert_eq!((state.up, state.incarnation), (true, before), "the same master by another name");
    servers.master.stop();
    node.until("another master is found", |state| state.up && state.incarnation > before).await;
    works(&node, 3).await;
}

/// Starts a node with these files; it is not ready, and its log tells why Redis is down. Every try
/// is logged: the first one may time out on a busy machine.
async fn refused(url: &str, files: &TlsFiles, why: &str) {
    let log = NamedTempFile::new().unwrap();
    let files = variables(files);
    let mut variables: Vec<_> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([
        ("BATON_AUTH__SECRET", SECRET),
        ("BATON_CLUSTER__SECRET", SECRET),
        ("BATON_STORE__TIMEOUT_MS", "10000"),
        ("BATON_STORE__URL", url),
        ("RUST_LOG", "baton::backend=debug"),
    ]);
    let mut baton = Baton::logging(log.reopen().unwrap(), &["serve"], &variables);
    let admin = baton.line("admin on ").await;
    eventually(why, async || {
        let text = fs::read_to_string(log.path()).unwrap();
        let down = |line: &str| line.contains("redis is down") || line.contains("is still down");
        text.lines().any(|line| down(line) && line.contains(why)).then_some(())
    })
    .await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = client.get(format!("{admin}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
}

fn variables(files: &TlsFiles) -> Vec<(&'static str, String)> {
    [
        ("BATON_STORE__CA_FILE", &files.ca),
        ("BATON_STORE__CERT_FILE", &files.cert),
        ("BATON_STORE__KEY_FILE", &files.key),
    ]
    .into_iter()
    .filter_map(|(name, file)| Some((name, file.as_ref()?.to_str()?.to_owned())))
    .collect()
}

#[tokio::test]
async fn who_is_not_believed_is_refused_and_the_log_says_why() {
    let (authority, other) = (Authority::new(), Authority::new());
    let good = server(&authority.server()).await;
    let expired = authority.issue_expired("expired", &["127.0.0.1"]);
    let expired = server(&authority.server_with(expired)).await;
    let elsewhere = authority.issue("elsewhere", &["redis.elsewhere.test"]);
    let elsewhere = server(&authority.server_with(elsewhere)).await;
    let client = authority.client();
    let of_other = TlsFiles { ca: Some(other.ca()), ..client.clone() };
    let of_system = TlsFiles { ca: None, ..client.clone() };
    let bare = TlsFiles { ca: client.ca.clone(), ..TlsFiles::default() };
    for (server, files, why) in [
        (&good, &of_other, "UnknownIssuer"),
        (&good, &of_system, "UnknownIssuer"),
        (&good, &bare, "ertificate"),
        (&expired, &client, "expired"),
        (&elsewhere, &client, "not valid for name"),
    ] {
        refused(&server.tls_url(), files, why).await;
    }
    let plain = good.tls_url().replace("rediss", "redis");
    refused(&plain, &TlsFiles::default(), "redis is").await;
}

#[tokio::test]
async fn a_cluster_that_is_not_believed_is_refused_and_the_log_says_why() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = server(&authority.server()).await;
    let url = server.tls_url().replace("rediss", "rediss+cluster");
    let files = TlsFiles { ca: Some(other.ca()), ..authority.client() };
    refused(&url, &files, "UnknownIssuer").await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_a_start_up_error_that_names_its_key() {
    let (authority, other) = (Authority::new(), Authority::new());
    let good = authority.client();
    let foreign = other.client();
    let text = NamedTempFile::new().unwrap();
    fs::write(text.path(), "not PEM").unwrap();
    let text = Some(text.path().to_owned());
    let none = Some(Path::new("/no/such/file.pem").to_owned());
    let with = |ca, cert, key| TlsFiles { ca, cert, key };
    let (ca, cert, key) = (good.ca.clone(), good.cert.clone(), good.key.clone());
    let mut named = BTreeSet::new();
    for (files, setting, why) in [
        (with(none.clone(), None, None), "store.ca_file", "cannot be read"),
        (with(text.clone(), None, None), "store.ca_file", "no certificate"),
        (with(ca.clone(), none.clone(), key.clone()), "store.cert_file", "cannot be read"),
        (with(ca.clone(), text.clone(), key.clone()), "store.cert_file", "no certificate"),
        (with(ca.clone(), cert.clone(), none), "store.key_file", "cannot be read"),
        (with(ca.clone(), cert.clone(), text), "store.key_file", "no private key"),
        (with(ca.clone(), cert.clone(), foreign.key), "store.key_file", "store.cert_file"),
        (with(ca, cert, None), "store.cert_file", "stands alone"),
    ] {
        let output = start_fails(&files).await;
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(setting) && text.contains(why), "{setting}, {why}: {text}");
        named.insert(setting);
    }
    assert_eq!(named.len(), 3);
}

async fn start_fails(files: &TlsFiles) -> Output {
    let files = variables(files);
    let mut variables: Vec<_> = files.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([
        ("BATON_AUTH__SECRET", SECRET),
        ("BATON_CLUSTER__SECRET", SECRET),
        ("BATON_STORE__URL", "rediss://127.0.0.1:1"),
        ("BATON_LISTEN", "127.0.0.1:0"),
        ("BATON_ADMIN__LISTEN", "127.0.0.1:0"),
    ]);
    run(&["serve"], &variables).await
}
