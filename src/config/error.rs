//! What is wrong with the settings, all of it at once.

use std::{fmt, io, path::PathBuf};

/// Where a value was given. Problems are listed in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A line of the file.
    File {
        /// The path as it was given.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// Nowhere: the default stands, or the value is missing.
    Nowhere,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Nowhere => f.write_str("not set"),
        }
    }
}

/// One thing to put right. Its text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where to look.
    pub source: Source,
    /// The full key, such as `streams.pong_timeout_ms`; empty if the file cannot be parsed.
    pub key: String,
    /// What is wrong with it, and what is expected.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.key.is_empty() { "" } else { " " };
        write!(f, "{}: {}{space}{}", self.source, self.key, self.what)
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file that was asked for.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Everything that was found, in the order of the file, then the variables.
    #[error("the configuration has {} problem(s):{}", .0.len(), list(.0))]
    Invalid(Vec<Problem>),
}

impl ConfigError {
    /// The single problems; none if the file could not even be read.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Read { .. } => &[],
            Self::Invalid(problems) => problems,
        }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}
