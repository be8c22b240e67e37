//! A text as a bounded row of tags. quick-xml finds the events and matches end tags; here everything that a
//! resource has no use for is refused, names are resolved, and the parts that quick-xml leaves to its caller
//! are held against the grammar. It knows nothing of FHIR but the names of the namespaces.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::XmlFault;
use super::characters::{first_illegal, is_space, reference, unescape};
use super::scopes::{Namespace, Scopes};
use super::tag::{self, Attribute, Name};
use crate::json::{DEEPEST, Limits};

/// What comes next. Comments and white space are passed over.
#[derive(Debug)]
pub(super) enum Token<'x> {
    Open(Tag<'x>),
    Close,
    /// Text that is not white space alone, by character, reference or CDATA section.
    Text,
    End,
}

/// An opened element; its attributes are [`Markup::attributes`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'x> {
    pub name: Name<'x>,
    pub namespace: Namespace,
    /// The depth of the element that declares the namespace.
    pub declared: usize,
}

pub(super) struct Markup<'x> {
    text: &'x str,
    reader: Reader<&'x [u8]>,
    scopes: Scopes<'x>,
    attributes: Vec<Attribute<'x>>,
    /// The place of the last token in the text.
    start: usize,
    end: usize,
    depth: usize,
    deepest: usize,
    most: usize,
    left: usize,
    /// An element that closes itself was opened; its end comes next.
    closing: bool,
    /// Whether the root has been opened.
    begun: bool,
}

impl<'x> Markup<'x> {
    /// The text is within the limit of bytes. A byte order mark is no part of it.
    pub(super) fn new(text: &'x str, limits: &Limits) -> Result<Self, XmlFault> {
        if let Some(offset) = first_illegal(text) {
            return Err(XmlFault::Syntax { offset, what: "a character that XML does not allow" });
        }
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = true;
        config.allow_unmatched_ends = false;
        config.allow_dangling_amp = false;
        Ok(Markup {
            text,
            reader,
            scopes: Scopes::default(),
            attributes: Vec::new(),
            start: 0,
            end: 0,
            depth: 0,
            deepest: limits.depth.min(DEEPEST),
            most: limits.nodes,
            left: limits.nodes,
            closing: false,
            begun: false,
        })
    }

    /// The attributes of the element opened last, declarations of namespaces left out.
    pub(super) fn attributes(&self) -> &[Attribute<'x>] {
        &self.attributes
    }

    /// The namespace of a prefixed attribute and the depth of the element that declares it.
    pub(super) fn resolve(&self, prefix: &str) -> Option<(Namespace, usize)> {
        self.scopes.resolve(prefix)
    }

