//! Certificates of an authority of the tests' own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton::backend::redis::tls::{Tls, TlsFiles};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

use super::redis::unique_prefix;

/// An authority, and the files it writes.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    files: TempDir,
}

/// A certificate and its key, in files.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// What a server needs for TLS. It asks clients for a certificate, as Redis does by default.
#[derive(Clone)]
pub(crate) struct ServerTls {
    ca: PathBuf,
    pair: Pair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Two of one name would be told apart by their signatures only.
        let name = format!("authority {}", unique_prefix());
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let files = TempDir::new().unwrap();
        fs::write(files.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, files }
    }

    /// The certificate of the authority itself.
    pub(crate) fn ca(&self) -> PathBuf {
        self.files.path().join("ca.pem")
    }

    /// A certificate for hosts (or addresses), in files of that name.
    pub(crate) fn issue(&self, name: &str, hosts: &[&str]) -> Pair {
        self.write(name, self.params(hosts))
    }

    /// One that was valid until long ago.
    pub(crate) fn issue_expired(&self, name: &str, hosts: &[&str]) -> Pair {
        let mut params = self.params(hosts);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.write(name, params)
    }

    fn params(&self, hosts: &[&str]) -> CertificateParams {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        CertificateParams::new(hosts).unwrap()
    }

    fn write(&self, name: &str, params: CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let file = |extension: &str| self.files.path().join(format!("{name}.{extension}"));
        let pair = Pair { cert: file("pem"), key: file("key") };
        fs::write(&pair.cert, cert.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }

    /// A server here that shows a good certificate.
    pub(crate) fn server(&self) -> ServerTls {
        self.server_with(self.issue("server", &["127.0.0.1", "localhost"]))
    }

    /// A server that shows that one.
    pub(crate) fn server_with(&self, pair: Pair) -> ServerTls {
        ServerTls { ca: self.ca(), pair }
    }

    /// What a node is configured with: this authority, and a certificate of its own.
    pub(crate) fn client(&self) -> TlsFiles {
        let pair = self.issue("client", &["node.baton.test"]);
        TlsFiles { ca: Some(self.ca()), cert: Some(pair.cert), key: Some(pair.key) }
    }

    /// The same, read.
    pub(crate) fn client_tls(&self) -> Tls {
        Tls::read(&self.client()).expect("good files")
    }
}

impl ServerTls {
    /// Arguments of a server that answers by TLS at that port.
    pub(crate) fn arguments(&self, port: u16) -> Vec<String> {
        let file = |path: &Path| path.to_str().expect("a readable path").to_owned();
        let words = [
            ("--tls-port", port.to_string()),
            ("--tls-ca-cert-file", file(&self.ca)),
            ("--tls-cert-file", file(&self.pair.cert)),
            ("--tls-key-file", file(&self.pair.key)),
        ];
        words.into_iter().flat_map(|(word, value)| [word.to_owned(), value]).collect()
    }
}
