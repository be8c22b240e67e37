//! Names that may be counted: what a definition says, never what a resource says. A member that no type has could be
//! named anything, and a counter would show it.

use fhir::FhirVersion;
use fhir::elements::{TypeDef, type_of};

/// Longest name of an element that is counted.
const LONGEST: usize = 200;

/// An element's path as far as types and extensions have it: what follows an unknown step is left out. `.` and slices are as in
/// definitions; indexes are left out.
pub(super) fn element(version: FhirVersion, path: &str) -> String {
    let mut steps = path.split('.');
    let kind = steps.next().unwrap_or_default();
    let Some(start) = type_of(version, bare(kind)) else { return String::new() };
    let mut safe = start.name.to_owned();
    let mut here = Some(start);
    for step in steps {
        let Some((name, below)) = here.and_then(|here| known(here, step)) else { break };
        if safe.len() + name.len() >= LONGEST {
            break;
        }
        safe.push('.');
        safe.push_str(&name);
        here = below;
    }
    safe
}

/// A type's name, when it is one.
pub(super) fn kind(version: FhirVersion, name: &str) -> &'static str {
    type_of(version, name).map_or("", |known| known.name)
}

/// A step's name and what is below it.
fn known(here: &'static TypeDef, step: &str) -> Option<(String, Option<&'static TypeDef>)> {
    let (name, slice) = step.split_once(':').map_or((step, None), |(name, slice)| (name, Some(slice)));
    let name = bare(name);
    let slice = slice.map(bare).filter(|slice| is_slice(slice));
    let shown = slice.map_or_else(|| name.to_owned(), |slice| format!("{name}:{slice}"));
    if name.ends_with("[x]") {
        here.children().iter().find(|element| element.name == name)?;
        let child = slice.and_then(|slice| here.child(slice));
        return Some((shown, child.and_then(|child| child.type_def())));
    }
    let child = here.child(name.strip_prefix('_').unwrap_or(name))?;
    Some((shown, child.type_def()))
}

/// Without an index behind it; the `[x]` of a choice stays.
fn bare(step: &str) -> &str {
    match step.find('[') {
        Some(at) if !step.get(at..).is_some_and(|rest| rest.starts_with("[x]")) => step.get(..at).unwrap_or(step),
        Some(_) | None => step,
    }
}

/// Slices are named by definitions. Still, only what looks like such a name is shown.
fn is_slice(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_types_have_is_kept_and_the_rest_is_left_out() {
        for (path, safe) in [
            ("Observation", "Observation"),
            ("Observation.code", "Observation.code"),
            ("Observation.code.coding[3].system", "Observation.code.coding.system"),
            ("Observation.category:lab.coding.code", "Observation.category:lab.coding.code"),
            ("Observation.value[x]:valueQuantity.code", "Observation.value[x]:valueQuantity.code"),
            ("Observation.valueQuantity.unit", "Observation.valueQuantity.unit"),
            ("Observation.Jan Jansen", "Observation"),
            ("Observation.code.999911120", "Observation.code"),
            ("Observation.code:Jan Jansen", "Observation.code"),
            ("Jansen.code", ""),
            ("", ""),
        ] {
            assert_eq!(element(FhirVersion::R4, path), safe, "{path}");
        }
        let deep = format!("Questionnaire{}", ".item".repeat(500));
        assert!(element(FhirVersion::R4, &deep).len() <= LONGEST);
        assert_eq!(kind(FhirVersion::Stu3, "Condition"), "Condition");
        assert_eq!(kind(FhirVersion::Stu3, "Jansen"), "");
    }
}
