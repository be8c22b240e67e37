//! A reader of XML as FHIR writes it, for judging what a node sends: elements, attributes, text, and where each stood
//! in the document.
//!
//! Written here and not taken from the node's own codec, so that a mistake in one is seen by the other. It knows no
//! FHIR and no document types: a document type, or an entity that is not one of XML's own five, is a fault.

use std::ops::Range;

/// How deep elements may nest.
const DEPTH: usize = 200;

/// An element. Prefixes of names are left off; what they stand for is the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    /// The URI that the name's prefix, or the lack of one, stands for; empty when for nothing.
    pub namespace: String,
    /// Without name space declarations, in the order of the document.
    pub attributes: Vec<(String, String)>,
    pub content: Vec<Content>,
    /// Where the element stands in the document, tags included.
    pub place: Range<usize>,
}

/// What stands in an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Element(Element),
    Text(String),
}

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, without a word of its content.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let mut reader = Reader { text, at: 0, declared: Vec::new() };
        reader.skip_between()?;
        let root = reader.element(0)?;
        reader.skip_between()?;
        if reader.at == text.len() { Ok(root) } else { Err("something stands behind the root element") }
    }

    /// Whether it has this name in this namespace.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The `value` attribute, which is where FHIR keeps a primitive.
    pub fn value(&self) -> Option<&str> {
        self.attribute("value")
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.elements().filter(move |element| element.name == name)
    }

    pub fn first(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// The value of the first child of this name.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        self.first(name)?.value()
    }

    /// Whether two pieces of markup say the same: names, attributes in whatever order, and text with white space run
    /// together.
    pub fn says_the_same(&self, other: &Element) -> bool {
        let sorted = |element: &Element| {
            let mut attributes = element.attributes.clone();
            attributes.sort();
            attributes
        };
        let (mine, theirs) = (self.parts(), other.parts());
        self.name == other.name
            && sorted(self) == sorted(other)
            && mine.len() == theirs.len()
            && mine.iter().zip(&theirs).all(|pair| match pair {
                (Content::Element(mine), Content::Element(theirs)) => mine.says_the_same(theirs),
                (mine, theirs) => mine == theirs,
            })
    }

    fn parts(&self) -> Vec<Content> {
        let run_together = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = self.content.iter().map(|content| match content {
            Content::Text(text) => Content::Text(run_together(text)),
            Content::Element(element) => Content::Element(element.clone()),
        });
        parts.filter(|part| !matches!(part, Content::Text(text) if text.is_empty())).collect()
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Prefixes that are declared where the reader is, innermost last.
    declared: Vec<(String, String)>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, expected: &str) -> bool {
        let there = self.rest().starts_with(expected);
        if there {
            self.at += expected.len();
        }
        there
    }

    /// Takes everything up to this mark, and the mark.
    fn until(&mut self, mark: &str) -> Result<&'t str, &'static str> {
        let found = self.rest().find(mark).ok_or("the document breaks off")?;
        let text = &self.rest()[..found];
        self.at += found + mark.len();
        Ok(text)
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// White space, comments and processing instructions outside the root.
    fn skip_between(&mut self) -> Result<(), &'static str> {
        self.take("\u{feff}");
        loop {
            self.skip_space();
            if self.take("<!--") {
                self.until("-->")?;
            } else if self.take("<?") {
                self.until("?>")?;
            } else {
                return Ok(());
            }
        }
    }

    fn name(&mut self) -> Result<String, &'static str> {
        let end = |found: char| found.is_whitespace() || matches!(found, '=' | '/' | '>' | '<' | '"' | '\'');
        let length = self.rest().find(end).unwrap_or(self.rest().len());
        let whole = &self.rest()[..length];
        self.at += length;
        let local = whole.rsplit(':').next().unwrap_or_default();
        if local.is_empty() { Err("a name is missing") } else { Ok(whole.to_owned()) }
    }

    fn element(&mut self, depth: usize) -> Result<Element, &'static str> {
        if depth > DEPTH {
            return Err("the elements nest too deep");
        }
        let from = self.at;
        if !self.take("<") {
            return Err("an element was expected");
        }
        if self.rest().starts_with('!') {
            return Err("a declaration stands where only elements may");
        }
        let whole = self.name()?;
        let outside = self.declared.len();
        let mut element = Element {
            name: local(&whole),
            namespace: String::new(),
            attributes: Vec::new(),
            content: Vec::new(),
            place: from..from,
        };
        let empty = loop {
            self.skip_space();
            if self.take("/>") {
                break true;
            }
            if self.take(">") {
                break false;
            }
            let (name, value) = self.attribute()?;
            match name.strip_prefix("xmlns") {
                Some("") => self.declared.push((String::new(), value)),
                Some(prefix) if prefix.starts_with(':') => self.declared.push((prefix[1..].to_owned(), value)),
                _ => element.attributes.push((local(&name), value)),
            }
        };
        element.namespace = self.resolve(whole.split_once(':').map_or("", |(prefix, _)| prefix))?;
        if empty {
            self.declared.truncate(outside);
            element.place.end = self.at;
            return Ok(element);
        }
        loop {
            if self.take("<!--") {
                self.until("-->")?;
            } else if self.take("<![CDATA[") {
                element.add_text(self.until("]]>")?);
            } else if self.take("<?") {
                self.until("?>")?;
            } else if self.take("</") {
                if self.name()? != whole {
                    return Err("an element ends under another name");
                }
                self.skip_space();
                if !self.take(">") {
                    return Err("an end tag does not end");
                }
                self.declared.truncate(outside);
                element.place.end = self.at;
                return Ok(element);
            } else if self.rest().starts_with('<') {
                element.content.push(Content::Element(self.element(depth + 1)?));
            } else {
                let length = self.rest().find('<').ok_or("the document breaks off")?;
                let text = plain(&self.rest()[..length])?;
                self.at += length;
                element.add_text(&text);
            }
        }
    }

    fn resolve(&self, prefix: &str) -> Result<String, &'static str> {
        match self.declared.iter().rev().find(|(known, _)| known == prefix) {
            Some((_, uri)) => Ok(uri.clone()),
            None if prefix.is_empty() => Ok(String::new()),
            None => Err("a prefix is not declared"),
        }
    }

    fn attribute(&mut self) -> Result<(String, String), &'static str> {
        let name = self.name()?;
        self.skip_space();
        if !self.take("=") {
            return Err("an attribute has no value");
        }
        self.skip_space();
        let quote = if self.take("\"") {
            "\""
        } else if self.take("'") {
            "'"
        } else {
            return Err("the value of an attribute is not quoted");
        };
        Ok((name, plain(self.until(quote)?)?))
    }
}

