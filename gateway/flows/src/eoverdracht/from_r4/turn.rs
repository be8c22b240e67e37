//! The walk: one resource, and every object in it, from one version into the other by the tables.

use fhir::elements::{self, Child, TypeDef, TypeKind};
use fhir::json::Node;

use super::around::{Around, Contained, text};
use super::place::Place;
use super::rows::{self, How};
use super::unmapped::{MOST, Unmapped};
use super::{Way, Why};

/// One occurrence of an element: its value, and beside it the id and extensions of a primitive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub value: Option<Node>,
    pub beside: Option<Node>,
}

impl Item {
    pub(super) fn of(value: Node) -> Self {
        Item { value: Some(value), beside: None }
    }
}

/// One occurrence as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Came<'n> {
    pub value: Option<&'n Node>,
    pub beside: Option<&'n Node>,
}

impl<'n> Came<'n> {
    pub(super) fn of(value: &'n Node) -> Self {
        Came { value: Some(value), beside: None }
    }

    /// A member of an object, with what stands beside it.
    pub(super) fn member(object: &'n Node, name: &str) -> Self {
        Came { value: object.get(name), beside: object.get(&format!("_{name}")) }
    }
}

/// An object that is being made: each element with its occurrences, and the name it had.
#[derive(Debug, Default)]
pub(super) struct Made {
    parts: Vec<(&'static Child, String, Vec<Item>)>,
}

impl Made {
    /// Adds occurrences of an element; those of one element stand together.
    pub(super) fn add(&mut self, child: &'static Child, was: &str, items: Vec<Item>) {
        match self.parts.iter_mut().find(|(known, _, _)| known.name == child.name) {
            Some((_, _, known)) => known.extend(items),
            None if items.is_empty() => {}
            None => self.parts.push((child, was.to_owned(), items)),
        }
    }

    fn has(&self, element: &str) -> bool {
        self.parts.iter().any(|(child, _, _)| child.element.name == element)
    }
}

/// A walk over one entry.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub way: Way,
    pub around: &'a Around,
    pub contained: Contained,
    /// Whether what the version that is made requires has to be there.
    pub requires: bool,
    pub place: Place,
    pub faults: Vec<Unmapped>,
}

impl Turn<'_> {
    pub(super) fn fault(&mut self, why: Why) {
        if self.faults.len() < MOST {
            self.faults.push(Unmapped { place: self.place.text(), why });
        }
    }

    /// The same of an element below.
    pub(super) fn fault_at(&mut self, name: &str, why: Why) {
        let length = self.place.enter(name);
        self.fault(why);
        self.place.leave(length);
    }

    /// A resource, or one that another contains.
    pub(super) fn resource(&mut self, resource: &Node) -> Option<Node> {
        let kind = text(resource, "resourceType")?;
        let types = rows::resource(self.way, kind)
            .and_then(|to| Some((elements::type_of(self.way.from(), kind)?, elements::type_of(self.way.to(), to)?)));
        let Some((from, to)) = types else {
            self.fault(Why::Type);
            return None;
        };
        let made = self.object(resource, from, to);
        let Node::Object(mut members) = made else { return None };
        members.insert(0, ("resourceType".to_owned(), Node::text(to.name)));
        Some(Node::Object(members))
    }

    /// An object of one type as one of another: the same data type, or backbone elements that a row puts in each other's place.
    pub(super) fn object(&mut self, object: &Node, from: &'static TypeDef, to: &'static TypeDef) -> Node {
        let Node::Object(members) = object else { return Node::Object(Vec::new()) };
        let mut made = Made::default();
        let taken = self.shapes(object, from, to, &mut made);
        let mut done: Vec<&str> = Vec::new();
        for (name, _) in members {
            let name = name.strip_prefix('_').unwrap_or(name);
            if done.contains(&name)
                || taken.contains(&name)
                || from.kind == TypeKind::Resource && name == "resourceType"
            {
                continue;
            }
            done.push(name);
            let Some(child) = from.child(name) else {
                // What is not an element was refused before; an unknown one has no place.
                self.fault(Why::Element);
                continue;
            };
            let items = items(child, Came::member(object, name));
            self.element(child, items, from, to, &mut made);
        }
        for row in rows::of_type(self.r4_name(from, to)) {
            let said = match (self.way, row.how) {
                (Way::ToR4, How::SaidInR4(said)) => Some((row.names.0, said)),
                (Way::ToStu3, How::SaidInStu3(said)) => Some((row.names.1, said)),
                _ => None,
            };
            if let Some((name, said)) = said
                && let (Some(child), Ok(said)) = (to.child(name), Node::read(said))
            {
                made.add(child, name, vec![Item::of(said)]);
            }
        }
        if self.requires {
            self.required(&made, from, to);
        }
        Node::Object(self.members(made))
    }

    /// What the version that is made requires and the one that is read does not.
    fn required(&mut self, made: &Made, from: &'static TypeDef, to: &'static TypeDef) {
        for element in to.children().iter().filter(|element| element.min > 0 && !made.has(element.name)) {
            let name = rows::of_type(self.r4_name(from, to)).map(|row| self.way.of(row.names));
            let name =
                name.filter(|(_, there)| *there == element.name).map(|(here, _)| here).next().unwrap_or(element.name);
            let known = from.children().iter().find(|known| known.name == name);
            let is_shaped =
                matches!((to.name, element.name), ("Goal", "status" | "lifecycleStatus") | ("Consent", "scope"));
            if !is_shaped && known.is_none_or(|known| known.min == 0) {
                self.fault_at(element.choice().unwrap_or(element.name), Why::Required);
            }
        }
    }

    /// The members of what was made.
    pub(super) fn members(&mut self, made: Made) -> Vec<(String, Node)> {
        let mut members = Vec::new();
        for (child, was, items) in made.parts {
            if !child.is_list() && items.len() > 1 {
                self.fault_at(&was, Why::Several);
                continue;
            }
            let (values, besides): (Vec<_>, Vec<_>) = items.into_iter().map(|item| (item.value, item.beside)).unzip();
            for (name, parts) in [(child.name.to_owned(), values), (format!("_{}", child.name), besides)] {
                if parts.iter().any(Option::is_some) {
                    let mut parts = parts.into_iter().map(|part| part.unwrap_or(Node::Null));
                    let whole = if child.is_list() { Some(Node::List(parts.collect())) } else { parts.next() };
                    members.extend(whole.map(|whole| (name, whole)));
                }
            }
        }
        members
    }

    /// Rows go by the name of the type in R4.
    pub(super) fn r4_name(&self, from: &'static TypeDef, to: &'static TypeDef) -> &'static str {
        match self.way {
            Way::ToStu3 => from.name,
            Way::ToR4 => to.name,
        }
    }
}

/// The occurrences of an element.
fn items<'n>(child: &Child, came: Came<'n>) -> Vec<Came<'n>> {
    if !child.is_list() {
        return vec![came];
    }
    let all = |node: Option<&'n Node>| match node {
        Some(Node::List(items)) => items.iter().map(|item| Some(item).filter(|item| **item != Node::Null)).collect(),
        _ => Vec::new(),
    };
    let (values, besides): (Vec<Option<&Node>>, Vec<Option<&Node>>) = (all(came.value), all(came.beside));
    let item =
        |at: usize| Came { value: values.get(at).copied().flatten(), beside: besides.get(at).copied().flatten() };
    (0..values.len().max(besides.len())).map(item).collect()
}
