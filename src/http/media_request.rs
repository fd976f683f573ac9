//! What clients of Media Play Sessions send (JSON:API).

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    extract::{object, plain_text},
    problem::Problem,
};
use crate::domain::streams::{Pool, PoolKind};

/// Longest client-chosen id, device type and service, in characters.
pub(super) const TEXT_CHARS: usize = 128;

/// A JSON:API request: only `data.attributes` is read.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MediaRequest {
    #[serde(default, deserialize_with = "object")]
    data: MediaRequestData,
}

/// The `data` of a request.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MediaRequestData {
    #[serde(default, deserialize_with = "object")]
    attributes: MediaRequestAttributes,
}

/// What a client tells of its playback.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct MediaRequestAttributes {
    /// The type of device: the limit is per user and device type.
    device_type: Option<String>,
    /// The service that is played.
    service: Option<String>,
}

impl MediaRequest {
    /// The pool a session of this request counts under.
    pub(super) fn device_type(&self) -> Result<Option<Pool>, Problem> {
        let device_type = bounded(self.data.attributes.device_type.as_deref(), "device_type")?;
        Ok(device_type.map(|device_type| Pool::new(PoolKind::DeviceType, device_type)))
    }

    /// The service that is played.
    pub(super) fn service(&self) -> Result<Option<&str>, Problem> {
        bounded(self.data.attributes.service.as_deref(), "service")
    }
}

fn bounded<'a>(text: Option<&'a str>, member: &str) -> Result<Option<&'a str>, Problem> {
    let member = format!("data.attributes.{member}");
    text.map(|text| plain_text(text, &member, 1..=TEXT_CHARS)).transpose()
}
