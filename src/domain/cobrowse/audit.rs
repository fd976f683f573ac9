//! What happened in a session, without any content of its pages.

use serde::{Deserialize, Serialize};

use super::{EndedBy, Role};
use crate::domain::ids::{AgentId, NodeName, UserId};

/// The most events of one session that are kept; the oldest go first.
pub const EVENTS: usize = 1000;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It came into being.
    Created,
    /// Somebody joined.
    Joined {
        /// Who.
        user: UserId,
        /// As what.
        role: Role,
        /// Under what name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Box<str>>,
        /// The person, where a token or a link vouches for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
    },
    /// Somebody left.
    Left {
        /// Who.
        user: UserId,
    },
    /// The page that made or redeemed the session's short code named itself: `auditName`.
    AuditName {
        /// The name.
        name: Box<str>,
    },
    /// The visitor's page connected to a node, which hosts the session from then on.
    Hosted {
        /// The node.
        node: NodeName,
        /// How often the host has changed: grows with every connect.
        fence: u64,
    },
    /// The visitor's page lost its connection.
    VisitorLost,
    /// The visitor accepted to be watched.
    ConsentGiven,
    /// The visitor declined to be watched.
    ConsentDeclined,
    /// Somebody asked to control the page.
    ControlRequested {
        /// Who.
        user: UserId,
    },
    /// The visitor let somebody control the page.
    ControlGranted {
        /// Whom.
        user: UserId,
    },
    /// The visitor did not let somebody control the page.
    ControlDeclined {
        /// Whom.
        user: UserId,
    },
    /// Somebody's control ended.
    ControlEnded {
        /// Whose.
        user: UserId,
    },
    /// The visitor went to a page.
    Page {
        /// Its host and path; never its query or fragment.
        url: Box<str>,
    },
    /// It is over.
    Ended {
        /// By whom.
        by: EndedBy,
    },
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since 1970, by the store's clock.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// A page the visitor was on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its host and path.
    pub url: Box<str>,
    /// Milliseconds since 1970.
    pub entered_ms: u64,
    /// How long the visitor was on it.
    pub stayed_ms: u64,
}

/// The pages of a session, in order: each lasts until the next one, the last until `end_ms`.
pub fn pages(entries: &[Entry], end_ms: u64) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for Entry { at_ms, event } in entries {
        if let Event::Page { url } = event {
            if let Some(before) = pages.last_mut() {
                before.stayed_ms = at_ms.saturating_sub(before.entered_ms);
            }
            pages.push(Page { url: url.clone(), entered_ms: *at_ms, stayed_ms: 0 });
        }
    }
    if let Some(last) = pages.last_mut() {
        last.stayed_ms = end_ms.saturating_sub(last.entered_ms);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_lasts_until_the_next_one_and_the_last_until_the_end() {
        let page = |at_ms, url: &str| Entry { at_ms, event: Event::Page { url: url.into() } };
        let entries = [
            Entry { at_ms: 1, event: Event::Created },
            page(10, "shop.test/"),
            Entry { at_ms: 15, event: Event::VisitorLost },
            page(40, "shop.test/cart"),
        ];
        let stayed: Vec<_> = pages(&entries, 100).iter().map(|page| page.stayed_ms).collect();
        assert_eq!(stayed, [30, 60]);
    }
}
