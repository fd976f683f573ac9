//! The OpenAPI 3.1 document of everything, and the page that shows it.

use axum::Router;
use serde::Serialize;
use utoipa::{
    OpenApi, ToResponse, ToSchema,
    openapi::{
        Info, OpenApi as Document,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_swagger_ui::SwaggerUi;

use super::state::SharedApi;

/// Problem details (RFC 9457); some problems have members of their own beside.
#[derive(Debug, Serialize, ToSchema, ToResponse)]
#[response(description = "Problem details (RFC 9457)", content_type = "application/problem+json")]
pub struct ProblemDetails {
    /// Stable, for programs: `urn:baton:problem:…`.
    #[serde(rename = "type")]
    uri: String,
    /// The status code.
    status: u16,
    /// What kind of problem.
    title: String,
    /// What to do about it.
    detail: String,
    /// Stable, for programs that compare words.
    code: String,
    /// What the vendor's client reads; `{}` where there is nothing to read.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails), responses(ProblemDetails)))]
struct Shared;

/// The document before the routes are entered.
pub fn document() -> Document {
    let mut document = Shared::openapi();
    document.info = Info::new("Baton", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(
        "Session control for streaming: how many streams a customer plays at once, and who sees \
         a visitor's page with them. \
         Paths tagged Admin and Probes are on the admin listener."
            .to_owned(),
    );
    let components = document.components.get_or_insert_default();
    for (name, what) in [
        ("customer", "A JWT of the tenant: `publisherId`, `customerId`, `exp`"),
        ("service", "A JWT of the tenant with `role: \"service\"`: acts for any of its users"),
        ("agent", "A JWT of the tenant with `role`: agent, controller or service; `sub`, `name`"),
        ("admin", "`admin.token`, where one is configured"),
    ] {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(what.to_owned());
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let api_key = ApiKeyValue::with_description("X-Api-Key", "`watch.api_key`");
    let api_key = SecurityScheme::ApiKey(ApiKey::Header(api_key));
    components.add_security_scheme("api_key", api_key);
    document
}

/// Names paths as clients call them that the router cannot name: its parameters are whole segments.
pub fn name_suffixes(document: &mut Document) {
    const PATH: &str = "/v1.1/visitors/{short_id}";
    if let Some(item) = document.paths.paths.remove(PATH) {
        document.paths.paths.insert(format!("{PATH}.json"), item);
    }
}

/// `/docs` and `/openapi.json`.
pub fn pages(document: Document) -> Router<SharedApi> {
    SwaggerUi::new("/docs").url("/openapi.json", document).into()
}
