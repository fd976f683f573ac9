//! The shipped scrape configuration and alerts, by Prometheus's own tool.

use std::{path::Path, process::Command};

use crate::support::{front::shipped, servant::PROGRAMS};

fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus"))
        .env("PATH", PROGRAMS)
        .output()
        .unwrap_or_else(|error| panic!("promtool: {error} (make deps)"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
}

#[test]
fn promtool_takes_the_configuration_and_its_rules() {
    promtool(&["check", "config", "prometheus.yml"]);
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"]);
}

#[test]
fn alerts_fire_when_they_should_and_not_when_they_should_not() {
    promtool(&["test", "rules", "alerts_test.yml"]);
}

/// The names of all alerts.
pub(super) fn alerts() -> Vec<String> {
    let rules = shipped("prometheus/alerts.yml");
    let names = rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: "));
    names.map(str::to_owned).collect()
}

#[test]
fn every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let tests = shipped("prometheus/alerts_test.yml");
    for alert in alerts() {
        assert!(
            tests.contains(&format!("        alertname: {alert}\n        exp_alerts:\n")),
            "{alert} never fires"
        );
        let silent = format!("alertname: {alert}, exp_alerts: []");
        // Some are told apart from silence by the nodes and routes that they do not name.
        let names_one = ["BatonInternalErrors"].contains(&alert.as_str());
        assert!(names_one || tests.contains(&silent), "{alert} is never silent");
    }
}
