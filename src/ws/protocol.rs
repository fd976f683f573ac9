//! Frames and close codes of the stream socket (`wire/drisc.md`; README lists them for users).

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use serde::{Deserialize, Serialize};

/// What a player says. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClientMessage {
    /// Bind this socket to the session.
    Requested,
    /// Answer to `PING`.
    Pong,
    /// The stream is over.
    Finished,
}

impl ClientMessage {
    /// Reads a text frame. serde would take an array of the members for the object as well.
    pub fn read(text: &str) -> Option<Self> {
        if !text.trim_start().starts_with('{') {
            return None;
        }
        serde_json::from_str(text).ok()
    }
}

/// What a player is told. The vendor's client takes any other action for a system error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// Play now.
    Ok,
    /// No such session: ask for a new one.
    Expired,
    /// Are you there?
    Ping,
    /// This socket is replaced, or its session was ended.
    Terminate,
    /// Another session plays now.
    TakeOver {
        /// The new session's name.
        session_name: Box<str>,
    },
}

impl ServerMessage {
    /// As a text frame.
    pub fn frame(&self) -> Message {
        // A tagged enum of strings always serialises.
        let text = serde_json::to_string(self).unwrap_or_default();
        Message::Text(Utf8Bytes::from(text))
    }
}

/// Why the server closes a socket: 4000–4499 do not come back, 4500–4999 come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The player said so.
    Finished,
    /// Another session plays in its place.
    TakenOver,
    /// A newer socket holds the session, or the device started again.
    Superseded,
    /// An operator, or the customer, ended the session.
    Ended,
    /// The session is gone.
    Expired,
    /// `PING` was not answered in time.
    Unresponsive,
    /// A message that is not part of the protocol.
    BadMessage,
    /// `REQUESTED` did not come in time.
    NotRequested,
    /// More messages than any player sends.
    TooManyMessages,
    /// A binary frame.
    NotText,
    /// The node goes away; others are there.
    Draining,
    /// The player does not read what it is sent.
    TooSlow,
}

impl CloseReason {
    /// All reasons, for the documentation.
    pub const ALL: [Self; 12] = [
        Self::Finished,
        Self::TakenOver,
        Self::Superseded,
        Self::Ended,
        Self::Expired,
        Self::Unresponsive,
        Self::BadMessage,
        Self::NotRequested,
        Self::TooManyMessages,
        Self::NotText,
        Self::Draining,
        Self::TooSlow,
    ];

    /// The code on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Finished => 4000,
            Self::TakenOver => 4001,
            Self::Superseded => 4002,
            Self::Ended => 4003,
            Self::Expired => 4004,
            Self::Unresponsive => 4005,
            Self::BadMessage => 4006,
            Self::NotRequested => 4007,
            Self::TooManyMessages => 4008,
            // RFC 6455 §7.4.1: data of a type the endpoint cannot accept.
            Self::NotText => 1003,
            Self::Draining => 4500,
            Self::TooSlow => 4501,
        }
    }

    /// The sentence on the wire: at most 123 bytes (RFC 6455 §5.5).
    pub fn text(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::TakenOver => "taken over by another session",
            Self::Superseded => "a newer socket holds this session",
            Self::Ended => "the session was ended",
            Self::Expired => "no such session: ask for a new one",
            Self::Unresponsive => "PING was not answered in time",
            Self::BadMessage => "send {\"action\":\"REQUESTED\"}, PONG or FINISHED as JSON text",
            Self::NotRequested => "send {\"action\":\"REQUESTED\"} after opening",
            Self::TooManyMessages => "too many messages",
            Self::NotText => "binary frames are not part of this protocol: send JSON text",
            Self::Draining => "this node goes away: reconnect to the same URL",
            Self::TooSlow => "messages are not read: reconnect to the same URL",
        }
    }

    /// Its name in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::TakenOver => "taken_over",
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Unresponsive => "unresponsive",
            Self::BadMessage => "bad_message",
            Self::NotRequested => "not_requested",
            Self::TooManyMessages => "too_many_messages",
            Self::NotText => "not_text",
            Self::Draining => "draining",
            Self::TooSlow => "too_slow",
        }
    }

    /// As a close frame.
    pub fn frame(self) -> Message {
        let reason = Utf8Bytes::from_static(self.text());
        Message::Close(Some(CloseFrame { code: self.code(), reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_vendor() {
        let take_over = ServerMessage::TakeOver { session_name: "Kitchen".into() };
        assert_eq!(
            take_over.frame(),
            Message::Text(r#"{"action":"TAKE_OVER","sessionName":"Kitchen"}"#.into())
        );
        assert_eq!(ServerMessage::Ok.frame(), Message::Text(r#"{"action":"OK"}"#.into()));
        let requested = serde_json::from_str(r#"{"action":"REQUESTED","extra":1}"#);
        assert_eq!(requested.ok(), Some(ClientMessage::Requested));
    }

    #[test]
    fn close_reasons_fit_into_a_frame_and_say_whether_to_come_back() {
        for reason in CloseReason::ALL {
            assert!(reason.text().len() <= 123, "{reason:?}");
            let comes_back = matches!(reason, CloseReason::Draining | CloseReason::TooSlow);
            assert_eq!(reason.code() >= 4500, comes_back, "{reason:?}");
        }
    }
}
