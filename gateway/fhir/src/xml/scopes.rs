//! Which namespace a prefix means at each place of a document (Namespaces in XML 1.0).

use super::{FHIR, XHTML};

/// No document of a resource needs more declarations at one place; a search through them stays short.
const MOST: usize = 64;

/// The namespaces that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    None,
    Fhir,
    Xhtml,
    /// `xml:lang` and its kin.
    Xml,
    /// `xsi:schemaLocation`: where to find a schema, no content.
    SchemaInstance,
    Other,
}

impl Namespace {
    fn of(name: &str) -> Self {
        match name {
            "" => Namespace::None,
            FHIR => Namespace::Fhir,
            XHTML => Namespace::Xhtml,
            XML => Namespace::Xml,
            "http://www.w3.org/2001/XMLSchema-instance" => Namespace::SchemaInstance,
            _ => Namespace::Other,
        }
    }
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

struct Binding<'x> {
    prefix: &'x str,
    namespace: Namespace,
    /// The depth of the element that declares it.
    depth: usize,
}

/// The declarations in force.
#[derive(Default)]
pub(super) struct Scopes<'x> {
    bindings: Vec<Binding<'x>>,
}

impl<'x> Scopes<'x> {
    /// A declaration on an element at this depth; the empty prefix is the default namespace.
    pub(super) fn declare(&mut self, prefix: &'x str, name: &str, depth: usize) -> Result<(), &'static str> {
        let reserved = prefix == "xmlns" || name == XMLNS || (prefix == "xml") != (name == XML);
        if reserved {
            return Err("a reserved namespace is declared");
        }
        if !prefix.is_empty() && name.is_empty() {
            return Err("a prefix is declared without a namespace");
        }
        if self.bindings.len() >= MOST {
            return Err("too many namespaces");
        }
        self.bindings.push(Binding { prefix, namespace: Namespace::of(name), depth });
        Ok(())
    }

    /// Forgets what elements deeper than this have declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|binding| binding.depth > depth) {
            self.bindings.pop();
        }
    }

    /// What a prefix means, and the depth of the element that says so; `None` when nothing says so.
    pub(super) fn resolve(&self, prefix: &str) -> Option<(Namespace, usize)> {
        let found = self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
        match (found, prefix) {
            (Some(binding), _) => Some((binding.namespace, binding.depth)),
            (None, "") => Some((Namespace::None, 0)),
            (None, "xml") => Some((Namespace::Xml, 0)),
            (None, _) => None,
        }
    }
}
