//! A TCP proxy in front of Redis, or of a node, that breaks the network on command.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// What happens to the bytes of a connection, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Road {
    /// They pass.
    Open,
    /// Each chunk comes later by this much.
    Slow(Duration),
    /// They disappear, and nobody is told. Once it ends they arrive, as TCP would resend them.
    BlackHole,
}

/// The proxy. Dropping it cuts every connection.
pub(crate) struct ChaosProxy {
    port: u16,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

struct Shared {
    upstream: AtomicU16,
    stop: CancellationToken,
    refuse: AtomicBool,
    swallow: AtomicBool,
    swallowed: AtomicUsize,
    script_calls: AtomicUsize,
    /// The road of connections yet to come.
    road: Mutex<Road>,
    links: Mutex<Vec<Arc<Link>>>,
}

/// One connection through the proxy.
pub(crate) struct Link {
    cut: CancellationToken,
    road: watch::Sender<Road>,
    subscribed: AtomicBool,
}

impl ChaosProxy {
    /// A proxy on a free port in front of that port of this machine.
    pub(crate) async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            upstream: AtomicU16::new(upstream),
            stop: stop.clone(),
            refuse: AtomicBool::new(false),
            swallow: AtomicBool::new(false),
            swallowed: AtomicUsize::new(0),
            script_calls: AtomicUsize::new(0),
            road: Mutex::new(Road::Open),
            links: Mutex::default(),
        });
        let accepting = shared.clone();
        tokio::spawn(async move {
            let stop = accepting.stop.clone();
            stop.run_until_cancelled(accepting.accept(listener)).await
        });
        Self { port, shared, _stop: stop.drop_guard() }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// New connections lead to that port: its server has started after the proxy.
    pub(crate) fn lead_to(&self, upstream: u16) {
        self.shared.upstream.store(upstream, Ordering::SeqCst);
    }

    /// Redis behind the proxy.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The connections that stand at this moment, oldest first.
    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        let mut links = self.shared.links.lock().unwrap();
        links.retain(|link| !link.cut.is_cancelled());
        links.clone()
    }

    /// Sets the road of all connections, present and future.
    pub(crate) fn set_road(&self, road: Road) {
        *self.shared.road.lock().unwrap() = road;
        for link in self.links() {
            link.set_road(road);
        }
    }

    /// Cuts the connections that stand.
    pub(crate) fn cut_all(&self) {
        for link in self.links() {
            link.cut();
        }
    }

    /// New connections are closed at once. Those that stand go on.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.shared.refuse.store(refuse, Ordering::SeqCst);
    }

    /// What the server says on connections that have subscribed is thrown away: commands go on,
    /// messages do not arrive, and nobody is told.
    pub(crate) fn swallow_subscriptions(&self, swallow: bool) {
        self.shared.swallow.store(swallow, Ordering::SeqCst);
    }

    /// Bytes thrown away so far: proof that a message is lost and not just late.
    pub(crate) fn swallowed(&self) -> usize {
        self.shared.swallowed.load(Ordering::SeqCst)
    }

    /// Calls of loaded scripts that clients have sent so far, answered or not.
    pub(crate) fn script_calls(&self) -> usize {
        self.shared.script_calls.load(Ordering::SeqCst)
    }
}

impl Link {
    /// Whether the client has subscribed to anything on it.
    pub(crate) fn subscribed(&self) -> bool {
        self.subscribed.load(Ordering::SeqCst)
    }

    /// Sets the road of this connection.
    pub(crate) fn set_road(&self, road: Road) {
        self.road.send_replace(road);
    }

    /// Closes it at both ends.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Ends when the road lets a chunk pass.
    async fn pass(&self) {
        let mut road = self.road.subscribe();
        let hole = |road: &Road| *road != Road::BlackHole;
        let now = *road.wait_for(hole).await.expect("the link owns the sender");
        if let Road::Slow(delay) = now {
            // Not a wait of a test: this is the fault itself.
            sleep(delay).await;
        }
    }
}

impl Shared {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (client, _) = listener.accept().await.expect("the listener stands");
            if self.refuse.load(Ordering::SeqCst) {
                continue;
            }
            let link = Arc::new(Link {
                cut: self.stop.child_token(),
                road: watch::Sender::new(*self.road.lock().unwrap()),
                subscribed: AtomicBool::new(false),
            });
            self.links.lock().unwrap().push(link.clone());
            tokio::spawn(self.clone().carry(client, link));
        }
    }

    /// Carries a connection until either side closes it, or it is cut.
    async fn carry(self: Arc<Self>, client: TcpStream, link: Arc<Link>) {
        let both_ways = async {
            let upstream = (Ipv4Addr::LOCALHOST, self.upstream.load(Ordering::SeqCst));
            let Ok(server) = TcpStream::connect(upstream).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::select! {
                () = self.requests(from_client, to_server, &link) => {}
                () = self.replies(from_server, to_client, &link) => {}
            }
        };
        link.cut.run_until_cancelled(both_ways).await;
        link.cut.cancel();
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: &Link) {
        // Also finds PSUBSCRIBE and SSUBSCRIBE.
        let mut subscribes = WordCounter::of(b"SUBSCRIBE\r\n");
        let mut script_calls = WordCounter::of(b"EVALSHA\r\n");
        let mut chunk = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            if subscribes.count(&chunk[..length]) > 0 {
                link.subscribed.store(true, Ordering::SeqCst);
            }
            let calls = script_calls.count(&chunk[..length]);
            self.script_calls.fetch_add(calls, Ordering::SeqCst);
            link.pass().await;
            if to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    }

    async fn replies(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: &Link) {
        let mut chunk = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            link.pass().await;
            if self.swallow.load(Ordering::SeqCst) && link.subscribed() {
                self.swallowed.fetch_add(length, Ordering::SeqCst);
                continue;
            }
            if to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    }
}

/// Finds a word in a stream of commands, across chunks.
struct WordCounter {
    word: &'static [u8],
    tail: Vec<u8>,
}

impl WordCounter {
    fn of(word: &'static [u8]) -> Self {
        Self { word, tail: Vec::new() }
    }

    fn count(&mut self, chunk: &[u8]) -> usize {
        self.tail.extend(chunk.iter().map(u8::to_ascii_uppercase));
        let windows = self.tail.windows(self.word.len());
        let count = windows.filter(|window| *window == self.word).count();
        let keep = self.tail.len().min(self.word.len() - 1);
        self.tail.drain(..self.tail.len() - keep);
        count
    }
}
