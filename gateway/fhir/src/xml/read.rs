//! Reading a resource: the document's elements are held against the tables as they come.

use bytes::Bytes;

use super::XmlFault;
use super::characters::unescape;
use super::json;
use super::markup::{Markup, Tag, Token};
use super::narrative;
use super::scopes::Namespace;
use super::tag::Attribute;
use super::tree::{Element, Held, NONE, Role, Tree, What};
use crate::elements::{self, Child, Form, TypeDef, TypeKind};
use crate::json::{Limits, is_number};
use crate::resource::Resource;
use crate::structure::shown;
use crate::version::FhirVersion;

/// More distinct names than this that the standard does not know are no extension of it.
const MOST_UNKNOWN: usize = 64;

/// Reads a resource of this version from XML. The resource's document is the JSON made from it, within the same
/// limits.
pub fn read(version: FhirVersion, text: &[u8], limits: &Limits) -> Result<Resource, XmlFault> {
    // Places are kept in 32 bits.
    let limit = limits.bytes.min(Limits::OWN.bytes);
    if text.len() > limit {
        return Err(XmlFault::TooLarge { limit });
    }
    let text = str::from_utf8(text).map_err(|fault| XmlFault::NotUtf8 { offset: fault.valid_up_to() })?;
    let (text, mark) = text.strip_prefix('\u{feff}').map_or((text, 0), |rest| (rest, '\u{feff}'.len_utf8()));
    let tree = build(version, text, limits).map_err(|fault| after_mark(fault, mark))?;
    Ok(Resource::parse(Bytes::from(json::write(&tree)), limits)?)
}

/// The fault with its offset counted from the byte order mark.
fn after_mark(fault: XmlFault, mark: usize) -> XmlFault {
    match fault {
        XmlFault::Syntax { offset, what } => XmlFault::Syntax { offset: offset + mark, what },
        XmlFault::Element { path, offset, what } => XmlFault::Element { path, offset: offset + mark, what },
        other => other,
    }
}

fn build<'x>(version: FhirVersion, text: &'x str, limits: &Limits) -> Result<Tree<'x>, XmlFault> {
    let tree = Tree { text, elements: Vec::new(), held: Vec::new(), names: Vec::new(), mended: Vec::new() };
    let markup = Markup::new(text, limits)?;
    let mut reading = Reading { version, markup, tree, frames: Vec::new(), seen: Vec::new(), name: "" };
    match reading.run() {
        Ok(()) => Ok(reading.tree),
        Err(Wrong::Fault(fault)) => Err(fault),
        Err(Wrong::Here { offset, what }) => Err(XmlFault::Element { path: reading.path(), offset, what }),
    }
}

/// What is wrong: with the text, or with the element reached.
pub(super) enum Wrong {
    Fault(XmlFault),
    Here { offset: usize, what: &'static str },
}

impl From<XmlFault> for Wrong {
    fn from(fault: XmlFault) -> Self {
        Wrong::Fault(fault)
    }
}

struct Reading<'x> {
    version: FhirVersion,
    markup: Markup<'x>,
    tree: Tree<'x>,
    frames: Vec<Frame<'x>>,
    /// The distinct names of the children of every open element so far.
    seen: Vec<Seen<'x>>,
    /// The element that is being opened, for the path of a fault.
    name: &'x str,
}

/// An open element.
struct Frame<'x> {
    /// Its place in the tree.
    element: u32,
    name: &'x str,
    content: Content,
    /// The child met last and its rank.
    last: u32,
    last_rank: u32,
    seen_from: usize,
}

