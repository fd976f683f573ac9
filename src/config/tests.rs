//! The settings as an operator meets them: a file, variables, and what is answered.

use std::{io::Write, net::SocketAddr};

use super::*;
use crate::domain::{
    ids::TenantId,
    streams::{Policy, Pool, PoolKind},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn load(text: &str, env: &[(&str, &str)], dev: bool) -> Result<Settings, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(Some(file.path()), env, dev)
}

fn dev(text: &str, env: &[(&str, &str)]) -> Settings {
    load(text, env, true).expect("good settings")
}

/// What is wrong, one line each, with the name of the file cut off.
fn problems(text: &str, env: &[(&str, &str)], dev: bool) -> Vec<String> {
    let error = load(text, env, dev).expect_err("bad settings");
    let line = |problem: &Problem| match &problem.source {
        Source::File { line, .. } => format!("line {line}: {} {}", problem.key, problem.what),
        Source::Variable(_) | Source::Nowhere => problem.to_string(),
    };
    error.problems().iter().map(line).collect()
}

/// The one thing that is wrong.
fn problem(text: &str, env: &[(&str, &str)], dev: bool) -> String {
    let mut all = problems(text, env, dev);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn dev_needs_nothing() {
    let settings = Settings::load(None, [], true).expect("good settings");
    assert!(settings.dev && settings.is_single_node() && settings.warnings().is_empty());
    assert_eq!(settings.cluster.secret.expose().len(), 43);
    assert_eq!(settings.auth.secret.as_ref().map(|s| s.expose().len()), Some(43));
    let api_key = settings.demo_api_key.expect("a key");
    assert_eq!(api_key.expose().len(), 43);
    assert_eq!(settings.watch.api_key.expect("the same key").expose(), api_key.expose());
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8700");
    assert!(!settings.node.name.as_str().is_empty());
}

#[test]
fn an_api_key_is_made_up_for_dev_alone_and_for_none_that_is_configured() {
    let configured = dev("[watch]\napi_key = 'hunter2'\n", &[]);
    assert!(configured.demo_api_key.is_none());
    assert_eq!(configured.watch.api_key.expect("it").expose(), "hunter2");
    let settings = load("[auth]\nsecret = 'hunter2'\n", &[], false).expect("good settings");
    assert!(settings.watch.api_key.is_none() && settings.demo_api_key.is_none());
}

#[test]
fn every_setting_of_the_table_is_one_of_the_types_and_the_other_way_round() {
    let row = |doc: &SettingDoc| match doc.key {
        "auth.jwks" => None,
        "streams.policy" => Some((doc.variable.clone()?, "reject".to_owned())),
        key => Some((doc.variable.clone()?, sample(key, &doc.values)?)),
    };
    let env: Vec<_> = reference().iter().filter_map(row).collect();
    let text = "[[tenants]]\npublisher_id = 7\nsecret = 'x'\nlimit = 1\naccount_limit = 1\n\
         policy = 'ask'\ntakeover = true\nallowed_origins = []\non_failure = 'deny'\n\
         [[streams.rules]]\noffer = 'a'\nlimit = 1\npolicy = 'ask'\n\
         [[streams.rules]]\ntag = 'a'\n[[streams.rules]]\ndevice_type = 'a'\n";
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let settings = Settings::load(Some(file.path()), env, true).expect("good settings");
    let shown: toml::Table = settings.to_toml_redacted().parse().expect("TOML");
    let mut keys = Vec::new();
    flatten("", &toml::Value::Table(shown), &mut keys);
    keys.sort();
    keys.dedup();
    let absent = ["auth.jwks", "tenants[].jwks"];
    let mut known: Vec<_> =
        reference().iter().map(|doc| doc.key).filter(|key| !absent.contains(key)).collect();
    known.sort_unstable();
    assert_eq!(keys, known);
}

/// Some value that each optional setting accepts.
fn sample(key: &str, values: &str) -> Option<String> {
    let word = values.strip_prefix("one of ").and_then(|words| words.rsplit(", ").next());
    let lowest = values.strip_prefix("an integer from ").map(|rest| rest.split(' ').next_back());
    let text = match key {
        "node.name" | "store.key_prefix" | "web.dir" => Some("x"),
        "store.url" => Some("rediss://h"),
        "store.ca_file" | "store.cert_file" | "store.key_file" => Some("x"),
        "admin.token" | "auth.secret" | "cluster.secret" | "watch.api_key" => Some(SECRET),
        "public_url" | "node.server_url" | "node.internal_url" => Some("https://b.example.com"),
        _ if values == "true or false" => Some("true"),
        _ => word.or(lowest.flatten()),
    };
    text.map(str::to_owned)
}

fn flatten(key: &str, value: &toml::Value, keys: &mut Vec<String>) {
    if let Some(table) = value.as_table() {
        for (name, value) in table {
            let dot = if key.is_empty() { "" } else { "." };
            flatten(&format!("{key}{dot}{name}"), value, keys);
        }
    } else if let Some(entries) = value.as_array().filter(|list| list.iter().any(|v| v.is_table()))
    {
        entries.iter().for_each(|entry| flatten(&format!("{key}[]"), entry, keys));
    } else {
        keys.push(key.to_owned());
    }
}

#[test]
fn variables_beat_the_file_and_the_file_beats_defaults() {
    let file = "[streams]\nlimit = 3\npolicy = 'reject'\n";
    let settings = dev(file, &[("BATON_STREAMS__LIMIT", "4"), ("PATH", "/bin")]);
    let streams = &settings.streams;
    assert_eq!((streams.limit, streams.policy, streams.ping_seconds), (4, Policy::Reject, 25));
}

#[test]
fn lists_in_variables_are_comma_separated() {
    let env = [
        ("BATON_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("BATON_STREAMS__ALLOWED_ORIGINS", ""),
    ];
    let settings = dev("[streams]\nallowed_origins = ['https://a.example.com']", &env);
    let proxies: Vec<_> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32"]);
    assert!(settings.streams.allowed_origins.is_empty(), "an empty list is a value");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let settings = dev("[streams]\nlimit = 3", &[("BATON_STREAMS__LIMIT", "")]);
    assert_eq!(settings.streams.limit, 3);
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let error = Settings::load(None, [("BATON_CONFIG".into(), "/no/such".into())], true);
    let error = error.expect_err("no file").to_string();
    assert!(error.starts_with("cannot read the configuration /no/such:"), "{error}");
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_neighbours() {
    assert_eq!(
        problem("\n[cobrowse.cookie]\nsame-site = 'lax'\n", &[], true),
        "line 3: cobrowse.cookie.same-site is no setting; known here: same_site, secure, partitioned"
    );
    assert!(problem("[strems]\nlimit = 1", &[], true).starts_with("line 1: strems is no setting"));
    assert!(problem("'streams.limit' = 1", &[], true).contains("\"streams.limit\" is no setting"));
}

#[test]
fn an_unknown_variable_is_named() {
    assert_eq!(
        problem("", &[("BATON_STREAMS_LIMIT", "1")], true),
        "BATON_STREAMS_LIMIT: this variable names no setting: write BATON_STREAMS__LIMIT"
    );
    assert!(problem("", &[("BATON_COLOUR", "red")], true).starts_with("BATON_COLOUR: "));
}

#[test]
fn service_links_of_kubernetes_are_no_settings() {
    let env = [
        ("BATON_PORT", "tcp://10.0.0.1:8700"),
        ("BATON_PORT_8700_TCP_ADDR", "10.0.0.1"),
        ("BATON_SERVICE_HOST", "10.0.0.1"),
        ("BATON_ADMIN_SERVICE_PORT_HTTP", "8701"),
    ];
    dev("", &env);
}

#[test]
fn everything_wrong_is_reported_at_once_with_key_bounds_and_source() {
    let file = "public_url = 'ftp://x'\n[streams]\npong_timeout_ms = 100\nlimit = 'two'\n\
                allowed_origins = ['*']\n";
    let env = [("BATON_SHORT_CODES__LENGTH", "3"), ("BATON_STREAMS__TAKEOVER", "yes")];
    let all = problems(file, &env, false);
    let starts = [
        "line 1: public_url is not usable; expected a URL http(s)://",
        "line 3: streams.pong_timeout_ms is 100; expected an integer from 3000 to 60000",
        "line 4: streams.limit is \"two\"; expected an integer from 0 to 10000",
        "line 5: streams.allowed_origins has an entry that is \"*\"; expected an origin such as",
        "BATON_SHORT_CODES__LENGTH: short_codes.length is 3; expected an integer from 4 to 12",
        "BATON_STREAMS__TAKEOVER: streams.takeover is \"yes\"; expected true or false",
        "not set: auth.secret or auth.jwks or a [[tenants]] entry is required",
    ];
    assert_eq!(all.len(), starts.len(), "{all:#?}");
    for (problem, start) in all.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
    }
}

#[test]
fn broken_toml_is_told_by_line_without_quoting_it() {
    let all = problems("listen = '127.0.0.1:1'\n[auth]\nsecret = \"hunter2\n", &[], true);
    assert!(all[0].starts_with("line 3: ") && all[0].contains("not TOML"), "{all:?}");
    assert!(!all.concat().contains("hunter2"));
}

#[test]
fn no_secret_is_ever_shown() {
    let file = "[admin]\ntoken = 'hunter2'\n[watch]\napi_key = 'hunter2'\n[auth]\nsecret = 'hunter2'\n\
                [[tenants]]\npublisher_id = 'p'\njwks = 'https://u:hunter2@keys/set'\n";
    let settings = dev(file, &[("BATON_STORE__URL", "redis://u:hunter2@h/1")]);
    let shown = settings.to_toml_redacted();
    assert!(!shown.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    assert!(shown.contains("url = \"redis://u:<redacted>@h:6379/1\""), "{shown}");
    let bad = [("BATON_STORE__URL", "redis://:hunter2@h/x"), ("BATON_AUTH__SECRET", "hunter2\n")];
    let all = problems("[admin]\ntoken = ['hunter2']", &bad, true);
    assert!(all.len() == 3 && !all.concat().contains("hunter2"), "{all:#?}");
}

#[test]
fn the_effective_configuration_is_toml_that_settings_can_be_read_from() {
    let shown = dev("[[streams.rules]]\ntag = 'x*'\nlimit = 3", &[]).to_toml_redacted();
    let again = dev(&shown, &[]).to_toml_redacted();
    assert_eq!(shown, again);
    assert!(shown.contains("public_url = \"http://127.0.0.1:8700/\""), "{shown}");
}

#[test]
fn a_cluster_needs_a_strong_secret_outside_dev() {
    let auth = ("BATON_AUTH__SECRET", SECRET);
    let redis = ("BATON_STORE__URL", "redis://h");
    let with = |secret: &'static str| [auth, redis, ("BATON_CLUSTER__SECRET", secret)];
    assert!(problem("", &[auth, redis], false).starts_with("not set: cluster.secret is required"));
    let short = problem("", &with("short"), false);
    assert!(short.starts_with("BATON_CLUSTER__SECRET: cluster.secret is too short"), "{short}");
    let repeated = problem("", &with("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false);
    assert!(repeated.contains("one character repeated"), "{repeated}");
    load("", &with(SECRET), false).expect("good settings");
    load("", &with("short"), true).expect("anything goes with --dev");
    load("", &[auth], false).expect("a single node makes its own");
}

#[test]
fn files_for_tls_need_tls_and_a_certificate_needs_its_key() {
    let ca = "[store]\nca_file = 'ca.pem'\n";
    let found = problem(&format!("{ca}url = 'redis://h'"), &[], true);
    assert!(found.starts_with("line 2: store.ca_file needs TLS"), "{found}");
    assert!(problem(ca, &[], true).contains("store.ca_file needs TLS"));
    let tls = ("BATON_STORE__URL", "rediss+cluster://h");
    for file in ["cert_file", "key_file"] {
        let found = problem(&format!("[store]\n{file} = 'x.pem'"), &[tls], true);
        assert!(found.starts_with(&format!("line 2: store.{file} stands alone")), "{found}");
    }
    dev("[store]\nca_file = 'a'\ncert_file = 'b'\nkey_file = 'c'", &[tls]);
}

#[test]
fn an_admin_listener_beyond_loopback_needs_a_token() {
    let open = ("BATON_ADMIN__LISTEN", "0.0.0.0:8701");
    assert!(problem("", &[open], true).contains("admin.token is required, because admin.listen"));
    dev("", &[open, ("BATON_ADMIN__TOKEN", "t")]);
}

#[test]
fn short_hs256_secrets_are_taken_with_a_warning() {
    let settings = load("[auth]\nsecret = 'short'", &[], false).expect("good settings");
    assert!(settings.warnings()[0].contains("shorter than the 32 bytes"));
    assert!(dev("[auth]\nsecret = 'short'", &[]).warnings().is_empty());
}

#[test]
fn tenants_are_unique_and_have_one_kind_of_key() {
    let file = "[[tenants]]\npublisher_id = 'a'\nsecret = 's'\njwks = 'f'\n\
                [[tenants]]\npublisher_id = 'a'\n";
    let all = problems(file, &[], false);
    assert_eq!(all[0], "line 1: tenants[0] has both secret and jwks; keep one of them");
    assert_eq!(all[1], "line 5: tenants[1] needs secret or jwks");
    assert_eq!(all[2], "line 6: tenants[1].publisher_id \"a\" is already that of tenants[0]");
    let nameless = problem("[[tenants]]\nsecret = 's'", &[], false);
    assert_eq!(nameless, "line 1: tenants[0].publisher_id is missing");
}

#[test]
fn a_rule_is_for_one_kind_of_pool() {
    for rule in ["offer = 'a'\ntag = 'b'", "limit = 3"] {
        let found = problem(&format!("[[streams.rules]]\n{rule}"), &[], true);
        assert!(found.starts_with("line 1: streams.rules[0] needs exactly one of"), "{found}");
    }
    let found = problem("[[streams.rules]]\noffer = 'a['", &[], true);
    assert!(found.starts_with("line 2: streams.rules[0].offer is \"a[\"; expected a glob"));
}

#[test]
fn tenants_override_defaults_and_share_the_rules() {
    let file = "[streams]\naccount_limit = 9\n[[streams.rules]]\noffer = 'S*'\nlimit = 5\n\
                [[tenants]]\npublisher_id = 7\nsecret = 's'\nlimit = 1\npolicy = 'reject'\n\
                on_failure = 'allow'\nallowed_origins = ['https://a.example.com']";
    let settings = dev(file, &[]);
    let (own, other) = (TenantId::from("7"), TenantId::from("8"));
    let terms = |tenant, offer| {
        let limits = settings.limits();
        let terms = limits.of(tenant).terms(&Pool::new(PoolKind::Offer, offer), None);
        (terms.limit, terms.account_limit, terms.policy)
    };
    assert_eq!(terms(&own, "S1"), (5, Some(9), Policy::Reject));
    assert_eq!(terms(&own, "T1"), (1, Some(9), Policy::Reject));
    assert_eq!(terms(&other, "T1"), (2, Some(9), Policy::Ask));
    assert_eq!(settings.on_failure(&own), OnFailure::Allow);
    assert_eq!(settings.on_failure(&other), OnFailure::Deny);
    assert_eq!(settings.stream_origins(&own).len(), 1);
    assert!(settings.stream_origins(&other).is_empty());
}

#[test]
fn urls_follow_the_bound_address_unless_set() {
    let bound: SocketAddr = "0.0.0.0:4711".parse().expect("an address");
    let settings = dev("[node]\ninternal_url = 'http://10.0.0.1:1'", &[]);
    assert_eq!(settings.public_url(bound).as_str(), "http://127.0.0.1:4711/");
    assert_eq!(settings.internal_url(bound).as_str(), "http://10.0.0.1:1/");
}

#[test]
fn cookies_follow_the_public_url_and_refuse_what_browsers_drop() {
    let cookie = dev("", &[]).cobrowse.cookie;
    let plain = cookie.attributes(false);
    assert_eq!((plain.same_site, plain.secure, plain.partitioned), (SameSite::Lax, false, false));
    let https = cookie.attributes(true);
    assert_eq!((https.same_site, https.secure, https.partitioned), (SameSite::None, true, true));
    let found = problem("[cobrowse.cookie]\nsame_site = 'none'", &[], true);
    assert!(found.starts_with("line 2: cobrowse.cookie.same_site none needs Secure"), "{found}");
}

#[test]
fn base_paths_lie_apart_and_a_drain_ends_before_its_deadline() {
    let found = problem("[cobrowse]\nbase_path = '/api'", &[], true);
    assert!(found.starts_with("line 2: cobrowse.base_path"), "{found}");
    for path in ["", "/", "/a/", "a", "/a//b", "/{id}", "/../a"] {
        problem(&format!("[cobrowse]\nbase_path = '{path}'"), &[], true);
    }
    let found = problem("[node]\ndrain_seconds = 31", &[], true);
    assert!(found.contains("node.drain_deadline_seconds is 30; expected at least"), "{found}");
}

#[test]
fn the_example_file_is_good_as_it_stands() {
    let settings = load(include_str!("../../baton.example.toml"), &[], false);
    settings.expect("good settings");
}
