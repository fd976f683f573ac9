//! Free ports that stay free for a while.

use std::{
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

/// Ports below the range from which Linux takes those of outgoing connections, so that a stopped
/// server finds its port free when it comes back.
const PORTS: std::ops::Range<u32> = 12_000..32_000;

/// An address on loopback where nobody listens at this moment.
pub(crate) fn free() -> SocketAddr {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let span = PORTS.end - PORTS.start;
    for _ in 0..span {
        // Processes start far apart, so that test runs side by side seldom meet.
        let step = TRIED.fetch_add(1, Ordering::Relaxed);
        let step = step.wrapping_add(std::process::id().wrapping_mul(97));
        let port = u16::try_from(PORTS.start + step % span).expect("the range is of ports");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port in {PORTS:?}");
}
