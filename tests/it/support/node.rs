//! One node in this process, on free ports with a memory store, and whoever calls it over HTTP.

use std::{io::Write, net::SocketAddr};

use baton::{
    app::{Listeners, Node},
    config::Settings,
};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap, redirect};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{eventually, in_time, tokens::Claims, ws::WsClient};

/// Signs the tokens of every tenant that is not listed.
pub(crate) const SECRET: &str = "a secret of the default tenant, for tests";
/// The publisher of the callers that tests do not sign tokens for themselves.
pub(crate) const PUBLISHER: &str = "acme";

/// A node. It ends with the runtime of its test.
pub(crate) struct TestNode {
    /// Its parts, for tests that drain it.
    pub(crate) node: Node,
    http: Client,
}

impl TestNode {
    /// A ready node with these variables beside the secret of the default tenant.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::with_file("", variables).await
    }

    /// A ready node with a file as well: lists of tables cannot be variables.
    pub(crate) async fn with_file(toml: &str, variables: &[(&str, &str)]) -> Self {
        let node = Self::unready(toml, variables).await;
        eventually("the node is ready", async || {
            let answer = node.admin(Method::GET, "/readyz").answer().await;
            (answer.status == 200).then_some(())
        })
        .await;
        node
    }

    /// A node that may still wait for its store.
    pub(crate) async fn unready(toml: &str, variables: &[(&str, &str)]) -> Self {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(toml.as_bytes()).expect("written");
        let preset = [("BATON_AUTH__SECRET", SECRET), ("BATON_NODE__NAME", "it")];
        let variables = preset.iter().chain(variables);
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(Some(file.path()), variables, false);
        let settings = settings.unwrap_or_else(|error| panic!("{error}"));
        let public = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let admin = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let node = Node::start(&settings, Listeners { public, admin }, false).await;
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build();
        Self { node: node.expect("the node starts"), http: http.expect("an HTTP client") }
    }

    /// A request to the public listener.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.node.public_addr))
    }

    /// A request to the admin listener.
    pub(crate) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.node.admin_addr))
    }

    /// Whoever holds that token.
    pub(crate) fn bearer(&self, token: impl Into<String>) -> Caller<'_> {
        Caller { node: self, token: token.into() }
    }

    /// A customer of [`PUBLISHER`].
    pub(crate) fn customer(&self, customer: &str) -> Caller<'_> {
        self.bearer(Claims::of(PUBLISHER, customer).sign(SECRET))
    }

    /// A backend of [`PUBLISHER`], acting for any of its users.
    pub(crate) fn service(&self) -> Caller<'_> {
        let claims = Claims::of(PUBLISHER, "").without("customerId").with("role", "service");
        self.bearer(claims.sign(SECRET))
    }

    /// Sends bytes as they are, and reads until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Answer {
        raw(self.node.public_addr, bytes).await
    }

    /// One metric's value, by name and labels as the exposition writes them; 0 where absent.
    pub(crate) async fn metric(&self, sample: &str) -> f64 {
        let text = self.admin(Method::GET, "/metrics").answer().await.body;
        let lines = text.as_str().expect("metrics are text").lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        values.next().map_or(0.0, |value| value.parse().expect("a number"))
    }
}

/// Somebody with a bearer token.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    node: &'a TestNode,
    /// The token.
    pub(crate) token: String,
}

impl Caller<'_> {
    /// A request with the token.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.node.call(method, path).bearer_auth(&self.token)
    }

    /// GETs.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).answer().await
    }

    /// POSTs JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path).json(body).answer().await
    }

    /// PUTs JSON.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path).json(body).answer().await
    }

    /// PATCHes without a body.
    pub(crate) async fn patch(&self, path: &str) -> Answer {
        self.call(Method::PATCH, path).answer().await
    }

    /// DELETEs.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).answer().await
    }

    /// Asks for a DRISC session of the offer `S1`.
    pub(crate) async fn ask(&self, name: &str) -> Answer {
        self.post("/sessions", &json!({ "sessionName": name, "offerId": "S1" })).await
    }

    /// A DRISC session that is admitted.
    pub(crate) async fn session(&self, name: &str) -> Drisc {
        Drisc::of(self.ask(name).await)
    }

    /// How many sessions the customer has.
    pub(crate) async fn count(&self) -> usize {
        let listed = self.get("/sessions").await.ok();
        listed["activeSessions"].as_array().expect("a list").len()
    }
}

