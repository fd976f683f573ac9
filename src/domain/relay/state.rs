//! What a room knows, and what it does by itself. All of it happens under one lock.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    ErrorCode, Feed, FeedEnd, Participant, ToViewer, ToVisitor, queue::Slot, tape::Tape,
    to_viewer::ended_by,
};
use crate::domain::{
    cobrowse::{Session, Status},
    ids::{NodeName, UserId},
};

/// What a room and its feeds share.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) node: NodeName,
}

/// One viewer's socket.
pub(super) struct Viewer {
    pub(super) user: UserId,
    /// When its socket was opened, at whichever node.
    pub(super) opened_ms: u64,
    pub(super) feed: Arc<Feed>,
    /// When it last asked to be resynced.
    pub(super) resynced: Option<Instant>,
}

pub(super) struct State {
    pub(super) session: Arc<Session>,
    pub(super) version: u64,
    /// Of the session; kept because every frame asks.
    pub(super) status: Status,
    pub(super) tape: Tape,
    /// A snapshot was requested and has not come.
    pub(super) asked: bool,
    pub(super) visitor: Option<Arc<Feed>>,
    /// When the visitor's page was last lost.
    pub(super) left_at: Option<Instant>,
    reconnect_grace: Duration,
    pub(super) viewers: Vec<Viewer>,
    pub(super) page: Option<Box<str>>,
    pub(super) viewport: Option<(u32, u32)>,
    /// The visitor wants no more of it, and the record may not say so yet.
    pub(super) halted: bool,
    /// Who lost control, where the record may not say so yet.
    pub(super) revoked: Option<UserId>,
    /// Who asked for control and has no answer yet.
    pub(super) asking: Vec<UserId>,
    /// The epoch whose frames were last refused because the session is not active.
    pub(super) refused_epoch: Option<u32>,
    /// This visitor's socket was told that its epoch is old.
    pub(super) told_old: bool,
    pub(super) used: Instant,
    pub(super) deserted: Option<Instant>,
    pub(super) closed: Option<FeedEnd>,
}

impl Shared {
    pub(super) fn new(
        session: &Session,
        version: u64,
        node: NodeName,
        reconnect_grace: Duration,
    ) -> Self {
        let now = Instant::now();
        let mut state = State {
            session: Arc::new(session.clone()),
            version,
            status: session.status(),
            tape: Tape::default(),
            asked: false,
            visitor: None,
            left_at: session.visitor_came.then_some(now),
            reconnect_grace,
            viewers: Vec::new(),
            page: None,
            viewport: None,
            halted: false,
            revoked: None,
            asking: Vec::new(),
            refused_epoch: None,
            told_old: false,
            used: now,
            deserted: None,
            closed: session.end.is_some().then_some(FeedEnd::Ended),
        };
        state.note_desertion();
        Self { state: Mutex::new(state), node }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A viewer that fell behind has taken everything: it gets the page anew.
    pub(super) fn heal(&self, feed: &Feed) {
        let mut state = self.lock();
        feed.heal(state.page_of_now());
        state.serve_the_waiting(feed);
    }
}

impl State {
    pub(super) fn is_active(&self) -> bool {
        self.status == Status::Active && !self.halted
    }

    /// Whether that viewer controls the page.
    pub(super) fn has_control(&self, user: &UserId) -> bool {
        self.session.control.as_ref() == Some(user) && self.revoked.as_ref() != Some(user)
    }

    /// What late joiners get, if it may be shown and is there.
    pub(super) fn page_of_now(&self) -> Option<super::tape::Page<'_>> {
        self.tape.page().filter(|_| self.is_active())
    }

    /// Has a snapshot come for a feed that waits for one.
    pub(super) fn serve_the_waiting(&mut self, feed: &Feed) {
        if feed.waits() {
            self.request_snapshot();
        }
    }

    /// Asks the visitor's page for a snapshot, once for all who need it.
    pub(super) fn request_snapshot(&mut self) {
        if let Some(visitor) = &self.visitor
            && self.is_active()
            && !self.asked
        {
            visitor.push_text(ToVisitor::SnapshotRequest {}.text());
            self.asked = true;
        }
    }

    /// Begins, or ends, the time in which nobody watches.
    pub(super) fn note_desertion(&mut self) {
        if !self.is_active() || !self.viewers.is_empty() {
            self.deserted = None;
        } else if self.deserted.is_none() {
            self.deserted = Some(Instant::now());
        }
    }

    pub(super) fn tell_visitor(&self, message: &ToVisitor) {
        if let Some(visitor) = &self.visitor {
            visitor.push_text(message.text());
        }
    }

    pub(super) fn refuse_visitor(&self, code: ErrorCode) {
        self.tell_visitor(&ToVisitor::error(code));
    }

    pub(super) fn tell_viewers(&self, message: &ToViewer) {
        let text = message.text();
        for viewer in &self.viewers {
            viewer.feed.push_text(text.clone());
        }
    }

    /// The address of the page, to all.
    pub(super) fn tell_page(&self) {
        self.viewers.iter().for_each(|viewer| self.tell_page_to(&viewer.feed));
    }

    /// The viewport, to all.
    pub(super) fn tell_viewport(&self) {
        self.viewers.iter().for_each(|viewer| self.tell_viewport_to(&viewer.feed));
    }

    /// The address belongs to the page: it is shown only while that is.
    pub(super) fn tell_page_to(&self, feed: &Feed) {
        if let Some(url) = self.page.clone().filter(|_| self.is_active()) {
            feed.latest(Slot::Page, ToViewer::Page { url }.text());
        }
    }

    pub(super) fn tell_viewport_to(&self, feed: &Feed) {
        if let Some((width, height)) = self.viewport.filter(|_| self.is_active()) {
            feed.latest(Slot::Viewport, ToViewer::Viewport { width, height }.text());
        }
    }

    pub(super) fn for_visitor(&self) -> ToVisitor {
        let session = &self.session;
        ToVisitor::Session {
            session_token: session.token.clone(),
            status: self.status,
            customer_token: session.customer_token.clone(),
            users: Participant::all(session),
            control: session.control.clone(),
            epoch: self.tape.epoch(),
            ended_by: ended_by(session),
        }
    }

    pub(super) fn for_viewers(&self) -> ToViewer {
        let away = self.left_at.filter(|_| self.visitor.is_none());
        let left = away.map(|since| self.reconnect_grace.saturating_sub(since.elapsed()));
        let back_in_seconds = left.map(|left| left.as_millis().div_ceil(1000) as u64);
        ToViewer::session(&self.session, self.visitor.is_some(), back_in_seconds)
    }

    /// Closes all feeds, and those that come.
    pub(super) fn close(&mut self, end: FeedEnd) {
        self.closed.get_or_insert(end);
        for feed in self.visitor.iter().chain(self.viewers.iter().map(|viewer| &viewer.feed)) {
            feed.close(end);
        }
        self.tape.interrupt();
    }
}
