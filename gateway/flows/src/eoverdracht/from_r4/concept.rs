//! What is a CodeableConcept in R4 and a code in STU3. What the concept says more than the code (a code of the zib, words) stands
//! in STU3 in the extension that Nictiz has for it, `code-specification`.

use fhir::elements::{self, Child};
use fhir::json::Node;

use super::Why;
use super::around::text;
use super::turn::{Came, Item, Turn};

const SPECIFICATION: &str = "http://nictiz.nl/fhir/StructureDefinition/code-specification";
/// Its value.
const VALUE: &str = "valueCodeableConcept";

impl Turn<'_> {
    pub(super) fn concept_to_code(
        &mut self,
        item: Came<'_>,
        system: &str,
        codes: &[&str],
        from: &'static Child,
        to: &'static Child,
    ) -> Option<Item> {
        let concept = item.value?;
        let codings = listed(concept, "coding");
        let of_system: Vec<&Node> = codings.iter().filter(|coding| text(coding, "system") == Some(system)).collect();
        let code = match of_system.as_slice() {
            [one] => text(one, "code").filter(|code| codes.contains(code)),
            _ => None,
        };
        // Nothing but that it is absent, and why.
        let is_absent = concept.get("extension").is_some() && codings.is_empty() && concept.get("text").is_none();
        if code.is_none() && !is_absent {
            return self.no(Why::Code);
        }
        let mut rest = concept.clone();
        let (id, own) = (rest.remove("id"), rest.remove("extension"));
        if let Some(code) = code
            && codings.first().is_some_and(|first| is_plain(first, system, code))
        {
            match codings.get(1..) {
                Some([]) | None => drop(rest.remove("coding")),
                Some(others) => rest.set("coding", Node::List(others.to_vec())),
            }
        }
        let specified = if rest == Node::Object(Vec::new()) { None } else { Some(self.specification(&rest)) };
        let mut beside = match own {
            Some(own) => {
                self.object(&Node::Object(vec![("extension".to_owned(), own)]), from.type_def()?, to.type_def()?)
            }
            None => Node::Object(Vec::new()),
        };
        if let Some(specified) = specified {
            let extension =
                Node::Object(vec![("url".to_owned(), Node::text(SPECIFICATION)), (VALUE.to_owned(), specified)]);
            let all = listed(&beside, "extension").into_iter().chain([extension]).collect();
            beside.set("extension", Node::List(all));
        }
        if let Some(id) = id {
            beside.set("id", id);
        }
        let beside = Some(beside).filter(|beside| *beside != Node::Object(Vec::new()));
        Some(Item { value: code.map(Node::text), beside })
    }

    pub(super) fn code_to_concept(
        &mut self,
        item: Came<'_>,
        system: &str,
        codes: &[&str],
        to: &'static Child,
    ) -> Option<Item> {
        let code = match item.value {
            Some(Node::Text(code)) if codes.contains(&code.as_str()) => Some(code.as_str()),
            None => None,
            _ => return self.no(Why::Code),
        };
        let nothing = Node::Object(Vec::new());
        let beside = item.beside.unwrap_or(&nothing);
        let (specified, own): (Vec<Node>, Vec<Node>) =
            listed(beside, "extension").into_iter().partition(|one| text(one, "url") == Some(SPECIFICATION));
        let specified = match (specified.as_slice(), code) {
            ([], _) => None,
            ([one], Some(_)) => {
                let Node::Object(members) = one else { return None };
                if members.len() != 2 || one.get(VALUE).is_none() {
                    return self.no(Why::Content);
                }
                one.get(VALUE).map(|specified| self.specification(specified))
            }
            _ => return self.no(Why::Content),
        };
        let mut concept = specified.unwrap_or(Node::Object(Vec::new()));
        let codings = listed(&concept, "coding");
        let told = codings.iter().find(|coding| text(coding, "system") == Some(system));
        if told.is_some_and(|told| text(told, "code") != code) {
            return self.no(Why::Content);
        }
        if let (Some(code), None) = (code, told) {
            concept.set("coding", Node::List([plain(system, code)].into_iter().chain(codings).collect()));
        }
        if let Some(id) = beside.get("id") {
            concept.set("id", id.clone());
        }
        if !own.is_empty() {
            let own = Node::Object(vec![("extension".to_owned(), Node::List(own))]);
            let own = self.object(&own, to.type_def()?, to.type_def()?);
            if let Some(own) = own.get("extension") {
                concept.set("extension", own.clone());
            }
        }
        Some(Item::of(concept))
    }

    /// What the concept says beside the code, in the other version.
    fn specification(&mut self, concept: &Node) -> Node {
        let of = |version| elements::type_of(version, "CodeableConcept");
        match (of(self.way.from()), of(self.way.to())) {
            (Some(from), Some(to)) => self.object(concept, from, to),
            _ => Node::Object(Vec::new()),
        }
    }
}

/// The concept's coding when it says nothing but the code.
fn plain(system: &str, code: &str) -> Node {
    Node::Object(vec![("system".to_owned(), Node::text(system)), ("code".to_owned(), Node::text(code))])
}

fn is_plain(coding: &Node, system: &str, code: &str) -> bool {
    let Node::Object(members) = coding else { return false };
    members.len() == 2 && text(coding, "system") == Some(system) && text(coding, "code") == Some(code)
}

fn listed(node: &Node, name: &str) -> Vec<Node> {
    match node.get(name) {
        Some(Node::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}
