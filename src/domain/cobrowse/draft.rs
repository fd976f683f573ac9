//! A record while it is edited: the rules of each step of a session's life.

use super::session::PAGES;
use super::{Begun, Credential, End, EndedBy, Event, Role, Session, Status, Stored, User};
use crate::domain::ids::UserId;

/// Whether an edit is worth writing.
pub(super) enum Edit<T> {
    /// It changed the record.
    Write(T),
    /// It did not.
    Keep(T),
}

impl<T> Edit<T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Edit<U> {
        match self {
            Self::Write(outcome) => Edit::Write(change(outcome)),
            Self::Keep(outcome) => Edit::Keep(change(outcome)),
        }
    }
}

/// A record as it was read, and what an edit makes of it.
pub(super) struct Draft {
    pub(super) session: Session,
    pub(super) now_ms: u64,
    pub(super) events: Vec<Event>,
}

impl Draft {
    /// A session that lapsed is one that ended by time-out.
    pub(super) fn of(stored: &Stored) -> Self {
        let mut session = stored.session.clone();
        if session.end.is_none() && stored.now_ms >= stored.expires_ms {
            session.end = Some(End { at_ms: stored.expires_ms, by: EndedBy::Timeout });
        }
        Self { session, now_ms: stored.now_ms, events: Vec::new() }
    }

    /// As its host sees it: one that lapsed while the store was away lives on by the next renewal.
    pub(super) fn of_host(stored: &Stored) -> Self {
        Self { session: stored.session.clone(), now_ms: stored.now_ms, events: Vec::new() }
    }

    /// Enters somebody who was let in.
    pub(super) fn enter(&mut self, user: User) -> Edit<UserId> {
        let id = user.id.clone();
        self.events.push(Event::Joined {
            user: id.clone(),
            role: user.role,
            name: user.name.clone(),
            agent: user.agent.clone(),
        });
        // Genesys: a session is active from the moment its agent joins.
        if user.role.watches() && self.session.begun == Begun::Live {
            self.session.activated_ms.get_or_insert(self.now_ms);
        }
        self.session.users.push(user);
        Edit::Write(id)
    }

    /// Somebody leaves; none where nobody has that token.
    pub(super) fn exit(&mut self, token: &Credential) -> Edit<Option<User>> {
        let Some(user) = self.session.user_of(token).cloned() else { return Edit::Keep(None) };
        if user.left || self.session.end.is_some() {
            return Edit::Keep(Some(user));
        }
        if user.role == Role::Customer {
            return self.end(EndedBy::Customer).map(|()| Some(user));
        }
        self.remove(&user.id);
        if !self.session.present().any(|user| user.role.watches()) {
            return self.end(EndedBy::Agent(user.id.clone())).map(|()| Some(user));
        }
        Edit::Write(Some(user))
    }

    fn remove(&mut self, id: &UserId) {
        self.end_control(Some(id));
        let users = self.session.users.iter_mut();
        for user in users.filter(|user| user.id == *id) {
            user.left = true;
        }
        self.events.push(Event::Left { user: id.clone() });
    }

    /// Ends the session; one that is over stays as it ended.
    pub(super) fn end(&mut self, by: EndedBy) -> Edit<()> {
        if self.session.end.is_some() {
            return Edit::Keep(());
        }
        self.session.control = None;
        self.session.end = Some(End { at_ms: self.now_ms, by: by.clone() });
        self.events.push(Event::Ended { by });
        Edit::Write(())
    }

    /// The visitor's page is there.
    pub(super) fn visitor_came(&mut self) -> Edit<()> {
        if self.session.end.is_some() || self.session.visitor_came {
            return Edit::Keep(());
        }
        self.session.visitor_came = true;
        Edit::Write(())
    }

    /// The visitor accepts or declines to be watched.
    pub(super) fn consent(&mut self, accepted: bool) -> Edit<()> {
        if self.session.status() != Status::PendingRequest {
            return Edit::Keep(());
        }
        if accepted {
            self.session.consented = true;
            self.events.push(Event::ConsentGiven);
            return Edit::Write(());
        }
        self.events.push(Event::ConsentDeclined);
        self.end(EndedBy::Declined)
    }

    /// The visitor lets somebody control the page, or does so no longer.
    pub(super) fn control(&mut self, user: &UserId, granted: bool) -> Edit<()> {
        let is_watching = self.session.user(user).is_some_and(|user| user.role.watches());
        if self.session.status() != Status::Active || !is_watching {
            return Edit::Keep(());
        }
        match (granted, self.session.control.as_ref() == Some(user)) {
            (true, true) => Edit::Keep(()),
            (true, false) => {
                self.end_control(None);
                self.session.control = Some(user.clone());
                self.events.push(Event::ControlGranted { user: user.clone() });
                Edit::Write(())
            }
            (false, true) => {
                self.end_control(Some(user));
                Edit::Write(())
            }
            (false, false) => {
                self.events.push(Event::ControlDeclined { user: user.clone() });
                Edit::Write(())
            }
        }
    }

    /// Takes control away from whoever has it; with `of`, only from that one.
    fn end_control(&mut self, of: Option<&UserId>) {
        let holder = self.session.control.take_if(|holder| of.is_none_or(|of| of == holder));
        self.events.extend(holder.map(|user| Event::ControlEnded { user }));
    }

    /// Somebody gives control back.
    pub(super) fn release_control(&mut self, user: &UserId) -> Edit<()> {
        if self.session.control.as_ref() != Some(user) {
            return Edit::Keep(());
        }
        self.end_control(Some(user));
        Edit::Write(())
    }

    /// Something happened that changes nothing in the record.
    pub(super) fn note(&mut self, event: Event) -> Edit<()> {
        let is_page = matches!(event, Event::Page { .. });
        if self.session.end.is_some() || (is_page && self.session.pages >= PAGES) {
            return Edit::Keep(());
        }
        self.session.pages += u32::from(is_page);
        self.events.push(event);
        Edit::Write(())
    }

    /// Before it is written: what follows from the rest.
    pub(super) fn settle(&mut self) {
        if self.session.status() == Status::Active {
            self.session.activated_ms.get_or_insert(self.now_ms);
        }
    }
}