impl Element {
    fn add_text(&mut self, text: &str) {
        match self.content.last_mut() {
            Some(Content::Text(before)) => before.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The text with its references replaced.
fn plain(text: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 1..].split_once(';').ok_or("an entity does not end")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => number
                .strip_prefix('#')
                .and_then(|digits| match digits.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => digits.parse().ok(),
                })
                .and_then(char::from_u32)
                .ok_or("an entity is not one of XML's own")?,
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_everything_that_fhir_uses() {
        let text = "<?xml version=\"1.0\"?><!-- c --><f:a xmlns:f=\"u\" id='1'><b value=\"x &lt;&#38;&#x41;\"/>\n<d>t<![CDATA[<u>]]></d></f:a>\n";
        let root = Element::read(text).unwrap();
        assert_eq!((root.name.as_str(), root.attribute("id")), ("a", Some("1")));
        assert!(root.is("u", "a") && root.first("b").unwrap().is("", "b"));
        let nested = Element::read("<a xmlns='x'><b xmlns='y'><c/></b><d/></a>").unwrap();
        assert!(nested.first("b").unwrap().first("c").unwrap().is("y", "c") && nested.first("d").unwrap().is("x", "d"));
        assert_eq!(root.value_of("b"), Some("x <&A"));
        assert_eq!(root.first("d").unwrap().content, [Content::Text("t<u>".to_owned())]);
        let place = root.first("d").unwrap().place.clone();
        assert_eq!(&text[place], "<d>t<![CDATA[<u>]]></d>");
        assert_eq!(root.all("b").count(), 1);
    }

    #[test]
    fn what_is_no_document_is_a_fault() {
        for wrong in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<p:a/>",
            "<a b/>",
            "<a b=c/>",
            "<!DOCTYPE a><a/>",
            "<a>&nbsp;</a>",
            "<a>&x</a>",
            "<a><!ENTITY x 'y'></a>",
        ] {
            assert!(Element::read(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        assert!(Element::read(&deep).is_err());
    }

    #[test]
    fn markup_is_compared_by_what_it_says() {
        let read = |text: &str| Element::read(text).unwrap();
        assert!(read("<p a='1' b='2'> x  y<br/></p>").says_the_same(&read("<p b='2' a='1'>x y <br></br>\n</p>")));
        for other in ["<p>x z<br/></p>", "<p>x y</p>", "<q>x y<br/></q>", "<p c='1'>x y<br/></p>"] {
            assert!(!read("<p>x y<br/></p>").says_the_same(&read(other)), "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_fall_over(text in "(<[a-c/!?]?|>|&[a-z#0-9]{0,4};?|[ \"'=a-c]|\\PC){0,40}") {
            if let Ok(element) = Element::read(&text) {
                proptest::prop_assert!(element.place.end <= text.len());
            }
        }
    }
}
