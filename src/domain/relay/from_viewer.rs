//! What a viewer says.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Fault, PROTOCOL, bound, read_object, short};
use crate::domain::cobrowse::Permissions;

/// The largest coordinate in CSS pixels.
pub const COORDINATE_MOST: f64 = 100_000.0;

/// How far a page may be scrolled, either way: pages from right to left count down from zero.
pub const SCROLL_MOST: f64 = 10_000_000.0;

/// The most points of one `draw`.
pub const POINTS: usize = 256;

/// The most characters of one `type`.
pub const TYPE_CHARS: usize = 4096;

/// The most characters of a key's name.
pub const KEY_CHARS: usize = 32;

/// The most characters of a stroke's id.
pub const STROKE_CHARS: usize = 64;

/// The most characters of the URL of a `redirect`.
pub const URL_CHARS: usize = 2048;

/// What a viewer does on the visitor's page. Passed on with the viewer's `userId`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Gesture {
    /// The viewer's mouse is here.
    Cursor {
        /// CSS pixels from the left of the visitor's viewport.
        x: f64,
        /// CSS pixels from its top.
        y: f64,
    },
    /// The viewer's spotlight is here.
    Pointer {
        /// CSS pixels from the left of the visitor's viewport.
        x: f64,
        /// CSS pixels from its top.
        y: f64,
    },
    /// A stroke, or the next part of one.
    Draw {
        /// In CSS pixels of the visitor's viewport.
        points: Vec<(f64, f64)>,
        /// `#rrggbb`.
        color: Box<str>,
        /// Tells one stroke from the next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Box<str>>,
    },
    /// All strokes of this viewer go.
    Clear,
    /// A click.
    Click {
        /// The mirrored element.
        node: u32,
        /// CSS pixels from the element's left.
        x: f64,
        /// CSS pixels from its top.
        y: f64,
        /// 0 left, 1 middle, 2 right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        button: Option<u8>,
    },
    /// Text for a field.
    Type {
        /// The mirrored element.
        node: u32,
        /// The text.
        text: Box<str>,
    },
    /// A key.
    Key {
        /// The mirrored element.
        node: u32,
        /// Its name as browsers give it.
        key: Box<str>,
    },
    /// A scroll position.
    Scroll {
        /// The mirrored element; none for the page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<u32>,
        /// CSS pixels.
        x: f64,
        /// CSS pixels.
        y: f64,
    },
    /// The visitor is to go to another page.
    Redirect {
        /// An http or https URL.
        url: Box<str>,
    },
}

/// Whether a gesture is for everybody or for the one in control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The permission.
    Permission(bool),
    /// The permission, and the control grant.
    Control(bool),
}

/// A message of a viewer, its bounds checked. `Debug` names its type only.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum FromViewer {
    /// The first message.
    Hello {
        /// The version: [`PROTOCOL`].
        protocol: u64,
    },
    /// Asks the visitor for control.
    RequestControl,
    /// Gives control back.
    ReleaseControl,
    /// The viewer lost track of the page: give it a snapshot.
    Resync,
    /// The viewer ends the session.
    End,
    /// Does something on the page.
    #[serde(untagged)]
    Gesture(Gesture),
}

impl FromViewer {
    /// Reads a text frame.
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > super::VIEWER_MESSAGE_BYTES {
            return Err(Fault::TooLarge);
        }
        let message = read_object(text)?;
        match &message {
            Self::Hello { protocol } if *protocol != u64::from(PROTOCOL) => {
                return Err(Fault::Protocol);
            }
            Self::Gesture(gesture) => gesture.check()?,
            Self::Hello { .. }
            | Self::RequestControl
            | Self::ReleaseControl
            | Self::Resync
            | Self::End => {}
        }
        Ok(message)
    }

    /// Its type on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::RequestControl => "requestControl",
            Self::ReleaseControl => "releaseControl",
            Self::Resync => "resync",
            Self::End => "end",
            Self::Gesture(gesture) => gesture.word(),
        }
    }
}

impl Gesture {
    fn check(&self) -> Result<(), Fault> {
        let on_page = |x: f64, y: f64| {
            let within = 0.0..=COORDINATE_MOST;
            bound(within.contains(&x) && within.contains(&y), "coordinates are 0 to 100000")
        };
        match self {
            Self::Cursor { x, y } | Self::Pointer { x, y } => on_page(*x, *y),
            Self::Draw { points, color, id } => {
                bound((1..=POINTS).contains(&points.len()), "draw has 1 to 256 points")?;
                points.iter().try_for_each(|(x, y)| on_page(*x, *y))?;
                bound(is_color(color), "color must be #rrggbb")?;
                let fits = id.as_ref().is_none_or(|id| short(id, STROKE_CHARS));
                bound(fits, "id has at most 64 characters")
            }
            Self::Clear => Ok(()),
            Self::Click { x, y, button, .. } => {
                on_page(*x, *y)?;
                bound(button.is_none_or(|button| button <= 2), "button is 0, 1 or 2")
            }
            Self::Type { text, .. } => {
                bound(short(text, TYPE_CHARS), "text has at most 4096 characters")
            }
            Self::Key { key, .. } => {
                let fits = !key.is_empty() && short(key, KEY_CHARS);
                bound(fits, "key has 1 to 32 characters")
            }
            Self::Scroll { x, y, .. } => {
                let within = -SCROLL_MOST..=SCROLL_MOST;
                let fits = within.contains(x) && within.contains(y);
                bound(fits, "scroll positions are -10000000 to 10000000")
            }
            Self::Redirect { url } => {
                let web = |url: Url| matches!(url.scheme(), "http" | "https");
                let fits = short(url, URL_CHARS) && Url::parse(url).is_ok_and(web);
                bound(fits, "url must be http or https, at most 2048 characters")
            }
        }
    }

