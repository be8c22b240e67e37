//! The paths of a statement's elements: `category:laboratory.coding`, from the type. Holds them against the elements
//! that the type has.

use fhir::FhirVersion;
use fhir::elements::{self, TypeDef};

use super::super::StatementFault;
use super::super::fault::fault;
use crate::profile::{Discriminator, DiscriminatorKind, Slicing, SlicingRules};

/// How a statement names the type itself.
pub(super) const ROOT: &str = "$this";

pub(super) fn start(fhir: FhirVersion, kind: &str) -> Result<&'static TypeDef, StatementFault> {
    elements::type_of(fhir, kind).ok_or_else(|| fault("type", format!("{kind} is no type of {fhir}")))
}

/// Whether the element can be there at all. Below a choice of types and below a resource of any type nobody can say.
pub(super) fn check(start: &'static TypeDef, path: &str) -> Result<(), StatementFault> {
    if path == ROOT {
        return Ok(());
    }
    let mut here = Some(start);
    for step in path.split('.') {
        let (name, slice) = parts(step);
        if name.is_empty() || slice.is_some_and(str::is_empty) {
            return Err(fault(path, "is no path of an element"));
        }
        let Some(holder) = here else { continue };
        let unknown = || fault(path, format!("{name} is no element of {}", holder.name));
        here = if name.ends_with("[x]") {
            holder.children().iter().find(|element| element.name == name).ok_or_else(unknown)?;
            slice.and_then(|slice| holder.child(slice)).and_then(|child| child.type_def())
        } else {
            holder.child(name).ok_or_else(unknown)?.type_def()
        };
    }
    Ok(())
}

/// The type of a slice of a choice that goes by its name: of `value[x]:valueQuantity` it is Quantity.
pub(super) fn type_of_choice(start: &'static TypeDef, path: &str) -> Option<&'static str> {
    let mut here = start;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        let (name, slice) = parts(step);
        let child = here.child(if name.ends_with("[x]") { slice? } else { name })?;
        if steps.peek().is_none() {
            return (name.ends_with("[x]") && child.element.name == name).then_some(child.type_name);
        }
        here = child.type_def()?;
    }
    None
}

/// The element of which this is a slice: of `Observation.category:laboratory` it is `Observation.category`.
pub(super) fn slice_of(id: &str) -> Option<&str> {
    let last = id.rfind('.').map_or(0, |at| at + 1);
    let colon = id.get(last..)?.find(':')?;
    id.get(..last + colon)
}

/// What tells the slices of such an element apart without being said.
pub(super) fn by_nature(id: &str) -> Option<Slicing> {
    let (name, _) = parts(id.rsplit('.').next().unwrap_or(id));
    let (kind, path) = match name {
        "extension" | "modifierExtension" => (DiscriminatorKind::Value, "url"),
        choice if choice.ends_with("[x]") => (DiscriminatorKind::Type, "$this"),
        _ => return None,
    };
    Some(Slicing {
        discriminators: vec![Discriminator { kind, path: path.to_owned() }],
        rules: SlicingRules::Open,
        ordered: false,
    })
}

fn parts(step: &str) -> (&str, Option<&str>) {
    step.split_once(':').map_or((step, None), |(name, slice)| (name, Some(slice)))
}
