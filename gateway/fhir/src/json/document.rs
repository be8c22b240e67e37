//! A checked JSON text and a cursor over it.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use super::node::Node;
use super::parser::{self, JsonFault, Limits};
use super::strings::unescape;
use super::tape::{Names, Token};

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
    text: ByteString,
    tape: Vec<Token>,
}

/// One value inside a [`Document`].
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document,
    at: u32,
}

impl Document {
    /// Checks a text against the grammar (RFC 8259), the limits and for duplicate members.
    pub fn parse(text: Bytes, limits: &Limits) -> Result<Document, JsonFault> {
        let limit = limits.bytes.min(Limits::OWN.bytes);
        if text.len() > limit {
            return Err(JsonFault::TooLarge { limit });
        }
        let text = ByteString::try_from(text).map_err(|fault| JsonFault::NotUtf8 { offset: fault.valid_up_to() })?;
        let tape = parser::index(&text, limits)?;
        Ok(Document { text, tape })
    }

    /// A document without any value, which reads as null.
    pub(crate) fn nothing() -> Document {
        Document { text: ByteString::new(), tape: Vec::new() }
    }

    pub fn root(&self) -> Value<'_> {
        self.value(0)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value at this place of the index.
    pub(crate) fn value(&self, at: u32) -> Value<'_> {
        Value { document: self, at }
    }

    /// The bytes of the value at this place, sharing this document's memory.
    pub(crate) fn bytes(&self, at: u32) -> Bytes {
        self.tape
            .get(at as usize)
            .map_or_else(Bytes::new, |token| self.text.as_bytes().slice(token.start as usize..token.end as usize))
    }
}

impl fmt::Debug for Document {
    /// Only the size: content stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text.len())
    }
}

impl fmt::Debug for Value<'_> {
    /// Only the kind: content stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({:?})", self.kind())
    }
}

impl<'d> Value<'d> {
    fn token(&self) -> Option<&'d Token> {
        self.document.tape.get(self.at as usize)
    }

    fn of_kind(&self, kind: Kind) -> Option<&'d Token> {
        self.token().filter(|token| token.kind == kind)
    }

    /// Looks over all that reading this value would look at, its text and its part of the index, and says nothing: what is read in
    /// a moment is then at hand, where memory is waited for once instead of at every step.
    pub fn look_over(&self) {
        /// What memory is fetched in, in bytes and in tokens of the index.
        const LINE: (usize, usize) = (64, 64 / size_of::<Token>());
        let Some(token) = self.token() else { return };
        let tokens = self.document.tape.get(self.at as usize..token.next as usize).unwrap_or_default();
        let of_index = tokens.iter().step_by(LINE.1).fold(0, |seen, token| seen ^ token.start);
        let of_text = self.raw().as_bytes().iter().step_by(LINE.0).fold(0, |seen, byte| seen ^ byte);
        std::hint::black_box((of_index, of_text));
    }

    /// The place of this value in its document's index.
    pub(crate) fn place(&self) -> u32 {
        self.at
    }

    pub(crate) fn is_of(&self, document: &Document) -> bool {
        std::ptr::eq(self.document, document)
    }

    pub fn kind(&self) -> Kind {
        self.token().map_or(Kind::Null, |token| token.kind)
    }

    /// The text of a string value, unescaped.
    pub fn as_text(&self) -> Option<Cow<'d, str>> {
        self.of_kind(Kind::Text).map(|token| unescape(token.inner(self.document.text()), token.escaped))
    }

    /// The digits of a number, as written.
    pub fn as_number(&self) -> Option<&'d str> {
        self.of_kind(Kind::Number).map(|_| self.raw())
    }

    pub fn as_bool(&self) -> Option<bool> {
        self.of_kind(Kind::Bool).map(|_| self.raw() == "true")
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<Value<'d>> {
        let document = self.document;
        Names::of(&document.tape, self.at)
            .find(|(_, token)| token.means(document.text(), name))
            .map(|(at, _)| document.value(at + 1))
    }

    /// The members of an object in order; nothing for other kinds.
    pub fn members(&self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> + use<'d> {
        let document = self.document;
        Names::of(&document.tape, self.at)
            .map(move |(at, token)| (unescape(token.inner(document.text()), token.escaped), document.value(at + 1)))
    }

    /// The items of a list in order; nothing for other kinds.
    pub fn items(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        self.of_kind(Kind::List).map_or_else(Items::none, |token| Items {
            document: Some(self.document),
            at: self.at + 1,
            end: token.next,
        })
    }

    /// A list's items, or the value itself if it is no list: for elements that repeat in one version and not in another.
    pub fn each(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        self.token().map_or_else(Items::none, |token| Items {
            document: Some(self.document),
            at: if token.kind == Kind::List { self.at + 1 } else { self.at },
            end: token.next,
        })
    }

    /// Every value reached by walking a dotted path of member names, through lists. A list at the end of the
    /// path gives its items.
    pub fn all(&self, path: &str) -> Vec<Value<'d>> {
        path.split('.').fold(self.each().collect(), |reached: Vec<Value<'d>>, name| {
            reached.iter().filter_map(|value| value.get(name)).flat_map(|value| value.each()).collect()
        })
    }

    /// The value as written in the document.
    pub fn raw(&self) -> &'d str {
        self.token()
            .and_then(|token| self.document.text().get(token.start as usize..token.end as usize))
            .unwrap_or_default()
    }

    pub fn to_node(&self) -> Node {
        match self.kind() {
            Kind::Null => Node::Null,
            Kind::Bool => Node::Bool(self.raw() == "true"),
            Kind::Number => Node::Number(self.raw().to_owned()),
            Kind::Text => Node::Text(self.as_text().unwrap_or_default().into_owned()),
            Kind::List => Node::List(self.items().map(|item| item.to_node()).collect()),
            Kind::Object => {
                Node::Object(self.members().map(|(name, value)| (name.into_owned(), value.to_node())).collect())
            }
        }
    }
}

/// Neighbouring values on the tape.
struct Items<'d> {
    document: Option<&'d Document>,
    at: u32,
    end: u32,
}

impl Items<'_> {
    fn none() -> Self {
        Items { document: None, at: 0, end: 0 }
    }
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        let document = self.document.filter(|_| self.at < self.end)?;
        let value = document.value(self.at);
        self.at = value.token()?.next;
        Some(value)
    }
}
