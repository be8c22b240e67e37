//! Which types the reference parameters of the two versions may name: `SearchParameter.target` of the published
//! definitions, for `searchInclude` and `searchRevInclude`. `*` stands for any type.

use std::sync::OnceLock;

use fhir::FhirVersion;

/// One reference parameter.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    pub owner: &'static str,
    pub name: &'static str,
    targets: &'static str,
}

impl Reference {
    pub fn targets(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.targets.split(',').filter(|target| !target.is_empty())
    }
}

/// The reference parameters of a type.
pub fn of(version: FhirVersion, kind: &str) -> impl Iterator<Item = &'static Reference> {
    let table = table(version);
    let start = table.partition_point(|reference| reference.owner < kind);
    table[start..].iter().take_while(move |reference| reference.owner == kind)
}

/// The reference parameters that may name a type: by name, or because they may name any.
pub fn to(version: FhirVersion, kind: &str) -> impl Iterator<Item = &'static Reference> {
    table(version).iter().filter(move |reference| reference.targets().any(|target| target == kind || target == "*"))
}

/// Sorted by owner.
fn table(version: FhirVersion) -> &'static [Reference] {
    static STU3: OnceLock<Vec<Reference>> = OnceLock::new();
    static R4: OnceLock<Vec<Reference>> = OnceLock::new();
    let table = match version {
        FhirVersion::Stu3 => &STU3,
        FhirVersion::R4 => &R4,
    };
    table.get_or_init(|| {
        let lines = include_str!("targets.tsv").lines();
        let mut table: Vec<Reference> = lines.filter_map(|line| read(line, version)).collect();
        table.sort_unstable_by_key(|reference| (reference.owner, reference.name));
        table
    })
}

fn read(line: &'static str, version: FhirVersion) -> Option<Reference> {
    let mut columns = line.strip_prefix(version.segment())?.split('\t').skip(1);
    Some(Reference { owner: columns.next()?, name: columns.next()?, targets: columns.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_parameters_are_found_from_both_ends() {
        let lines = include_str!("targets.tsv").lines().count();
        assert_eq!(FhirVersion::ALL.iter().map(|version| table(*version).len()).sum::<usize>(), lines);
        let names = |kind| of(FhirVersion::R4, kind).map(|reference| reference.name).collect::<Vec<_>>();
        assert!(names("MedicationRequest").contains(&"medication"));
        assert!(names("Nothing").is_empty());
        let asserter = of(FhirVersion::R4, "Condition").find(|reference| reference.name == "asserter").unwrap();
        assert!(asserter.targets().any(|target| target == "Practitioner"));
        let back = |kind| to(FhirVersion::Stu3, kind).map(|reference| (reference.owner, reference.name));
        assert!(back("Observation").any(|found| found == ("Provenance", "target")), "it may name any type");
        assert!(!back("Medication").any(|found| found == ("Condition", "asserter")));
    }
}
