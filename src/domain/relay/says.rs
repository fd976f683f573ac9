//! What the visitor and the viewers say: who may, and who hears it.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ErrorCode, Feed, FromViewer, FromVisitor, Gesture, Room, ToViewer, ToVisitor, ViewerAct,
    VisitorAct, from_viewer::Needs, queue::Slot, room::control_request, state::State,
    to_visitor::Attributed,
};
use crate::domain::ids::UserId;

/// A viewer is resynced that often at most: each time may cost a whole snapshot.
const RESYNC_EVERY: Duration = Duration::from_secs(1);

impl Room {
    /// Passes on what a visitor's page says; the rest is for the socket to do in the store.
    pub fn visitor_says(&self, message: FromVisitor) -> VisitorAct {
        let mut state = self.shared.lock();
        state.used = Instant::now();
        if state.closed.is_some() {
            return VisitorAct::Done;
        }
        match message {
            FromVisitor::Hello { .. } => {
                state.refuse_visitor(ErrorCode::Unexpected);
                VisitorAct::Done
            }
            FromVisitor::Profile(profile) => VisitorAct::Profile(profile),
            FromVisitor::Consent { session, .. } | FromVisitor::End { session }
                if session.as_ref().is_some_and(|token| *token != state.session.token) =>
            {
                // Said of a session that is over by now.
                state.refuse_visitor(ErrorCode::Unexpected);
                VisitorAct::Done
            }
            FromVisitor::Consent { accepted, .. } => VisitorAct::Consent(accepted),
            FromVisitor::Control { user, granted } => state.control(user, granted),
            FromVisitor::Page(url) => {
                state.page = Some(url.clone());
                state.tell_page();
                VisitorAct::Page(url)
            }
            FromVisitor::Viewport { width, height } => {
                state.viewport = Some((width, height));
                state.tell_viewport();
                VisitorAct::Done
            }
            FromVisitor::End { .. } => VisitorAct::End,
        }
    }

    /// Passes on what a viewer does, if it may; refusals go to its feed.
    pub fn viewer_says(&self, user: &UserId, feed: &Arc<Feed>, message: FromViewer) -> ViewerAct {
        let mut state = self.shared.lock();
        let is_here =
            |viewer: &super::state::Viewer| viewer.user == *user && Arc::ptr_eq(&viewer.feed, feed);
        if state.closed.is_some() || !state.viewers.iter().any(is_here) {
            return ViewerAct::Done;
        }
        state.used = Instant::now();
        let answer = match message {
            FromViewer::Hello { .. } => Err(ErrorCode::Unexpected),
            FromViewer::RequestControl => state.request_control(user),
            FromViewer::ReleaseControl => state.release_control(user),
            FromViewer::Resync => state.resync(feed),
            FromViewer::End => Ok(ViewerAct::End),
            FromViewer::Gesture(gesture) => state.gesture(user, gesture),
        };
        answer.unwrap_or_else(|code| {
            feed.push_text(ToViewer::error(code).text());
            ViewerAct::Done
        })
    }
}

impl State {
    fn control(&mut self, user: UserId, granted: bool) -> VisitorAct {
        let watches = self.session.user(&user).is_some_and(|user| user.role.watches());
        if !self.is_active() || !watches {
            let code = if watches { ErrorCode::NotActive } else { ErrorCode::UnknownUser };
            self.refuse_visitor(code);
            return VisitorAct::Done;
        }
        self.asking.retain(|asking| *asking != user);
        if granted {
            self.revoked = None;
        }
        if !granted && self.session.control.as_ref() != Some(&user) {
            let declined = ToViewer::ControlDeclined {}.text();
            for viewer in self.viewers.iter().filter(|viewer| viewer.user == user) {
                viewer.feed.push_text(declined.clone());
            }
        }
        VisitorAct::Control { user, granted }
    }

    fn request_control(&mut self, user: &UserId) -> Result<ViewerAct, ErrorCode> {
        if !self.is_active() {
            return Err(ErrorCode::NotActive);
        }
        let Some(visitor) = &self.visitor else {
            return Err(ErrorCode::VisitorAway);
        };
        if self.has_control(user) || self.asking.contains(user) {
            return Ok(ViewerAct::Done);
        }
        if let Some(user) = self.session.user(user) {
            visitor.push_text(control_request(user).text());
            self.asking.push(user.id.clone());
        }
        Ok(ViewerAct::RequestControl)
    }

    fn release_control(&self, user: &UserId) -> Result<ViewerAct, ErrorCode> {
        if self.has_control(user) {
            Ok(ViewerAct::ReleaseControl)
        } else {
            Err(ErrorCode::NoControl)
        }
    }

    fn resync(&mut self, feed: &Arc<Feed>) -> Result<ViewerAct, ErrorCode> {
        let now = Instant::now();
        let mut viewers = self.viewers.iter_mut();
        if let Some(viewer) = viewers.find(|viewer| Arc::ptr_eq(&viewer.feed, feed)) {
            if viewer.resynced.is_some_and(|before| now - before < RESYNC_EVERY) {
                return Err(ErrorCode::TooSoon);
            }
            viewer.resynced = Some(now);
            viewer.feed.fall_behind();
        }
        Ok(ViewerAct::Done)
    }

    fn gesture(&self, user: &UserId, gesture: Gesture) -> Result<ViewerAct, ErrorCode> {
        if !self.is_active() {
            return Err(ErrorCode::NotActive);
        }
        let permissions = self.session.user(user).map(|user| user.permissions);
        let (permitted, needs_control) = match permissions.map(|may| gesture.needs(&may)) {
            None => (false, false),
            Some(Needs::Nothing) => (true, false),
            Some(Needs::Permission(permitted)) => (permitted, false),
            Some(Needs::Control(permitted)) => (permitted, true),
        };
        if !permitted {
            return Err(ErrorCode::NotPermitted);
        }
        if needs_control && !self.has_control(user) {
            return Err(ErrorCode::NoControl);
        }
        let slot = slot(user, &gesture);
        let Some(visitor) = &self.visitor else {
            // Positions of a mouse are worth no refusal.
            return if slot.is_some() { Ok(ViewerAct::Done) } else { Err(ErrorCode::VisitorAway) };
        };
        let text = ToVisitor::Gesture(Attributed { gesture, user: user.clone() }).text();
        match slot {
            Some(slot) => visitor.latest(slot, text),
            None if visitor.gesture(text) => {}
            None => return Err(ErrorCode::VisitorBusy),
        }
        Ok(ViewerAct::Done)
    }
}

/// Gestures of which only the newest counts.
fn slot(user: &UserId, gesture: &Gesture) -> Option<Slot> {
    match gesture {
        Gesture::Cursor { .. } => Some(Slot::Cursor(user.clone())),
        Gesture::Pointer { .. } => Some(Slot::Pointer(user.clone())),
        Gesture::Scroll { .. } => Some(Slot::Scroll(user.clone())),
        Gesture::Draw { .. }
        | Gesture::Clear
        | Gesture::Click { .. }
        | Gesture::Type { .. }
        | Gesture::Key { .. }
        | Gesture::Redirect { .. } => None,
    }
}

impl fmt::Debug for VisitorAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "Done",
            Self::Consent(_) => "Consent",
            Self::Control { .. } => "Control",
            Self::Page(_) => "Page",
            Self::Profile(_) => "Profile",
            Self::End => "End",
        })
    }
}
