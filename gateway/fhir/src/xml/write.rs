//! Writing a resource: its members in the order of the standard, each in the form that reading makes the same
//! JSON of. A member that reading would make another of is a fault.

use std::borrow::Cow;

use bytes::Bytes;

use super::characters::{first_illegal, is_name, write_value};
use super::{FHIR, XmlFault, narrative};
use crate::elements::{self, Child, Form, TypeDef, TypeKind};
use crate::json::{Kind, Value};
use crate::resource::Resource;
use crate::structure::shown;
use crate::version::FhirVersion;

/// Writes a resource of this version as XML.
pub fn write(version: FhirVersion, resource: &Resource) -> Result<Bytes, XmlFault> {
    let text = resource.text();
    let mut writer = Writer { version, out: String::with_capacity(text.len() + text.len() / 4), entries: Vec::new() };
    writer.out.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    match writer.resource(resource.root(), Some(FHIR)) {
        Ok(()) => Ok(writer.out.into()),
        Err(Wrong { mut path, what }) => {
            path.push(shown(&resource.resource_type()));
            path.reverse();
            Err(XmlFault::NotWritable { path: path.join("."), what })
        }
    }
}

/// What is wrong with an element, and the names from it up to the root.
struct Wrong {
    path: Vec<String>,
    what: &'static str,
}

impl Wrong {
    fn under(mut self, name: &str) -> Self {
        self.path.push(shown(name));
        self
    }
}

fn wrong<T>(what: &'static str) -> Result<T, Wrong> {
    Err(Wrong { path: Vec::new(), what })
}

struct Writer<'d> {
    version: FhirVersion,
    out: String,
    /// The members of every object that is being written, each object's in one run.
    entries: Vec<Entry<'d>>,
}

/// A member and the member beside it.
#[derive(Clone)]
struct Entry<'d> {
    /// The place of the element in its type; unknown ones come last.
    order: usize,
    name: Cow<'d, str>,
    known: Option<&'static Child>,
    value: Option<Value<'d>>,
    /// What `_name` holds.
    shadow: Option<Value<'d>>,
}

/// One occurrence of an element.
#[derive(Clone, Copy)]
struct Item<'d> {
    value: Option<Value<'d>>,
    shadow: Option<Value<'d>>,
}

impl<'d> Writer<'d> {
    fn resource(&mut self, value: Value<'d>, namespace: Option<&str>) -> Result<(), Wrong> {
        let name = value.get("resourceType").and_then(|name| name.as_text());
        let Some(name) = name else { return wrong("is not a resource") };
        let of = elements::type_of(self.version, &name);
        let Some(of) = of.filter(|of| of.kind == TypeKind::Resource && !of.is_abstract) else {
            return wrong("is of a type that does not exist");
        };
        self.open(of.name);
        if let Some(namespace) = namespace {
            self.out.push_str(" xmlns=\"");
            self.out.push_str(namespace);
            self.out.push('"');
        }
        self.content(of.name, value, of, true)
    }

