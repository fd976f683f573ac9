//! One viewer's socket: it watches a session at its host, wherever that is.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::WebSocket;
use tokio::time::{Instant, sleep_until};

use super::{
    Close, CobrowseSockets,
    line::{End, Flow, Heard, Line, close},
    remote,
    rooms::HostedRoom,
};
use crate::domain::{
    cobrowse::{Changed, EndedBy, Event, Said, Server, Session, Stored, User},
    error::StoreError,
    relay::{Budget, ErrorCode, Feed, FeedEnd, FromViewer, Next, ToViewer, ViewerAct},
};

/// Between two looks for a host, while there is none: from here ...
const FIRST_LOOK: Duration = Duration::from_millis(20);
/// ... to here. One read of one key each.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// A session that the store does not know for so long is gone: a host puts back what the store
/// lost within seconds.
const GONE: Duration = Duration::from_secs(10);

/// What was checked before the socket was opened.
pub struct ViewerTicket {
    /// The session, as it was then.
    pub session: Box<Session>,
    /// Who watches.
    pub user: Box<User>,
    /// When the viewer opened its socket, in milliseconds since 1970.
    pub opened_ms: u64,
    /// Another node passes the socket on, and has greeted the viewer already.
    pub is_passed_on: bool,
}

/// Where the session is.
enum Place {
    /// Hosted here.
    Here(Arc<HostedRoom>),
    /// Hosted by another node.
    There(Server, Box<Session>),
    /// Its visitor is nowhere for the moment.
    Nowhere(Box<Stored>),
    /// Over.
    Over(Box<Session>),
    /// This user has left it.
    Left,
    /// Unknown, and not by a loss of data that its host is about to heal.
    Gone,
    /// The store does not tell.
    Untold,
}

pub(super) struct Viewer {
    pub(super) line: Line,
    pub(super) session: Box<Session>,
    pub(super) user: Box<User>,
    pub(super) opened_ms: u64,
    is_passed_on: bool,
    messages: Budget,
    /// The state that was told while there was no host, so that it is told once.
    told: Option<String>,
    look_again: Duration,
    /// Since when the store does not know the session.
    gone_since: Option<Instant>,
}

/// Serves a socket to its end.
pub fn serve(
    socket: WebSocket,
    ticket: ViewerTicket,
    shared: Arc<CobrowseSockets>,
) -> impl Future<Output = ()> + Send {
    let mut viewer = Box::new(Viewer {
        line: Line::new(socket, shared),
        session: ticket.session,
        user: ticket.user,
        opened_ms: ticket.opened_ms,
        is_passed_on: ticket.is_passed_on,
        messages: Budget::VIEWER_MESSAGES,
        told: None,
        look_again: FIRST_LOOK,
        gone_since: None,
    });
    async move {
        let end = match viewer.greet().await {
            ControlFlow::Continue(()) => viewer.run().await,
            ControlFlow::Break(end) => end,
        };
        viewer.line.leave(end).await;
    }
}

impl Viewer {
    async fn greet(&mut self) -> Flow {
        if self.is_passed_on {
            return ControlFlow::Continue(());
        }
        let text = self.line.greeting().await?;
        match FromViewer::read(&text) {
            Ok(FromViewer::Hello { .. }) => ControlFlow::Continue(()),
            Ok(_) => close(Close::NotGreeted),
            Err(fault) => close(fault),
        }
    }

