//! The kinds of values: how each is read from text or TOML, and its bounds in words.

use toml::Value;

/// What may stand in a setting.
pub(super) enum Kind {
    /// A whole number within bounds, both included.
    Integer { min: i64, max: i64 },
    /// `true` or `false`.
    Switch,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text of a certain form.
    Text(Form),
    /// Texts of a certain form, comma-separated in a variable.
    List(Form),
}

/// The form of a text.
pub(super) struct Form {
    /// In words, after "expected".
    pub(super) expected: &'static str,
    /// The text in its normal spelling, or why it is refused. Must not quote a private text.
    pub(super) read: fn(&str) -> Result<String, String>,
    /// The value may hold a secret: no message shows it.
    pub(super) private: bool,
    /// A bare number is taken as text (publisher ids are numbers at some vendors).
    pub(super) number: bool,
}

/// The longest value a message quotes; enough to recognise it.
const QUOTED_CHARS: usize = 60;

impl Kind {
    /// The bounds in words.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Text(form) => form.expected.to_owned(),
            Self::List(form) => format!("a list, each {}", form.expected),
        }
    }

    /// The TOML value that the text of a variable stands for.
    pub(super) fn parse(&self, text: &str) -> Value {
        let typed = match self {
            Self::Integer { .. } => text.trim().parse().ok().map(Value::Integer),
            Self::Switch => text.trim().parse().ok().map(Value::Boolean),
            Self::OneOf(_) | Self::Text(_) => None,
            Self::List(_) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(|item| item.into()).collect()))
            }
        };
        typed.unwrap_or_else(|| text.into())
    }

    /// The value in its normal spelling, or what is wrong with it in words.
    pub(super) fn read(&self, value: &Value) -> Result<Value, String> {
        match self {
            Self::Integer { min, max } => {
                value.as_integer().filter(|number| (min..=max).contains(&number)).map(Value::from)
            }
            Self::Switch => value.as_bool().map(Value::from),
            Self::OneOf(words) => {
                value.as_str().filter(|word| words.contains(word)).map(Value::from)
            }
            Self::Text(form) => return form.read(value).map(Value::from),
            Self::List(form) => return self.read_list(form, value),
        }
        .ok_or_else(|| format!("is {}; expected {}", quoted(value), self.expected()))
    }

    fn read_list(&self, form: &Form, value: &Value) -> Result<Value, String> {
        let Some(items) = value.as_array() else {
            return Err(format!("is not a list; expected {}", self.expected()));
        };
        let (good, bad): (Vec<_>, Vec<_>) =
            items.iter().map(|item| form.read(item)).partition(Result::is_ok);
        if bad.is_empty() {
            return Ok(Value::Array(good.into_iter().flatten().map(Value::from).collect()));
        }
        let reasons: Vec<_> = bad.into_iter().filter_map(Result::err).collect();
        Err(format!("has an entry that {}", reasons.join("; and one that ")))
    }
}

impl Form {
    fn read(&self, value: &Value) -> Result<String, String> {
        let number = value.as_integer().filter(|_| self.number).map(|number| number.to_string());
        let Some(text) = value.as_str().map(str::to_owned).or(number) else {
            return Err(format!("is not a text; expected {}", self.expected));
        };
        (self.read)(&text).map_err(|reason| {
            let shown = if self.private { "not usable".to_owned() } else { quoted(value) };
            let reason = if reason.is_empty() { reason } else { format!(" ({reason})") };
            format!("is {shown}; expected {}{reason}", self.expected)
        })
    }
}

fn quoted(value: &Value) -> String {
    if value.is_table() {
        return "a table".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
