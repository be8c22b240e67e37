//! The flat index of a checked text: one token per value and per member name, in order of appearance.
//!
//! An object is followed by its names and values in turn, a list by its items. It knows nothing of what
//! the values mean, and holds no text of its own.

use super::document::Kind;
use super::strings::unescape;

/// One value or member name. Sixteen bytes, so that an index stays smaller than most texts.
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// First byte of the value in the text; of a string: its opening quote.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// The token after this value and everything inside it.
    pub next: u32,
    pub kind: Kind,
    /// A string with at least one escape: it cannot be borrowed from the text as it stands.
    pub escaped: bool,
}

impl Token {
    /// The text between the quotes of a string, escapes still in it.
    pub(super) fn inner<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start as usize + 1..self.end as usize - 1).unwrap_or_default()
    }

    /// Whether a string means this. Its length is held against first: that is on the tape, and the text lies elsewhere in
    /// memory.
    pub(super) fn means(&self, text: &str, wanted: &str) -> bool {
        if self.escaped {
            return unescape(self.inner(text), true) == wanted;
        }
        let (start, end) = (self.start as usize + 1, self.end as usize - 1);
        end - start == wanted.len() && text.as_bytes().get(start..end) == Some(wanted.as_bytes())
    }
}

/// The names of one object with the index of each name's token, in order.
pub(super) struct Names<'t> {
    tape: &'t [Token],
    at: u32,
    end: u32,
}

impl<'t> Names<'t> {
    /// The names of the object at `object`; nothing when something else stands there.
    pub(super) fn of(tape: &'t [Token], object: u32) -> Self {
        match tape.get(object as usize) {
            Some(token) if token.kind == Kind::Object => Names { tape, at: object + 1, end: token.next },
            _ => Names { tape, at: 0, end: 0 },
        }
    }
}

impl<'t> Iterator for Names<'t> {
    type Item = (u32, &'t Token);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let (name, value) = (self.tape.get(self.at as usize)?, self.tape.get(self.at as usize + 1)?);
        let found = (self.at, name);
        self.at = value.next;
        Some(found)
    }
}
