//! The rules of the relay as a whole.
