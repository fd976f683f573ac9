//! Visitors and watch links, by their service on memory stores.

use std::{sync::Arc, time::Duration};

use baton::{
    auth::LinkTokens,
    backend::memory::{MemoryBus, MemoryCobrowse, MemorySlots, MemoryVisitors},
    domain::{
        cluster::{Bus, Delivery, Message},
        cobrowse::{
            Begun, CobrowseService, CobrowseTerms, EndedBy, LinkTerms, Permissions, Role, Server,
            Session, Status, User,
        },
        ids::{NodeName, TenantId, VisitorId},
        visitors::{
            Beat, BeatOutcome, LinkClaims, Linked, OpenedLink, Profile, VisitorService, Watcher,
        },
    },
};
use futures_util::future::join_all;
use tokio::sync::mpsc::Receiver;

const ANN: &str = "ann";

struct World {
    tenant: TenantId,
    visitor: VisitorId,
    visitors: Arc<VisitorService>,
    cobrowse: Arc<CobrowseService>,
    inbox: Receiver<Delivery>,
}

impl World {
    /// A visitor who is online, where so many sessions may be watched.
    async fn online(watched_most: Option<u32>) -> Self {
        let world = Self::empty(watched_most);
        world.enter(&world.visitor, 1).await;
        world
    }

    fn empty(watched_most: Option<u32>) -> Self {
        let node = NodeName::from("n1");
        let here = Server { name: node.clone(), url: None, internal_url: "http://n1".into() };
        let terms = CobrowseTerms {
            idle: Duration::from_secs(60),
            reconnect_grace: Duration::from_secs(60),
            history: Duration::from_secs(60),
            lease: Duration::from_secs(60),
            sessions_per_agent: 1,
            watched_most,
            consent_required: true,
            open_join: false,
        };
        let bus = Arc::new(MemoryBus::default());
        let inbox = bus.subscribe(&node);
        let (store, slots) = (Arc::new(MemoryCobrowse::new()), Arc::new(MemorySlots::new()));
        let cobrowse = Arc::new(CobrowseService::new(store, slots, bus.clone(), here, terms));
        let visitors = VisitorService::new(
            Arc::new(MemoryVisitors::new()),
            cobrowse.clone(),
            bus,
            node,
            Duration::from_secs(300),
        );
        let (tenant, visitor) = ("acme".into(), VisitorId::random());
        Self { tenant, visitor, visitors: Arc::new(visitors), cobrowse, inbox }
    }

    async fn enter(&self, visitor: &VisitorId, connection: u64) -> Option<Session> {
        let profile = Profile { unique_id: Some("u7".into()), ..Profile::default() };
        let entered = self.visitors.enter(&self.tenant, visitor.clone(), profile, connection);
        entered.await.unwrap();
        self.session_of(visitor).await
    }

    async fn session_of(&self, visitor: &VisitorId) -> Option<Session> {
        let found = self.visitors.find(&self.tenant, visitor).await.unwrap()?;
        self.visitors.session_of(&self.tenant, &found).await.unwrap()
    }

    async fn linked(&self, visitor: &VisitorId, agent: &str) -> Linked {
        let watcher = Watcher {
            agent: agent.into(),
            name: agent.into(),
            permissions: Permissions { allow_type: false, ..Permissions::default() },
            terms: LinkTerms::default(),
        };
        self.visitors.link(&self.tenant, visitor, watcher).await.unwrap()
    }

    async fn link(&self, agent: &str) -> LinkClaims {
        match self.linked(&self.visitor, agent).await {
            Linked::Link(link) => *link,
            other @ (Linked::TooManyWatched | Linked::NoVisitor) => panic!("{other:?}"),
        }
    }

    async fn open(&self, link: &LinkClaims) -> OpenedLink {
        self.visitors.open_link(link).await.unwrap()
    }

    /// Opens a new link of that agent.
    async fn watch(&self, agent: &str) -> (Session, User) {
        is_in(self.open(&self.link(agent).await).await)
    }

    /// The invitations that were sent.
    fn invitations(&mut self) -> Vec<VisitorId> {
        let mut invited = Vec::new();
        while let Ok(delivery) = self.inbox.try_recv() {
            if let Delivery::Message(Message::Invited { tenant, visitor }) = delivery {
                assert_eq!(tenant, self.tenant);
                invited.push(visitor);
            }
        }
        invited
    }
}

