//! Replies of scripts: an array that begins with a word.

use redis::{FromRedisValue, Value, from_redis_value};

use crate::domain::error::StoreError;

/// A script answered in a form this version does not know.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// Not an array that begins with a word.
    #[error("the reply does not begin with a word")]
    Wordless,
    /// A word this version does not know.
    #[error("{0:?} is not a reply of this script")]
    UnknownWord(String),
    /// The word is known, what follows is not.
    #[error("the reply {0:?} lacks a field, or has one of another type")]
    BadField(String),
}

impl From<ReplyError> for StoreError {
    fn from(error: ReplyError) -> Self {
        Self::Corrupt(error.into())
    }
}

/// A reply, read from left to right.
#[derive(Debug)]
pub struct Reply {
    word: String,
    fields: std::vec::IntoIter<Value>,
}

impl Reply {
    /// Splits a reply into its word and the fields behind it.
    pub fn read(value: Value) -> Result<Self, ReplyError> {
        let Value::Array(items) = value else { return Err(ReplyError::Wordless) };
        let mut fields = items.into_iter();
        let word = fields.next().and_then(|word| from_redis_value(word).ok());
        Ok(Self { word: word.ok_or(ReplyError::Wordless)?, fields })
    }

    /// The first word: what happened.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The next field.
    pub fn field<T: FromRedisValue>(&mut self) -> Result<T, ReplyError> {
        let value = self.fields.next().and_then(|field| from_redis_value(field).ok());
        value.ok_or_else(|| ReplyError::BadField(self.word.clone()))
    }

    /// All fields that are left.
    pub fn rest<T: FromRedisValue>(self) -> Result<Vec<T>, ReplyError> {
        let read = self.fields.map(from_redis_value).collect::<Result<_, _>>();
        read.map_err(|_| ReplyError::BadField(self.word))
    }

    /// The error for a word the caller does not know.
    pub fn unknown(self) -> ReplyError {
        ReplyError::UnknownWord(self.word)
    }
}
