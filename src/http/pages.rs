//! The built front end: embedded in the binary, or read from a directory of the operator's.

use std::{borrow::Cow, path::PathBuf};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use super::problem::{Kind, Problem};

/// `web/dist` as it was when the binary was built; empty where it was not.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Embedded;

/// Scripts and styles from here only: demo pages and the API documentation need no others.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; connect-src *; style-src 'self' \
     'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'";

/// Where pages come from.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    directory: Option<PathBuf>,
}

impl Pages {
    /// Pages of that directory (`web.dir`), or the embedded ones.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// The file of that path below `web/dist`.
    pub async fn get(&self, path: &str) -> Result<Response, Problem> {
        let bytes = match &self.directory {
            None => Embedded::get(path).map(|file| file.data),
            // Names of our own pages only: no part may lead out of the directory.
            Some(_) if path.split('/').any(|part| part.starts_with('.')) => None,
            Some(directory) => tokio::fs::read(directory.join(path)).await.ok().map(Cow::Owned),
        };
        let Some(bytes) = bytes else { return Err(self.missing()) };
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let headers = [
            (header::CONTENT_TYPE, kind.essence_str()),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        Ok((headers, bytes.into_owned()).into_response())
    }

    fn missing(&self) -> Problem {
        if self.directory.is_none() && Embedded::iter().next().is_none() {
            let detail = "Run `make build` (npm run build in web/, then cargo build).";
            return Problem::new(Kind::PagesNotBuilt, detail);
        }
        Problem::new(Kind::NotFound, "There is no such page.")
    }
}
