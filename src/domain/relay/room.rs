//! One session on its host node: who is connected, and what reaches whom.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Feed, FeedEnd, ToViewer, ToVisitor,
    state::{Shared, State, Viewer},
};
use crate::domain::{
    cobrowse::{Session, User},
    ids::{NodeName, UserId},
    visitors::Profile,
};

/// What is left to do after a visitor's message. `Debug` names it only.
#[derive(Clone, PartialEq)]
pub enum VisitorAct {
    /// Nothing.
    Done,
    /// The visitor accepts, or declines, to be watched.
    Consent(bool),
    /// The visitor grants control, or declines or revokes it. The user is there.
    Control {
        /// Whose.
        user: UserId,
        /// Granted.
        granted: bool,
    },
    /// The visitor is on this page (host and path): for the audit trail.
    Page(Box<str>),
    /// The visitor describes itself anew.
    Profile(Profile),
    /// The visitor ends the session.
    End,
}

/// What is left to do after a viewer's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewerAct {
    /// Nothing.
    Done,
    /// It asked for control, and the visitor is told: for the audit trail.
    RequestControl,
    /// It gives control back.
    ReleaseControl,
    /// It ends the session, if its role lets it.
    End,
}

/// The relay of one session. Cheap to share; every call is short and never waits.
pub struct Room {
    pub(super) shared: Arc<Shared>,
}

impl Room {
    /// A room without sockets; a visitor who came before has the grace to come back.
    pub fn new(session: &Session, version: u64, node: NodeName, reconnect_grace: Duration) -> Self {
        Self { shared: Arc::new(Shared::new(session, version, node, reconnect_grace)) }
    }

    /// The session as last heard.
    pub fn session(&self) -> Arc<Session> {
        self.shared.lock().session.clone()
    }

    /// The version of that record.
    pub fn version(&self) -> u64 {
        self.shared.lock().version
    }

    /// The record changed; one that is not newer is ignored. An end closes the room, whatever its
    /// version: a session that lapsed is over without anybody having written it.
    pub fn update(&self, session: Session, version: u64) {
        let mut state = self.shared.lock();
        if version <= state.version && session.end.is_none() {
            return;
        }
        state.accept(session, version);
    }

    /// The visitor's page is connected; an older socket of it is closed.
    pub fn attach_visitor(&self) -> Arc<Feed> {
        let feed = Feed::new(&self.shared);
        let mut state = self.shared.lock();
        feed.push_text(state.for_visitor().text());
        if let Some(end) = state.closed {
            feed.close(end);
            return feed;
        }
        if let Some(older) = state.visitor.replace(feed.clone()) {
            older.close(FeedEnd::Superseded);
        }
        state.used = Instant::now();
        state.left_at = None;
        (state.asked, state.told_old, state.refused_epoch) = (false, false, None);
        if state.tape.page().is_none() {
            state.request_snapshot();
        }
        for user in state.asking.iter().filter_map(|user| state.session.user(user)) {
            state.tell_visitor(&control_request(user));
        }
        state.tell_viewers(&state.for_viewers());
        feed
    }

    /// That socket is gone: true where it was the visitor's current one.
    pub fn detach_visitor(&self, feed: &Arc<Feed>) -> bool {
        let mut state = self.shared.lock();
        let current = state.visitor.take_if(|held| Arc::ptr_eq(held, feed)).is_some();
        if current {
            state.used = Instant::now();
            state.left_at = Some(Instant::now());
            state.asked = false;
            state.tell_viewers(&state.for_viewers());
        }
        current
    }