    /// The elements open now, the one opened last included.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn start(&self) -> usize {
        self.start
    }

    pub(super) fn end(&self) -> usize {
        self.end
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'x str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The declaration of XML itself, if the text begins with one: version 1.0 and UTF-8.
    pub(super) fn declaration(&mut self) -> Result<(), XmlFault> {
        if !self.text.starts_with("<?xml") {
            return Ok(());
        }
        self.event()?;
        let inside = self.slice(2, self.end.saturating_sub(2));
        let name = tag::scan(inside, 2, &mut self.attributes)?;
        let good =
            self.attributes.iter().enumerate().all(|(at, attribute)| match (attribute.name.local, attribute.raw) {
                ("version", version) => at == 0 && version == "1.0",
                ("encoding", encoding) => at == 1 && encoding.eq_ignore_ascii_case("utf-8"),
                ("standalone", "yes" | "no") => at > 0,
                _ => false,
            });
        if good && name.local == "xml" && !self.attributes.is_empty() {
            Ok(())
        } else {
            Err(XmlFault::Syntax { offset: 0, what: "the XML declaration is not of XML 1.0 in UTF-8" })
        }
    }

    pub(super) fn next(&mut self) -> Result<Token<'x>, XmlFault> {
        if self.closing {
            self.closing = false;
            self.start = self.end;
            self.leave();
            return Ok(Token::Close);
        }
        loop {
            let event = self.event()?;
            let blank = || self.slice(self.start, self.end).bytes().all(is_space);
            match event {
                Event::Start(_) => return self.open(false),
                Event::Empty(_) => return self.open(true),
                Event::End(_) => {
                    self.leave();
                    return Ok(Token::Close);
                }
                Event::Text(_) if blank() => {}
                _ if self.depth == 0 && !matches!(event, Event::Comment(_) | Event::Eof) => {
                    return Err(self.refused(&event).unwrap_or_else(|| self.fault("text outside the root")));
                }
                Event::Text(_) => {
                    if self.slice(self.start, self.end).contains("]]>") {
                        return Err(self.fault("]]> in a text"));
                    }
                    return Ok(Token::Text);
                }
                Event::CData(_) => return Ok(Token::Text),
                Event::GeneralRef(_) => {
                    let name = self.slice(self.start + 1, self.end.saturating_sub(1));
                    reference(name).ok_or_else(|| self.fault("an unknown reference or a bare &"))?;
                    return Ok(Token::Text);
                }
                Event::Comment(_) => {
                    let inside = self.slice(self.start + 4, self.end.saturating_sub(3));
                    if inside.contains("--") || inside.ends_with('-') {
                        return Err(self.fault("-- in a comment"));
                    }
                }
                Event::Eof if self.depth > 0 => return Err(self.fault("the text ends before its elements do")),
                Event::Eof if !self.begun => return Err(self.fault("there is no element")),
                Event::Eof => return Ok(Token::End),
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                    return Err(self.refused(&event).unwrap_or_else(|| self.fault("an unexpected event")));
                }
            }
        }
    }

    /// Events that are refused wherever they stand.
    fn refused(&self, event: &Event<'_>) -> Option<XmlFault> {
        match event {
            Event::DocType(_) => Some(self.fault("a document type declaration")),
            Event::PI(_) | Event::Decl(_) => Some(self.fault("a processing instruction")),
            _ => None,
        }
    }

    fn fault(&self, what: &'static str) -> XmlFault {
        XmlFault::Syntax { offset: self.start, what }
    }

    fn event(&mut self) -> Result<Event<'x>, XmlFault> {
        let place = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        self.start = place(self.reader.buffer_position());
        // What quick-xml says of a fault may repeat names or values of the text.
        let event = self.reader.read_event().map_err(|fault| XmlFault::Syntax {
            offset: place(self.reader.error_position()).min(self.text.len()),
            what: match fault {
                quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::UnclosedReference) => "a bare &",
                quick_xml::Error::IllFormed(_) => "a tag that closes no open element",
                _ => "markup that does not end",
            },
        })?;
        self.end = place(self.reader.buffer_position());
        Ok(event)
    }

    fn open(&mut self, empty: bool) -> Result<Token<'x>, XmlFault> {
        if self.depth == 0 && self.begun {
            return Err(self.fault("a second root"));
        }
        self.begun = true;
        if self.depth >= self.deepest {
            return Err(XmlFault::TooDeep { limit: self.deepest });
        }
        self.left = self.left.checked_sub(1).ok_or(XmlFault::TooMany { limit: self.most })?;
        self.depth += 1;
        self.closing = empty;
        let inside = self.slice(self.start + 1, self.end.saturating_sub(if empty { 2 } else { 1 }));
        let name = tag::scan(inside, self.start + 1, &mut self.attributes)?;
        self.declare()?;
        let undeclared = XmlFault::Syntax { offset: self.start, what: "an undeclared prefix" };
        let (namespace, declared) = self.scopes.resolve(name.prefix).ok_or(undeclared)?;
        Ok(Token::Open(Tag { name, namespace, declared }))
    }

    /// Takes the declarations of namespaces out of the attributes and into force.
    fn declare(&mut self) -> Result<(), XmlFault> {
        let (scopes, depth) = (&mut self.scopes, self.depth);
        let mut outcome = Ok(());
        self.attributes.retain(|attribute| {
            let prefix = match attribute.name {
                Name { prefix: "", local: "xmlns" } => "",
                Name { prefix: "xmlns", local } => local,
                Name { .. } => return true,
            };
            if let Err(what) = scopes.declare(prefix, &unescape(attribute.raw), depth) {
                outcome = Err(XmlFault::Syntax { offset: attribute.offset, what });
            }
            false
        });
        outcome?;
        for (at, attribute) in self.attributes.iter().enumerate() {
            let Name { prefix, local } = attribute.name;
            if prefix.is_empty() {
                continue;
            }
            let fault = |what| XmlFault::Syntax { offset: attribute.offset, what };
            let (namespace, _) = self.scopes.resolve(prefix).ok_or_else(|| fault("an undeclared prefix"))?;
            // Two prefixes of one namespace; two namespaces that are not told apart are refused along.
            let twice = self.attributes.iter().take(at).filter(|earlier| {
                let other = self.scopes.resolve(earlier.name.prefix).map(|(namespace, _)| namespace);
                !earlier.name.prefix.is_empty() && earlier.name.local == local && other == Some(namespace)
            });
            if twice.count() > 0 {
                return Err(fault("an attribute occurs twice"));
            }
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.scopes.leave(self.depth);
    }
}