/// An admitted DRISC session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drisc {
    /// `sessionId`.
    pub(crate) id: String,
    /// `endpoint`.
    pub(crate) endpoint: String,
}

impl Drisc {
    /// What an answer admits.
    pub(crate) fn of(answer: Answer) -> Self {
        let body = answer.ok();
        let text = |member: &str| body[member].as_str().expect("a text").to_owned();
        Self { id: text("sessionId"), endpoint: text("endpoint") }
    }

    /// A socket of the session that said `REQUESTED` and was told `OK`.
    pub(crate) async fn play(&self) -> WsClient {
        let mut socket = WsClient::connect(&self.endpoint).await;
        socket.send_action("REQUESTED").await;
        assert_eq!(socket.next_action().await.0, "OK");
        socket
    }
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// JSON where the content type says so, else text.
    pub(crate) body: Value,
}

impl Answer {
    fn new(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let kind = headers.get("content-type").map_or(&b""[..], |kind| kind.as_bytes());
        let body = if kind.windows(4).any(|part| part == b"json") && !body.is_empty() {
            serde_json::from_slice(body).expect("JSON, as the content type says")
        } else {
            String::from_utf8_lossy(body).into()
        };
        Self { status, headers, body }
    }

    /// A header; empty where absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }

    /// The body of a 200.
    pub(crate) fn ok(self) -> Value {
        self.has(200)
    }

    /// The body of an answer with that status.
    pub(crate) fn has(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The body of a problem: complete, of that status and code.
    pub(crate) fn problem(&self, status: u16, code: &str) -> &Value {
        let body = &self.body;
        assert_eq!((self.status, &body["code"]), (status, &code.into()), "{body}");
        self.is_problem();
        body
    }

    /// Whether this is a complete problem, or else a panic: `details` stands in every one.
    pub(crate) fn is_problem(&self) {
        let body = &self.body;
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(body["status"], self.status, "{body}");
        let uri = body["type"].as_str().expect("a type");
        assert!(uri.starts_with("urn:baton:problem:"), "{body}");
        for member in ["title", "detail", "code"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        }
        assert!(body["details"].is_object() || body["details"].is_string(), "{body}");
        assert_eq!(self.status == 401, !self.header("www-authenticate").is_empty(), "{self:?}");
        let waits = [429, 503].contains(&self.status);
        assert_eq!(waits, !self.header("retry-after").is_empty(), "{self:?}");
    }
}

/// Sends a request and takes the answer.
pub(crate) trait Ask {
    async fn answer(self) -> Answer;
}

impl Ask for RequestBuilder {
    async fn answer(self) -> Answer {
        in_time("an answer", async {
            let response = self.send().await.expect("an answer");
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer::new(status, headers, &response.bytes().await.expect("a whole answer"))
        })
        .await
    }
}

/// Sends bytes to a server as they are, and reads its answer until it closes.
pub(crate) async fn raw(to: SocketAddr, bytes: &[u8]) -> Answer {
    let answer = in_time("an answer to raw bytes", async {
        let (mut reader, mut writer) =
            TcpStream::connect(to).await.expect("it listens").into_split();
        let mut answer = Vec::new();
        // A server may refuse, and close, before it was sent everything.
        let write = async { drop(writer.write_all(bytes).await) };
        let read = async { drop(reader.read_to_end(&mut answer).await) };
        tokio::join!(write, read);
        answer
    });
    parse(&answer.await)
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&answer[..end]).expect("a head of text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header");
        let name: reqwest::header::HeaderName = name.parse().expect("a name");
        headers.append(name, value.parse().expect("a value"));
    }
    Answer::new(status.parse().expect("a status"), headers, &answer[end + 4..])
}