    /// The rest of an element whose tag has begun: attributes, children, end tag.
    fn content(&mut self, name: &str, value: Value<'d>, of: &'static TypeDef, is_resource: bool) -> Result<(), Wrong> {
        let from = self.entries.len();
        self.gather(value, of, is_resource)?;
        let mut at = from;
        // Attributes have the lowest places of all elements: id and url.
        while let Some(entry) = self.entries.get(at).filter(|entry| is_attribute(entry)).cloned() {
            self.attribute(&entry).map_err(|fault| fault.under(&entry.name))?;
            at += 1;
        }
        if at == self.entries.len() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            while let Some(entry) = self.entries.get(at).cloned() {
                self.element(&entry).map_err(|fault| fault.under(&entry.name))?;
                at += 1;
            }
            self.end(name);
        }
        self.entries.truncate(from);
        Ok(())
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Puts the members of an object on the stack in the order in which they are written, `name` and `_name` together.
    fn gather(&mut self, object: Value<'d>, of: &'static TypeDef, is_resource: bool) -> Result<(), Wrong> {
        if object.kind() != Kind::Object {
            return wrong("is not an object");
        }
        let from = self.entries.len();
        for (name, value) in object.members() {
            if is_resource && name == "resourceType" {
                continue;
            }
            let (name, is_shadow) = match name {
                Cow::Borrowed(name) => {
                    name.strip_prefix('_').map_or((Cow::Borrowed(name), false), |name| (Cow::Borrowed(name), true))
                }
                Cow::Owned(name) => match name.strip_prefix('_') {
                    Some(plain) => (Cow::Owned(plain.to_owned()), true),
                    None => (Cow::Owned(name), false),
                },
            };
            let known = of.child(&name);
            let order = known.map_or(usize::MAX, |child| if child.element.is_attribute { 0 } else { child.order + 1 });
            let (value, shadow) = if is_shadow { (None, Some(value)) } else { (Some(value), None) };
            self.entries.push(Entry { order, name, known, value, shadow });
        }
        let own = self.entries.get_mut(from..).unwrap_or_default();
        own.sort_by(|a, b| (a.order, &a.name, a.value.is_none()).cmp(&(b.order, &b.name, b.value.is_none())));
        // The two halves of a primitive are neighbours now.
        let mut keep = from;
        for at in from..self.entries.len() {
            let (before, after) = self.entries.split_at_mut(at);
            let Some(entry) = after.first() else { break };
            match before.get_mut(from..keep).and_then(<[Entry<'d>]>::last_mut) {
                Some(last) if last.name == entry.name => last.shadow = entry.shadow,
                _ => {
                    self.entries.swap(keep, at);
                    keep += 1;
                }
            }
        }
        self.entries.truncate(keep);
        Ok(())
    }

    fn attribute(&mut self, entry: &Entry<'d>) -> Result<(), Wrong> {
        let text = entry.value.and_then(|value| value.as_text());
        let Some(text) = text.filter(|_| entry.shadow.is_none()) else { return wrong("is not a text alone") };
        self.text(&entry.name, &text)
    }

    /// An attribute with its leading space.
    fn text(&mut self, name: &str, text: &str) -> Result<(), Wrong> {
        if first_illegal(text).is_some() {
            return wrong("has a character that XML does not allow");
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        write_value(text, &mut self.out);
        self.out.push('"');
        Ok(())
    }

    /// An element with all its repetitions.
    fn element(&mut self, entry: &Entry<'d>) -> Result<(), Wrong> {
        let Entry { name, known, value, shadow, .. } = entry;
        if known.is_none() && !is_name(name) {
            return wrong("is not a name in XML");
        }
        let list = match known {
            Some(child) => child.is_list(),
            None => value.is_some_and(|value| value.kind() == Kind::List),
        };
        for value in value.iter().chain(shadow) {
            match (list, value.kind()) {
                (true, Kind::List) if value.items().next().is_none() => return wrong("is empty"),
                (true, Kind::List) => {}
                (true, _) => return wrong("is not a list"),
                (false, Kind::List) => return wrong("is a list"),
                (false, Kind::Null) => return wrong("is null"),
                (false, _) => {}
            }
        }
        if !list {
            return self.item(name, *known, Item { value: *value, shadow: *shadow }, false);
        }
        let (mut values, mut shadows) = (value.iter().flat_map(Value::items), shadow.iter().flat_map(Value::items));
        loop {
            let item = Item { value: values.next(), shadow: shadows.next() };
            if item.value.is_none() && item.shadow.is_none() {
                return Ok(());
            }
            self.item(name, *known, item, true)?;
        }
    }

    fn item(&mut self, name: &str, known: Option<&'static Child>, item: Item<'d>, in_list: bool) -> Result<(), Wrong> {
        // In lists of primitives a null keeps the place of an item that has only the other half.
        let present = |value: &Value<'d>| !(in_list && value.kind() == Kind::Null);
        let Some(child) = known else { return self.unknown(name, item.value, item.shadow.filter(present)) };
        match (child.form, item.value, item.shadow, child.type_def()) {
            (Form::Resource, Some(value), None, _) => {
                self.open(name);
                self.out.push('>');
                self.resource(value, None)?;
                self.end(name);
                Ok(())
            }
            (Form::Complex, Some(value), None, Some(of)) => {
                self.open(name);
                self.content(name, value, of, false)
            }
            (Form::Resource | Form::Complex, ..) => wrong("is not a primitive"),
            (Form::Xhtml, Some(value), None, _) => {
                let Some(div) = value.as_text() else { return wrong("is not a string") };
                narrative::check(&div).or_else(wrong)?;
                self.out.push_str(&div);
                Ok(())
            }
            (Form::Xhtml, ..) => wrong("has more than its text"),
            (form, value, shadow, of) => {
                self.open(name);
                if let Some(value) = value.filter(present) {
                    self.value(value, form)?;
                }
                self.rest(name, shadow.filter(present), of)
            }
        }
    }

    /// An element that the standard does not know: its text, or its members.
    fn unknown(&mut self, name: &str, value: Option<Value<'d>>, shadow: Option<Value<'d>>) -> Result<(), Wrong> {
        let of = elements::type_of(self.version, "Element");
        let Some(value) = value else { return wrong("has no value") };
        self.open(name);
        match value.kind() {
            Kind::Null => wrong("is null"),
            Kind::List => wrong("is a list in a list"),
            Kind::Object if shadow.is_some() => wrong("is not a primitive"),
            Kind::Object => self.rest(name, Some(value), of),
            Kind::Text | Kind::Number | Kind::Bool => {
                let text = value.as_text().unwrap_or(Cow::Borrowed(value.raw()));
                self.text("value", &text)?;
                self.rest(name, shadow, of)
            }
        }
    }

    fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
    }

    /// The value of a primitive as an attribute.
    fn value(&mut self, value: Value<'d>, form: Form) -> Result<(), Wrong> {
        match (form, value.kind()) {
            (Form::Number, Kind::Number) | (Form::Boolean, Kind::Bool) => self.text("value", value.raw()),
            (Form::Number, _) => wrong("is not a number"),
            (Form::Boolean, _) => wrong("is not a boolean"),
            _ => match value.as_text() {
                Some(text) => self.text("value", &text),
                None => wrong("is not a string"),
            },
        }
    }

    /// What stands in an element whose tag has begun, if anything does.
    fn rest(&mut self, name: &str, inside: Option<Value<'d>>, of: Option<&'static TypeDef>) -> Result<(), Wrong> {
        match (inside, of) {
            (Some(inside), Some(of)) => self.content(name, inside, of, false),
            (Some(_), None) => wrong("is of a type that does not exist"),
            (None, _) => {
                self.out.push_str("/>");
                Ok(())
            }
        }
    }
}

fn is_attribute(entry: &Entry<'_>) -> bool {
    entry.known.is_some_and(|child| child.element.is_attribute)
}
