//! One Lua script, and how a call of it looks on the wire.

use redis::{Cmd, RedisWrite, ToRedisArgs};

/// First line of a script where the server knows it (7.0 and later).
///
/// With it, undeclared keys are refused, and so are replicas and full servers
/// before the script has begun.
const HEADER: &str = "#!lua\n";
/// The same for scripts that a server whose memory is full must run all the same.
const HEADER_WHEN_FULL: &str = "#!lua flags=allow-oom\n";

/// The source of a script, by the name of its file.
macro_rules! lua {
    ($name:expr) => {
        include_str!(concat!("../../../lua/", $name, ".lua"))
    };
}
pub(super) use lua;

/// A script of `lua/`, in both forms: with the `#!lua` header and without.
#[derive(Debug)]
pub struct Script {
    name: &'static str,
    plain: Form,
    headed: Form,
}

#[derive(Debug)]
struct Form {
    source: String,
    sha: String,
}

impl Form {
    fn new(source: String) -> Self {
        let sha = redis::Script::new(&source).get_hash().to_owned();
        Self { source, sha }
    }
}

/// An argument of a script (`ARGV`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Text, e.g. an id or JSON.
    Text(String),
    /// A signed number.
    Int(i64),
    /// A time in milliseconds, a count.
    Uint(u64),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// The keys and arguments of one call among many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// `KEYS`: all under one hash tag.
    pub keys: Vec<String>,
    /// `ARGV`.
    pub args: Vec<Arg>,
}

impl Script {
    /// A script of several parts: a shared prelude and the script itself.
    pub fn new(name: &'static str, parts: &[&str]) -> Self {
        Self::headed(name, HEADER, parts)
    }

    /// A script that keeps or frees what is there already: it also runs when memory is full, or
    /// nothing could ever be freed again.
    pub fn when_full(name: &'static str, parts: &[&str]) -> Self {
        Self::headed(name, HEADER_WHEN_FULL, parts)
    }

    fn headed(name: &'static str, header: &str, parts: &[&str]) -> Self {
        let source = parts.concat();
        let headed = Form::new(format!("{header}{source}"));
        Self { name, plain: Form::new(source), headed }
    }

    /// The name of its file in `lua/`, for logs.
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn form(&self, headed: bool) -> &Form {
        if headed { &self.headed } else { &self.plain }
    }

    pub(super) fn evalsha(&self, headed: bool, keys: &[String], args: &[Arg]) -> Cmd {
        call("EVALSHA", &self.form(headed).sha, keys, args)
    }

    /// Sends the source along, which loads it as well.
    pub(super) fn eval(&self, headed: bool, keys: &[String], args: &[Arg]) -> Cmd {
        call("EVAL", &self.form(headed).source, keys, args)
    }

    pub(super) fn load(&self, headed: bool) -> Cmd {
        let mut cmd = redis::cmd("SCRIPT");
        cmd.arg("LOAD").arg(&self.form(headed).source);
        cmd
    }
}

fn call(verb: &str, script: &str, keys: &[String], args: &[Arg]) -> Cmd {
    let mut cmd = redis::cmd(verb);
    cmd.arg(script).arg(keys.len()).arg(keys).arg(args);
    cmd
}

impl ToRedisArgs for Arg {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        match self {
            Self::Text(text) => text.write_redis_args(out),
            Self::Int(number) => number.write_redis_args(out),
            Self::Uint(number) => number.write_redis_args(out),
            Self::Bytes(bytes) => bytes.write_redis_args(out),
        }
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Uint(number)
    }
}

impl From<Vec<u8>> for Arg {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_and_each_form_has_its_own_sha() {
        let script = Script::new("x", &["local a = 1\n", "return a\n"]);
        assert_eq!(script.headed.source, "#!lua\nlocal a = 1\nreturn a\n");
        assert_ne!(script.headed.sha, script.plain.sha);
        let args = [Arg::from("a"), Arg::from(-1i64), Arg::from(7u64)];
        let packed = script.evalsha(false, &["k".to_owned()], &args).get_packed_command();
        let expected = format!(
            "*7\r\n$7\r\nEVALSHA\r\n$40\r\n{}\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\na\r\n$2\r\n-1\r\n$1\r\n7\r\n",
            script.plain.sha
        );
        assert_eq!(String::from_utf8(packed).unwrap(), expected);
    }
}
