//! The one parser. Bounded in bytes, depth and nodes before anything is built.

use thiserror::Error;

/// Bounds on one JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting of objects and lists.
    pub depth: usize,
    /// Most values (scalars, lists, objects) in one text.
    pub nodes: usize,
}

impl Default for Limits {
    /// 16 MiB, 100 levels, 2 million values.
    fn default() -> Self {
        Limits { bytes: 16 << 20, depth: 100, nodes: 2_000_000 }
    }
}

/// Why a text is refused. Offsets are byte offsets; no value of the text is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JsonFault {
    #[error("the text is longer than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("nesting is deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("the text holds more than {limit} values")]
    TooMany { limit: usize },
    #[error("a member occurs twice in one object (byte {offset})")]
    Duplicate { offset: usize },
    #[error("not well-formed JSON at byte {offset}: {what}")]
    Syntax { offset: usize, what: &'static str },
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 { offset: usize },
}
