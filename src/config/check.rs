//! Rules between settings: what no single value can tell.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    path::PathBuf,
};

use url::{Host, Url};

use super::{
    error::{Problem, Source},
    secret::{JwksSource, Secret},
    settings::{SameSite, Settings},
    table,
};

/// Below this, a cluster secret can be guessed: 128 bits as hexadecimal digits.
const CLUSTER_SECRET_CHARS: usize = 32;
const MAKE_SECRET: &str = "make one with: openssl rand -hex 32";
/// RFC 7518 §3.2: a key of HS256 has at least the length of the hash.
const HS256_SECRET_BYTES: usize = 32;
/// A shorter admin token invites guessing.
const ADMIN_TOKEN_CHARS: usize = 16;

type Sources = BTreeMap<String, Source>;

/// Adds what is wrong between settings that are each good by themselves.
pub(super) fn problems(
    settings: &Settings,
    sources: &Sources,
    problems: Vec<Problem>,
) -> Vec<Problem> {
    let mut check = Check { settings, sources, problems };
    check.cluster_secret();
    check.store_files();
    check.admin_token();
    check.auth();
    // An entry with a problem was left out: the places of the others are not what they were.
    if !check.has_problem("tenants[") {
        check.tenants();
    }
    if !check.has_problem("streams.rules[") {
        check.rules();
    }
    check.base_paths();
    check.cookie();
    check.drain();
    check.problems
}

/// The problem of a cluster without a secret.
pub(super) fn cluster_secret_missing() -> Problem {
    missing(
        "cluster.secret",
        "is required with a Redis store, the same on every node, at least 32 characters",
    )
}

fn missing(key: &str, why: &str) -> Problem {
    let variable = table::variable(key).map_or(String::new(), |name| format!(" or {name}"));
    let what = format!("{why}; set it in the file{variable}");
    Problem { source: Source::Nowhere, key: key.to_owned(), what }
}

struct Check<'a> {
    settings: &'a Settings,
    sources: &'a Sources,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, key: &str, what: impl Into<String>) {
        let source = self.sources.get(key).cloned().unwrap_or(Source::Nowhere);
        self.problems.push(Problem { source, key: key.to_owned(), what: what.into() });
    }

    fn has_problem(&self, prefix: &str) -> bool {
        self.problems.iter().any(|problem| problem.key.starts_with(prefix))
    }

    fn cluster_secret(&mut self) {
        let secret = self.settings.cluster.secret.expose();
        if self.settings.dev || !self.sources.contains_key("cluster.secret") {
            return;
        }
        if secret.chars().count() < CLUSTER_SECRET_CHARS {
            let what = format!("is too short; expected at least {CLUSTER_SECRET_CHARS} characters");
            self.add("cluster.secret", format!("{what}; {MAKE_SECRET}"));
        } else if secret.chars().all(|c| secret.starts_with(c)) {
            self.add("cluster.secret", format!("is one character repeated; {MAKE_SECRET}"));
        }
    }

    /// What is given and not used would be a false sense of safety.
    fn store_files(&mut self) {
        let store = &self.settings.store;
        let pair = [("store.cert_file", &store.cert_file), ("store.key_file", &store.key_file)];
        let given = |(_, file): &(&str, &Option<PathBuf>)| file.is_some();
        if !store.url.has_tls() {
            let files = [("store.ca_file", &store.ca_file)].into_iter().chain(pair);
            if let Some((key, _)) = files.into_iter().find(given) {
                self.add(key, "needs TLS: a store.url that begins with rediss");
            }
        }
        if pair.iter().filter(|file| given(file)).count() == 1
            && let Some((key, _)) = pair.into_iter().find(given)
        {
            self.add(key, "stands alone; store.cert_file and store.key_file belong together");
        }
    }

    fn admin_token(&mut self) {
        let admin = &self.settings.admin;
        let given = self.sources.contains_key("admin.token");
        if !admin.listen.ip().is_loopback() && admin.token.is_none() && !given {
            let why = format!("is required, because admin.listen {} is not loopback", admin.listen);
            self.problems.push(missing("admin.token", &why));
        }
    }

    fn auth(&mut self) {
        let auth = &self.settings.auth;
        if auth.secret.is_some() && auth.jwks.is_some() {
            self.add("auth.jwks", "stands beside auth.secret; keep one of them");
        }
        // By source, so that a tenant with another problem does not cause this one as well.
        let given = |key: &String| key.starts_with("auth.") || key.starts_with("tenants[");
        if !self.settings.dev && !self.sources.keys().any(given) {
            let why = "or auth.jwks or a [[tenants]] entry is required: without keys no token can be verified";
            self.problems.push(missing("auth.secret", &format!("{why} (or run with --dev)")));
        }
    }

    fn tenants(&mut self) {
        let mut first = HashMap::new();
        for (index, tenant) in self.settings.tenants.iter().enumerate() {
            let key = format!("tenants[{index}]");
            match (&tenant.secret, &tenant.jwks) {
                (Some(_), Some(_)) => self.add(&key, "has both secret and jwks; keep one of them"),
                (None, None) => self.add(&key, "needs secret or jwks"),
                (Some(_), None) | (None, Some(_)) => {}
            }
            if let Some(earlier) = first.insert(&tenant.publisher_id, index) {
                let what =
                    format!("{:?} is already that of tenants[{earlier}]", tenant.publisher_id);
                self.add(&format!("{key}.publisher_id"), what);
            }
        }
    }

    fn rules(&mut self) {
        for (index, rule) in self.settings.streams.rules.iter().enumerate() {
            let globs = [&rule.offer, &rule.tag, &rule.device_type];
            if globs.iter().filter(|glob| glob.is_some()).count() != 1 {
                let key = format!("streams.rules[{index}]");
                self.add(
                    &key,
                    "needs exactly one of offer, tag, device_type; write a rule for each",
                );
            }
        }
    }

    /// One router serves both: neither may lie inside the other.
    fn base_paths(&mut self) {
        let media = format!("{}/", self.settings.media_sessions.base_path);
        let cobrowse = format!("{}/", self.settings.cobrowse.base_path);
        if media.starts_with(&cobrowse) || cobrowse.starts_with(&media) {
            let key = if self.sources.contains_key("cobrowse.base_path") {
                "cobrowse.base_path"
            } else {
                "media_sessions.base_path"
            };
            self.add(key, "media_sessions.base_path and cobrowse.base_path must lie apart");
        }
    }

    fn cookie(&mut self) {
        let cookie = self.settings.cobrowse.cookie.attributes(is_https(self.settings));
        let secure = "needs Secure, or browsers drop the cookie: \
                      use an https public_url, or set cobrowse.cookie.secure";
        if cookie.secure {
            return;
        }
        if cookie.same_site == SameSite::None {
            self.add("cobrowse.cookie.same_site", format!("none {secure}"));
        }
        if cookie.partitioned {
            self.add("cobrowse.cookie.partitioned", secure);
        }
    }

    fn drain(&mut self) {
        let node = &self.settings.node;
        if node.drain_deadline_seconds < node.drain_seconds {
            let what = format!(
                "is {}; expected at least node.drain_seconds ({})",
                node.drain_deadline_seconds, node.drain_seconds
            );
            self.add("node.drain_deadline_seconds", what);
        }
    }
}

