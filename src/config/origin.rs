//! Which web origins may use an API: exact ones, or with one `*` inside the host.

use std::{fmt, str::FromStr};

use url::Url;

use super::text::as_text;

/// An allowed origin: `https://shop.example.com`, or `https://*.example.com`.
///
/// The `*` stands for one or more characters of a host name, dots included, never for a scheme
/// or a port.
#[derive(Clone, PartialEq, Eq)]
pub struct OriginRule(String);

/// A text that is no allowed origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// A rule that would let everybody in.
    #[error("a bare * would allow every site: name the hosts, as in https://*.example.com")]
    Everything,
    /// More than one `*`, or one outside the first labels of the host.
    #[error("one * may stand inside the host, and at least one label must follow its own")]
    Star,
    /// Not scheme and host.
    #[error("an origin is http(s)://host[:port] without a path or user")]
    Shape,
}

impl OriginRule {
    /// The rule as it is configured, normalised.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The origin as browsers send it: lower case, no default port.
fn normalised(text: &str) -> Result<String, BadOrigin> {
    let url = Url::parse(text).map_err(|_| BadOrigin::Shape)?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let bare = url.path() == "/" && !text.ends_with('/') && !text.contains(['?', '#', '@']);
    if web && bare { Ok(url.origin().ascii_serialization()) } else { Err(BadOrigin::Shape) }
}

impl FromStr for OriginRule {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let Some((before, after)) = text.split_once('*') else {
            return normalised(text).map(Self);
        };
        let host_of = |rest: &str| rest.split(':').next().unwrap_or("").to_owned();
        if before.is_empty() || (before.ends_with("://") && host_of(after).is_empty()) {
            return Err(BadOrigin::Everything);
        }
        let labels_follow =
            host_of(after).split_once('.').is_some_and(|(_, rest)| !rest.is_empty());
        if after.contains('*') || !before.contains("://") || !labels_follow {
            return Err(BadOrigin::Star);
        }
        // A letter that no host has there by itself, so that the `*` can be put back.
        let stand_in = "zz--star--zz";
        let origin = normalised(&format!("{before}{stand_in}{after}"))?;
        let rule = origin.replacen(stand_in, "*", 1);
        if rule.contains('*') { Ok(Self(rule)) } else { Err(BadOrigin::Shape) }
    }
}

impl fmt::Display for OriginRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(OriginRule);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::origins::Origins;

    /// The rule as it is matched: configuration normalises, the domain matches.
    fn rule(text: &str) -> Origins {
        let rule: OriginRule = text.parse().expect("an origin rule");
        Origins::new([rule.as_str()])
    }

    #[test]
    fn an_exact_origin_matches_itself_alone() {
        let rule = rule("https://Shop.example.com:443");
        assert!(rule.allow("https://shop.example.com"));
        for other in ["http://shop.example.com", "https://shop.example.com:8443", "null", ""] {
            assert!(!rule.allow(other), "{other}");
        }
    }

    #[test]
    fn the_star_stands_for_host_characters_only() {
        let rule = rule("https://*.example.com");
        assert!(rule.allow("https://a.example.com") && rule.allow("https://a.b.example.com"));
        for other in
            ["https://.example.com", "https://evil.com/.example.com", "https://example.com"]
        {
            assert!(!rule.allow(other), "{other}");
        }
        assert!(!rule.allow("https://a.example.com:8443"));
    }

    #[test]
    fn a_rule_for_everybody_is_refused() {
        for (text, why) in [
            ("*", BadOrigin::Everything),
            ("https://*", BadOrigin::Everything),
            ("https://*:8080", BadOrigin::Everything),
            ("https://example.*", BadOrigin::Star),
            ("https://*.*.example.com", BadOrigin::Star),
            ("https://example.com/path", BadOrigin::Shape),
            ("https://*.example.com/", BadOrigin::Shape),
            ("https://u@example.com", BadOrigin::Shape),
            ("example.com", BadOrigin::Shape),
        ] {
            assert_eq!(text.parse::<OriginRule>(), Err(why), "{text}");
        }
    }
}
