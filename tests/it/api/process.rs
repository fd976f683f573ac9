//! The `baton` command: what it says about its settings, how it starts, how it ends.

use std::{io::Write, process::Output};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    cobrowse::rest::Live,
    eventually,
    node::{Ask, SECRET, TestNode},
    process::{Baton, run},
    redis::RedisServer,
    ws::WsClient,
};

const AUTH: (&str, &str) = ("BATON_AUTH__SECRET", SECRET);

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// What a command that fails tells people.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    text
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn an_unknown_variable_is_named() {
    for command in ["serve", "check-config"] {
        let output = run(&[command], &[AUTH, ("BATON_STREAMS__LIMITS", "2")]).await;
        let text = complaint(&output);
        assert!(text.contains("BATON_STREAMS__LIMITS: this variable names no setting"), "{text}");
    }
}

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line() {
    let file = file("listen = '127.0.0.1:0'\n\n[streams]\nlimits = 2\n");
    let path = file.path().to_str().unwrap();
    for arguments in [&["serve", "--config", path][..], &["--config", path]] {
        let text = complaint(&run(arguments, &[AUTH]).await);
        assert!(text.contains(&format!("{path}:4: streams.limits")), "{text}");
    }
    let text = complaint(&run(&[], &[AUTH, ("BATON_CONFIG", path)]).await);
    assert!(text.contains(&format!("{path}:4: streams.limits")), "{text}");
}

