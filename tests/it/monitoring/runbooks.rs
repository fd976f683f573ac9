//! Each alert has a paragraph in the operators' guide, and leads there.

use super::rules::alerts;
use crate::support::front::shipped;

/// The headings of the guide's section on alerts that are names of alerts.
fn runbooks() -> Vec<String> {
    let guide = shipped("README.md");
    let section = guide.split("\n## Alerts\n").nth(1).expect("a section on alerts");
    let section = section.split("\n## ").next().expect("it has an end");
    let headings = section.lines().filter_map(|line| line.strip_prefix("### "));
    headings.map(str::to_owned).collect()
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let (mut alerts, mut runbooks) = (alerts(), runbooks());
    assert!(alerts.len() > 20, "{alerts:?}");
    alerts.sort();
    runbooks.sort();
    assert_eq!(alerts, runbooks);
}

#[test]
fn every_alert_leads_to_its_runbook() {
    let rules = shipped("prometheus/alerts.yml");
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().expect("a name");
        let runbook = format!("runbook: deploy/README.md#{}\n", name.to_lowercase());
        assert!(rule.contains(&runbook), "{name}: {runbook}");
        assert!(rule.contains("severity: "), "{name}: no severity");
        assert!(rule.contains("summary: "), "{name}: no summary");
    }
}

#[test]
fn every_runbook_says_what_it_means_who_notices_and_what_to_do() {
    let guide = shipped("README.md");
    for alert in alerts() {
        let paragraph = guide.split(&format!("\n### {alert}\n")).nth(1).expect("a paragraph");
        let paragraph = paragraph.split("\n#").next().expect("it has an end");
        for word in ["**Means**", "**Noticed by**", "**Do**"] {
            assert!(paragraph.contains(word), "{alert}: {word}");
        }
    }
}