    /// What its sender must have, given what it may do.
    pub fn needs(&self, may: &Permissions) -> Needs {
        match self {
            Self::Cursor { .. } | Self::Pointer { .. } => Needs::Nothing,
            Self::Draw { .. } | Self::Clear => Needs::Permission(may.allow_draw),
            Self::Click { .. } => Needs::Control(may.allow_click),
            Self::Type { .. } | Self::Key { .. } => Needs::Control(may.allow_type),
            Self::Scroll { .. } => Needs::Control(may.allow_scroll),
            Self::Redirect { .. } => Needs::Control(may.allow_agent_redirect),
        }
    }

    /// Its type on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Cursor { .. } => "cursor",
            Self::Pointer { .. } => "pointer",
            Self::Draw { .. } => "draw",
            Self::Clear => "clear",
            Self::Click { .. } => "click",
            Self::Type { .. } => "type",
            Self::Key { .. } => "key",
            Self::Scroll { .. } => "scroll",
            Self::Redirect { .. } => "redirect",
        }
    }
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').map(str::as_bytes);
    digits.is_some_and(|digits| digits.len() == 6 && digits.iter().all(u8::is_ascii_hexdigit))
}

impl fmt::Debug for FromViewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Debug for Gesture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: serde_json::Value) -> Result<FromViewer, Fault> {
        FromViewer::read(&message.to_string())
    }

    #[test]
    fn every_message_is_read() {
        for message in [
            json!({"type": "hello", "protocol": 1}),
            json!({"type": "cursor", "x": 0, "y": 100_000}),
            json!({"type": "pointer", "x": 1.5, "y": 2}),
            json!({"type": "draw", "points": [[1, 2], [3.5, 4]], "color": "#e4572e", "id": "s1"}),
            json!({"type": "draw", "points": vec![[1, 2]; POINTS], "color": "#E4572E"}),
            json!({"type": "clear"}),
            json!({"type": "click", "node": 7, "x": 1, "y": 2}),
            json!({"type": "click", "node": 7, "x": 1, "y": 2, "button": 2}),
            json!({"type": "type", "node": 7, "text": "é".repeat(TYPE_CHARS)}),
            json!({"type": "key", "node": 7, "key": "Enter"}),
            json!({"type": "scroll", "x": -10, "y": 200_000}),
            json!({"type": "scroll", "node": 7, "x": 0, "y": 0}),
            json!({"type": "redirect", "url": "https://shop.test/a?b=c#d"}),
            json!({"type": "requestControl"}),
            json!({"type": "releaseControl"}),
            json!({"type": "resync"}),
            json!({"type": "end", "extra": {"ignored": true}}),
        ] {
            let read = read(message.clone()).unwrap_or_else(|fault| panic!("{message}: {fault}"));
            assert_eq!(message["type"], read.word());
        }
    }

    #[test]
    fn what_is_no_message_or_out_of_bounds_is_a_fault() {
        let long = format!("https://shop.test/{}", "x".repeat(URL_CHARS));
        for bad in [
            json!([]),
            json!({"type": "page", "url": "https://shop.test"}),
            json!({"type": "cursor", "x": 1}),
            json!({"type": "cursor", "x": -1, "y": 0}),
            json!({"type": "pointer", "x": 0, "y": 100_001}),
            json!({"type": "draw", "points": [], "color": "#000000"}),
            json!({"type": "draw", "points": vec![[1, 2]; POINTS + 1], "color": "#000000"}),
            json!({"type": "draw", "points": [[1, 2, 3]], "color": "#000000"}),
            json!({"type": "draw", "points": [[1, -2]], "color": "#000000"}),
            json!({"type": "draw", "points": [[1, 2]], "color": "red"}),
            json!({"type": "draw", "points": [[1, 2]], "color": "#00000g"}),
            json!({"type": "draw", "points": [[1, 2]], "color": "#000000", "id": "x".repeat(65)}),
            json!({"type": "click", "node": -2, "x": 1, "y": 2}),
            json!({"type": "click", "node": 1, "x": 1, "y": 2, "button": 3}),
            json!({"type": "type", "node": 7, "text": "x".repeat(TYPE_CHARS + 1)}),
            json!({"type": "key", "node": 7, "key": ""}),
            json!({"type": "key", "node": 7, "key": "x".repeat(KEY_CHARS + 1)}),
            json!({"type": "scroll", "x": 0, "y": 20_000_000}),
            json!({"type": "redirect", "url": "javascript:alert(1)"}),
            json!({"type": "redirect", "url": "/cart"}),
            json!({"type": "redirect", "url": long}),
        ] {
            assert!(matches!(read(bad.clone()), Err(Fault::BadMessage(_))), "{bad}");
        }
        assert_eq!(read(json!({"type": "hello", "protocol": 0})), Err(Fault::Protocol));
        let large = format!("{:width$}", r#"{"type":"end"}"#, width = 16 * 1024 + 1);
        assert_eq!(FromViewer::read(&large), Err(Fault::TooLarge));
    }

    #[test]
    fn debug_output_hides_what_is_typed() {
        let typed = read(json!({"type": "type", "node": 1, "text": "secret"}));
        assert_eq!(format!("{typed:?}"), "Ok(type)");
    }
}
