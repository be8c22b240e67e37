//! The JSON of a document that was read (FHIR json.html): repetitions gathered into lists, the id and extensions
//! of primitives in members of their own, nulls where one half of an item is missing.

use super::characters::unescape;
use super::tree::{Element, Role, Tree, What};
use crate::elements::{Child, Form};
use crate::json::write_text;

/// The JSON text of the tree's root.
pub(super) fn write(tree: &Tree<'_>) -> String {
    let mut writer = Writer { tree, out: String::with_capacity(tree.text.len()), children: Vec::new() };
    writer.object(0);
    writer.out
}

struct Writer<'t> {
    tree: &'t Tree<'t>,
    out: String,
    /// The children of every object that is being written, each object's in one run.
    children: Vec<u32>,
}

impl<'t> Writer<'t> {
    /// The element as an object. The tree is no deeper than the reader allowed.
    fn object(&mut self, at: u32) {
        let tree = self.tree;
        let Some(element) = tree.element(at) else { return };
        self.out.push('{');
        let empty = self.out.len();
        if let Role::Resource(name) = element.role {
            self.text_member("resourceType", tree.name(name));
        }
        for (name, what) in [("id", What::Id), ("url", What::Url)] {
            if let Some(raw) = tree.held(element, what) {
                self.text_member(name, raw);
            }
        }
        let from = self.children.len();
        let mut next = element.first;
        while let Some(child) = tree.element(next) {
            self.children.push(next);
            next = child.next;
        }
        if element.scattered {
            let rank = |at: &u32| tree.element(*at).map(|child| child.rank);
            self.children.get_mut(from..).unwrap_or_default().sort_by_key(rank);
        }
        let mut at = from;
        while let Some(first) = self.child(at) {
            let same = self.children.get(at..).unwrap_or_default().iter();
            let count = same.take_while(|at| tree.element(**at).is_some_and(|other| other.rank == first.rank)).count();
            match first.role {
                Role::Known(child) => self.known(child, at, count),
                Role::Unknown(name) => self.unknown(tree.name(name), at, count),
                // Only a holder has a resource inside, and is written by it.
                Role::Resource(_) => {}
            }
            at += count;
        }
        self.children.truncate(from);
        // Members end in a comma; the last one's goes.
        if self.out.len() > empty {
            self.out.pop();
        }
        self.out.push('}');
    }

    fn child(&self, at: usize) -> Option<&'t Element> {
        self.tree.element(*self.children.get(at)?)
    }

    fn name(&mut self, before: &str, name: &str) {
        self.out.push('"');
        self.out.push_str(before);
        // Names of elements are names of XML: nothing in them needs an escape.
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    /// A member that ends in a comma.
    fn text_member(&mut self, name: &str, raw: &str) {
        self.name("", name);
        self.text(raw);
        self.out.push(',');
    }

    fn text(&mut self, raw: &str) {
        write_text(&unescape(raw), &mut self.out);
    }

    /// `count` elements of one name, from this place of the children.
    fn known(&mut self, child: &'static Child, from: usize, count: usize) {
        if child.is_primitive() {
            return self.primitives(child.name, child.form, child.is_list(), from, count);
        }
        self.objects(child.name, child.form, child.is_list(), from, count);
    }

    /// An unknown element is a list when it repeats, and a primitive when it has a value.
    fn unknown(&mut self, name: &str, from: usize, count: usize) {
        let tree = self.tree;
        let valued =
            (from..from + count).filter_map(|at| self.child(at)).any(|item| tree.held(item, What::Value).is_some());
        if valued {
            self.primitives(name, Form::Text, count > 1, from, count);
        } else {
            self.objects(name, Form::Complex, count > 1, from, count);
        }
    }

    fn objects(&mut self, name: &str, form: Form, list: bool, from: usize, count: usize) {
        self.name("", name);
        self.items(list, from, count, |writer, at, item| match form {
            Form::Resource => writer.object(item.first),
            _ => writer.object(at),
        });
    }

    fn primitives(&mut self, name: &str, form: Form, list: bool, from: usize, count: usize) {
        let tree = self.tree;
        let items = || (from..from + count).filter_map(|at| self.child(at));
        let valued = items().any(|item| has_value(tree, item));
        let more = items().any(|item| tree.has_more(item)) || (!list && !valued);
        if valued || (list && !more) {
            self.name("", name);
            self.items(list, from, count, |writer, _, item| writer.value(form, item));
        }
        if more {
            self.name("_", name);
            self.items(list, from, count, |writer, at, item| {
                if list && !tree.has_more(item) {
                    writer.out.push_str("null");
                } else {
                    writer.object(at);
                }
            });
        }
    }

    /// The items as a list or as the one item, and a comma.
    fn items(&mut self, list: bool, from: usize, count: usize, write: impl Fn(&mut Self, u32, &'t Element)) {
        if list {
            self.out.push('[');
        }
        for at in from..from + count {
            if at > from {
                self.out.push(',');
            }
            if let (Some(place), Some(item)) = (self.children.get(at).copied(), self.child(at)) {
                write(self, place, item);
            }
        }
        self.out.push_str(if list { "]," } else { "," });
    }

    /// The value of a primitive.
    fn value(&mut self, form: Form, item: &'t Element) {
        let tree = self.tree;
        let Some(held) = tree.holds(item).iter().find(|held| is_value(held.what)) else {
            return self.out.push_str("null");
        };
        let raw = tree.text.get(held.from as usize..held.to as usize).unwrap_or_default();
        match (held.what, form) {
            (What::Mended, _) => {
                let div = tree.mended.get(held.from as usize).map(String::as_str).unwrap_or_default();
                write_text(div, &mut self.out);
            }
            (What::Narrative, _) => write_text(raw, &mut self.out),
            // The reader has seen that it is a JSON number or boolean.
            (_, Form::Number | Form::Boolean) => self.out.push_str(&unescape(raw)),
            _ => self.text(raw),
        }
    }
}

fn is_value(what: What) -> bool {
    matches!(what, What::Value | What::Narrative | What::Mended)
}

fn has_value(tree: &Tree<'_>, element: &Element) -> bool {
    tree.holds(element).iter().any(|held| is_value(held.what))
}