    /// A viewer's socket, and when it was opened: of one user's the newest stays, and the others are
    /// closed. None where no such user watches.
    ///
    /// A socket whose network is gone without a word follows the session to its next host like any
    /// other: it must not win there against the one that replaced it.
    pub fn attach_viewer(&self, user: &UserId, opened_ms: u64) -> Option<Arc<Feed>> {
        let mut state = self.shared.lock();
        let session = state.session.clone();
        let user = session.user(user).filter(|user| user.role.watches())?;
        let feed = Feed::new(&self.shared);
        feed.push_text(ToViewer::welcome(&session, user, &self.shared.node).text());
        feed.push_text(state.for_viewers().text());
        if let Some(end) = state.closed {
            feed.close(end);
            return Some(feed);
        }
        let is_newer = |viewer: &Viewer| viewer.user == user.id && viewer.opened_ms > opened_ms;
        if state.viewers.iter().any(is_newer) {
            feed.close(FeedEnd::Superseded);
            return Some(feed);
        }
        state.viewers.retain(|viewer| {
            let same = viewer.user == user.id;
            if same {
                viewer.feed.close(FeedEnd::Superseded);
            }
            !same
        });
        let viewer =
            Viewer { user: user.id.clone(), opened_ms, feed: feed.clone(), resynced: None };
        state.viewers.push(viewer);
        state.used = Instant::now();
        state.note_desertion();
        state.tell_page_to(&feed);
        state.tell_viewport_to(&feed);
        feed.join(state.page_of_now());
        state.serve_the_waiting(&feed);
        Some(feed)
    }

    /// That viewer's socket is gone.
    pub fn detach_viewer(&self, feed: &Arc<Feed>) {
        let mut state = self.shared.lock();
        let before = state.viewers.len();
        state.viewers.retain(|viewer| !Arc::ptr_eq(&viewer.feed, feed));
        if state.viewers.len() < before {
            state.used = Instant::now();
            state.note_desertion();
        }
    }

    /// Whether that socket is the visitor's current one.
    pub fn is_shown_by(&self, feed: &Arc<Feed>) -> bool {
        let state = self.shared.lock();
        state.visitor.as_ref().is_some_and(|held| Arc::ptr_eq(held, feed))
    }

    /// The visitor wants no more of it: nothing of the page passes from now on, whether or not
    /// that could be written yet.
    pub fn halt(&self) {
        let mut state = self.shared.lock();
        state.halted = true;
        state.tape.interrupt();
        state.viewers.iter().for_each(|viewer| viewer.feed.fall_behind());
    }

    /// The visitor takes control back: it is over from now on, whether or not that could be
    /// written yet.
    pub fn revoke(&self, user: &UserId) {
        self.shared.lock().revoked = Some(user.clone());
    }

    /// Closes all feeds, and those that are attached from now on.
    pub fn close(&self, end: FeedEnd) {
        self.shared.lock().close(end);
    }

    /// How many viewers are connected.
    pub fn viewers(&self) -> usize {
        self.shared.lock().viewers.len()
    }

    /// When somebody last came, went, or sent something.
    pub fn last_used(&self) -> Instant {
        self.shared.lock().used
    }

    /// Since when it is active and nobody watches.
    pub fn deserted_since(&self) -> Option<Instant> {
        self.shared.lock().deserted
    }
}

/// Feeds outlive a room only to tell their sockets so.
impl Drop for Room {
    fn drop(&mut self) {
        self.close(FeedEnd::Rehomed);
    }
}

impl State {
    fn accept(&mut self, session: Session, version: u64) {
        let was_active = self.is_active();
        let tells_nothing = session == Session { pages: session.pages, ..(*self.session).clone() };
        if tells_nothing && session.end.is_none() {
            // Something was noted for the audit trail, and no more.
            (self.session, self.version) = (Arc::new(session), version);
            return;
        }
        self.status = session.status();
        self.session = Arc::new(session);
        self.version = version;
        self.revoked.take_if(|revoked| self.session.control.as_ref() != Some(revoked));
        let session = self.session.clone();
        let stays = |user: &UserId| session.user(user).is_some();
        self.asking.retain(|user| stays(user) && session.control.as_ref() != Some(user));
        self.viewers.retain(|viewer| {
            let stays = stays(&viewer.user) || session.end.is_some();
            if !stays {
                viewer.feed.close(FeedEnd::Removed);
            }
            stays
        });
        if was_active && !self.is_active() {
            // What the recorder sends meanwhile is refused.
            self.tape.interrupt();
            self.asked = false;
        }
        self.tell_visitor(&self.for_visitor());
        self.tell_viewers(&self.for_viewers());
        if session.end.is_some() {
            self.close(FeedEnd::Ended);
        } else if !was_active && self.is_active() {
            self.refused_epoch = None;
            self.tell_page();
            self.tell_viewport();
            self.request_snapshot();
        }
        self.note_desertion();
    }
}

pub(super) fn control_request(user: &User) -> ToVisitor {
    ToVisitor::ControlRequest { user_id: user.id.clone(), name: user.name.clone() }
}