#[derive(Clone, Copy)]
enum Content {
    /// The elements of this type.
    Of(&'static TypeDef),
    /// The elements of a resource of this type.
    Resource(&'static TypeDef),
    /// One resource.
    Holder,
}

struct Seen<'x> {
    name: &'x str,
    known: Option<&'static Child>,
}

impl<'x> Reading<'x> {
    fn run(&mut self) -> Result<(), Wrong> {
        self.markup.declaration()?;
        loop {
            match self.markup.next()? {
                Token::Open(tag) => {
                    self.name = tag.name.local;
                    self.open(tag)?;
                    self.name = "";
                }
                Token::Close => self.close()?,
                Token::Text => return self.wrong("has text"),
                Token::End => return Ok(()),
            }
        }
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, Wrong> {
        Err(Wrong::Here { offset: self.markup.start(), what })
    }

    /// The names from the root to the element being read; resources inside resources stay unnamed.
    fn path(&self) -> String {
        let inner = self.frames.iter().skip(1).filter(|frame| !matches!(frame.content, Content::Resource(_)));
        let names = self.frames.iter().take(1).chain(inner).map(|frame| frame.name);
        let names = names.chain(Some(self.name).filter(|name| !name.is_empty()));
        names.map(shown).collect::<Vec<_>>().join(".")
    }

    fn open(&mut self, tag: Tag<'x>) -> Result<(), Wrong> {
        match self.frames.last().map(|frame| (frame.content, frame.element)) {
            None => self.resource(tag),
            Some((Content::Holder, at)) => {
                if self.tree.element(at).is_some_and(|holder| holder.first != NONE) {
                    return self.wrong("holds more than one resource");
                }
                self.resource(tag)
            }
            Some((Content::Of(of), _)) => self.child(tag, of, false),
            Some((Content::Resource(of), _)) => self.child(tag, of, true),
        }
    }

    /// An element that is a resource: the root, or inside a holder.
    fn resource(&mut self, tag: Tag<'x>) -> Result<(), Wrong> {
        if tag.namespace != Namespace::Fhir {
            return self.wrong("is not in the namespace of FHIR");
        }
        let of = elements::type_of(self.version, tag.name.local);
        let Some(of) = of.filter(|of| of.kind == TypeKind::Resource && !of.is_abstract) else {
            return self.wrong("is of a type that does not exist");
        };
        let held = self.attributes(|_| None)?;
        let role = Role::Resource(self.tree.names.len() as u32);
        self.tree.names.push(tag.name.local);
        self.push(role, held, 0);
        self.enter(tag.name.local, Content::Resource(of));
        Ok(())
    }

    /// An element inside an element of this type.
    fn child(&mut self, tag: Tag<'x>, of: &'static TypeDef, in_resource: bool) -> Result<(), Wrong> {
        let name = tag.name.local;
        let known = of.child(name);
        let is_narrative = known.is_some_and(|child| child.form == Form::Xhtml);
        match tag.namespace {
            Namespace::Xhtml if is_narrative => {}
            Namespace::Fhir if !is_narrative => {}
            _ if is_narrative => return self.wrong("is not XHTML"),
            _ => return self.wrong("is not in the namespace of FHIR"),
        }
        match known {
            Some(child) if child.element.is_attribute => return self.wrong("is not an attribute"),
            // They would read as the other half of a primitive, or as the type of the resource.
            None if name.starts_with('_') || (in_resource && name == "resourceType") => {
                return self.wrong("is not an element");
            }
            _ => {}
        }
        let rank = self.rank(name, known)?;
        if is_narrative {
            return self.narrative(tag, known, rank);
        }
        let Some(child) = known else { return self.unknown(name, rank) };
        let content = match child.form {
            Form::Resource => Content::Holder,
            // Every type is in the table; a test holds that.
            _ => Content::Of(child.type_def().unwrap_or(of)),
        };
        let primitive = child.is_primitive();
        let held = self.attributes(|attribute| match (attribute, content) {
            ("value", _) if primitive => Some(What::Value),
            ("id", Content::Of(of)) if is_attribute(of, "id") => Some(What::Id),
            ("url", Content::Of(of)) if is_attribute(of, "url") => Some(What::Url),
            _ => None,
        })?;
        self.holds_its_form(child.form, held)?;
        self.push(Role::Known(child), held, rank);
        self.enter(name, content);
        Ok(())
    }

    fn unknown(&mut self, name: &'x str, rank: u32) -> Result<(), Wrong> {
        let held = self.attributes(|attribute| match attribute {
            "value" => Some(What::Value),
            "id" => Some(What::Id),
            _ => None,
        })?;
        let Some(of) = elements::type_of(self.version, "Element") else {
            return self.wrong("is not an element");
        };
        let role = Role::Unknown(self.tree.names.len() as u32);
        self.tree.names.push(name);
        self.push(role, held, rank);
        self.enter(name, Content::Of(of));
        Ok(())
    }

    fn narrative(&mut self, tag: Tag<'x>, known: Option<&'static Child>, rank: u32) -> Result<(), Wrong> {
        let found = narrative::pass(&mut self.markup, tag)?;
        let mut held = Held { what: What::Narrative, from: found.from as u32, to: found.to as u32 };
        if let Some(mended) = found.mended {
            held = Held { what: What::Mended, from: self.tree.mended.len() as u32, to: 0 };
            self.tree.mended.push(mended);
        }
        let from = self.tree.held.len();
        self.tree.held.push(held);
        if let Some(child) = known {
            self.push(Role::Known(child), from, rank);
        }
        Ok(())
    }

    /// Holds the attributes of the element opened last; where they begin. `what` says what one without a prefix
    /// is; anything else would be lost, and is refused.
    fn attributes(&mut self, what: impl Fn(&str) -> Option<What>) -> Result<usize, Wrong> {
        let from = self.tree.held.len();
        for Attribute { name, raw, offset } in self.markup.attributes() {
            let found = if name.prefix.is_empty() {
                what(name.local)
            } else if self.markup.resolve(name.prefix).is_some_and(|(of, _)| of == Namespace::SchemaInstance) {
                continue;
            } else {
                None
            };
            let Some(what) = found else {
                return Err(Wrong::Here { offset: *offset, what: "has an unknown attribute" });
            };
            self.tree.held.push(Held { what, from: *offset as u32, to: (*offset + raw.len()) as u32 });
        }
        Ok(from)
    }

    /// Refuses a value that JSON could not hold in this form.
    fn holds_its_form(&self, form: Form, from: usize) -> Result<(), Wrong> {
        let held = self.tree.held.get(from..).unwrap_or_default();
        let Some(held) = held.iter().find(|held| held.what == What::Value) else { return Ok(()) };
        let value = unescape(self.markup.slice(held.from as usize, held.to as usize));
        let (good, what) = match form {
            Form::Number => (is_number(&value), "is not a number"),
            Form::Boolean => (matches!(value.as_ref(), "true" | "false"), "is not a boolean"),
            Form::Text | Form::Xhtml | Form::Complex | Form::Resource => (true, ""),
        };
        if good { Ok(()) } else { Err(Wrong::Here { offset: held.from as usize, what }) }
    }

    /// The rank of this name among the distinct names of its parent.
    fn rank(&mut self, name: &'x str, known: Option<&'static Child>) -> Result<u32, Wrong> {
        let Some(frame) = self.frames.last() else { return Ok(0) };
        let seen = self.seen.get(frame.seen_from..).unwrap_or_default();
        let same = |seen: &Seen<'x>| match (seen.known, known) {
            (Some(seen), Some(known)) => std::ptr::eq(seen, known),
            (None, None) => seen.name == name,
            _ => false,
        };
        // Repetitions stand together as a rule.
        let last = seen.get(frame.last_rank as usize).filter(|_| frame.last != NONE);
        if last.is_some_and(same) {
            return self.repeated(frame.last_rank, known);
        }
        match seen.iter().position(same) {
            Some(rank) => {
                let element = frame.element as usize;
                let rank = self.repeated(rank as u32, known)?;
                if let Some(parent) = self.tree.elements.get_mut(element) {
                    parent.scattered = true;
                }
                Ok(rank)
            }
            None => {
                let rank = seen.len() as u32;
                if known.is_none() && seen.iter().filter(|seen| seen.known.is_none()).count() >= MOST_UNKNOWN {
                    return self.wrong("is one unknown element too many");
                }
                self.seen.push(Seen { name, known });
                Ok(rank)
            }
        }
    }

