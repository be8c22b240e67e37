//! A small XML document as a tree, read within bounds: no document type, no processing instruction, no entity but XML's
//! own, nothing deep, nothing endless. It knows names and namespaces and nothing of what they mean.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use thiserror::Error;

/// How deep elements may nest, and how many there may be, attributes counted.
const DEPTH: usize = 40;
/// Attributes of one element, declarations of namespaces counted: each is held against the others.
const ATTRIBUTES: usize = 64;
const NODES: usize = 20_000;

/// An element. Names are those behind the prefix; the namespace is empty when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    namespace: String,
    name: String,
    attributes: Vec<Attribute>,
    children: Vec<Element>,
    /// The text of the element itself, run together.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    namespace: String,
    name: String,
    value: String,
}

/// Why a text is no such document. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum XmlFault {
    #[error("it is not UTF-8")]
    Encoding,
    #[error("it is not well-formed")]
    IllFormed,
    #[error("it has a document type, a processing instruction or an entity of its own")]
    Declaration,
    #[error("it is deeper or larger than is read")]
    Bounds,
}

impl Element {
    /// Reads a whole document.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Element, XmlFault> {
        let text = str::from_utf8(text).map_err(|_| XmlFault::Encoding)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.chars().any(|found| found.is_control() && !matches!(found, '\t' | '\n' | '\r' | '\u{80}'..)) {
            return Err(XmlFault::IllFormed);
        }
        let mut reader = NsReader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = true;
        config.allow_unmatched_ends = false;
        config.allow_dangling_amp = false;
        Reading { reader, open: Vec::new(), root: None, nodes: 0 }.run()
    }

    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// The value of an attribute without a namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_in("", name)
    }

    pub(super) fn attribute_in(&self, namespace: &str, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|known| known.namespace == namespace && known.name == name)?;
        Some(&found.value)
    }

    pub(super) fn children(&self) -> &[Element] {
        &self.children
    }

    pub(super) fn all<'e>(&'e self, namespace: &'e str, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.is(namespace, name))
    }

    /// The child of this name, when there is exactly one.
    pub(super) fn only<'e>(&'e self, namespace: &str, name: &str) -> Option<&'e Element> {
        let mut found = self.children.iter().filter(|child| child.is(namespace, name));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The child of this name in whatever namespace, when there is exactly one.
    pub(super) fn only_named(&self, name: &str) -> Option<&Element> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The text of an element that holds nothing else, as it stands.
    pub(super) fn plain_text(&self) -> Option<&str> {
        self.children.is_empty().then_some(self.text.as_str())
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }
}

