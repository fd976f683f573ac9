//! Reading a key set from where it is published, with a bound on everything.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use reqwest::{Client, StatusCode};
use url::Url;

use super::keys::{KeySet, KeySetError};

/// How large a key set may be: 64 keys with certificate chains fit.
const MAX_JWKS_BYTES: usize = 256 * 1024;

/// Where a key set is published.
#[derive(Clone, PartialEq, Eq)]
pub enum JwksSource {
    /// A local file, read again like a URL.
    File(PathBuf),
    /// An `http` or `https` URL. Redirects are not followed: this URL is what the operator trusts.
    Url(Url),
}

impl fmt::Display for JwksSource {
    /// Without credentials, query and fragment: it goes to the logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write_url(f, url),
        }
    }
}

impl fmt::Debug for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwksSource({self})")
    }
}

fn write_url(f: &mut fmt::Formatter<'_>, url: &Url) -> fmt::Result {
    write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
    url.port().map_or(Ok(()), |port| write!(f, ":{port}"))?;
    f.write_str(url.path())
}

/// A source with what it takes to read it.
pub(super) enum Origin {
    File(PathBuf),
    Url(Client, Url),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(_, url) => write_url(f, url),
        }
    }
}

impl Origin {
    /// Reads the set. The caller bounds the time.
    pub(super) async fn fetch(&self) -> Result<KeySet, FetchError> {
        let body = match self {
            Self::File(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || read(&path))
                    .await
                    .map_err(io::Error::other)??
            }
            Self::Url(client, url) => download(client, url).await?,
        };
        if body.len() > MAX_JWKS_BYTES {
            return Err(FetchError::TooLarge);
        }
        Ok(KeySet::from_json(&body)?)
    }
}

/// A key set could not be loaded. Only ever logged.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the file cannot be read: {0}")]
    File(#[from] io::Error),
    #[error("the request failed: {0}")]
    Http(reqwest::Error),
    #[error("the server answered {0}")]
    Status(StatusCode),
    #[error("no complete answer in time")]
    Timeout,
    #[error("it is larger than {MAX_JWKS_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Content(#[from] KeySetError),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may carry credentials.
        Self::Http(error.without_url())
    }
}

/// At most one byte more than is allowed, so that the excess shows.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    File::open(path)?.take(MAX_JWKS_BYTES as u64 + 1).read_to_end(&mut body)?;
    Ok(body)
}

async fn download(client: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let mut response = client.get(url.clone()).send().await?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_JWKS_BYTES {
            return Err(FetchError::TooLarge);
        }
    }
    Ok(body)
}
