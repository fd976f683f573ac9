//! The smallest HTTP/1.1 client: one kept connection, whole bodies of a told length.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Result;

/// More than any answer here has.
const HEADERS: usize = 32;
/// Room for one answer at first.
const BUFFER: usize = 4096;

/// A connection to a server.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Box<[u8]>,
}

/// Where the parts of an answer lie in the buffer.
struct Frame {
    status: u16,
    body: usize,
    end: usize,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Sends a whole request and reads the answer to its end.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        loop {
            if let Some(Frame { status, body, end }) = frame(&self.buffer)? {
                let answer = Answer { status, body: self.buffer[body..end].into() };
                self.buffer.drain(..end);
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

/// The first answer in the buffer, once it is there to its end.
fn frame(buffer: &[u8]) -> Result<Option<Frame>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = head.parse(buffer)? else { return Ok(None) };
    let mut length = 0;
    for header in head.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value)?.parse()?;
        }
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("an answer came in chunks, which this client does not read".into());
        }
    }
    let end = body + length;
    let status = head.code.unwrap_or_default();
    Ok((buffer.len() >= end).then_some(Frame { status, body, end }))
}