    fn repeated(&self, rank: u32, known: Option<&'static Child>) -> Result<u32, Wrong> {
        if known.is_some_and(|child| !child.is_list()) {
            return self.wrong("occurs twice");
        }
        Ok(rank)
    }

    /// Adds an element under the one open now. What it holds begins at `held`.
    fn push(&mut self, role: Role, held: usize, rank: u32) {
        let at = self.tree.elements.len() as u32;
        let held_count = (self.tree.held.len() - held) as u8;
        let (first, next, held) = (NONE, NONE, held as u32);
        self.tree.elements.push(Element { role, rank, first, next, held, held_count, scattered: false });
        let Some(frame) = self.frames.last_mut() else { return };
        let before = if frame.last == NONE { frame.element } else { frame.last };
        if let Some(before_it) = self.tree.elements.get_mut(before as usize) {
            if frame.last == NONE {
                before_it.first = at;
            } else {
                before_it.next = at;
            }
        }
        (frame.last, frame.last_rank) = (at, rank);
    }

    /// Enters the element added last.
    fn enter(&mut self, name: &'x str, content: Content) {
        let element = (self.tree.elements.len() as u32).saturating_sub(1);
        self.frames.push(Frame { element, name, content, last: NONE, last_rank: 0, seen_from: self.seen.len() });
    }

    fn close(&mut self) -> Result<(), Wrong> {
        if let Some(frame) = self.frames.last()
            && matches!(frame.content, Content::Holder)
            && frame.last == NONE
        {
            return self.wrong("is not a resource");
        }
        if let Some(frame) = self.frames.pop() {
            self.seen.truncate(frame.seen_from);
        }
        Ok(())
    }
}

fn is_attribute(of: &'static TypeDef, name: &str) -> bool {
    of.child(name).is_some_and(|child| child.element.is_attribute)
}