#[tokio::test]
async fn a_value_out_of_bounds_is_named_with_its_bounds() {
    let output = run(&["serve"], &[AUTH, ("BATON_STREAMS__PONG_TIMEOUT_MS", "2999")]).await;
    let text = complaint(&output);
    for part in ["BATON_STREAMS__PONG_TIMEOUT_MS", "streams.pong_timeout_ms", "2999", "3000"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn without_any_setting_it_says_what_is_missing() {
    let text = complaint(&run(&["serve"], &[]).await);
    assert!(text.contains("auth.secret") && text.contains("--dev"), "{text}");
}

#[tokio::test]
async fn an_address_in_use_is_named_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (variable, setting, other) in [
        ("BATON_LISTEN", "listen", "BATON_ADMIN__LISTEN"),
        ("BATON_ADMIN__LISTEN", "admin.listen", "BATON_LISTEN"),
    ] {
        let variables = [AUTH, (variable, &*address), (other, "127.0.0.1:0")];
        let text = complaint(&run(&["serve"], &variables).await);
        let expected = format!("{setting} = {address}");
        assert!(text.contains(&expected) && text.contains("choose another address"), "{text}");
    }
}

#[tokio::test]
async fn check_config_shows_everything_but_secrets() {
    let secrets =
        ["a very secret secret of auth, yes", "cluster-0123456789abcdef0123456789", "Pa55"];
    let url = format!("redis://user:{}@redis.example:6379/1", secrets[2]);
    let output = run(
        &["check-config"],
        &[
            ("BATON_AUTH__SECRET", secrets[0]),
            ("BATON_CLUSTER__SECRET", secrets[1]),
            ("BATON_STORE__URL", &url),
            ("BATON_STREAMS__LIMIT", "7"),
        ],
    )
    .await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for secret in secrets {
        assert!(!text.contains(secret), "{text}");
    }
    let shown: toml::Table = text.parse().unwrap();
    assert_eq!(shown["streams"]["limit"].as_integer(), Some(7));
    assert_eq!(shown["auth"]["secret"].as_str(), Some("<redacted>"));
    let store = shown["store"]["url"].as_str().unwrap();
    assert!(store.contains("redis.example:6379/1"), "{store}");
}

#[tokio::test]
async fn the_token_command_prints_a_token_that_the_server_takes() {
    let mut server = Baton::start(&["serve"], &[AUTH]);
    let url = server.line("listening on ").await;
    for (arguments, path) in [
        (&["token", "--tenant", "acme", "--customer", "alice", "--limit", "1"][..], "/sessions"),
        (&["token", "--tenant", "acme", "--service"], "/users/alice/media_play_sessions"),
    ] {
        let output = run(arguments, &[AUTH]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let token = String::from_utf8(output.stdout).unwrap();
        let get = client().get(format!("{url}{path}")).bearer_auth(token.trim());
        get.answer().await.ok();
    }
    for nobody in [&[][..], &["--role", "customer"]] {
        let nobody = run(&[&["token", "--tenant", "acme"], nobody].concat(), &[AUTH]).await;
        assert_ne!(nobody.status.code(), Some(0), "a customer's token names one");
    }
    let unknown = ["token", "--tenant", "acme", "--role", "admin"];
    assert_ne!(run(&unknown, &[AUTH]).await.status.code(), Some(0));
}

#[tokio::test]
async fn token_mints_agents_and_controllers() {
    let node = TestNode::start(&[]).await;
    let mut names = Vec::new();
    for (role, number) in [("agent", 2), ("controller", 3), ("service", 3)] {
        let who =
            ["token", "--tenant", "default", "--role", role, "--agent", role, "--name", "Ann"];
        let output = run(&who, &[AUTH]).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let token = String::from_utf8(output.stdout).unwrap();
        let live = Live::create(&node).await;
        let joined = live.join(json!({ "role": number }), Some(token.trim())).await.ok();
        names.push(joined["users"][0]["name"].clone());
        let seen = node.admin(Method::GET, &format!("/api/v1/cobrowse/sessions/{}", live.token));
        let agent = seen.answer().await.ok()["users"][0]["agent"].clone();
        assert_eq!(agent, if role == "service" { Value::Null } else { json!(role) });
    }
    assert_eq!(names, ["Ann", "Ann", "Ann"]);
}

#[tokio::test]
async fn serve_dev_has_tokens_of_agents_for_the_sessions_of_its_pages() {
    let mut server = Baton::start(&["serve", "--dev"], &[]);
    let url = server.line("listening on ").await;
    server.line("demo token").await;
    let post = |path: String, body: Value| client().post(format!("{url}{path}")).json(&body);
    let sessions = "/cobrowse/rest/live/sessions";
    let create = post(sessions.to_owned(), json!(null)).header("origin", &url);
    let session = create.answer().await.ok();
    let path = format!("{sessions}/{}", session["sessionToken"].as_str().unwrap());
    client().get(format!("{url}{path}")).header("referer", &url).answer().await.ok();
    for (role, number) in [("agent", 2), ("controller", 3)] {
        let token = format!("{url}/demo/token?role={role}&agent={role}&name=Ann");
        let token = client().get(token).answer().await.ok();
        let join = post(format!("{path}/users"), json!({ "role": number }));
        join.bearer_auth(token["token"].as_str().unwrap()).answer().await.ok();
    }
    for bad in ["role=service", "role=agents", "name=x"] {
        let answer = client().get(format!("{url}/demo/token?{bad}")).answer().await;
        answer.problem(400, "InvalidRequest");
    }
}

#[tokio::test]
async fn serve_dev_shows_the_api_key_it_made_up_and_none_that_is_configured() {
    let mut server = Baton::start(&["serve", "--dev"], &[]);
    let url = server.line("listening on ").await;
    let visitors = server.line("visitors").await;
    let key = client().get(format!("{url}/demo/api-key")).answer().await.ok();
    let key = key["apiKey"].as_str().unwrap().to_owned();
    assert_eq!(visitors, format!("curl -H 'X-Api-Key: {key}' {url}/v1.1/list.json"));
    let list = client().get(format!("{url}/v1.1/list.json")).header("x-api-key", key);
    assert_eq!(list.answer().await.ok()["status"], "ok");

    let mut server = Baton::start(&["serve", "--dev"], &[("BATON_WATCH__API_KEY", "hunter2")]);
    let url = server.line("listening on ").await;
    assert!(!server.line("visitors").await.contains("hunter2"));
    let answer = client().get(format!("{url}/demo/api-key")).answer().await;
    answer.problem(404, "NotFound");
}

#[tokio::test]
async fn serve_dev_needs_no_setting_and_says_where_it_is() {
    let mut server = Baton::start(&["serve", "--dev"], &[]);
    let url = server.line("listening on ").await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let admin = server.line("admin on ").await;
    assert_eq!(server.line("demo pages").await, format!("{url}/demo/index.html"));
    assert_eq!(server.line("API pages").await, format!("{url}/docs/"));
    let token = server.line("demo token").await;
    let token = client().get(token).send().await.unwrap().json::<Value>().await.unwrap();
    let ask = client().post(format!("{url}/sessions"));
    let ask = ask.bearer_auth(token["token"].as_str().unwrap());
    ask.json(&json!({ "sessionName": "TV", "offerId": "S1" })).answer().await.ok();
    client().get(format!("{admin}/livez")).answer().await.ok();
}

#[tokio::test]
async fn without_its_redis_a_node_runs_and_is_ready_once_redis_is_there() {
    let redis = RedisServer::start().await;
    redis.stop();
    let mut server = Baton::start(
        &["serve"],
        &[
            AUTH,
            ("BATON_CLUSTER__SECRET", "0123456789abcdef0123456789abcdef"),
            ("BATON_STORE__URL", &redis.url()),
        ],
    );
    let admin = server.line("admin on ").await;
    let get = async |path: &str| client().get(format!("{admin}{path}")).answer().await;
    get("/livez").await.ok();
    let readiness = get("/readyz").await.has(503);
    let obstacles = readiness["obstacles"].as_array().unwrap();
    assert!(obstacles.contains(&json!("the store does not answer")), "{readiness}");
    redis.restart().await;
    eventually("the node is ready", async || (get("/readyz").await.status == 200).then_some(()))
        .await;
    get("/livez").await.ok();
}

#[tokio::test]
async fn a_signal_ends_it_in_order() {
    for signal in ["TERM", "INT"] {
        let mut server = Baton::start(&["serve"], &[AUTH]);
        server.line("admin on ").await;
        server.signal(signal);
        assert_eq!(server.exit_code().await, Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_drain() {
    let mut server = Baton::start(
        &["serve"],
        &[
            AUTH,
            ("BATON_NODE__DRAIN_SECONDS", "600"),
            ("BATON_NODE__DRAIN_DEADLINE_SECONDS", "3600"),
            ("BATON_STREAMS__LIMIT", "9"),
        ],
    );
    let url = server.line("listening on ").await;
    let admin = server.line("admin on ").await;
    let output = run(&["token", "--tenant", "acme", "--customer", "alice"], &[AUTH]).await;
    let token = String::from_utf8(output.stdout).unwrap();
    // One socket leaves every twelve seconds: five hold the drain for longer than this test waits.
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let ask = client().post(format!("{url}/sessions")).bearer_auth(token.trim());
        let ask = ask.json(&json!({ "sessionName": "TV", "offerId": "S1" })).answer().await.ok();
        let mut socket = WsClient::connect(ask["endpoint"].as_str().unwrap()).await;
        socket.send_action("REQUESTED").await;
        assert_eq!(socket.next_action().await.0, "OK");
        sockets.push(socket);
    }
    server.signal("TERM");
    eventually("it drains", async || {
        let answer = client().get(format!("{admin}/readyz")).send().await.ok()?;
        (answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    server.signal("TERM");
    assert_eq!(server.exit_code().await, Some(0));
}
