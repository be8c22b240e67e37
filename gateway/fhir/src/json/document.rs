//! A checked JSON text and a cursor over it.

use std::borrow::Cow;

use bytes::Bytes;

use super::node::Node;
use super::parser::{JsonFault, Limits};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

/// A well-formed JSON text within bounds, kept exactly as written.
pub struct Document {
    text: Bytes,
}

/// One value inside a [`Document`].
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document,
    at: u32,
}

impl Document {
    /// Checks a text against the grammar (RFC 8259), the limits and for duplicate members.
    pub fn parse(_text: Bytes, _limits: &Limits) -> Result<Document, JsonFault> {
        todo!()
    }
    pub fn root(&self) -> Value<'_> {
        Value { document: self, at: 0 }
    }
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl<'d> Value<'d> {
    pub fn kind(&self) -> Kind {
        todo!()
    }
    /// The text of a string value, unescaped.
    pub fn as_text(&self) -> Option<Cow<'d, str>> {
        todo!()
    }
    /// The digits of a number, as written.
    pub fn as_number(&self) -> Option<&'d str> {
        todo!()
    }
    pub fn as_bool(&self) -> Option<bool> {
        todo!()
    }
    /// The member of an object.
    pub fn get(&self, _name: &str) -> Option<Value<'d>> {
        todo!()
    }
    /// The members of an object in order; nothing for other kinds.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> + 'd {
        std::iter::empty()
    }
    /// The items of a list in order; nothing for other kinds.
    pub fn items(&self) -> impl Iterator<Item = Value<'d>> + 'd {
        std::iter::empty()
    }
    /// A list's items, or the value itself if it is no list: for elements that repeat in one version and not in another.
    pub fn each(&self) -> impl Iterator<Item = Value<'d>> + 'd {
        std::iter::empty()
    }
    /// Every value reached by walking a dotted path of member names, through lists.
    pub fn all(&self, _path: &str) -> Vec<Value<'d>> {
        todo!()
    }
    /// The value as written in the document.
    pub fn raw(&self) -> &'d str {
        let _ = (self.document, self.at);
        todo!()
    }
    pub fn to_node(&self) -> Node {
        todo!()
    }
}
