//! `scripts/env.sh`: the secrets of docker-compose.yml.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the script, and reads what the file says then.
fn write(file: &Path) -> BTreeMap<String, String> {
    let status = Command::new("sh").arg(root().join("scripts/env.sh")).arg(file).status();
    assert!(status.unwrap().success());
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    let text = fs::read_to_string(file).unwrap();
    let pairs = text.lines().filter(|line| !line.starts_with('#'));
    pairs.filter_map(|line| line.split_once('=')).map(|(n, v)| (n.into(), v.into())).collect()
}

/// The names without which docker-compose.yml refuses to start.
fn required() -> Vec<String> {
    let text = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let names = text.split("${").skip(1).filter_map(|rest| Some(rest.split_once(":?")?.0));
    names.filter(|name| !name.contains('}')).map(str::to_owned).collect()
}

#[test]
fn env_makes_every_secret_that_compose_asks_for_and_each_another() {
    let directory = tempfile::tempdir().unwrap();
    let made = write(&directory.path().join("env"));
    let again = write(&directory.path().join("another"));
    let required = required();
    assert!(required.len() > 5, "{required:?}");
    for name in required {
        let value = made.get(&name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(value.len(), 64, "{name}: 256 bits, hexadecimal");
        assert_ne!(again[&name], *value, "{name}");
        assert_eq!(made.values().filter(|other| *other == value).count(), 1, "{name}");
    }
}

#[test]
fn env_keeps_what_is_there_and_adds_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("env");
    // Written by hand: readable by all, one secret empty, the last line not ended.
    fs::write(&file, "# mine\nREDIS_PASSWORD=\nBATON_PORT=9000\nBATON_AUTH_SECRET=chosen").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let made = write(&file);
    assert_eq!(made["BATON_AUTH_SECRET"], "chosen");
    assert_eq!(made["BATON_PORT"], "9000");
    assert_eq!(made["REDIS_PASSWORD"].len(), 64);
    assert!(fs::read_to_string(&file).unwrap().starts_with("# mine\n"));
    assert_eq!(write(&file), made, "nothing changes any more");
}
