//! The inside of one tag, strictly by the grammar (XML 1.0, 3.1): what is passed on as written must be well-formed.

use super::XmlFault;
use super::characters::{continues_name, first_bad_reference, is_name, is_space};

/// More than any narrative has on one element.
const MOST_ATTRIBUTES: usize = 64;

/// A name with its prefix, which may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'x> {
    pub prefix: &'x str,
    pub local: &'x str,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'x> {
    pub name: Name<'x>,
    /// As written between the quotes.
    pub raw: &'x str,
    /// Where the value begins.
    pub offset: usize,
}

/// Reads a tag's name, and its attributes into the list. `offset` is where `inside` begins in the document.
pub(super) fn scan<'x>(
    inside: &'x str,
    offset: usize,
    attributes: &mut Vec<Attribute<'x>>,
) -> Result<Name<'x>, XmlFault> {
    attributes.clear();
    let mut cursor = Cursor { text: inside, at: 0, offset };
    let name = cursor.name()?;
    while cursor.space() && !cursor.rest().is_empty() {
        let attribute = cursor.attribute()?;
        if attributes.iter().any(|earlier| earlier.name == attribute.name) {
            return Err(cursor.fault("an attribute occurs twice"));
        }
        if attributes.len() >= MOST_ATTRIBUTES {
            return Err(cursor.fault("too many attributes"));
        }
        attributes.push(attribute);
    }
    if cursor.rest().is_empty() { Ok(name) } else { Err(cursor.fault("unexpected text in a tag")) }
}

struct Cursor<'x> {
    text: &'x str,
    at: usize,
    offset: usize,
}

impl<'x> Cursor<'x> {
    fn fault(&self, what: &'static str) -> XmlFault {
        XmlFault::Syntax { offset: self.offset + self.at, what }
    }

    fn rest(&self) -> &'x str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips white space; whether there was any.
    fn space(&mut self) -> bool {
        let length = self.rest().bytes().take_while(|byte| is_space(*byte)).count();
        self.at += length;
        length > 0
    }

    fn name(&mut self) -> Result<Name<'x>, XmlFault> {
        let rest = self.rest();
        let length = rest.find(|character| character != ':' && !continues_name(character)).unwrap_or(rest.len());
        let whole = rest.get(..length).unwrap_or_default();
        let (prefix, local) = whole.split_once(':').unwrap_or(("", whole));
        if !is_name(local) || !(prefix.is_empty() || is_name(prefix)) || whole.starts_with(':') {
            return Err(self.fault("a malformed name"));
        }
        self.at += length;
        Ok(Name { prefix, local })
    }

    fn attribute(&mut self) -> Result<Attribute<'x>, XmlFault> {
        let name = self.name()?;
        self.space();
        if !self.rest().starts_with('=') {
            return Err(self.fault("an attribute without a value"));
        }
        self.at += 1;
        self.space();
        let quote = match self.rest().as_bytes().first() {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return Err(self.fault("an attribute without quotes")),
        };
        self.at += 1;
        let length = self.rest().find(quote).ok_or_else(|| self.fault("an attribute does not end"))?;
        let raw = self.rest().get(..length).unwrap_or_default();
        if let Some(at) = raw.find('<') {
            self.at += at;
            return Err(self.fault("a bare < in an attribute"));
        }
        if let Some(at) = first_bad_reference(raw) {
            self.at += at;
            return Err(self.fault("an unknown reference or a bare &"));
        }
        let offset = self.offset + self.at;
        self.at += length + 1;
        Ok(Attribute { name, raw, offset })
    }
}
