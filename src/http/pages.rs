//! The built front end: embedded in the binary, or read from a directory of the operator's.

use std::{borrow::Cow, path::PathBuf};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256, digest::Output};

use super::{
    extract::text,
    problem::{Kind, Problem},
};

/// `web/dist` as it was when the binary was built; empty where it was not.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Embedded;

/// Scripts and styles from here only: demo pages and the API documentation need no others.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src *; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
);

/// Where pages come from.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    directory: Option<PathBuf>,
}

/// A file of the front end.
pub struct Page {
    bytes: Bytes,
    /// Tells its versions apart.
    hash: Output<Sha256>,
    media_type: mime_guess::Mime,
    policy: HeaderValue,
}

impl Pages {
    /// Pages of that directory (`web.dir`), or the embedded ones.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    /// The file of that path below `web/dist`.
    pub async fn get(&self, path: &str) -> Result<Page, Problem> {
        let found = match &self.directory {
            None => Embedded::get(path)
                .map(|file| (bytes(file.data), file.metadata.sha256_hash().into())),
            // Names of our own pages only: no part may lead out of the directory.
            Some(_) if path.split('/').any(|part| part.starts_with('.')) => None,
            Some(directory) => {
                let read = tokio::fs::read(directory.join(path)).await.ok();
                read.map(|read| {
                    let hash = Sha256::digest(&read);
                    (Bytes::from(read), hash)
                })
            }
        };
        let Some((bytes, hash)) = found else { return Err(self.missing()) };
        let media_type = mime_guess::from_path(path).first_or_octet_stream();
        Ok(Page { bytes, hash, media_type, policy: CONTENT_SECURITY_POLICY })
    }

    fn missing(&self) -> Problem {
        if self.directory.is_none() && Embedded::iter().next().is_none() {
            let detail = "Run `make build` (npm run build in web/, then cargo build).";
            return Problem::new(Kind::PagesNotBuilt, detail);
        }
        Problem::new(Kind::NotFound, "There is no such page.")
    }
}

impl Page {
    /// With another policy than that of demos.
    pub fn policy(self, policy: HeaderValue) -> Self {
        Self { policy, ..self }
    }

    /// With a name that stands in it replaced.
    pub fn replace(self, name: &str, value: &str) -> Self {
        let text = String::from_utf8_lossy(&self.bytes).replace(name, value);
        let hash = Sha256::digest(&text);
        Self { bytes: Bytes::from(text), hash, ..self }
    }

    /// A plain script is read in the encoding of the page around it, unless it names its own.
    fn content_type(&self) -> String {
        let is_text = self.media_type.type_() == "text";
        let charset = if is_text { "; charset=utf-8" } else { "" };
        format!("{}{charset}", self.media_type.essence_str())
    }

    /// The answer to a request: 304 where the browser has this version.
    pub fn answer(self, request: &HeaderMap) -> Response {
        // Weak: the answer may be compressed on its way.
        let tag = format!("W/\"{:x}\"", self.hash);
        let known = text(request, &header::IF_NONE_MATCH).unwrap_or_default();
        let is_known = known.split(',').any(|known| known.trim() == tag);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_str(&self.content_type()).ok()),
            (header::CONTENT_SECURITY_POLICY, Some(self.policy)),
            (header::REFERRER_POLICY, Some(HeaderValue::from_static("no-referrer"))),
            (header::X_CONTENT_TYPE_OPTIONS, Some(HeaderValue::from_static("nosniff"))),
            // Asked for each time: after an upgrade no page mixes scripts of two releases.
            (header::CACHE_CONTROL, Some(HeaderValue::from_static("no-cache"))),
            (header::ETAG, HeaderValue::from_str(&tag).ok()),
        ];
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.bytes.into_response()
        };
        for (name, value) in headers {
            if let Some(value) = value {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// What is embedded is not copied: sites ask for the visitor script with each page view.
fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}
