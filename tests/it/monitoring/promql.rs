//! Reads as much of PromQL as is needed to see what a query names.

use std::collections::BTreeSet;

/// What follows these in parentheses are labels.
const GROUPINGS: [&str; 4] = ["by", "on", "without", "ignoring"];

/// A series that a query asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Selector {
    pub(super) name: String,
    /// Label, operator, value.
    pub(super) matchers: Vec<(String, String, String)>,
}

/// What a query names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) selectors: BTreeSet<Selector>,
    /// Labels that it groups by.
    pub(super) labels: BTreeSet<String>,
}

/// Whether a word is the name of a series that somebody exposes: functions have none of these.
fn is_metric(word: &str) -> bool {
    ["baton_", "haproxy_", "redis_"].iter().any(|prefix| word.starts_with(prefix))
        || ["up", "ALERTS"].contains(&word)
}

/// Reads a query.
pub(super) fn names(query: &str) -> Names {
    let mut names = Names::default();
    let mut rest = query;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '"')
    {
        rest = &rest[start..];
        if let Some(text) = rest.strip_prefix('"') {
            rest = &text[text.find('"').expect("a text ends") + 1..];
            continue;
        }
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        if GROUPINGS.contains(&word) {
            let labels = after.trim_start().strip_prefix('(').expect("labels in parentheses");
            let (labels, after) = labels.split_once(')').expect("parentheses close");
            names.labels.extend(
                labels
                    .split(',')
                    .map(str::trim)
                    .filter(|label| !label.is_empty())
                    .map(str::to_owned),
            );
            rest = after;
        } else if is_metric(word) {
            let (matchers, after) = matchers(after);
            names.selectors.insert(Selector { name: word.to_owned(), matchers });
            rest = after;
        }
    }
    names
}

/// The matchers that follow a name, and what follows them.
fn matchers(after: &str) -> (Vec<(String, String, String)>, &str) {
    let Some(inside) = after.strip_prefix('{') else { return (Vec::new(), after) };
    let (mut found, mut rest) = (Vec::new(), inside);
    while !rest.starts_with('}') {
        let (head, value) = rest.split_once('"').expect("a value in quotes");
        let (value, after) = value.split_once('"').expect("quotes close");
        let head = head.trim_start_matches([',', ' ']);
        let (label, operator) = head.split_at(head.find(['=', '!']).expect("an operator"));
        found.push((label.trim().to_owned(), operator.trim().to_owned(), value.to_owned()));
        rest = after;
    }
    (found, &rest[1..])
}

#[test]
fn a_query_names_series_matchers_and_labels() {
    let query =
        r#"sum by (instance, le) (rate(baton_a_bucket{x="1",y=~"5.."}[5m])) and on () up == 1"#;
    let names = names(query);
    let one = |label: &str, operator: &str, value: &str| {
        (label.to_owned(), operator.to_owned(), value.to_owned())
    };
    let bucket = Selector {
        name: "baton_a_bucket".to_owned(),
        matchers: vec![one("x", "=", "1"), one("y", "=~", "5..")],
    };
    let up = Selector { name: "up".to_owned(), matchers: Vec::new() };
    assert_eq!(names.selectors.into_iter().collect::<Vec<_>>(), [bucket, up]);
    assert_eq!(names.labels.into_iter().collect::<Vec<_>>(), ["instance", "le"]);
}
