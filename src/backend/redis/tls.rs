//! TLS to Redis: whose certificates are believed, and which one this node shows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use redis::{Client, ClientTlsConfig, RedisResult, TlsCertificates};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};

/// Files in PEM. Where none is named, the authorities of the system are believed, and no
/// certificate is shown.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Authorities that are believed, instead of those of the system.
    pub ca: Option<PathBuf>,
    /// The certificate this node shows, and those between it and its authority.
    pub cert: Option<PathBuf>,
    /// The key of that certificate.
    pub key: Option<PathBuf>,
}

/// A file that cannot be used. Tells nothing of what it holds.
#[derive(Debug, thiserror::Error)]
#[error("{setting} = {path}: {why}")]
pub struct TlsFileError {
    setting: &'static str,
    path: String,
    why: String,
}

/// What `rediss://` connections use; without it they do as the system does.
#[derive(Debug, Clone, Default)]
pub struct Tls(Option<TlsCertificates>);

impl Tls {
    /// Reads the files and makes sure that connections can be made with them.
    pub fn read(files: &TlsFiles) -> Result<Self, TlsFileError> {
        let root_cert = files.ca.as_deref().map(authorities).transpose()?;
        let client_tls = match (&files.cert, &files.key) {
            (Some(cert), Some(key)) => Some(identity(cert, key)?),
            // One without the other: the settings are refused before.
            (Some(_) | None, None) | (None, Some(_)) => None,
        };
        let named = root_cert.is_some() || client_tls.is_some();
        Ok(Self(named.then_some(TlsCertificates { client_tls, root_cert })))
    }

    /// What was read, for servers that are reached by TLS.
    pub(super) fn certificates(&self, url: &str) -> Option<TlsCertificates> {
        self.0.clone().filter(|_| url.starts_with("rediss://"))
    }

    /// A client for the server at a URL. Connects to nothing.
    pub(super) fn client(&self, url: &str) -> RedisResult<Client> {
        match self.certificates(url) {
            Some(certificates) => Client::build_with_tls(url, certificates),
            None => Client::open(url),
        }
    }
}

fn authorities(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    let file = PemFile::read("store.ca_file", path)?;
    let mut roots = RootCertStore::empty();
    for certificate in file.certificates()? {
        roots.add(certificate).map_err(|error| file.refused(error.to_string()))?;
    }
    Ok(file.bytes)
}

fn identity(cert: &Path, key: &Path) -> Result<ClientTlsConfig, TlsFileError> {
    let (cert, key) =
        (PemFile::read("store.cert_file", cert)?, PemFile::read("store.key_file", key)?);
    let (chain, secret) = (cert.certificates()?, key.private_key()?);
    // As a connection will: it also tells whether the two belong together.
    let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
    let usable = config.with_client_auth_cert(chain, secret);
    usable.map_err(|error| key.refused(format!("it does not fit store.cert_file: {error}")))?;
    Ok(ClientTlsConfig { client_cert: cert.bytes, client_key: key.bytes })
}

struct PemFile<'a> {
    setting: &'static str,
    path: &'a Path,
    bytes: Vec<u8>,
}

impl<'a> PemFile<'a> {
    fn read(setting: &'static str, path: &'a Path) -> Result<Self, TlsFileError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self { setting, path, bytes }),
            Err(error) => {
                Err(Self { setting, path, bytes: vec![] }
                    .refused(format!("cannot be read: {error}")))
            }
        }
    }

    fn refused(&self, why: String) -> TlsFileError {
        TlsFileError { setting: self.setting, path: self.path.display().to_string(), why }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        match found {
            Ok(found) if found.is_empty() => {
                Err(self.refused("it holds no certificate in PEM".to_owned()))
            }
            Ok(found) => Ok(found),
            Err(error) => Err(self.refused(format!("it is not PEM: {error}"))),
        }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsFileError> {
        PrivateKeyDer::from_pem_slice(&self.bytes).map_err(|error| {
            if matches!(error, pem::Error::NoItemsFound) {
                self.refused("it holds no private key in PEM that is not encrypted".to_owned())
            } else {
                self.refused(format!("it is not PEM: {error}"))
            }
        })
    }
}