fn is_in(opened: OpenedLink) -> (Session, User) {
    match opened {
        OpenedLink::In { session, user, .. } => (*session, *user),
        other @ (OpenedLink::Used
        | OpenedLink::NoVisitor
        | OpenedLink::TooManyWatched
        | OpenedLink::Over) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_link_opens_a_session_and_invites_the_visitor() {
    let mut world = World::online(None).await;
    assert!(world.session_of(&world.visitor).await.is_none());
    let (session, user) = world.watch(ANN).await;
    assert_eq!(session.begun, Begun::WatchLink(world.visitor.clone()));
    assert_eq!((session.status(), &session.tenant), (Status::Waiting, &world.tenant));
    assert_eq!((user.role, user.agent, &*user.name.unwrap()), (Role::Agent, Some(ANN.into()), ANN));
    assert!(user.permissions.allow_click && !user.permissions.allow_type);
    assert_eq!(world.session_of(&world.visitor).await.unwrap().token, session.token);
    assert_eq!(world.invitations(), [world.visitor.clone()]);
    let beat = Beat { visitor: world.visitor.clone(), connection: 1 };
    let beaten = world.visitors.beat(&world.tenant, &[beat]).await.unwrap();
    assert_eq!(beaten, [BeatOutcome::Present { session: Some(session.token) }]);
    let usage = world.visitors.usage(&world.tenant).await.unwrap();
    assert_eq!((usage.online_now, usage.sessions_now, usage.sessions_today), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_once() {
    let world = World::online(None).await;
    let link = world.link(ANN).await;
    let opened = join_all((0..10).map(|_| world.open(&link))).await;
    let (opened, used): (Vec<_>, Vec<_>) =
        opened.into_iter().partition(|opened| matches!(opened, OpenedLink::In { .. }));
    assert_eq!((opened.len(), used.len()), (1, 9));
    assert!(used.iter().all(|used| matches!(used, OpenedLink::Used)), "{used:?}");
}

#[tokio::test]
async fn a_link_means_the_same_on_every_node() {
    let world = World::online(None).await;
    let link = world.link(ANN).await;
    let token = LinkTokens::new(b"cluster").mint(&link);
    assert_eq!(LinkTokens::new(b"cluster").verify(&token), Ok(link.clone()));
    assert!(link.id != world.link(ANN).await.id, "each link has an id of its own");
}

#[tokio::test]
async fn several_agents_watch_one_session() {
    let mut world = World::online(Some(1)).await;
    let (first, _) = world.watch(ANN).await;
    let (second, bob) = world.watch("bob").await;
    assert_eq!(first.token, second.token);
    assert_eq!(second.present().count(), 2);
    assert_eq!(bob.agent, Some("bob".into()));
    let (third, _) = world.watch(ANN).await;
    assert_eq!(third.present().count(), 3, "one person in two windows is there twice");
    assert_eq!(world.invitations().len(), 1);
    let usage = world.visitors.usage(&world.tenant).await.unwrap();
    assert_eq!((usage.sessions_now, usage.sessions_today), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_opened_at_once_lead_to_one_session() {
    for _ in 0..20 {
        let world = World::online(None).await;
        let links = join_all((0..5).map(|_| world.link(ANN))).await;
        let tasks = links.into_iter().map(|link| {
            let visitors = world.visitors.clone();
            tokio::spawn(async move { is_in(visitors.open_link(&link).await.unwrap()).0.token })
        });
        let mut tokens: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        let session = world.session_of(&world.visitor).await.unwrap();
        assert_eq!((&session.token, session.present().count()), (&tokens[0], 5));
        assert_eq!(world.cobrowse.watched(&world.tenant).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_visitor_who_is_offline_is_invited_when_it_is_back() {
    let mut world = World::online(None).await;
    world.visitors.leave(&world.tenant, &world.visitor, 1).await.unwrap();
    let (session, _) = world.watch(ANN).await;
    assert_eq!(world.invitations(), [], "there is no node to tell");
    let entered = world.enter(&world.visitor, 2).await;
    assert_eq!(entered.unwrap().token, session.token);
}

#[tokio::test]
async fn nobody_watches_a_visitor_whom_nobody_remembers() {
    let world = World::empty(None);
    assert!(matches!(world.linked(&world.visitor, ANN).await, Linked::NoVisitor));
    world.enter(&world.visitor, 1).await;
    let stranger = LinkClaims { visitor: VisitorId::random(), ..world.link(ANN).await };
    assert!(matches!(world.open(&stranger).await, OpenedLink::NoVisitor));
    let elsewhere = LinkClaims { tenant: "other".into(), ..world.link(ANN).await };
    assert!(matches!(world.open(&elsewhere).await, OpenedLink::NoVisitor));
    assert_eq!(world.cobrowse.watched(&world.tenant).await.unwrap(), 0);
    // The link is still good for a visitor who comes.
    world.enter(&stranger.visitor, 2).await;
    is_in(world.open(&stranger).await);
}

#[tokio::test]
async fn no_more_sessions_are_watched_than_may_be() {
    let world = World::online(Some(1)).await;
    let other = VisitorId::random();
    world.enter(&other, 2).await;
    let Linked::Link(early) = world.linked(&other, "bob").await else { panic!("a link") };
    let (session, _) = world.watch(ANN).await;
    assert!(matches!(world.linked(&other, "bob").await, Linked::TooManyWatched));
    assert!(matches!(world.open(&early).await, OpenedLink::TooManyWatched));
    world.cobrowse.end(&session.token, &EndedBy::Operator).await.unwrap();
    is_in(world.open(&early).await);
    assert!(matches!(world.open(&early).await, OpenedLink::Used));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_could_not_be_opened_still_opens_once() {
    let world = World::online(Some(1)).await;
    let other = VisitorId::random();
    world.enter(&other, 2).await;
    let Linked::Link(link) = world.linked(&other, "bob").await else { panic!("a link") };
    let (session, _) = world.watch(ANN).await;
    assert!(matches!(world.open(&link).await, OpenedLink::TooManyWatched));
    assert!(matches!(world.open(&link).await, OpenedLink::TooManyWatched));
    world.cobrowse.end(&session.token, &EndedBy::Operator).await.unwrap();
    let opened = join_all((0..10).map(|_| {
        let (visitors, link) = (world.visitors.clone(), link.clone());
        tokio::spawn(async move { visitors.open_link(&link).await.unwrap() })
    }));
    let opened = opened.await.into_iter().map(Result::unwrap);
    assert_eq!(opened.filter(|opened| matches!(opened, OpenedLink::In { .. })).count(), 1);
}

#[tokio::test]
async fn a_link_is_tried_so_often_and_no_more() {
    let world = World::online(None).await;
    let late = VisitorId::random();
    let link = LinkClaims { visitor: late.clone(), ..world.link(ANN).await };
    for _ in 0..16 {
        assert!(matches!(world.open(&link).await, OpenedLink::NoVisitor));
    }
    world.enter(&late, 2).await;
    assert!(matches!(world.open(&link).await, OpenedLink::Used));
}

#[tokio::test]
async fn a_session_that_is_over_is_followed_by_a_new_one() {
    let mut world = World::online(None).await;
    let (first, _) = world.watch(ANN).await;
    for _ in 0..2 {
        let ended = world.visitors.end_session(&world.tenant, &world.visitor).await.unwrap();
        assert_eq!(ended, Some(()));
    }
    let ended = world.cobrowse.get(&first.token).await.unwrap().unwrap().session;
    assert_eq!(ended.end.unwrap().by, EndedBy::Operator);
    assert!(world.session_of(&world.visitor).await.is_none());
    let (second, _) = world.watch(ANN).await;
    assert_ne!(first.token, second.token);
    assert_eq!(world.invitations().len(), 2);
    let stranger = VisitorId::random();
    assert_eq!(world.visitors.end_session(&world.tenant, &stranger).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_is_searched_and_bounded() {
    let world = World::empty(None);
    for connection in 0..1003 {
        world.enter(&VisitorId::random(), connection).await;
    }
    world.enter(&world.visitor, 2000).await;
    let list =
        async |search: &str, most| world.visitors.list(&world.tenant, search, most).await.unwrap();
    assert_eq!(list("", usize::MAX).await.len(), 1000);
    assert_eq!(list("U7", 10).await.len(), 10);
    assert_eq!(list("nobody", 10).await.len(), 0);
    let seen: Vec<_> = list("", 1000).await.iter().map(|found| found.last_seen_ms).collect();
    assert!(seen.is_sorted_by(|earlier, later| earlier >= later), "those seen last come first");
    let found = list(world.visitor.as_str(), 10).await;
    assert_eq!(found.len(), 1);
    let code = found[0].lookup_code.clone().unwrap();
    assert!(list(&code.0, 10).await.iter().any(|found| found.id == world.visitor));
    let elsewhere = world.visitors.list(&"other".into(), "", 1000).await.unwrap();
    assert!(elsewhere.is_empty());
}
