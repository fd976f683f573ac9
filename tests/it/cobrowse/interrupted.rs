//! Calls of several steps that are interrupted: a client hangs up, the store goes away, others come
//! between. Nothing is left taken, and nothing is given twice.

use std::{net::IpAddr, sync::Arc, time::Duration};

use baton::{
    backend::memory::MemoryBus,
    domain::{
        cobrowse::{
            Begun, CobrowseService, CobrowseTerms, Created, EndedBy, Joined, Joiner, Role, Server,
            Session, SlotOutcome, SlotScope, SlotStore, Vouched,
        },
        ids::{SessionToken, TenantId, VisitorId},
        short_codes::{Issued, Names, RedeemAs, Redeemed, ShortCodeService, ShortCodeTerms},
        visitors::{LinkClaims, Linked, OpenedLink, Profile, VisitorService, Watcher},
    },
};
use futures_util::future::join_all;

use crate::support::{
    eventually,
    held::{Gate, Held},
    in_time,
    stores::{self, Stores},
};

const HOUR: Duration = Duration::from_secs(3600);

struct World {
    tenant: TenantId,
    store: Arc<Held>,
    slots: Arc<dyn SlotStore>,
    cobrowse: Arc<CobrowseService>,
    short_codes: Arc<ShortCodeService>,
    visitors: Arc<VisitorService>,
}

impl World {
    async fn new() -> Self {
        Self::on(stores::memory().await)
    }

    fn on(stores: Stores) -> Self {
        let here = Server { name: "n1".into(), url: None, internal_url: "http://n1".into() };
        let terms = CobrowseTerms {
            idle: HOUR,
            reconnect_grace: HOUR,
            history: HOUR,
            lease: HOUR,
            sessions_per_agent: 1,
            watched_most: Some(1),
            consent_required: true,
            open_join: false,
        };
        let (store, bus) = (Held::new(stores.cobrowse), Arc::new(MemoryBus::default()));
        let slots = stores.slots;
        let cobrowse =
            CobrowseService::new(store.clone(), slots.clone(), bus.clone(), here.clone(), terms);
        let cobrowse = Arc::new(cobrowse);
        let terms = ShortCodeTerms::new(6, HOUR);
        let short_codes = ShortCodeService::new(stores.short_codes, cobrowse.clone(), terms);
        let visitors = VisitorService::new(stores.visitors, cobrowse.clone(), bus, here.name, HOUR);
        let (short_codes, visitors) = (Arc::new(short_codes), Arc::new(visitors));
        Self { tenant: "acme".into(), store, slots, cobrowse, short_codes, visitors }
    }

    async fn session(&self) -> SessionToken {
        match self.cobrowse.create(&self.tenant, Begun::Live).await.unwrap() {
            Created::New(session) => session.token,
            Created::TooManyWatched => panic!("nobody watches"),
        }
    }

    /// Ann, a person of the tenant.
    fn ann(&self) -> Joiner {
        let vouched = Vouched { tenant: self.tenant.clone(), agent: Some("ann".into()) };
        Joiner::Agent { role: Role::Agent, name: None, vouched: Some(vouched) }
    }

    fn slot_of_ann(&self) -> SlotScope {
        SlotScope::Agent(self.tenant.clone(), "ann".into())
    }

    async fn join(&self, session: &SessionToken) -> Joined {
        in_time("a join", self.cobrowse.join(session, &self.ann())).await.unwrap()
    }

    async fn read(&self, session: &SessionToken) -> Session {
        self.cobrowse.get(session).await.unwrap().expect("it is remembered").session
    }

    async fn holds_ann(&self, session: &SessionToken) -> bool {
        self.read(session).await.present().next().is_some()
    }

    /// A visitor who is online.
    async fn visitor(&self) -> VisitorId {
        let visitor = VisitorId::random();
        let entered =
            self.visitors.enter(&self.tenant, visitor.clone(), Profile::default(), 1).await;
        entered.unwrap();
        visitor
    }

    async fn link(&self, visitor: &VisitorId) -> LinkClaims {
        let watcher = Watcher {
            agent: "ann".into(),
            name: "Ann".into(),
            permissions: baton::domain::cobrowse::Permissions::default(),
            terms: baton::domain::cobrowse::LinkTerms::default(),
        };
        let linked = self.visitors.link(&self.tenant, visitor, watcher).await.unwrap();
        let Linked::Link(link) = linked else { panic!("{linked:?}") };
        *link
    }

