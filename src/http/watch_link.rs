//! Watch links in the v1.1 dialect: who may watch a visitor, and on what terms.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use url::Url;
use utoipa::ToSchema;

use super::{
    api_key::{ApiKey, NamedVisitor},
    extract::{Json, object, plain_text},
    problem::{Kind, Problem},
    refusal::Refusal,
    sessions::TextOrNumber,
    state::SharedApi,
};
use crate::{
    auth::MAX_TOKEN_BYTES,
    domain::{
        cobrowse::{Branding, LinkTerms, Naked, Permissions},
        visitors::{Linked, Watcher},
    },
};

/// Longest name of an agent, in characters.
const AGENT_CHARS: usize = 200;
/// Longest URL, in bytes: the link's own URL holds two.
const URL_BYTES: usize = 1000;
/// Most members of `metadata`.
const METADATA_MEMBERS: usize = 20;
/// Longest name of a member of `metadata`, in characters.
const METADATA_NAME_CHARS: usize = 64;
/// Longest text in `metadata`, in characters.
const METADATA_TEXT_CHARS: usize = 500;

/// A watch link that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WatchRequest {
    #[serde(deserialize_with = "object")]
    agent: AgentRequest,
    #[serde(default, deserialize_with = "optional_object")]
    branding: Option<BrandingRequest>,
    /// The application's own notes: at most 20 members, each a text, a number, a boolean or null.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "optional_object")]
    permissions: Option<PermissionsRequest>,
    /// Ours: the only origin whose messages the viewer takes, such as `https://crm.example.com`.
    origin: Option<String>,
}

/// Who watches.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AgentRequest {
    /// 1 to 200 characters.
    id: TextOrNumber,
    /// 1 to 200 characters.
    name: String,
}

/// What the viewer looks like and does at its end.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BrandingRequest {
    /// false: all of the viewer; true: no header; `"page_only"`: nothing but the page.
    #[schema(value_type = Option<Value>)]
    naked: Option<Naked>,
    /// http or https: where to ask for a new link.
    retry_url: Option<String>,
    /// http or https: where to go when the session ends.
    on_end_url: Option<String>,
}

/// What the agent may do; the visitor's consent comes on top.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PermissionsRequest {
    /// Default: true.
    allow_click: Option<bool>,
    /// Default: true.
    allow_draw: Option<bool>,
    /// Default: true.
    allow_scroll: Option<bool>,
    /// Default: true.
    allow_type: Option<bool>,
    /// Default: true.
    allow_agent_redirect: Option<bool>,
    /// Default: false.
    allow_console: Option<bool>,
    /// Default: false.
    allow_audio: Option<bool>,
}

/// A watch link.
#[derive(Debug, Serialize, ToSchema)]
pub struct WatchAnswer {
    /// Opens once, within `watch.link_ttl_seconds`.
    watch_url: String,
}

/// Make a watch link
#[utoipa::path(
    post, path = "/v1.1/visitors/{short_id}/watch_url.json", operation_id = "create_watch_url",
    tag = "Visitors",
    security(("api_key" = [])),
    params(("short_id" = String, Path, description = "The visitor")),
    request_body(content = WatchRequest, description = "JSON, whatever the content type"),
    responses(
        (status = 200, body = WatchAnswer),
        (status = 400, body = super::refusal::RefusalBody),
        (status = 401, body = super::refusal::RefusalBody),
        (status = 402, body = super::refusal::RefusalBody),
        (status = 404, body = super::refusal::RefusalBody),
        (status = 413, body = super::refusal::RefusalBody),
        (status = 503, body = super::refusal::RefusalBody),
    ),
)]
pub async fn create(
    State(api): State<SharedApi>,
    ApiKey { tenant }: ApiKey,
    NamedVisitor(visitor): NamedVisitor,
    body: Result<Json<WatchRequest>, Problem>,
) -> Result<impl IntoResponse, Refusal> {
    let Json(body) = body?;
    let link = match api.visitors.link(&tenant, &visitor, body.watcher()?).await? {
        Linked::Link(link) => link,
        Linked::NoVisitor => return Err(Refusal::no_such_visitor()),
        Linked::TooManyWatched => {
            let message = "As many sessions as watch.max_sessions are watched: end one first.";
            return Err(Refusal::new(Kind::TooManyWatched, message));
        }
    };
    let token = api.link_tokens.mint(&link);
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Problem::invalid("The link would be too long: send less `metadata`.").into());
    }
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let watch_url = [&*api.watch_url, &token].concat();
    Ok((AppendHeaders([no_store]), axum::Json(WatchAnswer { watch_url })))
}

/// Where watch links lead, up to the token.
pub fn watch_url(public_url: &Url, cobrowse_base_path: &str) -> String {
    let base = [public_url.as_str().trim_end_matches('/'), cobrowse_base_path].concat();
    [base.trim_end_matches('/'), "/watch/"].concat()
}

