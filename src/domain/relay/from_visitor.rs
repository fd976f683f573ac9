//! What a visitor's page says.

use std::fmt;

use serde::Deserialize;

use super::{Fault, PROTOCOL, address::host_and_path, bound, read_object, short};
use crate::domain::{
    ids::{SessionToken, UserId},
    visitors::Profile,
};

/// The most characters of any text of a profile.
pub const PROFILE_CHARS: usize = 200;

/// The most identities, and the most tags, of a profile.
pub const PROFILE_LIST: usize = 20;

/// The most characters of a `visitorToken`: a signed token of ours has about 200.
pub const TOKEN_CHARS: usize = 1024;

/// The largest side of a viewport in CSS pixels.
pub const VIEWPORT_MOST: u32 = 100_000;

/// A message of a visitor's page, its bounds checked. `Debug` names its type only.
#[derive(Clone, PartialEq)]
pub enum FromVisitor {
    /// The first message.
    Hello {
        /// Who it is, in the page's words; none where it takes part in a session only.
        profile: Option<Profile>,
        /// What an earlier `welcome` gave it.
        token: Option<Box<str>>,
    },
    /// Who it is has changed: replaces all that was told before.
    Profile(Profile),
    /// The visitor accepts or declines to be watched.
    Consent {
        /// Accepts.
        accepted: bool,
        /// The session that is meant, where the page says which.
        session: Option<SessionToken>,
    },
    /// The visitor grants, declines or revokes control.
    Control {
        /// Whose.
        user: UserId,
        /// Grants.
        granted: bool,
    },
    /// The visitor is on this page: host and path.
    Page(Box<str>),
    /// The size of the visitor's viewport in CSS pixels.
    Viewport {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The visitor ends the session.
    End {
        /// The session that is meant, where the page says which.
        session: Option<SessionToken>,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Wire {
    Hello { protocol: u64, visitor: Option<WireProfile>, visitor_token: Option<Box<str>> },
    Profile { visitor: WireProfile },
    Consent { accepted: bool, session_token: Option<Box<str>> },
    Control { user_id: Box<str>, granted: bool },
    Page { url: Box<str> },
    Viewport { width: u32, height: u32 },
    End { session_token: Option<Box<str>> },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProfile {
    unique_id: Option<Box<str>>,
    identities: Option<Vec<Box<str>>>,
    tags: Option<Vec<Box<str>>>,
    url: Option<Box<str>>,
    browser_name: Option<Box<str>>,
    device_type: Option<Box<str>>,
    /// Makes serde refuse an array of the members.
    #[serde(flatten)]
    _others: Others,
}

#[derive(Default, Deserialize)]
struct Others {}

impl WireProfile {
    fn profile(self) -> Result<Profile, Fault> {
        let identities = self.identities.unwrap_or_default();
        let tags = self.tags.unwrap_or_default();
        bound(
            identities.len() <= PROFILE_LIST && tags.len() <= PROFILE_LIST,
            "at most 20 identities and 20 tags",
        )?;
        let single = [&self.unique_id, &self.browser_name, &self.device_type];
        let texts = single.into_iter().flatten().chain(&identities).chain(&tags);
        let longest = texts.max_by_key(|text| text.chars().count());
        let holds = longest.is_none_or(|text| short(text, PROFILE_CHARS));
        bound(holds, "at most 200 characters a text of a profile")?;
        Ok(Profile {
            unique_id: self.unique_id,
            identities,
            tags,
            last_url: self.url.and_then(|url| host_and_path(&url)),
            browser_name: self.browser_name,
            device_type: self.device_type,
        })
    }
}

impl FromVisitor {
    /// Reads a text frame.
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > super::VISITOR_MESSAGE_BYTES {
            return Err(Fault::TooLarge);
        }
        Ok(match read_object(text)? {
            Wire::Hello { protocol, visitor, visitor_token } => {
                if protocol != u64::from(PROTOCOL) {
                    return Err(Fault::Protocol);
                }
                let token = visitor_token;
                let fits = token.as_ref().is_none_or(|token| short(token, TOKEN_CHARS));
                bound(fits, "visitorToken is too long")?;
                let profile = visitor.map(WireProfile::profile).transpose()?;
                Self::Hello { profile, token }
            }
            Wire::Profile { visitor } => Self::Profile(visitor.profile()?),
            Wire::Consent { accepted, session_token } => {
                Self::Consent { accepted, session: token(session_token)? }
            }
            Wire::Control { user_id, granted } => {
                bound(short(&user_id, 64), "userId is too long")?;
                Self::Control { user: UserId::from(&*user_id), granted }
            }
            Wire::Page { url } => {
                let address = host_and_path(&url);
                Self::Page(address.ok_or(Fault::BadMessage("url must be http or https"))?)
            }
            Wire::Viewport { width, height } => {
                let fits = width.max(height) <= VIEWPORT_MOST;
                bound(fits, "a viewport has at most 100000 pixels a side")?;
                Self::Viewport { width, height }
            }
            Wire::End { session_token } => Self::End { session: token(session_token)? },
        })
    }

    /// Its type on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Profile(_) => "profile",
            Self::Consent { .. } => "consent",
            Self::Control { .. } => "control",
            Self::Page(_) => "page",
            Self::Viewport { .. } => "viewport",
            Self::End { .. } => "end",
        }
    }
}

fn token(text: Option<Box<str>>) -> Result<Option<SessionToken>, Fault> {
    let read = |text: Box<str>| {
        SessionToken::read(&text).ok_or(Fault::BadMessage("sessionToken has nine digits"))
    };
    text.map(read).transpose()
}

impl fmt::Debug for FromVisitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: serde_json::Value) -> Result<FromVisitor, Fault> {
        FromVisitor::read(&message.to_string())
    }

    #[test]
    fn a_hello_tells_who_the_visitor_is() {
        let hello = read(json!({
            "type": "hello", "protocol": 1, "visitorToken": "t", "extra": [1],
            "visitor": {
                "uniqueId": "u", "identities": ["Jane"], "tags": ["vip"], "browserName": "Firefox",
                "deviceType": "mobile", "url": "https://shop.test/cart?secret#secret", "more": {},
            },
        }));
        let profile = Profile {
            unique_id: Some("u".into()),
            identities: vec!["Jane".into()],
            tags: vec!["vip".into()],
            last_url: Some("shop.test/cart".into()),
            browser_name: Some("Firefox".into()),
            device_type: Some("mobile".into()),
        };
        assert_eq!(
            hello,
            Ok(FromVisitor::Hello { profile: Some(profile), token: Some("t".into()) })
        );
        let bare = FromVisitor::Hello { profile: None, token: None };
        assert_eq!(read(json!({"type": "hello", "protocol": 1})), Ok(bare));
        assert_eq!(read(json!({"type": "hello", "protocol": 2})), Err(Fault::Protocol));
    }

    #[test]
    fn the_other_messages_are_read() {
        let control = FromVisitor::Control { user: "u1".into(), granted: true };
        for (message, read_as) in [
            (json!({"type": "profile", "visitor": {}}), FromVisitor::Profile(Profile::default())),
            (
                json!({"type": "consent", "accepted": false}),
                FromVisitor::Consent { accepted: false, session: None },
            ),
            (json!({"type": "control", "userId": "u1", "granted": true}), control),
            (
                json!({"type": "page", "url": "https://shop.test/a?b"}),
                FromVisitor::Page("shop.test/a".into()),
            ),
            (
                json!({"type": "viewport", "width": 390, "height": 844}),
                FromVisitor::Viewport { width: 390, height: 844 },
            ),
            (json!({"type": "end", "why": "extra"}), FromVisitor::End { session: None }),
        ] {
            assert_eq!(message["type"], read_as.word());
            assert_eq!(read(message), Ok(read_as));
        }
    }

    #[test]
    fn what_is_no_message_or_out_of_bounds_is_a_fault() {
        let long = "x".repeat(PROFILE_CHARS + 1);
        let many = vec!["x"; PROFILE_LIST + 1];
        for bad in [
            json!(["end"]),
            json!("end"),
            json!({}),
            json!({"type": "END"}),
            json!({"type": "cursor", "x": 1, "y": 1}),
            json!({"type": "hello"}),
            json!({"type": "hello", "protocol": 1, "visitor": ["u"]}),
            json!({"type": "hello", "protocol": 1, "visitorToken": "x".repeat(TOKEN_CHARS + 1)}),
            json!({"type": "profile", "visitor": {"uniqueId": long}}),
            json!({"type": "profile", "visitor": {"tags": [long]}}),
            json!({"type": "profile", "visitor": {"tags": many}}),
            json!({"type": "profile", "visitor": {"identities": many}}),
            json!({"type": "consent", "accepted": "yes"}),
            json!({"type": "control", "userId": "u"}),
            json!({"type": "page", "url": "javascript:alert(1)"}),
            json!({"type": "viewport", "width": -1, "height": 1}),
            json!({"type": "viewport", "width": 1, "height": VIEWPORT_MOST + 1}),
        ] {
            assert!(matches!(read(bad.clone()), Err(Fault::BadMessage(_))), "{bad}");
        }
        let large = format!("{:width$}", json!({"type": "end"}).to_string(), width = 16 * 1024 + 1);
        assert_eq!(FromVisitor::read(&large), Err(Fault::TooLarge));
    }

    #[test]
    fn debug_output_hides_what_a_page_says() {
        let page = FromVisitor::Page("shop.test/secret".into());
        assert_eq!(format!("{page:?}"), "page");
    }
}