fn is_https(settings: &Settings) -> bool {
    settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
}

/// What is allowed but unwise. Nothing is, with `--dev`.
pub(super) fn warnings(settings: &Settings, sources: &Sources) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.dev {
        return warnings;
    }
    weak_keys(settings, &mut warnings);
    if settings.admin.token.as_ref().is_some_and(|t| t.expose().len() < ADMIN_TOKEN_CHARS) {
        warnings.push(format!("admin.token is shorter than {ADMIN_TOKEN_CHARS} characters"));
    }
    if settings.public_url.as_ref().is_some_and(is_plain_and_remote) {
        warnings.push("public_url is http: tokens travel in the clear".to_owned());
    }
    let clustered = !settings.is_single_node() && !sources.contains_key("node.internal_url");
    if clustered && settings.listen.ip().is_unspecified() {
        let what = "node.internal_url is not set and listen is a wildcard address: \
                    other machines cannot reach this node";
        warnings.push(what.to_owned());
    }
    if settings.cobrowse.open_join {
        warnings.push("cobrowse.open_join lets whoever knows a session token watch".to_owned());
    }
    warnings
}

/// Vendors hand out short secrets, so they are taken, but not in silence.
fn weak_keys(settings: &Settings, warnings: &mut Vec<String>) {
    let own = settings.tenants.iter().map(|tenant| {
        (format!("the tenant {:?}", tenant.publisher_id), &tenant.secret, &tenant.jwks)
    });
    let default = ("auth".to_owned(), &settings.auth.secret, &settings.auth.jwks);
    for (whose, secret, jwks) in std::iter::once(default).chain(own) {
        if secret.as_ref().is_some_and(is_short) {
            let what = "is shorter than the 32 bytes that HS256 asks for (RFC 7518 §3.2)";
            warnings.push(format!("the secret of {whose} {what}"));
        }
        if let Some(JwksSource::Url(url)) = jwks
            && is_plain_and_remote(url)
        {
            warnings.push(format!(
                "the jwks of {whose} come over http: anybody between can forge them"
            ));
        }
    }
}

fn is_short(secret: &Secret) -> bool {
    secret.expose().len() < HS256_SECRET_BYTES
}

fn is_plain_and_remote(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => true,
    };
    url.scheme() == "http" && !local
}
