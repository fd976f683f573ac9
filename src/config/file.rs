//! The TOML file: every value with the line it stands on.

use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    error::{Problem, Source},
    load::Draft,
    table::{self, Preset},
};

/// Reads a file into a draft.
pub(super) struct FileReader<'a> {
    path: &'a str,
    text: &'a str,
    draft: &'a mut Draft,
}

impl<'a> FileReader<'a> {
    pub(super) fn new(path: &'a str, text: &'a str, draft: &'a mut Draft) -> Self {
        Self { path, text, draft }
    }

    /// Reads everything; what is wrong becomes problems of the draft.
    pub(super) fn read(mut self) {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            // The message only: `Display` quotes the line, which may hold a secret.
            let start = error.span().map_or(0, |span| span.start);
            self.problem(start, "", format!("this is not TOML: {}", error.message()));
        }
        if errors.is_empty() {
            let mut values = std::mem::take(&mut self.draft.values);
            self.table("", root.get_ref(), &mut values);
            self.draft.values = values;
        }
    }

    fn table(&mut self, section: &str, members: &DeTable<'_>, into: &mut Table) {
        for (name, value) in members {
            let start = name.span().start;
            let name = name.get_ref().as_ref();
            let key = join(section, name);
            self.draft.sources.insert(key.clone(), self.source(start));
            if let Some(read) = self.member(&key, start, value, into.get(name)) {
                into.insert(name.to_owned(), read);
            }
        }
    }

    /// The value of one key, if it is good; `before` is what stood there.
    fn member(
        &mut self,
        key: &str,
        start: usize,
        value: &Spanned<DeValue<'_>>,
        before: Option<&Value>,
    ) -> Option<Value> {
        let pattern = without_indices(key);
        if let Some(setting) = table::find(&pattern) {
            let read = setting.kind.read(&plain(value.get_ref()));
            return read.map_err(|what| self.problem(start, key, what)).ok();
        }
        if !table::members(&format!("{pattern}[]")).is_empty() {
            return self.list(key, start, value);
        }
        if table::members(&pattern).is_empty() {
            let section = pattern.rsplit_once('.').map_or("", |(section, _)| section);
            let known = table::members(section).join(", ");
            self.problem(start, key, format!("is no setting; known here: {known}"));
            return None;
        }
        let Some(members) = value.get_ref().as_table() else {
            self.problem(start, key, format!("is a section; write [{key}] and its keys below"));
            return None;
        };
        let mut inner = before.and_then(Value::as_table).cloned().unwrap_or_default();
        self.table(key, members, &mut inner);
        Some(Value::Table(inner))
    }

    /// A list of tables; an entry with a problem is left out, since the problem is enough to say.
    fn list(&mut self, key: &str, start: usize, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let entries = value.get_ref().as_array();
        let tables: Option<Vec<_>> = entries.and_then(|entries| {
            entries
                .iter()
                .map(|entry| Some((entry.span().start, entry.get_ref().as_table()?)))
                .collect()
        });
        let Some(tables) = tables else {
            self.problem(start, key, format!("is a list of sections; write [[{key}]] for each"));
            return None;
        };
        let mut good = Vec::new();
        for (index, (start, members)) in tables.into_iter().enumerate() {
            let problems = self.draft.problems.len();
            let entry_key = format!("{key}[{index}]");
            let mut entry = Table::new();
            self.draft.sources.insert(entry_key.clone(), self.source(start));
            self.table(&entry_key, members, &mut entry);
            self.require(key, &entry_key, start);
            if self.draft.problems.len() == problems {
                good.push(Value::Table(entry));
            }
        }
        Some(Value::Array(good))
    }

    /// Reports required members that an entry does not name.
    fn require(&mut self, list: &str, entry_key: &str, start: usize) {
        for name in table::members(&format!("{list}[]")) {
            let required = table::find(&format!("{list}[].{name}"))
                .is_some_and(|setting| matches!(setting.preset, Preset::Required));
            let key = format!("{entry_key}.{name}");
            if required && !self.draft.sources.contains_key(&key) {
                self.problem(start, &key, "is missing".to_owned());
            }
        }
    }

    fn source(&self, start: usize) -> Source {
        let line = self.text.bytes().take(start).filter(|&byte| byte == b'\n').count() + 1;
        Source::File { path: self.path.to_owned(), line }
    }

    fn problem(&mut self, start: usize, key: &str, what: String) {
        let source = self.source(start);
        self.draft.problems.push(Problem { source, key: key.to_owned(), what });
    }
}

/// The full key. A name that holds a dot of its own keeps its quotes, and so is no setting.
fn join(section: &str, name: &str) -> String {
    let quote = if name.contains(['.', '[']) { "\"" } else { "" };
    let dot = if section.is_empty() { "" } else { "." };
    format!("{section}{dot}{quote}{name}{quote}")
}

/// `tenants[3].limit` → `tenants[].limit`.
fn without_indices(key: &str) -> String {
    let mut pattern = String::with_capacity(key.len());
    let mut inside = false;
    for letter in key.chars() {
        inside &= letter != ']';
        if !inside {
            pattern.push(letter);
        }
        inside |= letter == '[';
    }
    pattern
}

/// The value without its places; a table inside becomes an empty one, which no setting accepts.
fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(switch) => Value::Boolean(*switch),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| plain(item.get_ref())).collect())
        }
        DeValue::Table(_) => Value::Table(Table::new()),
    }
}
