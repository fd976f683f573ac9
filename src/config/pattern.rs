//! Globs over offers, tags and device types.

use std::{fmt, str::FromStr};

use globset::{Glob, GlobMatcher};

use super::text::as_text;

/// A glob, compiled once while the settings are read.
#[derive(Clone)]
pub struct Pattern(GlobMatcher);

impl Pattern {
    /// The compiled form. Cloning it is not free: it is for start-up.
    pub fn matcher(&self) -> &GlobMatcher {
        &self.0
    }
}

impl FromStr for Pattern {
    type Err = globset::Error;

    fn from_str(text: &str) -> Result<Self, globset::Error> {
        Glob::new(text).map(|glob| Self(glob.compile_matcher()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.glob().glob())
    }
}

as_text!(Pattern);
