//! A handoff that a record system pushes in the shape of FHIR R4, put into STU3, which the standard prescribes for the exchange.
//!
//! What becomes of each element is a table that is read both ways: the element tables of both versions say what stays as it is
//! (the same name and type), [`rows`] what moves or changes shape, `systems.tsv` which code systems are the same under another
//! URL, `extensions.tsv` which extensions STU3 knows, `profiles.tsv` which profiles. Everything else has no place in STU3 that is
//! known to be without loss, and is refused with its place and why; nothing is left out. So that this holds for every single
//! push and not for the tests alone, what was made is put back into R4 and held against what came.
//!
//! The envelope of the Bundle (its id, meta, identifier, timestamp and total) is of the push and not of the handoff: it goes
//! along in no version. A `Reference.type` that says again what the reference itself says is said once.
//!
//! The tables were made from the StructureDefinitions and CodeSystems of STU3 3.0.2 and R4 4.0.1 and the packages
//! nictiz.fhir.nl.stu3.zib2017 and Nictiz R4 zib2020. Pure: nothing is looked up, and no value stands in what is said of it.

mod around;
mod bundle;
mod coding;
mod concept;
mod element;
mod extension;
mod living_will;
mod place;
mod plain;
mod reference;
mod rows;
mod shapes;
mod systems;
#[cfg(test)]
mod tests;
mod turn;
mod unmapped;
mod way;

use around::text;
use fhir::json::Node;

pub use bundle::{to_r4, to_stu3};
pub use unmapped::{NotConverted, Unmapped, Why};
pub use way::Way;

/// The code of a concept that says nothing but one code of this system.
fn coding_of<'n>(concept: &'n Node, system: &str) -> Option<&'n str> {
    let (Node::Object(members), Some(Node::List(codings))) = (concept, concept.get("coding")) else { return None };
    let [coding @ Node::Object(parts)] = codings.as_slice() else { return None };
    let is_bare = members.len() == 1 && parts.len() == 2 && text(coding, "system") == Some(system);
    text(coding, "code").filter(|_| is_bare)
}
