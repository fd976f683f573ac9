//! The `MediaPlaySession` entity (JSON:API) and what is stored beside a session for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::streams::Session;

/// What this dialect keeps beside the session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Attributes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    pub(super) ip4_address: String,
}

impl Attributes {
    /// As the engine stores it.
    pub(super) fn text(&self) -> Box<str> {
        // A struct of strings always serialises.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// A session as an entity.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaEntity {
    /// `MediaPlaySession`.
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    attributes: MediaAttributes,
}

/// The attributes of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaAttributes {
    service: Option<String>,
    /// The client's address, as the server saw it.
    ip4_address: String,
    device_type: String,
    /// Seconds since 1970, by the server's clock.
    play_started_timestamp: u64,
    /// Seconds since 1970, by the server's clock: the last sign of life.
    last_updated_timestamp: u64,
}

/// How often to send heartbeats.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaMeta {
    /// Life of a session without a heartbeat.
    expires_in_seconds: u64,
    /// The interval to send heartbeats in.
    heartbeat_seconds: u64,
}

/// One session.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaAnswer {
    data: MediaEntity,
    meta: MediaMeta,
}

/// All sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaIndex {
    data: Vec<MediaEntity>,
    meta: MediaMeta,
}

pub(super) fn entity(session: &Session) -> MediaEntity {
    let stored = session.attributes.as_deref().map(serde_json::from_str::<Attributes>);
    let stored = stored.and_then(Result::ok).unwrap_or_default();
    MediaEntity {
        kind: "MediaPlaySession",
        id: session.id.to_string(),
        attributes: MediaAttributes {
            service: stored.service,
            ip4_address: stored.ip4_address,
            device_type: session.pool.name().to_owned(),
            play_started_timestamp: session.created_ms / 1000,
            last_updated_timestamp: session.expires_ms.saturating_sub(session.lease_ms) / 1000,
        },
    }
}
