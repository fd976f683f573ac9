//! Values that must not be seen, and URLs that carry such values.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;

use super::text::as_text;

/// What stands in for a secret wherever one would be printed.
pub(super) const REDACTED: &str = "<redacted>";

/// A secret: printed, logged and serialised as `<redacted>`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The secret itself; the one way to it, so that each use can be found.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Bytes of randomness in a generated secret: the key length of HMAC-SHA256.
    const RANDOM_BYTES: usize = 32;

    /// A new secret for a node that nobody has to agree with.
    pub(super) fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; Self::RANDOM_BYTES]>()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

as_text!(Secret);

/// Where a tenant's public keys come from.
#[derive(Clone, PartialEq, Eq)]
pub enum JwksSource {
    /// A file; a relative path starts at the working directory.
    File(PathBuf),
    /// Fetched over HTTP and cached.
    Url(Url),
}

impl FromStr for JwksSource {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Url::parse(text).map(Self::Url);
        }
        Ok(Self::File(text.into()))
    }
}

impl fmt::Display for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(&redact_url(url.as_str())),
        }
    }
}

as_text!(JwksSource);

/// The URL without its password and query values; a lone user name may be a misplaced password.
pub(super) fn redact_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return REDACTED.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?<redacted>"));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else {
        return format!("{scheme}://{authority}{path}{query}");
    };
    let user = user.split_once(':').map_or(String::new(), |(name, _)| format!("{name}:"));
    format!("{scheme}://{user}{REDACTED}@{host}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "<redacted> <redacted>");
        assert_eq!(serde_json::to_string(&secret).expect("JSON"), "\"<redacted>\"");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn urls_lose_passwords_lone_users_and_query_values() {
        for (url, shown) in [
            ("redis://u:p@h:1/2", "redis://u:<redacted>@h:1/2"),
            ("redis://:p@h", "redis://:<redacted>@h"),
            ("redis://p@h", "redis://<redacted>@h"),
            ("https://h/keys?token=p", "https://h/keys?<redacted>"),
            ("https://h/keys", "https://h/keys"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }

    #[test]
    fn generated_secrets_differ() {
        assert_ne!(Secret::random().expose(), Secret::random().expose());
    }
}
