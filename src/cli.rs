//! The command line: `serve`, `check-config`, `token`, `healthcheck`.

mod healthcheck;

use std::{error::Error, ffi::OsString, io::Write, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{Listeners, Node},
    auth::{Identity, Role, mint_token},
    config::{ConfigError, Problem, Settings, Source},
    domain::ids::{CustomerId, TenantId},
    telemetry,
};

/// Session control: how many streams a customer plays at once, and co-browsing with agents.
#[derive(Parser)]
#[command(name = "baton", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Serves; the default command
    Serve(Serve),
    /// Checks the settings and prints them, secrets redacted
    CheckConfig(Config),
    /// Prints a token for trying things by hand, signed with the configured secret
    Token(Token),
    /// Asks the node of these settings whether it is ready; for health checks of containers
    Healthcheck(Healthcheck),
}

#[derive(Args)]
struct Config {
    /// TOML file with settings; variables BATON_… beat it
    #[arg(long, env = "BATON_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    config: Config,
    /// Needs no setting: memory store, generated secrets, demo pages
    #[arg(long)]
    dev: bool,
}

#[derive(Args)]
struct Token {
    #[command(flatten)]
    config: Config,
    /// The tenant: `publisherId`
    #[arg(long)]
    tenant: String,
    /// The customer: `customerId`
    #[arg(long, required_unless_present_any = ["service", "role"])]
    #[arg(required_if_eq("role", "customer"))]
    customer: Option<String>,
    /// What the bearer may do
    #[arg(long, value_parser = ["customer", "service", "agent", "controller"])]
    role: Option<String>,
    /// A backend's token: short for `--role service`
    #[arg(long, conflicts_with = "role")]
    service: bool,
    /// The person or system: `sub`; the sessions of agents are counted by it
    #[arg(long)]
    agent: Option<String>,
    /// A name to show
    #[arg(long)]
    name: Option<String>,
    /// Life in seconds
    #[arg(long, default_value_t = 3600)]
    ttl: u64,
    /// The customer's own limit
    #[arg(long)]
    limit: Option<u32>,
}

#[derive(Args)]
struct Healthcheck {
    #[command(flatten)]
    config: Config,
    /// Asks whether the process is fine, whatever its store does
    #[arg(long)]
    live: bool,
}

impl Config {
    fn load(&self, dev: bool) -> Result<Settings, ConfigError> {
        Settings::load(self.config.as_deref(), variables(std::env::vars_os())?, dev)
    }
}

/// Our variables as text. What others put into the environment may be any bytes.
fn variables(
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let (mut variables, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        if !name.as_encoded_bytes().starts_with(b"BATON_") {
            continue;
        }
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => variables.push((name, value)),
            (Ok(name), Err(_)) => problems.push(not_text(name, "its value is not UTF-8 text")),
            (Err(name), _) => {
                let name = name.to_string_lossy().into_owned();
                problems.push(not_text(name, "its name is not UTF-8 text"));
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(ConfigError::Invalid(problems)) }
}

/// The value itself is not shown: it may be a secret.
fn not_text(variable: String, what: &str) -> Problem {
    Problem { source: Source::Variable(variable), key: String::new(), what: what.to_owned() }
}

impl Cli {
    /// Does what the command line says.
    pub async fn run(self) -> Result<(), Box<dyn Error>> {
        match self.command.unwrap_or(Command::Serve(self.serve)) {
            Command::Serve(serve) => serve.run().await,
            Command::CheckConfig(config) => print(&config.load(false)?.to_toml_redacted()),
            Command::Token(token) => print(&format!("{}\n", token.mint()?)),
            Command::Healthcheck(check) => print(&format!("{}\n", check.run().await?)),
        }
    }
}

impl Healthcheck {
    async fn run(&self) -> Result<&'static str, Box<dyn Error>> {
        let variables = variables(std::env::vars_os())?;
        let listen = Settings::admin_listen(self.config.config.as_deref(), variables)?;
        let what = if self.live { healthcheck::Probe::Live } else { healthcheck::Probe::Ready };
        Ok(what.ask(listen).await?)
    }
}

