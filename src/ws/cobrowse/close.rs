//! Close codes of co-browse sockets (`docs/relay-protocol.md` lists them for users).

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};

use crate::domain::relay::{Fault, FeedEnd};

/// Why the server closes a co-browse socket: 4000–4499 do not come back, 4500–4999 come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Close {
    /// A newer connection of the same visitor is there.
    Superseded,
    /// The session is over.
    Ended,
    /// No such session.
    Unknown,
    /// A message or frame that is not part of the protocol.
    BadMessage,
    /// `hello` did not come in time.
    NotGreeted,
    /// More messages than any viewer sends.
    TooManyMessages,
    /// This user left the session.
    Removed,
    /// A version of the protocol this node does not speak.
    Unsupported,
    /// A message or frame above its limit.
    TooLarge,
    /// The node goes away; others are there.
    Draining,
    /// What is sent is not read.
    TooSlow,
    /// Between nodes: the session is hosted elsewhere.
    Moved,
}

impl Close {
    /// All reasons, for the documentation.
    pub const ALL: [Self; 12] = [
        Self::Superseded,
        Self::Ended,
        Self::Unknown,
        Self::BadMessage,
        Self::NotGreeted,
        Self::TooManyMessages,
        Self::Removed,
        Self::Unsupported,
        Self::TooLarge,
        Self::Draining,
        Self::TooSlow,
        Self::Moved,
    ];

    /// The code on the wire. What a stream socket has as well has the same code there.
    pub fn code(self) -> u16 {
        match self {
            Self::Superseded => 4002,
            Self::Ended => 4003,
            Self::Unknown => 4004,
            Self::BadMessage => 4006,
            Self::NotGreeted => 4007,
            Self::TooManyMessages => 4008,
            Self::Removed => 4011,
            Self::Unsupported => 4010,
            // RFC 6455 §7.4.1: a message that is too big to process.
            Self::TooLarge => 1009,
            Self::Draining => 4500,
            Self::TooSlow => 4501,
            Self::Moved => 4502,
        }
    }

    /// The sentence on the wire: at most 123 bytes (RFC 6455 §5.5).
    pub fn text(self) -> &'static str {
        match self {
            Self::Superseded => "a newer connection of this visitor, or user, is there",
            Self::Ended => "the session is over",
            Self::Unknown => "no such session",
            Self::BadMessage => "not part of the protocol: see docs/relay-protocol.md",
            Self::NotGreeted => "send {\"type\":\"hello\",\"protocol\":1} after opening",
            Self::TooManyMessages => "too many messages",
            Self::Removed => "this user left the session",
            Self::Unsupported => "this node speaks protocol 1",
            Self::TooLarge => "too large: see the limits in docs/relay-protocol.md",
            Self::Draining => "this node goes away: reconnect to the same URL",
            Self::TooSlow => "messages are not read: reconnect to the same URL",
            Self::Moved => "the session is hosted elsewhere",
        }
    }

    /// Its name in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
            Self::BadMessage => "bad_message",
            Self::NotGreeted => "not_greeted",
            Self::TooManyMessages => "too_many_messages",
            Self::Removed => "removed",
            Self::Unsupported => "unsupported",
            Self::TooLarge => "too_large",
            Self::Draining => "draining",
            Self::TooSlow => "too_slow",
            Self::Moved => "moved",
        }
    }

    /// The reason of a code, as a peer sent it.
    pub fn of(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether the same URL is worth another try.
    pub fn comes_back(self) -> bool {
        self.code() >= 4500
    }

    /// As a close frame.
    pub fn frame(self) -> Message {
        let reason = Utf8Bytes::from_static(self.text());
        Message::Close(Some(CloseFrame { code: self.code(), reason }))
    }
}

impl From<Fault> for Close {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::BadMessage(_) | Fault::BadFrame(_) => Self::BadMessage,
            Fault::TooLarge => Self::TooLarge,
            Fault::Protocol => Self::Unsupported,
        }
    }
}

impl From<FeedEnd> for Close {
    fn from(end: FeedEnd) -> Self {
        match end {
            FeedEnd::Ended => Self::Ended,
            FeedEnd::Superseded => Self::Superseded,
            FeedEnd::Rehomed => Self::Moved,
            FeedEnd::Draining => Self::Draining,
            FeedEnd::TooSlow => Self::TooSlow,
            FeedEnd::Removed => Self::Removed,
        }
    }
}