    async fn run(&mut self) -> End {
        loop {
            let flow = match self.place().await {
                Place::Here(hosted) => self.watch_here(&hosted).await,
                Place::There(..) | Place::Nowhere(_) | Place::Untold if self.is_passed_on => {
                    close(Close::Moved)
                }
                Place::There(host, session) => remote::watch(self, &host, &session).await,
                Place::Nowhere(stored) => self.wait(&stored.session).await,
                Place::Untold => self.pause().await,
                Place::Over(session) => self.over(&session).await,
                Place::Left => close(Close::Removed),
                Place::Gone => close(Close::Unknown),
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    async fn place(&mut self) -> Place {
        let shared = self.line.shared.clone();
        if let Some(hosted) = shared.rooms.get(&self.session.token) {
            return Place::Here(hosted);
        }
        let here = &shared.service.here().name;
        match shared.service.get(&self.session.token).await {
            Ok(Some(stored)) if stored.session.end.is_some() => {
                Place::Over(Box::new(stored.session))
            }
            Ok(Some(stored)) if stored.session.user(&self.user.id).is_none() => Place::Left,
            Ok(Some(stored)) => match &stored.owner {
                Some(owner) if owner.name != *here => {
                    Place::There(owner.clone(), Box::new(stored.session))
                }
                Some(_) | None => Place::Nowhere(Box::new(stored)),
            },
            Ok(None) => {
                let since = *self.gone_since.get_or_insert_with(Instant::now);
                if since.elapsed() < GONE { Place::Untold } else { Place::Gone }
            }
            Err(error) => {
                tracing::debug!(%error, "a viewer waits for the store");
                Place::Untold
            }
        }
    }

    /// A host was found: the next search begins anew.
    pub(super) fn found(&mut self) {
        self.look_again = FIRST_LOOK;
        self.told = None;
        self.gone_since = None;
    }

    async fn watch_here(&mut self, hosted: &Arc<HostedRoom>) -> Flow {
        let feed = match self.attach(hosted).await {
            Ok(Some(feed)) => feed,
            Ok(None) => return close(Close::Removed),
            Err(_) if self.is_passed_on => return close(Close::Moved),
            Err(_) => return self.pause().await,
        };
        self.found();
        let flow = loop {
            match self.step_here(hosted, &feed).await {
                ControlFlow::Continue(()) => {}
                // The session goes on at another node: look for it.
                ControlFlow::Break(End::Close(Close::Moved)) if !self.is_passed_on => {
                    break ControlFlow::Continue(());
                }
                end @ ControlFlow::Break(_) => break end,
            }
        };
        hosted.room.detach_viewer(&feed);
        flow
    }

    /// Attaches to the room, which may not have heard yet that this user joined.
    async fn attach(&mut self, hosted: &Arc<HostedRoom>) -> Result<Option<Arc<Feed>>, StoreError> {
        if let Some(feed) = hosted.room.attach_viewer(&self.user.id, self.opened_ms) {
            return Ok(Some(feed));
        }
        let shared = self.line.shared.clone();
        if let Some(stored) = shared.service.get(&self.session.token).await? {
            shared.rooms.take_over(hosted, stored);
        }
        Ok(hosted.room.attach_viewer(&self.user.id, self.opened_ms))
    }

    async fn step_here(&mut self, hosted: &Arc<HostedRoom>, feed: &Arc<Feed>) -> Flow {
        tokio::select! {
            heard = self.line.next(true) => match heard {
                Heard::Text(text) => self.hears(hosted, feed, &text).await,
                Heard::Binary(_) => close(Close::BadMessage),
                Heard::Alive => ControlFlow::Continue(()),
                Heard::Due => self.line.tend().await,
                Heard::Over(end) => ControlFlow::Break(end),
            },
            next = feed.next() => match next {
                Next::Text(text) => self.line.say(text).await,
                Next::Binary(frame) => self.line.send(frame).await,
                // This node drains as a whole, or another one hosts the session now.
                Next::Close(FeedEnd::Draining) => close(Close::Moved),
                Next::Close(end) => close(end),
            },
        }
    }

    async fn hears(&mut self, hosted: &Arc<HostedRoom>, feed: &Arc<Feed>, text: &str) -> Flow {
        self.spend()?;
        let act = match FromViewer::read(text) {
            Ok(message) => hosted.room.viewer_says(&self.user.id, feed, message),
            Err(fault) => return close(fault),
        };
        match self.act(hosted, act).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                tracing::debug!(%error, "what a viewer said could not be written");
                self.line.say(ToViewer::error(ErrorCode::Unavailable).text()).await
            }
        }
    }

    async fn act(&mut self, hosted: &Arc<HostedRoom>, act: ViewerAct) -> Result<(), StoreError> {
        let service = self.line.shared.service.clone();
        let (at, user) = (hosted.hosted(), self.user.id.clone());
        let changed: Changed<()> = match act {
            ViewerAct::Done => return Ok(()),
            ViewerAct::RequestControl => {
                service.note(&at, &Event::ControlRequested { user }).await?
            }
            ViewerAct::ReleaseControl => service.release_control(&at, &user).await?,
            ViewerAct::End => service.leave(&at, &user, &self.user.token).await?,
        };
        self.line.shared.rooms.apply(hosted, at.fence, changed);
        Ok(())
    }

    /// Nobody hosts the session: tells the state once, and looks again after a while.
    pub(super) async fn wait(&mut self, session: &Session) -> Flow {
        let state = alone(session).text();
        if self.told.as_ref() != Some(&state) {
            let here = &self.line.shared.service.here().name;
            let welcome = ToViewer::welcome(session, &self.user, here).text();
            self.line.say(welcome).await?;
            self.line.say(state.clone()).await?;
            self.told = Some(state);
        }
        self.pause().await
    }

    /// Waits a while before the next look; longer each time.
    pub(super) async fn pause(&mut self) -> Flow {
        let until = Instant::now() + self.look_again.mul_f64(rand::random_range(0.5..1.0));
        self.look_again = (self.look_again * 2).min(LONGEST_LOOK);
        loop {
            let heard = tokio::select! {
                heard = self.line.next(true) => heard,
                () = sleep_until(until) => return ControlFlow::Continue(()),
            };
            match heard {
                Heard::Text(text) => self.hears_alone(&text).await?,
                Heard::Binary(_) => return close(Close::BadMessage),
                Heard::Alive => {}
                Heard::Due => self.line.tend().await?,
                Heard::Over(end) => return ControlFlow::Break(end),
            }
        }
    }

    /// Takes one message off the viewer's budget.
    pub(super) fn spend(&mut self) -> Flow {
        match self.messages.spend(1, Instant::now()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => close(Close::TooManyMessages),
        }
    }

    /// A message while nobody hosts the session.
    async fn hears_alone(&mut self, text: &str) -> Flow {
        self.spend()?;
        match FromViewer::read(text) {
            Err(fault) => close(fault),
            Ok(FromViewer::End) => self.end().await,
            Ok(_) => self.line.say(ToViewer::error(ErrorCode::VisitorAway).text()).await,
        }
    }

    async fn end(&mut self) -> Flow {
        let service = self.line.shared.service.clone();
        let ended = if self.session.ends_for_all(&self.user) {
            let by = EndedBy::Agent(self.user.id.clone());
            service.end(&self.session.token, &by).await
        } else {
            service.exit(&self.user.token).await.map(|said| match said {
                Said::Done(session) => Some(*session),
                Said::NotAllowed | Said::Unknown => None,
            })
        };
        match ended {
            Ok(Some(session)) if session.end.is_some() => self.over(&session).await,
            Ok(_) => close(Close::Removed),
            Err(_) => self.line.say(ToViewer::error(ErrorCode::Unavailable).text()).await,
        }
    }

    async fn over(&mut self, session: &Session) -> Flow {
        self.line.say(alone(session).text()).await?;
        close(Close::Ended)
    }
}

/// The state of a session that nobody hosts.
fn alone(session: &Session) -> ToViewer {
    ToViewer::session(session, false, None)
}