impl WatchRequest {
    fn watcher(self) -> Result<Watcher, Problem> {
        plain_text(&self.agent.name, "agent.name", 1..=AGENT_CHARS)?;
        let metadata = self.metadata.unwrap_or_default();
        check_metadata(&metadata)?;
        let origin = self.origin.map(|origin| self::origin(&origin)).transpose()?;
        let branding = self.branding.map(BrandingRequest::branding).transpose()?;
        let permissions = self.permissions.map(PermissionsRequest::permissions);
        Ok(Watcher {
            agent: self.agent.id.bounded("agent.id")?.into(),
            name: self.agent.name.into(),
            permissions: permissions.unwrap_or_default(),
            terms: LinkTerms { branding: branding.unwrap_or_default(), metadata, origin },
        })
    }
}

impl BrandingRequest {
    fn branding(self) -> Result<Branding, Problem> {
        let url = |url: Option<String>, member| url.map(|url| web_url(&url, member)).transpose();
        Ok(Branding {
            naked: self.naked.unwrap_or_default(),
            retry_url: url(self.retry_url, "branding.retry_url")?,
            on_end_url: url(self.on_end_url, "branding.on_end_url")?,
        })
    }
}

impl PermissionsRequest {
    fn permissions(self) -> Permissions {
        let default = Permissions::default();
        Permissions {
            allow_click: self.allow_click.unwrap_or(default.allow_click),
            allow_draw: self.allow_draw.unwrap_or(default.allow_draw),
            allow_scroll: self.allow_scroll.unwrap_or(default.allow_scroll),
            allow_type: self.allow_type.unwrap_or(default.allow_type),
            allow_agent_redirect: self.allow_agent_redirect.unwrap_or(default.allow_agent_redirect),
            allow_console: self.allow_console.unwrap_or(default.allow_console),
            allow_audio: self.allow_audio.unwrap_or(default.allow_audio),
        }
    }
}

/// A page the viewer may lead to: never a script (`javascript:`), never with a password.
fn web_url(text: &str, member: &str) -> Result<Box<str>, Problem> {
    let url = parse(text).filter(|url| url.as_str().len() <= URL_BYTES);
    let url = url.map(|url| String::from(url).into());
    url.ok_or_else(|| {
        Problem::invalid(format!(
            "`{member}` takes a URL http(s)://… of at most {URL_BYTES} bytes."
        ))
    })
}

/// An origin as browsers write it: lower-case, without a default port, a path and what follows.
fn origin(text: &str) -> Result<Box<str>, Problem> {
    let is_bare =
        |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let url = parse(text).filter(|url| is_bare(url) && url.as_str().len() <= URL_BYTES);
    let origin = url.map(|url| url.origin().ascii_serialization().into());
    origin.ok_or_else(|| Problem::invalid("`origin` takes http(s)://host[:port], and no path."))
}

fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    (is_web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Problem> {
    if metadata.len() > METADATA_MEMBERS {
        let detail = format!("`metadata` takes at most {METADATA_MEMBERS} members.");
        return Err(Problem::invalid(detail));
    }
    for (name, value) in metadata {
        plain_text(name, "metadata", 1..=METADATA_NAME_CHARS)?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                plain_text(text, "metadata.*", 0..=METADATA_TEXT_CHARS)?;
            }
            Value::Array(_) | Value::Object(_) => {
                return Err(Problem::invalid("`metadata` is flat: no arrays, no objects in it."));
            }
        }
    }
    Ok(())
}

/// An object, null or nothing.
fn optional_object<'de, D, T>(json: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Whole<T>(#[serde(deserialize_with = "object")] T);

    Ok(Option::<Whole<T>>::deserialize(json)?.map(|Whole(value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_below_the_base_path() {
        let of = |public: &str, base| watch_url(&public.parse().unwrap(), base);
        assert_eq!(of("https://cb.test", "/cobrowse"), "https://cb.test/cobrowse/watch/");
        assert_eq!(of("https://cb.test/x/", "/"), "https://cb.test/x/watch/");
        assert_eq!(of("http://127.0.0.1:1", "/"), "http://127.0.0.1:1/watch/");
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        assert_eq!(&*origin("HTTPS://CRM.test:443").unwrap(), "https://crm.test");
        assert_eq!(&*origin("http://crm.test:8080/").unwrap(), "http://crm.test:8080");
        for bad in
            ["", "*", "null", "crm.test", "https://crm.test/x", "https://a@crm.test", "data:,"]
        {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_pages_are_led_to() {
        assert!(web_url("https://crm.test/again?ticket=7#x", "u").is_ok());
        let long = format!("https://crm.test/{}", "x".repeat(URL_BYTES));
        for bad in
            ["", "/again", "javascript:alert(1)", "data:text/html,x", "https://a:b@c.test", &long]
        {
            assert!(web_url(bad, "u").is_err(), "{bad}");
        }
    }
}
