//! The one parser. Bounded in bytes, depth and nodes before anything is built.

use thiserror::Error;

use super::document::Kind;
use super::duplicates;
use super::strings;
use super::tape::Token;

/// No limit may exceed this nesting: nodes are built, written and dropped recursively.
pub const DEEPEST: usize = 512;

/// Bounds on one JSON text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting of objects and lists; never more than [`DEEPEST`].
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

impl Limits {
    /// For texts that this process has just written: as large as an index can hold.
    pub(crate) const OWN: Limits = Limits { bytes: u32::MAX as usize, depth: DEEPEST, nodes: u32::MAX as usize / 2 };
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

/// Checks a text that is already known to be UTF-8 and within the limit of bytes, and indexes it.
pub(super) fn index(text: &str, limits: &Limits) -> Result<Vec<Token>, JsonFault> {
    let parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        // Sixteen bytes of text per value is usual; a smaller guess than the text itself in any case.
        tape: Vec::with_capacity(text.len() / 16 + 4),
        open: Vec::new(),
        depth: limits.depth.min(DEEPEST),
        nodes: limits.nodes,
        left: limits.nodes,
    };
    parser.run()
}

/// What is allowed next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// The first item of a list, or its end.
    ItemOrEnd,
    /// The first name of an object, or its end.
    NameOrEnd,
    Name,
    /// After a value inside a container: a comma, or the container's end.
    CommaOrEnd,
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tape: Vec<Token>,
    /// The open containers: their places on the tape. Its length is the depth.
    open: Vec<u32>,
    depth: usize,
    nodes: usize,
    left: usize,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Vec<Token>, JsonFault> {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(self.fault("a byte order mark"));
        }
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            expect = match (expect, self.peek()) {
                (Expect::ItemOrEnd, Some(b']')) | (Expect::NameOrEnd, Some(b'}')) => self.close()?,
                (Expect::Value | Expect::ItemOrEnd, _) => self.value()?,
                (Expect::Name | Expect::NameOrEnd, Some(b'"')) => self.name()?,
                (Expect::Name | Expect::NameOrEnd, _) => return Err(self.fault("expected a member name")),
                (Expect::CommaOrEnd, found) => match (self.container(), found) {
                    (Some(Kind::Object), Some(b',')) => self.step(Expect::Name),
                    (Some(_), Some(b',')) => self.step(Expect::Value),
                    (Some(Kind::Object), Some(b'}')) | (Some(Kind::List), Some(b']')) => self.close()?,
                    (Some(_), _) => return Err(self.fault("expected a comma or the end of the object or list")),
                    (None, None) => return Ok(self.tape),
                    (None, Some(_)) => return Err(self.fault("text after the value")),
                },
            };
        }
    }

    fn fault(&self, what: &'static str) -> JsonFault {
        JsonFault::Syntax { offset: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self, expect: Expect) -> Expect {
        self.at += 1;
        expect
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn container(&self) -> Option<Kind> {
        self.open.last().and_then(|at| self.tape.get(*at as usize)).map(|token| token.kind)
    }

    fn value(&mut self) -> Result<Expect, JsonFault> {
        self.left = self.left.checked_sub(1).ok_or(JsonFault::TooMany { limit: self.nodes })?;
        match self.peek() {
            Some(b'{') => return self.open(Kind::Object, Expect::NameOrEnd),
            Some(b'[') => return self.open(Kind::List, Expect::ItemOrEnd),
            Some(b'"') => self.string()?,
            Some(b't') => self.word("true", Kind::Bool)?,
            Some(b'f') => self.word("false", Kind::Bool)?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.fault("expected a value")),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn name(&mut self) -> Result<Expect, JsonFault> {
        self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.fault("expected a colon"));
        }
        Ok(self.step(Expect::Value))
    }

    fn push(&mut self, kind: Kind, end: usize, escaped: bool) {
        // Texts longer than u32::MAX were refused before, and every token is at least one byte of it.
        let next = self.tape.len() as u32 + 1;
        self.tape.push(Token { start: self.at as u32, end: end as u32, next, kind, escaped });
        self.at = end;
    }

    fn open(&mut self, kind: Kind, expect: Expect) -> Result<Expect, JsonFault> {
        if self.open.len() >= self.depth {
            return Err(JsonFault::TooDeep { limit: self.depth });
        }
        self.open.push(self.tape.len() as u32);
        self.push(kind, self.at + 1, false);
        Ok(expect)
    }

    fn close(&mut self) -> Result<Expect, JsonFault> {
        self.at += 1;
        let (end, next) = (self.at as u32, self.tape.len() as u32);
        if let Some(at) = self.open.pop()
            && let Some(token) = self.tape.get_mut(at as usize)
        {
            (token.end, token.next) = (end, next);
            if token.kind == Kind::Object {
                duplicates::refuse(self.text, &self.tape, at)?;
            }
        }
        Ok(Expect::CommaOrEnd)
    }

    fn string(&mut self) -> Result<(), JsonFault> {
        let (end, escaped) = strings::scan(self.bytes, self.at)?;
        self.push(Kind::Text, end, escaped);
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), JsonFault> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.fault("expected a value"));
        }
        self.push(kind, end, false);
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        let end =
            number_end(self.bytes, self.at).map_err(|offset| JsonFault::Syntax { offset, what: "malformed number" })?;
        self.push(Kind::Number, end, false);
        Ok(())
    }
}

/// Whether this text is a JSON number and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    number_end(text.as_bytes(), 0) == Ok(text.len())
}

/// The end of the number at `at` (RFC 8259, 6), or where it goes wrong.
pub(super) fn number_end(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    let digits = |mut at: usize| {
        let from = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == from { Err(at) } else { Ok(at) }
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    if bytes.get(at) == Some(&b'0') {
        at += 1;
        if bytes.get(at).is_some_and(u8::is_ascii_digit) {
            return Err(at);
        }
    } else {
        at = digits(at)?;
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}