impl Token {
    fn mint(&self) -> Result<String, Box<dyn Error>> {
        let settings = self.config.load(false)?;
        let tenant = TenantId::from(self.tenant.as_str());
        let own = settings.tenant(&tenant).map(|tenant| tenant.secret.as_ref());
        let secret = own.unwrap_or(settings.auth.secret.as_ref()).ok_or(
            "this tenant's tokens are signed by others (jwks): only a tenant with a secret has \
             tokens of ours",
        )?;
        let role = match &self.role {
            Some(role) => role.parse()?,
            None if self.service => Role::Service,
            None => Role::Customer,
        };
        let bearer = Identity {
            customer: self.customer.as_deref().map(CustomerId::from),
            subject: self.agent.clone(),
            name: self.name.clone(),
            limit: self.limit,
            ..Identity::new(tenant, role)
        };
        let ttl = Duration::from_secs(self.ttl);
        Ok(mint_token(secret.expose().as_bytes(), &bearer, ttl))
    }
}

impl Serve {
    async fn run(self) -> Result<(), Box<dyn Error>> {
        let settings = self.config.load(self.dev)?;
        telemetry::start(settings.log.format);
        for warning in settings.warnings() {
            tracing::warn!("{warning}");
        }
        raise_file_limit(settings.node.max_sockets);
        let listeners = Listeners::bind(&settings).await?;
        let node = Node::start(&settings, listeners, self.dev).await?;
        // Before the announcement: who reads it may send a signal at once.
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        announce(&settings, &node, self.dev)?;
        let (drain, force) = (node.drain(), node.force());
        let signals = async move {
            for token in [drain, force] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                token.cancel();
            }
            // Both signals came; the drain ends by itself now.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = signals => Ok(()),
            stopped = node.stopped() => Ok(stopped?),
        }
    }
}

/// Each socket is a file: the soft limit is raised as far as the system allows without privileges.
fn raise_file_limit(max_sockets: usize) {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) if files < max_sockets as u64 => tracing::warn!(
            files,
            max_sockets,
            "fewer files may be open than node.max_sockets: raise the hard limit (ulimit -Hn)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

/// Tells people, and programs that chose port 0, where the node is.
fn announce(settings: &Settings, node: &Node, dev: bool) -> Result<(), Box<dyn Error>> {
    let mut text = format!(
        "baton {} node {}\nlistening on http://{}\nadmin on http://{}\n",
        env!("CARGO_PKG_VERSION"),
        node.name,
        node.public_addr,
        node.admin_addr,
    );
    if dev {
        text.push_str(&demo(settings, node));
    }
    print(&text)
}

/// What to try first, with `--dev`.
fn demo(settings: &Settings, node: &Node) -> String {
    let url = settings.public_url(node.public_addr);
    let url = url.as_str().trim_end_matches('/');
    let sessions =
        [url, settings.cobrowse.base_path.trim_end_matches('/'), "/rest/live/sessions"].concat();
    let admin = node.admin_addr;
    // A key that somebody configured is a secret, and not shown.
    let made_up = settings.demo_api_key.as_ref();
    let api_key = made_up.map_or("<watch.api_key>", |key| key.expose());
    format!(
        "\ndemo pages    {url}/demo/index.html\n\
         player        {url}/demo/player.html?customer=alice\n\
         shop          {url}/demo/shop.html\n\
         agent desk    {url}/demo/desk.html\n\
         console       http://{admin}/console/\n\
         API pages     {url}/docs/\n\
         demo token    {url}/demo/token?customer=alice\n\
         agent token   {url}/demo/token?role=agent&agent=ann&name=Ann\n\
         co-browse     curl -i -X POST {sessions}\n\
         short code    curl -X PUT {url}/assistserver/shortcode/create\n\
         visitors      curl -H 'X-Api-Key: {api_key}' {url}/v1.1/list.json\n"
    )
}

fn print(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn read(pairs: &[(&[u8], &[u8])]) -> Result<Vec<(String, String)>, ConfigError> {
        let os = |bytes: &[u8]| OsString::from_vec(bytes.to_owned());
        variables(pairs.iter().map(|(name, value)| (os(name), os(value))))
    }

    #[test]
    fn bytes_in_variables_of_others_do_not_matter() {
        let read = read(&[(b"LESS", b"\xff"), (b"\xff", b"x"), (b"BATON_LISTEN", b"x")]);
        assert_eq!(read.unwrap(), [("BATON_LISTEN".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn bytes_in_our_variables_are_named_and_not_shown() {
        let read = read(&[(b"BATON_ADMIN__TOKEN", b"secret\xff"), (b"BATON_\xfe", b"x")]);
        let text = read.unwrap_err().to_string();
        assert!(text.contains("BATON_ADMIN__TOKEN: its value is not UTF-8"), "{text}");
        assert!(text.contains("BATON_\u{fffd}: its name is not UTF-8"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
