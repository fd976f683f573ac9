//! Layers defaults, file and environment, and makes the settings of them.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use toml::{Table, Value};

use super::{
    check,
    error::{ConfigError, Problem, Source},
    file::FileReader,
    secret::Secret,
    settings::Settings,
    table::{self, Preset, TABLE},
};
use crate::domain::ids::NodeName;

/// Names the file; the one `BATON_` variable that is no setting.
const FILE_VARIABLE: &str = "BATON_CONFIG";

impl Settings {
    /// Reads and checks the settings; reports everything that is wrong at once.
    ///
    /// `file` beats `BATON_CONFIG`, variables beat the file. Of `env`, only names that begin with
    /// `BATON_` are looked at; an empty variable counts as not set, except for a list.
    /// `dev` allows weak secrets and generates absent ones.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        dev: bool,
    ) -> Result<Self, ConfigError> {
        let mut draft = Draft::read(file, env)?;
        draft.generate(dev);
        draft.finish(dev)
    }

    /// Where the admin listener is to be, whatever is wrong with the other settings: for who asks
    /// a node that runs how it is, and needs to know nothing else.
    pub fn admin_listen(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<SocketAddr, ConfigError> {
        let mut draft = Draft::read(file, env)?;
        draft.problems.retain(|problem| {
            let unreadable =
                problem.key.is_empty() && matches!(problem.source, Source::File { .. });
            unreadable || problem.key == "admin.listen"
        });
        let address = draft.text("admin.listen").and_then(|text| text.parse().ok());
        address.filter(|_| draft.problems.is_empty()).ok_or(ConfigError::Invalid(draft.problems))
    }
}

/// Settings in the making.
#[derive(Default)]
pub(super) struct Draft {
    /// Good values, nested as in the file.
    pub(super) values: Table,
    /// Where each key was given, also those whose value is no good.
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) problems: Vec<Problem>,
}

impl Draft {
    /// What stands in the file and in the variables, each by itself.
    fn read(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut variables: BTreeMap<_, _> =
            env.into_iter().filter(|(name, _)| name.starts_with("BATON_")).collect();
        let named = variables.remove(FILE_VARIABLE).filter(|path| !path.is_empty());
        let mut draft = Self::default();
        draft.presets();
        if let Some(path) = file.or(named.as_deref().map(Path::new)) {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
            FileReader::new(&path.display().to_string(), &text, &mut draft).read();
        }
        for (name, text) in variables {
            draft.variable(name, &text);
        }
        Ok(draft)
    }

    fn presets(&mut self) {
        for setting in TABLE {
            if setting.key.contains('[') {
                continue;
            }
            match setting.preset {
                Preset::Value(text) => self.set(setting.key, setting.kind.parse(text)),
                // The section exists, even where all of it is optional.
                Preset::Derived(_) | Preset::Absent | Preset::Required => {
                    section_of(&mut self.values, setting.key);
                }
            }
        }
    }

    fn variable(&mut self, name: String, text: &str) {
        let setting = TABLE.iter().find(|s| table::variable(s.key).as_deref() == Some(&*name));
        let source = Source::Variable(name);
        let Some(setting) = setting else {
            return self.unknown_variable(source);
        };
        let value = setting.kind.parse(text);
        if text.is_empty() && !value.is_array() {
            return;
        }
        match setting.kind.read(&value) {
            Ok(value) => self.set(setting.key, value),
            Err(what) => {
                self.problems.push(Problem {
                    source: source.clone(),
                    key: setting.key.into(),
                    what,
                });
            }
        }
        self.sources.insert(setting.key.to_owned(), source);
    }

    fn unknown_variable(&mut self, source: Source) {
        let Source::Variable(name) = &source else { return };
        if is_service_link(name) {
            return;
        }
        let letters = |name: &str| name.replace('_', "");
        let similar = TABLE
            .iter()
            .filter_map(|setting| table::variable(setting.key))
            .find(|known| letters(known) == letters(&name.to_uppercase()));
        let hint = similar.map_or_else(
            || "a setting a.b is BATON_A__B; remove it or correct its name".to_owned(),
            |known| format!("write {known}"),
        );
        let what = format!("this variable names no setting: {hint}");
        self.problems.push(Problem { source, key: String::new(), what });
    }

    /// Fills what is found out at start. What was given, but badly, is filled without complaint.
    fn generate(&mut self, dev: bool) {
        if self.text("node.name").is_none() {
            self.set("node.name", Value::from(String::from(host_name())));
        }
        if self.text("cluster.secret").is_none() {
            let given = self.sources.contains_key("cluster.secret");
            if !given && !dev && self.text("store.url") != Some("memory") {
                self.problems.push(check::cluster_secret_missing());
            }
            self.set("cluster.secret", Secret::random().expose().into());
        }
        let auth = self.text("auth.secret").or(self.text("auth.jwks"));
        if dev && auth.is_none() {
            self.set("auth.secret", Secret::random().expose().into());
        }
        if dev && self.text("watch.api_key").is_none() {
            self.set("watch.api_key", Secret::random().expose().into());
        }
    }

    fn finish(mut self, dev: bool) -> Result<Settings, ConfigError> {
        let values = Value::Table(std::mem::take(&mut self.values));
        let read: Result<Settings, _> =
            serde_path_to_error::deserialize(values).map_err(|error| Problem {
                source: Source::Nowhere,
                key: error.path().to_string(),
                what: error.inner().message().to_owned(),
            });
        match read {
            Ok(mut settings) => {
                settings.dev = dev;
                let is_given = self.sources.contains_key("watch.api_key");
                settings.demo_api_key = settings.watch.api_key.clone().filter(|_| dev && !is_given);
                self.problems = check::problems(&settings, &self.sources, self.problems);
                if self.problems.is_empty() {
                    settings.warnings = check::warnings(&settings, &self.sources);
                    return Ok(settings);
                }
            }
            Err(problem) => self.problems.push(problem),
        }
        self.problems.sort();
        Err(ConfigError::Invalid(self.problems))
    }

    fn text(&self, key: &str) -> Option<&str> {
        let (section, name) = key.split_once('.')?;
        self.values.get(section)?.get(name)?.as_str()
    }

    fn set(&mut self, key: &str, value: Value) {
        let name = key.rsplit_once('.').map_or(key, |(_, name)| name);
        if let Some(section) = section_of(&mut self.values, key) {
            section.insert(name.to_owned(), value);
        }
    }
}

/// The table a key stands in, made where it is missing.
fn section_of<'a>(values: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    let mut section = values;
    let (sections, _) = key.rsplit_once('.').unwrap_or(("", key));
    for name in sections.split('.').filter(|name| !name.is_empty()) {
        section = section.entry(name).or_insert_with(|| Table::new().into()).as_table_mut()?;
    }
    Some(section)
}

/// Kubernetes injects such variables into every pod beside a Service named `baton`.
fn is_service_link(name: &str) -> bool {
    let port = name.split_once("_PORT").is_some_and(|(_, rest)| {
        rest.is_empty() || rest.trim_start_matches('_').starts_with(|c: char| c.is_ascii_digit())
    });
    let service = name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    !name.contains("__") && (port || service)
}

/// The host name, with whatever `node.name` does not allow replaced.
fn host_name() -> NodeName {
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = host.chars().take(64).map(|c| if allowed(c) { c } else { '-' }).collect();
    if name.is_empty() { "node".into() } else { name.into() }
}
