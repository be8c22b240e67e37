//! References: to types that are called otherwise, to types that the other version does not let an element refer to, and to
//! whoever has a role.

use fhir::elements::{self, Child};
use fhir::json::Node;

use super::around::text;
use super::turn::Turn;
use super::{Way, Why, plain, rows};

/// The PractitionerRole, where STU3 lets an element refer to a Practitioner alone (Nictiz, zib2017).
const ROLE: &str = "http://nictiz.nl/fhir/StructureDefinition/practitionerrole-reference";
const PRACTITIONER_ROLE: &str = "PractitionerRole";

impl Turn<'_> {
    /// One Reference, of this element and as that one, where they may differ in what they refer to.
    pub(super) fn reference(&mut self, reference: &Node, of: Option<(&'static Child, &'static Child)>) -> Option<Node> {
        let literal = text(reference, "reference");
        let kind = literal.and_then(|literal| self.around.kind(literal, &self.contained)).map(str::to_owned);
        let kind = kind.as_deref();
        if reference.get("type").is_some() {
            self.fault_at("type", Why::Reference);
            return None;
        }
        if let Some((from, to)) = of {
            let (of_role, for_role) = (lets(from, PRACTITIONER_ROLE), lets(to, PRACTITIONER_ROLE));
            match self.way {
                Way::ToStu3 if of_role && !for_role => {
                    if role_of(reference).is_some() {
                        self.fault(Why::Extension);
                        return None;
                    }
                    if kind == Some(PRACTITIONER_ROLE) && lets(to, "Practitioner") {
                        return self.with_role(reference, literal?);
                    }
                }
                Way::ToR4 if for_role && !of_role => {
                    if let Some(role) = role_of(reference) {
                        return self.as_role(reference, role);
                    }
                }
                Way::ToStu3 | Way::ToR4 => {}
            }
            if let Some(kind) = kind {
                let there = rows::resource(self.way, kind).unwrap_or(kind);
                if lets(from, kind) && !lets(to, there) {
                    self.fault(Why::Target);
                    return None;
                }
            }
        }
        let (from, to) = (self.type_of(self.way.from())?, self.type_of(self.way.to())?);
        let mut made = self.object(reference, from, to);
        if let (Some(literal), Some(kind)) = (literal, kind) {
            made.set("reference", Node::text(self.renamed(literal, kind)?));
        }
        Some(made)
    }

    /// A literal with the type as it is called in the other version.
    fn renamed(&mut self, literal: &str, kind: &str) -> Option<String> {
        let there = rows::resource(self.way, kind).unwrap_or(kind);
        let is_of_the_other = rows::types().any(|pair| {
            let (here, there) = self.way.of(pair);
            here != there && there == kind
        });
        if there == kind && !is_of_the_other || literal.starts_with('#') || literal.starts_with("urn:") {
            return Some(literal.to_owned());
        }
        let renamed = match literal.strip_prefix(kind) {
            Some(rest) if rest.starts_with('/') => Some(format!("{there}{rest}")),
            _ if self.around.is_entry(literal) => in_url(literal, kind, there),
            _ => None,
        };
        if renamed.is_none() || is_of_the_other {
            self.fault_at("reference", Why::Target);
            return None;
        }
        renamed
    }

    /// A role where STU3 has the Practitioner, and the role beside it.
    fn with_role(&mut self, reference: &Node, literal: &str) -> Option<Node> {
        let who = self.around.practitioner_of(literal).filter(|who| who.get("reference").is_some());
        let Some(who) = who.filter(|who| who.get("extension").is_none()) else {
            self.fault(Why::Target);
            return None;
        };
        let role = self.reference(reference, None)?;
        let mut made = self.reference(who, None)?;
        let extension = Node::Object(vec![("url".to_owned(), Node::text(ROLE)), ("valueReference".to_owned(), role)]);
        made.set("extension", Node::List(vec![extension]));
        Some(made)
    }

    /// The role that stands beside a Practitioner, who is the one that has it.
    fn as_role(&mut self, reference: &Node, role: &Node) -> Option<Node> {
        let mut who = reference.clone();
        drop(who.remove("extension"));
        let known = text(role, "reference").and_then(|literal| self.around.practitioner_of(literal));
        if known.is_none_or(|known| plain::ordered(known) != plain::ordered(&who)) {
            self.fault(Why::Target);
            return None;
        }
        self.reference(role, None)
    }

    fn type_of(&self, version: fhir::FhirVersion) -> Option<&'static elements::TypeDef> {
        elements::type_of(version, "Reference")
    }
}

/// The role that a Reference has beside it, and nothing else.
fn role_of(reference: &Node) -> Option<&Node> {
    match reference.get("extension") {
        Some(Node::List(extensions)) => match extensions.as_slice() {
            [one] if text(one, "url") == Some(ROLE) => one.get("valueReference"),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an element may refer to a resource of this type.
fn lets(child: &Child, kind: &str) -> bool {
    let targets = &child.element.targets;
    targets.is_empty() || targets.iter().any(|target| *target == kind || *target == "Resource")
}

/// The URL of a resource, with its type as it is called in the other version.
pub(super) fn in_url(url: &str, kind: &str, there: &str) -> Option<String> {
    let (before, id) = url.rsplit_once('/')?;
    let base = before.strip_suffix(kind).filter(|base| base.ends_with('/'))?;
    Some(format!("{base}{there}/{id}"))
}
