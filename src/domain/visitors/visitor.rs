//! A visitor, as the visitor script describes it and the cluster sees it.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{NodeName, SessionToken, VisitorId};

/// What the visitor script tells of a visitor. All of it is the page's word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The site's own id of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<Box<str>>,
    /// Names and addresses of the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Box<str>>,
    /// The site's own labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Box<str>>,
    /// Host and path of the page; never its query or fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_url: Option<Box<str>>,
    /// `Firefox`, `Chrome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_name: Option<Box<str>>,
    /// `desktop`, `mobile`, `tablet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<Box<str>>,
}

/// Four digits that name a visitor on the phone, for an hour.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LookupCode(pub Box<str>);

impl LookupCode {
    /// A random code.
    pub fn random() -> Self {
        Self(format!("{:04}", rand::random_range(0..10_000_u16)).into())
    }
}

/// Where a visitor's presence connection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The node.
    pub node: NodeName,
    /// Tells one connection from the next, and from those of other tabs.
    pub connection: u64,
}

/// A visitor as the store shows it. Times are milliseconds since 1970, by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// `short_id`.
    pub id: VisitorId,
    /// What its page tells.
    pub profile: Profile,
    /// Where it is connected; none while it is offline.
    pub seat: Option<Seat>,
    /// The session it was last invited to, over or not.
    pub session: Option<SessionToken>,
    /// Its code, while that runs.
    pub lookup_code: Option<LookupCode>,
    /// When it first came.
    pub first_seen_ms: u64,
    /// When it was last known to be online.
    pub last_seen_ms: u64,
}

impl Visitor {
    /// Whether a search text names it: its ids and code by the whole, the rest by any part, without
    /// regard to case.
    pub fn matches(&self, search: &str) -> bool {
        let search = search.trim().to_lowercase();
        let Profile { unique_id, identities, tags, last_url, .. } = &self.profile;
        let whole = [Some(self.id.as_str()), self.lookup_code.as_ref().map(|code| &*code.0)];
        let parts = unique_id.iter().chain(identities).chain(tags).chain(last_url);
        search.is_empty()
            || whole.into_iter().flatten().any(|text| text == search)
            || parts.into_iter().any(|text| text.to_lowercase().contains(&search))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_ids_by_the_whole_and_names_by_any_part() {
        let visitor = Visitor {
            id: "abc123".into(),
            profile: Profile {
                identities: vec!["Jane Doe".into()],
                last_url: Some("shop.test/cart".into()),
                ..Profile::default()
            },
            seat: None,
            session: None,
            lookup_code: Some(LookupCode("0042".into())),
            first_seen_ms: 0,
            last_seen_ms: 0,
        };
        for found in ["", " jane ", "ABC123", "0042", "cart"] {
            assert!(visitor.matches(found), "{found}");
        }
        for missed in ["abc", "42", "john"] {
            assert!(!visitor.matches(missed), "{missed}");
        }
    }
}
