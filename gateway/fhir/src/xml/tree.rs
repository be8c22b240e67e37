//! The elements of a document as they were met, small enough that a large document stays near its own size:
//! values stay in the text and are decoded when they are written.

use crate::elements::Child;

/// No element.
pub(super) const NONE: u32 = u32::MAX;

pub(super) struct Tree<'x> {
    pub text: &'x str,
    /// The root first.
    pub elements: Vec<Element>,
    pub held: Vec<Held>,
    /// The names of resources and of unknown elements.
    pub names: Vec<&'x str>,
    /// Narratives that needed a declaration of their own.
    pub mended: Vec<String>,
}

/// What an element is to JSON.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// As the standard defines it, under this name.
    Known(&'static Child),
    /// The standard has no such element; its name's place in [`Tree::names`].
    Unknown(u32),
    /// A resource, by its type's place in [`Tree::names`].
    Resource(u32),
}

pub(super) struct Element {
    pub role: Role,
    /// The place of its name among the distinct names of its parent, in order of first appearance.
    pub rank: u32,
    /// Its first child, and the next child of its parent.
    pub first: u32,
    pub next: u32,
    /// What it holds begins here.
    pub held: u32,
    pub held_count: u8,
    /// Children of one name stand apart.
    pub scattered: bool,
}

/// Something an element holds, by its place in the text.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub what: What,
    pub from: u32,
    pub to: u32,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum What {
    Value,
    Id,
    Url,
    /// The div as written.
    Narrative,
    /// The div at this place of [`Tree::mended`] (`from`).
    Mended,
}

impl Tree<'_> {
    pub(super) fn element(&self, at: u32) -> Option<&Element> {
        self.elements.get(at as usize)
    }

    pub(super) fn holds(&self, element: &Element) -> &[Held] {
        let from = element.held as usize;
        self.held.get(from..from + usize::from(element.held_count)).unwrap_or_default()
    }

    pub(super) fn held(&self, element: &Element, what: What) -> Option<&str> {
        let held = self.holds(element).iter().find(|held| held.what == what)?;
        self.text.get(held.from as usize..held.to as usize)
    }

    pub(super) fn name(&self, at: u32) -> &str {
        self.names.get(at as usize).copied().unwrap_or_default()
    }

    /// Whether it has an id or children: in JSON the member beside a primitive's value.
    pub(super) fn has_more(&self, element: &Element) -> bool {
        element.first != NONE || self.holds(element).iter().any(|held| held.what == What::Id)
    }
}
