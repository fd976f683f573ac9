//! The HTTP interfaces: the whole API on one screen.

pub mod admin;
pub mod admin_cobrowse;
pub mod admin_nodes;
pub mod api_key;
pub mod cobrowse;
pub mod cobrowse_caller;
pub mod cobrowse_history;
pub mod cobrowse_host;
pub mod cobrowse_sockets;
pub mod cobrowse_users;
pub mod console;
pub mod demo;
pub mod docs;
pub mod events;
pub mod extract;
pub mod layers;
pub mod media_entity;
pub mod media_request;
pub mod media_sessions;
pub mod opening;
pub mod pages;
pub mod probes;
pub mod problem;
pub mod refusal;
pub mod server;
pub mod sessions;
pub mod short_codes;
pub mod state;
pub mod stream_socket;
mod time;
pub mod visitor_pages;
pub mod visitors;
pub mod watch_link;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state, routing::get};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::state::{Api, SharedApi};
use crate::ws::cobrowse::remote;

/// Largest request body: the longest request is well under 2 KiB.
const BODY_BYTES: usize = 16 * 1024;

/// Where pages written for Live Assist load its script from.
const ASSIST_SDK: &str = "/assistserver/sdk/web/consumer/assist.js";

fn drisc() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(sessions::create, sessions::list))
        .routes(routes!(sessions::takeover))
        .routes(routes!(stream_socket::open))
        .routes(routes!(sessions::end))
}

fn media_sessions() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(media_sessions::index, media_sessions::create))
        .routes(routes!(media_sessions::put, media_sessions::heartbeat, media_sessions::end))
        .routes(routes!(media_sessions::end_own))
}

/// Below `cobrowse.base_path`, with CORS of its own: what visitors' and agents' pages call.
fn cobrowse() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(cobrowse::create))
        .routes(routes!(cobrowse::get))
        .routes(routes!(cobrowse_users::join))
        .routes(routes!(cobrowse_users::stop, cobrowse_users::stop_by_post))
        .routes(routes!(cobrowse_users::exit, cobrowse_users::exit_by_post))
        .routes(routes!(cobrowse_history::get))
        .routes(routes!(cobrowse::health))
        .routes(routes!(cobrowse_sockets::visitor))
        .routes(routes!(cobrowse_sockets::viewer))
}

/// Live Assist's, with CORS of their own: pages of any origin call them.
fn short_codes() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(short_codes::create))
        .routes(routes!(short_codes::consumer))
        .routes(routes!(short_codes::agent))
}

/// v1.1, without CORS: applications call it, with a secret that no page may know.
fn visitors() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(visitors::list))
        .routes(routes!(visitors::get))
        .routes(routes!(watch_link::create))
        .routes(routes!(visitors::end_session))
        .routes(routes!(visitors::usage))
}

/// What browsers load for co-browsing, below `cobrowse.base_path`.
fn visitor_pages() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .route("/assets/{*file}", get(visitor_pages::asset))
        .route("/watch", get(visitor_pages::by_cid))
        .route("/watch/", get(visitor_pages::viewer))
        .route("/watch/{link_token}", get(visitor_pages::viewer))
}

fn operations() -> OpenApiRouter<SharedApi> {
    OpenApiRouter::new()
        .routes(routes!(probes::livez))
        .routes(routes!(probes::readyz))
        .routes(routes!(probes::metrics))
        .routes(routes!(admin::sessions))
        .routes(routes!(admin::end_session))
        .routes(routes!(admin_cobrowse::session, admin_cobrowse::end_session))
        .routes(routes!(admin_nodes::nodes))
        .routes(routes!(admin_nodes::drain))
        .routes(routes!(events::events))
}

fn console() -> Router<SharedApi> {
    Router::new()
        .route("/", get(console::home))
        .route("/console", get(console::home))
        .route("/console/", get(console::index))
        .route("/console/{*file}", get(console::page))
}

fn demo() -> Router<SharedApi> {
    Router::new()
        .route("/", get(demo::home))
        .route("/demo/token", get(demo::token))
        .route("/demo/api-key", get(demo::api_key))
        .route("/demo/{*file}", get(demo::page))
}

/// Where the dialects answer that have no fixed place.
#[derive(Debug, Clone, Copy)]
pub struct BasePaths<'a> {
    /// `media_sessions.base_path`
    pub media_sessions: &'a str,
    /// `cobrowse.base_path`
    pub cobrowse: &'a str,
}

/// The public listener. Media Play Sessions answer below their base path and at the root.
pub fn public(api: SharedApi, base_paths: &BasePaths<'_>) -> Router {
    let described = OpenApiRouter::with_openapi(docs::document())
        .merge(drisc())
        .nest(base_paths.media_sessions, media_sessions());
    let (mut routes, mut document) = described.split_for_parts();
    if base_paths.media_sessions != "/" {
        routes = routes.merge(Router::from(media_sessions()));
    }
    routes = routes.route(remote::PATH, get(cobrowse_sockets::passed_on));
    if api.demo.is_some() {
        routes = routes.merge(demo());
    }
    let cobrowse = cobrowse().layer(layers::cobrowse_cors(&api));
    let cobrowse = OpenApiRouter::new().nest(base_paths.cobrowse, cobrowse);
    let (cobrowse, described) = cobrowse.split_for_parts();
    document.merge(described);
    let pages = OpenApiRouter::new().nest(base_paths.cobrowse, visitor_pages());
    let pages = Router::from(pages).route(ASSIST_SDK, get(visitor_pages::assist));
    let own_cors = short_codes().layer(layers::short_code_cors()).merge(visitors());
    let (own_cors, described) = own_cors.split_for_parts();
    document.merge(described);
    document.merge(operations().into_openapi());
    docs::name_suffixes(&mut document);
    let cors = layers::cors(&api);
    let routes = routes.merge(docs::pages(document)).layer(cors);
    // What is merged last keeps its fallback: unknown pages answer as those of streams do.
    let pages = pages.layer(CompressionLayer::new());
    finish(cobrowse.merge(own_cors).merge(pages).merge(routes), api)
}

/// The admin listener.
pub fn private(api: SharedApi) -> Router {
    finish(Router::from(operations()).merge(console().layer(CompressionLayer::new())), api)
}

fn finish(routes: Router<SharedApi>, api: std::sync::Arc<Api>) -> Router {
    // The outermost first; a tuple is one layer to the router.
    let around = (
        from_fn_with_state(api.clone(), layers::surround),
        CatchPanicLayer::custom(layers::panicked),
        DefaultBodyLimit::max(BODY_BYTES),
    );
    routes.layer(around).with_state(api)
}
