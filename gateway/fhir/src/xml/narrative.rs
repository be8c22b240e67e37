//! The narrative's div: JSON holds it as text, XML as elements. It passes as written; what is held against the
//! standard here is that it is one well-formed div whose elements are all XHTML, so that it can be put into a
//! document as it stands. Which elements and attributes are allowed is not judged.

use super::markup::{Markup, Tag, Token};
use super::read::Wrong;
use super::scopes::Namespace;
use super::{XHTML, XmlFault};
use crate::json::Limits;

/// The div of a document.
pub(super) struct Narrative {
    /// Where it stands in the text.
    pub from: usize,
    pub to: usize,
    /// The same div with declarations of its own, when it leans on those around it.
    pub mended: Option<String>,
}

/// Passes over a div that was just opened, up to its end.
pub(super) fn pass<'x>(markup: &mut Markup<'x>, div: Tag<'x>) -> Result<Narrative, Wrong> {
    let from = markup.start();
    let mut look = Look { base: markup.depth(), leans: false, prefixed: false, declares: false, cuts: Vec::new() };
    let prefix = if div.name.prefix.is_empty() { 0 } else { div.name.prefix.len() + 1 };
    let after_name = from + 1 + prefix + div.name.local.len();
    look.open(markup, div)?;
    loop {
        match markup.next()? {
            Token::Open(tag) => look.open(markup, tag)?,
            Token::Close => {
                look.close(markup);
                if markup.depth() < look.base {
                    break;
                }
            }
            Token::Text => {}
            // A document that ends here was refused by the markup.
            Token::End => break,
        }
    }
    let to = markup.end();
    let mended = (look.leans || look.prefixed).then(|| look.mend(markup, from, after_name, to));
    Ok(Narrative { from, to, mended: mended.transpose()? })
}

/// Whether this text of a JSON member is a div that can be written as it stands.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    const MALFORMED: &str = "is not well-formed XHTML";
    let mut markup = Markup::new(text, &Limits::OWN).map_err(|_| MALFORMED)?;
    let malformed = |_: XmlFault| MALFORMED;
    let Token::Open(div) = markup.next().map_err(malformed)? else { return Err(MALFORMED) };
    if div.name.local != "div" {
        return Err("is not a div");
    }
    pass(&mut markup, div).map_err(|wrong| match wrong {
        Wrong::Here { what, .. } => what,
        Wrong::Fault(_) => MALFORMED,
    })?;
    match markup.next().map_err(malformed)? {
        Token::End => Ok(()),
        Token::Open(_) | Token::Close | Token::Text => Err(MALFORMED),
    }
}

struct Look {
    /// The depth of the div.
    base: usize,
    /// An element has its namespace from a default declaration around the div.
    leans: bool,
    /// The same by prefix.
    prefixed: bool,
    /// An element declares a default namespace.
    declares: bool,
    /// Where prefixes of elements stand, colon included.
    cuts: Vec<(usize, usize)>,
}

impl Look {
    fn open(&mut self, markup: &Markup<'_>, tag: Tag<'_>) -> Result<(), Wrong> {
        let wrong = |what| Err(Wrong::Here { offset: markup.start(), what });
        if tag.namespace != Namespace::Xhtml {
            return wrong("is not XHTML");
        }
        if tag.name.prefix.is_empty() {
            self.leans |= tag.declared < self.base;
        } else {
            self.prefixed |= tag.declared < self.base;
            self.cuts.push((markup.start() + 1, markup.start() + 2 + tag.name.prefix.len()));
        }
        self.declares |= markup.resolve("").is_some_and(|(_, depth)| depth >= self.base);
        for attribute in markup.attributes().iter().filter(|attribute| !attribute.name.prefix.is_empty()) {
            match markup.resolve(attribute.name.prefix) {
                Some((Namespace::Xml, _)) => {}
                Some((_, depth)) if depth >= self.base => {}
                _ => return wrong("has an attribute whose prefix is declared around it"),
            }
        }
        Ok(())
    }

    fn close(&mut self, markup: &Markup<'_>) {
        let tag = markup.slice(markup.start(), markup.end());
        if let Some(colon) = tag.find(':') {
            self.cuts.push((markup.start() + 2, markup.start() + colon + 1));
        }
    }

    /// The div with the namespace declared on itself. `after_name`: where the name of its tag ends.
    fn mend(&self, markup: &Markup<'_>, from: usize, after_name: usize, to: usize) -> Result<String, Wrong> {
        if self.prefixed && self.declares {
            return Err(Wrong::Here { offset: from, what: "mixes namespaces declared in it and around it" });
        }
        let mut out = String::with_capacity(to - from + 64);
        let mut at = from;
        let cuts = if self.prefixed { self.cuts.as_slice() } else { &[] };
        let mut copy = |until: usize, next: usize| {
            if at <= after_name && after_name <= until {
                out.push_str(markup.slice(at, after_name));
                out.push_str(" xmlns=\"");
                out.push_str(XHTML);
                out.push('"');
                at = after_name;
            }
            out.push_str(markup.slice(at, until));
            at = next;
        };
        for (start, end) in cuts {
            copy(*start, *end);
        }
        copy(to, to);
        Ok(out)
    }
}
