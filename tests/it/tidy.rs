//! The tree itself: layers, sizes, script headers, and that the README tells of everything.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton::{
    config::{self, SettingDoc},
    http::problem::Kind,
    ws::{cobrowse::Close, protocol::CloseReason},
};

const LONGEST_SOURCE: usize = 400;
const LONGEST_SCRIPT: usize = 100;

/// What each layer must not know.
const LAYERS: [(&str, &[&str]); 5] = [
    (
        "src/domain",
        &[
            "axum",
            "redis",
            "std::env",
            "crate::http",
            "crate::ws",
            "crate::backend",
            "crate::app",
            "crate::config",
            "crate::activity",
        ],
    ),
    (
        "src/activity",
        &[
            "axum",
            "redis",
            "crate::http",
            "crate::ws",
            "crate::backend",
            "crate::app",
            "crate::node",
        ],
    ),
    ("src/backend", &["axum", "crate::http", "crate::ws", "crate::app"]),
    ("src/http", &["crate::backend", "redis"]),
    ("src/ws", &["crate::backend", "crate::http", "redis"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of that extension below a directory, by its path from the root.
fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert!(!found.is_empty(), "no .{extension} below {directory}");
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// The lines of code: no comments, and not the tests at the end.
fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Panics with the whole list, so that one run shows all there is to do.
fn none(what: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what}:\n{}", offences.join("\n"));
}

#[test]
fn dependencies_point_one_way() {
    let mut offences = Vec::new();
    for (layer, unknown) in LAYERS {
        for path in files(layer, "rs") {
            for (at, line) in code(&read(&path)) {
                if unknown.iter().any(|word| line.contains(word)) {
                    offences.push(format!("{}:{at}: {line}", path.display()));
                }
            }
        }
    }
    none("a layer knows what it must not", &offences);
}

#[test]
fn files_are_short() {
    let mut offences = Vec::new();
    for path in files("src", "rs") {
        let source = read(&path);
        let tests = source.lines().position(|line| line.starts_with("#[cfg(test)]"));
        let lines = tests.unwrap_or_else(|| source.lines().count());
        if lines > LONGEST_SOURCE {
            offences.push(format!("{}: {lines} lines", path.display()));
        }
    }
    for path in files("lua", "lua") {
        let lines = read(&path).lines().count();
        if lines > LONGEST_SCRIPT {
            offences.push(format!("{}: {lines} lines", path.display()));
        }
    }
    none("too long to read", &offences);
}

#[test]
fn every_module_says_its_job() {
    let silent = |path: &PathBuf| !read(path).starts_with("//!");
    let sources = files("src", "rs").into_iter().chain(files("tests", "rs"));
    let offences: Vec<_> =
        sources.filter(|path| !path.ends_with("auth/tests/mod.rs")).filter(silent).collect();
    none(
        "begins without //!",
        &offences.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
    );
}

#[test]
fn every_script_says_its_keys_arguments_and_replies() {
    let mut offences = Vec::new();
    for path in files("lua", "lua") {
        let source = read(&path);
        let header: Vec<_> = source.lines().take_while(|line| line.starts_with("--")).collect();
        for word in ["KEYS", "ARGV", "Returns"] {
            if !header.iter().any(|line| line.contains(word)) {
                offences.push(format!("{}: the header lists no {word}", path.display()));
            }
        }
    }
    none("script headers", &offences);
}

/// The key of every call is a name or an entry of KEYS: none is put together inside a script.
#[test]
fn scripts_call_only_keys_they_were_given() {
    let mut offences = Vec::new();
    for path in files("lua", "lua") {
        let source = read(&path);
        let calls = ["redis.call(", "redis.pcall("];
        for call in calls.iter().flat_map(|call| source.split(call).skip(1)) {
            let mut arguments = call.split([',', ')']).map(str::trim);
            let verb = arguments.next().unwrap_or_default();
            if verb == "'TIME'" {
                continue;
            }
            let key = arguments.next().unwrap_or_default();
            let index = key.strip_prefix("KEYS[").and_then(|rest| rest.strip_suffix(']'));
            let name = index.unwrap_or(key);
            let is_name = !name.is_empty()
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if !verb.starts_with('\'') || !is_name {
                offences.push(format!("{}: {verb} {key}", path.display()));
            }
        }
    }
    none("keys that were not given", &offences);
}

fn readme() -> String {
    read(Path::new("README.md"))
}

/// The rows of the README's tables.
fn rows(readme: &str) -> Vec<&str> {
    readme.lines().filter(|line| line.trim_start().starts_with('|')).collect()
}

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let readme = readme();
    let mut offences = Vec::new();
    for SettingDoc { key, default, values, meaning, .. } in config::reference() {
        let row = format!("| `{key}` | {default} | {values} | {meaning} |");
        if !readme.lines().any(|line| line == row) {
            offences.push(row);
        }
    }
    none("README.md lacks these rows of settings", &offences);
}

#[test]
fn the_readme_lists_every_problem_and_close_code() {
    let readme = readme();
    let rows = rows(&readme);
    let mut offences = Vec::new();
    for kind in Kind::ALL {
        let (uri, status) = (kind.uri(), kind.status().as_u16().to_string());
        let name = uri.rsplit(':').next().unwrap();
        let told = |row: &&str| {
            (row.contains(&uri) || row.contains(&format!("`{name}`"))) && row.contains(&status)
        };
        if !rows.iter().any(told) {
            offences.push(format!("{uri} with status {status}"));
        }
    }
    let relay = read(Path::new("docs/relay-protocol.md"));
    for reason in Close::ALL {
        if !relay.contains(&format!("| {} |", reason.code())) {
            offences.push(format!("close code {} ({reason:?}) of the relay", reason.code()));
        }
    }
    for reason in CloseReason::ALL {
        if !rows.iter().any(|row| row.contains(&reason.code().to_string())) {
            offences.push(format!("close code {} ({reason:?})", reason.code()));
        }
    }
    none("README.md tells nothing of", &offences);
}

#[test]
fn close_codes_say_whether_to_come_back() {
    let mut codes: Vec<_> = CloseReason::ALL.iter().map(|reason| reason.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CloseReason::ALL.len(), "each reason has its own code");
    for reason in CloseReason::ALL {
        // RFC 6455 §7.4.2 leaves 4000–4999 to applications.
        assert!((4000..5000).contains(&reason.code()) || reason == CloseReason::NotText);
        assert!(reason.text().len() <= 123, "{reason:?}");
    }
}

/// Where metrics are described at all, all of them are.
#[test]
fn described_metrics_are_complete() {
    let mut documents = vec![PathBuf::from("README.md")];
    for directory in ["docs", "deploy"].into_iter().filter(|name| root().join(name).exists()) {
        let markdown = |path: &PathBuf| path.extension().is_some_and(|found| found == "md");
        let entries = fs::read_dir(root().join(directory)).unwrap();
        let entries = entries.map(|entry| Path::new(directory).join(entry.unwrap().file_name()));
        documents.extend(entries.filter(markdown));
    }
    let source = read(Path::new("src/metrics.rs"));
    let declarations = source.split("registry.register").skip(1);
    let names = declarations.map(|rest| rest.split('"').nth(1).expect("a name"));
    let names: Vec<_> = names.map(|name| format!("baton_{name}")).collect();
    assert!(names.len() > 10, "{names:?}");
    for path in documents {
        let document = read(&path);
        let rows = rows(&document);
        if !rows.iter().any(|row| row.contains("`baton_")) {
            continue;
        }
        let missing = |name: &&String| !rows.iter().any(|row| row.contains(name.as_str()));
        let offences: Vec<_> = names.iter().filter(missing).cloned().collect();
        none(&format!("{}, metrics", path.display()), &offences);
    }
}

/// What begins at zero is what is counted elsewhere, by the same word.
#[test]
fn outcomes_that_begin_at_zero_are_counted() {
    let metrics = read(Path::new("src/metrics.rs"));
    let body = metrics.split("fn begin_at_zero").nth(1).expect("the function");
    let body = body.split("fn declare").next().expect("the next one");
    let words: Vec<_> = body.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 10, "{words:?}");
    let sources = files("src", "rs").into_iter().filter(|path| !path.ends_with("metrics.rs"));
    let sources: String = sources.map(|path| read(&path)).collect();
    let missing: Vec<_> =
        words.iter().filter(|word| !sources.contains(&format!("\"{word}\""))).collect();
    assert!(missing.is_empty(), "nobody counts {missing:?}");
}
