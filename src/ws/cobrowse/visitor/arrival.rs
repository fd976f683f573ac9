//! A visitor comes: `hello`, the seat, and the session it is invited to.

use std::ops::ControlFlow;

use super::Visitor;
use crate::{
    auth::VisitorClaims,
    domain::{
        ids::{SessionToken, VisitorId},
        relay::{FromVisitor, PROTOCOL, ToVisitor},
        visitors::{LookupCode, Profile},
    },
    ws::{
        cobrowse::{
            Close, PresenceOrder,
            line::{Flow, close},
        },
        outbox::Overflown,
    },
};

impl Visitor {
    /// Waits for `hello`, enters the visitor, and takes up the session it is in.
    pub(super) async fn greet(&mut self) -> Flow {
        let text = self.line.greeting().await?;
        let hello = match FromVisitor::read(&text) {
            Ok(FromVisitor::Hello { profile, token }) => (profile, token),
            Ok(_) => return close(Close::NotGreeted),
            Err(fault) => return close(fault),
        };
        match hello {
            (Some(profile), token) => self.enter(profile, token.as_deref()).await?,
            (None, _) if self.customer.is_some() => self.welcome(None).await?,
            (None, _) => return close(Close::BadMessage),
        }
        match self.customer.clone() {
            Some(customer) => self.take_part(&customer).await,
            None => ControlFlow::Continue(()),
        }
    }

    pub(super) async fn enter(&mut self, profile: Profile, token: Option<&str>) -> Flow {
        let shared = self.line.shared.clone();
        let known = token.and_then(|token| shared.visitor_tokens.verify(token).ok());
        let known = known.filter(|known| known.tenant == self.tenant).map(|known| known.visitor);
        let visitor = known.unwrap_or_else(VisitorId::random);
        self.profile = profile;
        self.presence = Some(shared.presences.open(self.tenant.clone(), visitor));
        shared.metrics.presences.inc();
        self.sit().await
    }

    /// Takes the visitor's seat, greets it, and takes up the session it is invited to.
    pub(super) async fn sit(&mut self) -> Flow {
        let Some(presence) = self.presence.clone() else { return ControlFlow::Continue(()) };
        self.stands_by = false;
        let visitors = self.line.shared.visitors.clone();
        let profile = self.profile.clone();
        let entered =
            visitors.enter(&self.tenant, presence.visitor.clone(), profile, presence.connection);
        match entered.await {
            Ok(entered) => {
                if let Some(previous) = &entered.previous {
                    visitors.nudge(&self.tenant, &presence.visitor, previous);
                }
                self.welcome(entered.lookup_code).await?;
                match entered.session {
                    Some(session) if self.customer.is_none() => self.follow(&session).await,
                    Some(_) | None => ControlFlow::Continue(()),
                }
            }
            Err(error) => {
                // The next beat finds the seat empty, and asks to enter again.
                tracing::debug!(%error, "a visitor waits for the store");
                self.welcome(None).await
            }
        }
    }

    pub(super) async fn welcome(&mut self, lookup_code: Option<LookupCode>) -> Flow {
        let shared = self.line.shared.clone();
        let visitor = self.presence.as_ref().map(|presence| presence.visitor.clone());
        let token = visitor.as_ref().map(|id| {
            let (tenant, visitor) = (self.tenant.clone(), id.clone());
            shared.visitor_tokens.mint(&VisitorClaims { tenant, visitor })
        });
        let welcome = ToVisitor::Welcome {
            protocol: PROTOCOL,
            node: shared.service.here().name.clone(),
            visitor_id: visitor,
            visitor_token: token.map(Into::into),
            lookup_code,
        };
        self.line.say(welcome.text()).await
    }

    pub(super) async fn ordered(&mut self, order: Result<PresenceOrder, Overflown>) -> Flow {
        let session = match order {
            Err(Overflown) => return close(Close::TooSlow),
            Ok(PresenceOrder::Enter) => return self.sit().await,
            Ok(PresenceOrder::Standby) => return self.stand_by().await,
            Ok(PresenceOrder::Session(_)) if self.stands_by => None,
            Ok(PresenceOrder::Session(session)) => Some(session),
            Ok(PresenceOrder::Look) => match self.look().await {
                Some((true, session)) => session,
                Some((false, _)) => return self.stand_by().await,
                // Where the store is away, a beat tells it later.
                None => None,
            },
        };
        let shown = self.shown.as_ref().map(|shown| &shown.session);
        match session {
            Some(session)
                if self.customer.is_none()
                    && shown != Some(&session)
                    && self.over.as_ref() != Some(&session) =>
            {
                self.follow(&session).await
            }
            Some(_) | None => ControlFlow::Continue(()),
        }
    }

    /// Whether this connection has the visitor's seat, and the session the visitor is invited to.
    async fn look(&mut self) -> Option<(bool, Option<SessionToken>)> {
        let presence = self.presence.clone()?;
        let visitors = self.line.shared.visitors.clone();
        let found = visitors.find(&self.tenant, &presence.visitor).await.ok().flatten()?;
        Some((found.seat?.connection == presence.connection, found.session))
    }

    /// Another connection of this visitor has its seat: this one stays, and does nothing.
    async fn stand_by(&mut self) -> Flow {
        self.put_down().await;
        if std::mem::replace(&mut self.stands_by, true) {
            return ControlFlow::Continue(());
        }
        self.line.say(ToVisitor::Standby {}.text()).await
    }
}
