//! The dashboard as a file: what Grafana would not say is wrong with it.

use std::collections::HashSet;

use serde_json::Value;

use crate::support::front::shipped;

/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

/// The shipped dashboard.
pub(super) fn dashboard() -> Value {
    serde_json::from_str(&shipped("grafana/dashboards/baton.json")).expect("JSON")
}

/// Its panels, rows included.
pub(super) fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().expect("panels")
}

/// The queries of a panel: each with its legend.
pub(super) fn queries(panel: &Value) -> Vec<(String, String)> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    let text = |target: &Value, member: &str| target[member].as_str().expect(member).to_owned();
    targets.map(|target| (text(target, "expr"), text(target, "legendFormat"))).collect()
}

fn title(panel: &Value) -> &str {
    panel["title"].as_str().expect("a title")
}

/// x, y, width, height.
fn place(panel: &Value) -> [u64; 4] {
    ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect(side))
}

#[test]
fn panels_are_named_described_and_measured_in_a_unit() {
    let dashboard = dashboard();
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for panel in panels(&dashboard) {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{}: its id", title(panel));
        assert!(titles.insert(title(panel)), "{}: twice", title(panel));
        if panel["type"] == "row" {
            continue;
        }
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        assert!(text(&panel["description"]), "{}: no description", title(panel));
        assert!(text(&panel["fieldConfig"]["defaults"]["unit"]), "{}: no unit", title(panel));
        let queries = queries(panel);
        assert!(!queries.is_empty(), "{}: asks for nothing", title(panel));
        for (query, _) in queries {
            // What is chosen above must count below.
            assert!(!query.contains("baton_") || query.contains("$node"), "{query}");
        }
    }
}

#[test]
fn every_query_goes_to_the_source_that_is_chosen() {
    let dashboard = dashboard();
    let sources = panels(&dashboard).iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| &target["datasource"]).chain([&panel["datasource"]])
    });
    let sources = sources.filter(|source| !source.is_null());
    assert!(sources.clone().count() > 50);
    for source in sources {
        assert_eq!(
            (&source["type"], &source["uid"]),
            (&"prometheus".into(), &"${datasource}".into())
        );
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let names: Vec<_> = variables.iter().map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["datasource", "node"]);
    // Provisioned by the name that the compose profile gives Prometheus, and read from where it is put.
    assert!(
        shipped("grafana/provisioning/datasources/prometheus.yml")
            .contains("http://prometheus:9090")
    );
    let provider = shipped("grafana/provisioning/dashboards/baton.yml");
    assert!(provider.contains("path: /var/lib/grafana/dashboards"));
}

#[test]
fn panels_neither_overlap_nor_leave_the_grid() {
    let dashboard = dashboard();
    let panels = panels(&dashboard);
    for (at, panel) in panels.iter().enumerate() {
        let [x, y, width, height] = place(panel);
        assert!(width > 0 && height > 0 && x + width <= COLUMNS, "{}", title(panel));
        for other in &panels[at + 1..] {
            let [other_x, other_y, other_width, other_height] = place(other);
            let apart = x + width <= other_x
                || other_x + other_width <= x
                || y + height <= other_y
                || other_y + other_height <= y;
            assert!(apart, "{} and {} overlap", title(panel), title(other));
        }
    }
    // Each line of panels is full, so that nothing jumps when Grafana packs them.
    let mut area = 0;
    let mut bottom = 0;
    for panel in panels {
        let [_, y, width, height] = place(panel);
        area += width * height;
        bottom = bottom.max(y + height);
    }
    assert_eq!(area, bottom * COLUMNS, "there are holes");
}