struct Reading<'x> {
    reader: NsReader<&'x [u8]>,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl Reading<'_> {
    fn run(mut self) -> Result<Element, XmlFault> {
        let mut first = true;
        loop {
            let event = self.reader.read_event().map_err(|_| XmlFault::IllFormed)?;
            match event {
                Event::Start(tag) => {
                    let element = self.element(&tag)?;
                    self.open.push(element);
                    if self.open.len() > DEPTH {
                        return Err(XmlFault::Bounds);
                    }
                }
                Event::Empty(tag) => {
                    let element = self.element(&tag)?;
                    self.close(element)?;
                }
                Event::End(_) => {
                    let element = self.open.pop().ok_or(XmlFault::IllFormed)?;
                    self.close(element)?;
                }
                Event::Text(text) => self.text(&text.into_inner())?,
                Event::CData(text) => self.text(&text.into_inner())?,
                Event::GeneralRef(reference) => {
                    let found = match reference.resolve_char_ref() {
                        Ok(Some(found)) => found,
                        Ok(None) => named(&reference.into_inner()).ok_or(XmlFault::Declaration)?,
                        Err(_) => return Err(XmlFault::IllFormed),
                    };
                    self.text(found.encode_utf8(&mut [0; 4]))?;
                }
                Event::Comment(_) => {}
                Event::Decl(_) if first => {}
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) => return Err(XmlFault::Declaration),
                Event::Eof => {
                    let whole = self.open.is_empty();
                    return self.root.filter(|_| whole).ok_or(XmlFault::IllFormed);
                }
            }
            first = false;
        }
    }

    fn count(&mut self) -> Result<(), XmlFault> {
        self.nodes += 1;
        if self.nodes > NODES { Err(XmlFault::Bounds) } else { Ok(()) }
    }

    fn element(&mut self, tag: &BytesStart<'_>) -> Result<Element, XmlFault> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlFault::IllFormed);
        }
        self.count()?;
        let (namespace, name) = self.reader.resolver().resolve_element(tag.name());
        let mut element =
            Element { namespace: bound(&namespace)?, name: name.as_ref().to_owned(), ..Element::default() };
        for (number, attribute) in tag.attributes().with_checks(false).enumerate() {
            if number == ATTRIBUTES {
                return Err(XmlFault::Bounds);
            }
            self.count()?;
            let attribute = attribute.map_err(|_| XmlFault::IllFormed)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (namespace, name) = self.reader.resolver().resolve_attribute(attribute.key);
            let (namespace, name) = (bound(&namespace)?, name.as_ref().to_owned());
            if element.attribute_in(&namespace, &name).is_some() {
                return Err(XmlFault::IllFormed);
            }
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlFault::Declaration)?.into_owned();
            element.attributes.push(Attribute { namespace, name, value });
        }
        Ok(element)
    }

    fn close(&mut self, element: Element) -> Result<(), XmlFault> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(XmlFault::IllFormed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlFault::IllFormed),
        }
        Ok(())
    }
}

fn bound(resolved: &ResolveResult<'_>) -> Result<String, XmlFault> {
    match resolved {
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unknown(_) => Err(XmlFault::IllFormed),
    }
}

/// XML's own entities; any other would have to be declared.
fn named(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_by_namespaces_and_not_by_prefixes() {
        let text = b"<?xml version='1.0'?><!-- x --><a:r xmlns:a='u' xmlns='d'><c a:k='1' k='2'>x&amp;&#65;<![CDATA[<]]></c></a:r>\n";
        let root = Element::read(text).unwrap();
        assert!(root.is("u", "r") && !root.is("", "r"));
        let child = root.only("d", "c").unwrap();
        assert_eq!((child.attribute("k"), child.attribute_in("u", "k")), (Some("2"), Some("1")));
        assert_eq!(child.plain_text(), Some("x&A<"));
        assert_eq!(root.plain_text(), None);
    }

    #[test]
    fn what_is_hostile_or_broken_is_refused_for_what_it_is() {
        let deep = format!("{}{}", "<a>".repeat(41), "</a>".repeat(41));
        let many = format!("<a>{}</a>", "<b/>".repeat(20_000));
        let wide = format!("<a {}/>", (0..20_000).map(|n| format!("b{n}='' ")).collect::<String>());
        for (text, fault) in [
            ("", XmlFault::IllFormed),
            ("x", XmlFault::IllFormed),
            ("<a>", XmlFault::IllFormed),
            ("<a></b>", XmlFault::IllFormed),
            ("<a/><b/>", XmlFault::IllFormed),
            ("<a/>x", XmlFault::IllFormed),
            ("<p:a/>", XmlFault::IllFormed),
            ("<a b='1' b='2'/>", XmlFault::IllFormed),
            ("<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>", XmlFault::IllFormed),
            ("<a>\u{1}</a>", XmlFault::IllFormed),
            ("<!DOCTYPE a><a/>", XmlFault::Declaration),
            ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", XmlFault::Declaration),
            ("<a>&e;</a>", XmlFault::Declaration),
            ("<a b='&e;'/>", XmlFault::Declaration),
            ("<?x y?><a/>", XmlFault::Declaration),
            (&deep, XmlFault::Bounds),
            (&many, XmlFault::Bounds),
            (&wide, XmlFault::Bounds),
        ] {
            assert_eq!(Element::read(text.as_bytes()), Err(fault), "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(Element::read(b"<a>\xff</a>"), Err(XmlFault::Encoding));
    }
}
