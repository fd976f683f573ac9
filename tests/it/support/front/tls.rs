//! A certificate of the tests' own, and a tunnel that speaks TLS for clients that do not.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    super::tls::{Authority, Pair},
    HOST,
};

/// A certificate of [`HOST`] and the hosts below it, and its key.
pub(crate) struct Certificate {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
    /// Both in one file.
    pub(crate) both: PathBuf,
    authority: Authority,
}

impl Certificate {
    /// The one that all tests of this process share.
    pub(crate) fn of_the_tests() -> &'static Self {
        static MADE: OnceLock<Certificate> = OnceLock::new();
        MADE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let authority = Authority::new();
        let Pair { cert: chain, key } = authority.issue("baton", &[HOST, &format!("*.{HOST}")]);
        let both = chain.with_extension("both");
        let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
        fs::write(&both, text(&chain) + &text(&key)).unwrap();
        Self { chain, key, both, authority }
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority.ca()).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        TlsConnector::from(Arc::new(config.with_no_client_auth()))
    }
}

/// Takes plain connections and passes them on by TLS, from the address they came from. Dropping it
/// cuts every connection.
pub(crate) struct Tunnel {
    pub(crate) at: SocketAddr,
    to: u16,
    connector: TlsConnector,
    _stop: DropGuard,
}

impl Tunnel {
    /// A tunnel to that port of this machine.
    pub(crate) async fn start(to: u16, certificate: &Certificate) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let at = listener.local_addr().expect("it is bound");
        let connector = certificate.connector();
        let stop = CancellationToken::new();
        let (accepting, passing) = (stop.clone(), connector.clone());
        tokio::spawn(async move {
            let accept = accept(listener, to, passing, accepting.clone());
            accepting.run_until_cancelled(accept).await
        });
        Self { at, to, connector, _stop: stop.drop_guard() }
    }

    /// Whether somebody with the certificate answers at its other end.
    pub(crate) async fn reaches(&self) -> bool {
        connect(Ipv4Addr::LOCALHOST, self.to, &self.connector).await.is_ok()
    }
}

async fn accept(listener: TcpListener, to: u16, tls: TlsConnector, stop: CancellationToken) {
    loop {
        let (client, from) = listener.accept().await.expect("the listener stands");
        let (tls, stop) = (tls.clone(), stop.clone());
        let SocketAddr::V4(from) = from else { panic!("the listener is of IPv4") };
        let carry = async move { carry(client, *from.ip(), to, &tls).await };
        tokio::spawn(async move { stop.run_until_cancelled(carry).await });
    }
}

async fn carry(mut client: TcpStream, from: Ipv4Addr, to: u16, tls: &TlsConnector) {
    if let Ok(mut server) = connect(from, to, tls).await {
        // Either end may break the connection: the other one is told by its own.
        drop(copy_bidirectional(&mut client, &mut server).await);
    }
}

async fn connect(
    from: Ipv4Addr,
    to: u16,
    tls: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect((Ipv4Addr::LOCALHOST, to).into()).await?;
    tls.connect(ServerName::try_from(HOST).expect("a name"), stream).await
}
