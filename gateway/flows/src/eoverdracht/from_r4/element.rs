//! One element: by its row, or as it is.

use fhir::elements::{Child, Form, TypeDef, TypeKind};
use fhir::json::Node;

use super::around::text;
use super::rows::{self, How, Row};
use super::systems;
use super::turn::{Came, Item, Made, Turn};
use super::{Way, Why};

impl Turn<'_> {
    /// All occurrences of one element of an object.
    pub(super) fn element(
        &mut self,
        child: &'static Child,
        items: Vec<Came<'_>>,
        from: &'static TypeDef,
        to: &'static TypeDef,
        made: &mut Made,
    ) {
        let of = self.r4_name(from, to);
        let length = self.place.enter(child.name);
        if child.name == "modifierExtension" {
            self.fault(Why::Modifier);
            return self.place.leave(length);
        }
        let rows: Vec<&Row> = rows::of_type(of).filter(|row| self.way.of(row.names).0 == child.name).collect();
        let mut left: Vec<(usize, Came<'_>)> = items.into_iter().enumerate().collect();
        for row in &rows {
            let target = to.child(self.way.of(row.names).1);
            let (mine, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, item)| self.is_of(row, *item));
            left = others;
            for (at, item) in mine {
                let length = self.item(child, at);
                if let Some(item) = self.by_row(row.how, item, child, target) {
                    match target {
                        Some(target) => made.add(target, child.name, item.into_iter().collect()),
                        None if item.is_some() => self.fault(Why::Element),
                        None => {}
                    }
                }
                self.place.leave(length);
            }
        }
        // Without a row it is the element of the same name, unless a row puts something else there.
        let elsewhere = |row: &&Row| row.names.0 == "extension" || row.names.1 == "extension";
        let target = to.child(child.name).filter(|_| rows.iter().all(elsewhere));
        for (at, item) in left {
            let length = self.item(child, at);
            match target.filter(|_| !self.is_taken(of, child, item)) {
                Some(target) => {
                    let item = self.content(item, child, target);
                    made.add(target, child.name, item.into_iter().collect());
                }
                None if child.name == "extension" => self.fault(Why::Extension),
                None => self.fault(Why::Element),
            }
            self.place.leave(length);
        }
        self.place.leave(length);
    }

    fn item(&mut self, child: &Child, at: usize) -> usize {
        if child.is_list() { self.place.enter_item(at) } else { self.place.here() }
    }

    /// Whether a row is about this occurrence: one of its extension, of its type, or of its code system.
    fn is_of(&self, row: &Row, item: Came<'_>) -> bool {
        match (self.way, row.how) {
            (Way::ToR4, How::Extension(url, _) | How::ExtensionWithText(url)) => says(item, "url", url),
            (Way::ToStu3, How::ExtensionInR4(url, _)) => says(item, "url", url),
            (Way::ToR4, How::ExtensionFor(url, value, system)) => {
                says(item, "url", url) && has_system(item.value.and_then(|one| one.get(value)), system)
            }
            (Way::ToStu3, How::ExtensionFor(_, _, system)) => has_system(item.value, system),
            (Way::ToR4, How::Typed(kind, _)) => says(item, "type", kind),
            _ => true,
        }
    }

    /// Whether the other version has something else under this name: as it is, it would come back as that.
    fn is_taken(&self, of: &str, child: &Child, item: Came<'_>) -> bool {
        rows::of_type(of).any(|row| match (self.way, row.how, child.name) {
            (Way::ToStu3, How::Extension(url, _) | How::ExtensionWithText(url), "extension") => says(item, "url", url),
            (Way::ToStu3, How::ExtensionFor(url, value, system), "extension") => {
                says(item, "url", url) && has_system(item.value.and_then(|one| one.get(value)), system)
            }
            (Way::ToR4, How::ExtensionFor(_, _, system), name) if name == row.names.0 => has_system(item.value, system),
            (_, How::ExtensionFor(..), _) | (_, _, "extension") => false,
            (way, _, name) => way.of(row.names).1 == name && way.of(row.names).0 != name,
        })
    }

    /// One occurrence by its row. `None` where it has no place; `Some(None)` where nothing is to be said in the other version.
    fn by_row(
        &mut self,
        how: How,
        item: Came<'_>,
        child: &'static Child,
        target: Option<&'static Child>,
    ) -> Option<Option<Item>> {
        if let (How::SaidInR4(said) | How::SaidInStu3(said), None) = (how, target) {
            let is_said = item.value.is_some_and(|value| value.write() == said) && item.beside.is_none();
            if !is_said {
                self.fault(Why::Code);
            }
            return is_said.then_some(None);
        }
        let Some(target) = target else {
            self.fault(Why::Element);
            return None;
        };
        let made = match (how, self.way) {
            (How::Same, _) => self.content(item, child, target),
            (How::Codes(pairs), way) => {
                let code = match item.value {
                    Some(Node::Text(code)) => code.as_str(),
                    _ => "",
                };
                match pairs.iter().map(|pair| way.of(*pair)).find(|(from, _)| *from == code) {
                    Some((_, to)) => self.content(Came { value: Some(&Node::text(to)), ..item }, child, target),
                    None if item.value.is_none() => self.content(item, child, target),
                    None => self.no(Why::Code),
                }
            }
            (How::Without(codes), _) => match item.value {
                Some(Node::Text(code)) if codes.contains(&code.as_str()) => self.no(Why::Code),
                _ => self.content(item, child, target),
            },
            (How::Concept(system, codes), Way::ToStu3) => self.concept_to_code(item, system, codes, child, target),
            (How::Concept(system, codes), Way::ToR4) => self.code_to_concept(item, system, codes, target),
            (How::Within(inner), Way::ToStu3) | (How::Holding(inner), Way::ToR4) => {
                self.wrapped(item, inner, child, target)
            }
            (How::Within(inner), Way::ToR4) | (How::Holding(inner), Way::ToStu3) => {
                self.unwrapped(item, inner, child, target)
            }
            (How::Typed(kind, inner), Way::ToStu3) => self.wrapped(item, inner, child, target).map(|mut item| {
                if let Some(value) = &mut item.value {
                    value.set("type", Node::text(kind));
                }
                item
            }),
            (How::Typed(_, inner), Way::ToR4) => {
                let mut value = item.value?.clone();
                drop(value.remove("type"));
                self.unwrapped(Came::of(&value), inner, child, target)
            }
            (How::Extension(url, value) | How::ExtensionFor(url, value, _), Way::ToStu3)
            | (How::ExtensionInR4(url, value), Way::ToR4) => self.within_extension(item, url, value, child),
            (How::Extension(_, value) | How::ExtensionFor(_, value, _), Way::ToR4)
            | (How::ExtensionInR4(_, value), Way::ToStu3) => self.of_extension(item, value, target),
            (How::ExtensionWithText(url), Way::ToStu3) => self.text_in_extension(item, url, child),
            (How::ExtensionWithText(_), Way::ToR4) => self.text_of_extension(item, target),
            (How::SaidInR4(_) | How::SaidInStu3(_) | How::Never, _) => self.no(Why::Element),
        };
        made.map(Some)
    }

    pub(super) fn no(&mut self, why: Why) -> Option<Item> {
        self.fault(why);
        None
    }

    /// The content of one element as that of another of the same type.
    pub(super) fn content(&mut self, item: Came<'_>, from: &'static Child, to: &'static Child) -> Option<Item> {
        match (from.form, to.form) {
            (Form::Resource, Form::Resource) => Some(Item::of(self.resource(item.value?)?)),
            (Form::Complex, Form::Complex) => {
                let (of, into) = (from.type_def()?, to.type_def()?);
                let both_backbones = of.kind == TypeKind::Backbone && into.kind == TypeKind::Backbone;
                if of.name != into.name && !both_backbones {
                    return self.no(Why::Element);
                }
                let value = item.value?;
                let made = match of.name {
                    "Extension" => self.extension(value)?,
                    "Reference" => self.reference(value, Some((from, to)))?,
                    "Coding" => self.coding(value, of, into)?,
                    _ => self.object(value, of, into),
                };
                Some(Item::of(made))
            }
            (Form::Complex | Form::Resource, _) | (_, Form::Complex | Form::Resource) => self.no(Why::Element),
            _ => self.primitive(item, from, to),
        }
    }

    fn primitive(&mut self, item: Came<'_>, from: &'static Child, to: &'static Child) -> Option<Item> {
        if !is_fitting(from.type_name, to.type_name) {
            return self.no(Why::Element);
        }
        if let (Some(Node::Number(digits)), "positiveInt") = (item.value, to.type_name)
            && digits.parse::<i64>().is_ok_and(|number| number < 1)
        {
            return self.no(Why::Content);
        }
        if let (Some(Node::Text(url)), "Meta", "profile") = (item.value, from.element.owner, from.name)
            && !systems::is_profile(url)
        {
            return self.no(Why::Profile);
        }
        let beside = match (item.beside, from.type_def(), to.type_def()) {
            (Some(beside), Some(of), Some(into)) => Some(self.object(beside, of, into)),
            _ => None,
        };
        Some(Item { value: item.value.cloned(), beside })
    }

    /// One element in an object, of which it is the only member.
    pub(super) fn wrapped(
        &mut self,
        item: Came<'_>,
        inner: &str,
        from: &'static Child,
        to: &'static Child,
    ) -> Option<Item> {
        let child = to.type_def()?.child(inner)?;
        let item = self.content(item, from, child)?;
        let members = [(inner.to_owned(), item.value), (format!("_{inner}"), item.beside)];
        let members = members.into_iter().filter_map(|(name, node)| Some((name, node?)));
        Some(Item::of(Node::Object(members.collect())))
    }

    /// The only member of an object.
    pub(super) fn unwrapped(
        &mut self,
        item: Came<'_>,
        inner: &str,
        from: &'static Child,
        to: &'static Child,
    ) -> Option<Item> {
        let child = from.type_def()?.child(inner)?;
        let value = item.value?;
        let beside = format!("_{inner}");
        let Node::Object(members) = value else { return None };
        if members.is_empty() || members.iter().any(|(name, _)| *name != inner && *name != beside) {
            return self.no(Why::Content);
        }
        let length = self.place.enter(inner);
        let made = self.content(Came::member(value, inner), child, to);
        self.place.leave(length);
        made
    }
}

fn says(item: Came<'_>, name: &str, what: &str) -> bool {
    item.value.and_then(|value| text(value, name)) == Some(what)
}

/// Whether a concept has a code of this system.
fn has_system(concept: Option<&Node>, system: &str) -> bool {
    match concept.and_then(|concept| concept.get("coding")) {
        Some(Node::List(codings)) => codings.iter().any(|coding| text(coding, "system") == Some(system)),
        _ => false,
    }
}

/// Whether a primitive of one type may stand for one of another: the text or the number is the same.
fn is_fitting(from: &str, to: &str) -> bool {
    let same = |one: &str, other: &str| (from, to) == (one, other) || (to, from) == (one, other);
    from == to
        || same("markdown", "string")
        || same("url", "uri")
        || same("canonical", "uri")
        || same("positiveInt", "integer")
}