    async fn code(&self) -> String {
        match self.short_codes.create(&self.tenant, None).await.unwrap() {
            Issued::Code(code) => code.expose().to_owned(),
            Issued::AllTaken => panic!("there are a million"),
        }
    }
}

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));

#[tokio::test]
async fn whoever_hangs_up_while_it_joins_is_in_all_the_same() {
    let world = World::new().await;
    let (first, second) = (world.session().await, world.session().await);
    world.store.set(Gate::NoWrites);
    let call = tokio::spawn({
        let (cobrowse, first, ann) = (world.cobrowse.clone(), first.clone(), world.ann());
        async move { cobrowse.join(&first, &ann).await }
    });
    world.store.until_waiting(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    world.store.set(Gate::Open);
    eventually("ann is in", async || world.holds_ann(&first).await.then_some(())).await;
    assert!(matches!(world.join(&second).await, Joined::AgentBusy));
}

#[tokio::test]
async fn whoever_hangs_up_and_is_refused_holds_nothing() {
    let world = World::new().await;
    let session = world.session().await;
    world.cobrowse.end(&session, &EndedBy::Operator).await.unwrap();
    world.store.set(Gate::NoReads);
    let held = session.clone();
    let call = tokio::spawn({
        let (cobrowse, ann) = (world.cobrowse.clone(), world.ann());
        async move { cobrowse.join(&session, &ann).await }
    });
    world.store.until_waiting(1).await;
    assert_eq!(world.slots.held(&world.slot_of_ann()).await.unwrap(), 1);
    // It is not to lapse by itself.
    world.slots.take(&world.slot_of_ann(), &held, 1, 3_600_000).await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    world.store.set(Gate::Open);
    eventually("no slot is held", async || {
        (world.slots.held(&world.slot_of_ann()).await.unwrap() == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_slot_of_a_session_that_is_over_hinders_nobody() {
    let world = World::new().await;
    let (leaked, wanted) = (world.session().await, world.session().await);
    world.cobrowse.end(&leaked, &EndedBy::Operator).await.unwrap();
    let lease_ms = 3_600_000;
    let taken = world.slots.take(&world.slot_of_ann(), &leaked, 1, lease_ms).await.unwrap();
    assert_eq!(taken, SlotOutcome::Taken);
    assert!(matches!(world.join(&wanted).await, Joined::In { .. }));
    let scope = SlotScope::Watched(world.tenant.clone());
    world.slots.take(&scope, &leaked, 1, lease_ms).await.unwrap();
    let link = world.link(&world.visitor().await).await;
    let opened = world.visitors.open_link(&link).await.unwrap();
    assert!(matches!(opened, OpenedLink::In { .. }), "{opened:?}");
}

#[tokio::test]
async fn a_join_that_the_store_interrupted_can_be_repeated() {
    let world = World::new().await;
    let session = world.session().await;
    world.store.set(Gate::Away);
    assert!(world.cobrowse.join(&session, &world.ann()).await.is_err());
    world.store.set(Gate::Open);
    assert!(matches!(world.join(&session).await, Joined::In { .. }));
}

#[tokio::test]
async fn of_two_sessions_that_an_agent_enters_at_once_it_gets_one() {
    let world = World::new().await;
    let (first, second) = (world.session().await, world.session().await);
    world.store.set(Gate::NoWrites);
    let call = tokio::spawn({
        let (cobrowse, first, ann) = (world.cobrowse.clone(), first.clone(), world.ann());
        async move { cobrowse.join(&first, &ann).await.unwrap() }
    });
    world.store.until_waiting(1).await;
    // The slot is reserved: nobody can tell whether its record is about to be written.
    assert!(matches!(world.join(&second).await, Joined::AgentBusy));
    world.store.set(Gate::Open);
    assert!(matches!(call.await.unwrap(), Joined::In { .. }));
    assert_eq!([world.holds_ann(&first).await, world.holds_ann(&second).await], [true, false]);
    assert_eq!(world.slots.held(&world.slot_of_ann()).await.unwrap(), 1);
}

async fn enter_many_at_once(world: World) {
    for _ in 0..10 {
        let sessions = join_all((0..4).map(|_| world.session())).await;
        let calls = sessions.iter().map(|session| {
            let (cobrowse, session, ann) = (world.cobrowse.clone(), session.clone(), world.ann());
            tokio::spawn(async move { cobrowse.join(&session, &ann).await.unwrap() })
        });
        let mut entered = 0;
        for (session, joined) in sessions.iter().zip(join_all(calls).await) {
            let is_in = matches!(joined.unwrap(), Joined::In { .. });
            assert_eq!(world.holds_ann(session).await, is_in);
            entered += usize::from(is_in);
        }
        assert_eq!(entered, 1);
        for session in &sessions {
            world.cobrowse.end(session, &EndedBy::Operator).await.unwrap();
        }
        let next = world.session().await;
        assert!(matches!(world.join(&next).await, Joined::In { .. }), "nothing is left behind");
        world.cobrowse.end(&next, &EndedBy::Operator).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_never_gets_two_sessions_in_memory() {
    enter_many_at_once(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_never_gets_two_sessions_in_redis() {
    enter_many_at_once(World::on(stores::redis().await)).await;
}

#[tokio::test]
async fn a_link_is_not_used_up_by_a_store_that_went_away() {
    let world = World::new().await;
    let link = world.link(&world.visitor().await).await;
    for _ in 0..3 {
        world.store.set(Gate::Away);
        assert!(world.visitors.open_link(&link).await.is_err());
        world.store.set(Gate::Open);
    }
    let opened = world.visitors.open_link(&link).await.unwrap();
    assert!(matches!(opened, OpenedLink::In { .. }), "{opened:?}");
    let again = world.visitors.open_link(&link).await.unwrap();
    assert!(matches!(again, OpenedLink::Used), "{again:?}");
}

#[tokio::test]
async fn whoever_hangs_up_while_a_link_opens_opens_it_all_the_same() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let link = world.link(&visitor).await;
    world.store.set(Gate::NoWrites);
    let call = tokio::spawn({
        let (visitors, link) = (world.visitors.clone(), link.clone());
        async move { visitors.open_link(&link).await }
    });
    world.store.until_waiting(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let early = world.visitors.open_link(&link).await.unwrap();
    assert!(matches!(early, OpenedLink::Used), "it is being opened: {early:?}");
    world.store.set(Gate::Open);
    eventually("the visitor is watched", async || {
        let found = world.visitors.find(&world.tenant, &visitor).await.unwrap().unwrap();
        let session = world.visitors.session_of(&world.tenant, &found).await.unwrap()?;
        session.present().next().map(|_| ())
    })
    .await;
}

#[tokio::test]
async fn a_code_and_a_try_are_not_lost_with_a_store_that_goes_away() {
    let world = World::new().await;
    let code = world.code().await;
    let redeem = async |by| world.short_codes.redeem(&code, by, Names::default(), ADDRESS).await;
    // More than the tries that may be refused.
    for _ in 0..15 {
        world.store.set(Gate::Away);
        assert!(redeem(RedeemAs::Consumer).await.is_err());
        assert!(redeem(RedeemAs::Agent).await.is_err());
        world.store.set(Gate::Open);
    }
    let redeemed = redeem(RedeemAs::Consumer).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumer { .. }), "{redeemed:?}");
    assert!(matches!(redeem(RedeemAs::Consumer).await.unwrap(), Redeemed::Refused));
}

#[tokio::test]
async fn a_consumer_who_hangs_up_may_redeem_the_code_again() {
    let world = World::new().await;
    let code = world.code().await;
    world.store.set(Gate::NoWrites);
    let call = tokio::spawn({
        let (short_codes, code) = (world.short_codes.clone(), code.clone());
        let by = RedeemAs::Consumer;
        async move { short_codes.redeem(&code, by, Names::default(), ADDRESS).await }
    });
    world.store.until_waiting(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    world.store.set(Gate::Open);
    let again = world.short_codes.redeem(&code, RedeemAs::Consumer, Names::default(), ADDRESS);
    let Redeemed::Consumer { session, user } = again.await.unwrap() else { panic!("refused") };
    let session = world.read(&session.token).await;
    assert_eq!(session.customer().map(|customer| &customer.id), Some(&user.id));
    assert_eq!(session.present().count(), 1);
}
