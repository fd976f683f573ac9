//! The table: printed, and kept in `bench/README.md`.

use std::{fs, path::Path};

use crate::{Result, machine};

/// The table stands between these lines of the README.
const BEGIN: &str = "<!-- results: written by make bench -->\n";
const END: &str = "<!-- end of results -->";

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

/// One line of the table.
pub(crate) struct Row {
    id: &'static str,
    figure: String,
    value: String,
    target: String,
    verdict: &'static str,
}

impl Row {
    /// A figure without a target of its own.
    pub(crate) fn fact(id: &'static str, figure: impl Into<String>, value: String) -> Self {
        Self { id, figure: figure.into(), value, target: "–".into(), verdict: "" }
    }

    fn judged(
        id: &'static str,
        figure: impl Into<String>,
        value: f64,
        target: Target,
        form: impl Fn(f64) -> String,
    ) -> Self {
        let (met, target) = match target {
            Target::AtMost(most) => (value <= most, format!("≤ {}", form(most))),
            Target::AtLeast(least) => (value >= least, format!("≥ {}", form(least))),
        };
        let verdict = if met { "met" } else { "**missed**" };
        Self { id, figure: figure.into(), value: form(value), target, verdict }
    }

    /// So many times as much.
    pub(crate) fn ratio(
        id: &'static str,
        figure: impl Into<String>,
        value: f64,
        target: Target,
    ) -> Self {
        Self::judged(id, figure, value, target, |value| format!("{value:.2} ×"))
    }

    /// Bytes.
    pub(crate) fn bytes(
        id: &'static str,
        figure: impl Into<String>,
        value: f64,
        target: Target,
    ) -> Self {
        Self::judged(id, figure, value, target, |value| format!("{value:.0} B"))
    }

    /// Milliseconds.
    pub(crate) fn ms(
        id: &'static str,
        figure: impl Into<String>,
        value: f64,
        target: Target,
    ) -> Self {
        Self::judged(id, figure, value, target, |value| format!("{value:.1} ms"))
    }

    /// Megabytes.
    pub(crate) fn mb(id: &'static str, figure: &str, value: f64, target: Target) -> Self {
        Self::judged(id, figure, value, target, |value| format!("{value:.1} MB"))
    }
}

/// All rows of a run.
pub(crate) struct Report(Vec<Row>);

impl Report {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        self.0.extend(rows);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a table, below the machine it was measured on.
    pub(crate) fn markdown(&self) -> Result<String> {
        let mut text = format!("{}\n\n", machine::describe()?);
        text.push_str("| # | figure | value | target | |\n|---|---|---|---|---|\n");
        for Row { id, figure, value, target, verdict } in &self.0 {
            text.push_str(&format!("| {id} | {figure} | {value} | {target} | {verdict} |\n"));
        }
        Ok(text)
    }
}

/// Puts a table in the place of the last one.
pub(crate) fn keep(table: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) =
        text.split_once(BEGIN).ok_or("bench/README.md has no place for results")?;
    let (_, after) = rest.split_once(END).ok_or("bench/README.md has no end of results")?;
    fs::write(path, format!("{before}{BEGIN}{table}{END}{after}"))?;
    Ok(())
}
