//! Which web origins may open sockets, read answers, embed pages.

/// A list of allowed origins; empty allows every origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Whitelist);

/// A list of the only allowed origins; empty allows none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whitelist(Vec<Pattern>);

/// An exact origin, or one with a single `*` inside its host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exact(Box<str>),
    Around { before: Box<str>, after: Box<str> },
}

impl Origins {
    /// The list as configured; its form was checked by the configuration.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Whitelist::new(patterns))
    }

    /// Whether nothing is listed, which allows every origin.
    pub fn allows_any(&self) -> bool {
        self.0.0.is_empty()
    }

    /// Whether a page of that origin is allowed.
    pub fn allow(&self, origin: &str) -> bool {
        self.allows_any() || self.0.lists(origin)
    }
}

impl Whitelist {
    /// The list as configured; its form was checked by the configuration.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let pattern = |text: &str| match text.split_once('*') {
            None => Pattern::Exact(text.into()),
            Some((before, after)) => Pattern::Around { before: before.into(), after: after.into() },
        };
        Self(patterns.into_iter().map(pattern).collect())
    }

    /// Whether that origin is listed.
    pub fn lists(&self, origin: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(origin))
    }
}

impl Whitelist {
    /// The list as sources of a content security policy, which knows a star for leading labels
    /// only: an origin with a star elsewhere is left out.
    pub fn frame_sources(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().filter_map(|pattern| match pattern {
            Pattern::Exact(exact) => Some(exact.to_string()),
            Pattern::Around { before, after } => {
                let is_leading = before.ends_with("://") && after.starts_with('.');
                is_leading.then(|| format!("{before}*{after}"))
            }
        })
    }
}

impl Pattern {
    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => origin == &**exact,
            Self::Around { before, after } => origin
                .strip_prefix(&**before)
                .and_then(|rest| rest.strip_suffix(&**after))
                // The star stands for host labels: never for a port, path or user.
                .is_some_and(|star| !star.is_empty() && star.bytes().all(is_host_byte)),
        }
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_host_labels_only() {
        let origins = Origins::new(["https://*.example.com", "https://shop.test:8443"]);
        assert!(origins.allow("https://www.example.com"));
        assert!(origins.allow("https://a.b.example.com"));
        assert!(origins.allow("https://shop.test:8443"));
        for evil in [
            "https://.example.com",
            "https://evil.com/.example.com",
            "https://evil.com:1.example.com",
            "http://www.example.com",
            "https://example.com",
            "https://shop.test",
            "null",
        ] {
            assert!(!origins.allow(evil), "{evil}");
        }
    }

    #[test]
    fn a_policy_lists_what_it_can_express() {
        let list = ["https://crm.test:8443", "https://*.example.com", "https://a-*.test"];
        let sources: Vec<_> = Whitelist::new(list).frame_sources().collect();
        assert_eq!(sources, ["https://crm.test:8443", "https://*.example.com"]);
    }

    #[test]
    fn an_empty_list_allows_every_origin() {
        assert!(Origins::default().allow("null"));
    }

    #[test]
    fn an_empty_whitelist_allows_none() {
        for origin in ["null", "", "https://shop.test"] {
            assert!(!Whitelist::default().lists(origin), "{origin}");
        }
        assert!(Whitelist::new(["https://shop.test"]).lists("https://shop.test"));
    }
}
