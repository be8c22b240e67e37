//! What a set of use cases offers together, type by type: the one reading of them that the CapabilityStatement and the
//! OpenAPI document are made of.

use std::collections::{BTreeMap, BTreeSet};

use fhir::definitions::{SearchKind, resource_types, search_parameter};
use fhir::{FhirVersion, ResourceType};
use policy::capability::{TypeCapability, VersionCapability};
use policy::{Direction, PatientBinding, UseCase};

use super::metadata::references;

/// Stands for every type or every search parameter, in development use cases.
const ANY: &str = "*";

/// Search parameters that say whose data is meant; a use case about one patient takes them unlisted.
const PATIENT: [&str; 3] = ["patient", "subject", "beneficiary"];

/// What is offered of one version, at one gate.
#[derive(Debug)]
pub struct Offers {
    pub version: FhirVersion,
    pub types: BTreeMap<ResourceType, TypeOffer>,
    /// Codes of <http://hl7.org/fhir/restful-interaction> that are about the system as a whole.
    pub system: BTreeSet<&'static str>,
    /// Operations that are asked of the system as a whole.
    pub operations: BTreeSet<&'static str>,
    /// The titles of the use cases.
    pub titles: BTreeSet<String>,
    /// Any operation of a source, by a development use case.
    pub any_operation: bool,
}

/// What is offered of one type.
#[derive(Debug, Default)]
pub struct TypeOffer {
    /// Codes of <http://hl7.org/fhir/restful-interaction>.
    pub codes: BTreeSet<String>,
    /// Search parameters, chains as a whole, `_count` and its like among them.
    pub search: BTreeSet<String>,
    /// Parameters that name the patient.
    pub patient: BTreeSet<&'static str>,
    /// Every parameter that a source knows, by a development use case.
    pub every_parameter: bool,
    pub operations: BTreeSet<Operation>,
    /// Values of `_include`.
    pub includes: BTreeSet<String>,
    /// Values of `_revinclude`.
    pub revincludes: BTreeSet<String>,
}

/// An operation, and where it is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// Without the dollar sign.
    pub name: String,
    pub on_type: bool,
    pub on_instance: bool,
}

impl Offers {
    /// What these use cases offer together.
    pub fn of<'u>(use_cases: impl Iterator<Item = &'u UseCase>, version: FhirVersion, direction: Direction) -> Self {
        let mut offers = Offers {
            version,
            types: BTreeMap::new(),
            // Entries pass the stack one by one, so a batch asks for nothing that is not offered.
            system: BTreeSet::new(),
            operations: BTreeSet::new(),
            titles: BTreeSet::new(),
            any_operation: false,
        };
        for use_case in use_cases {
            let capability = use_case.capability();
            let Some(offered) = capability.versions.get(&version) else { continue };
            offers.titles.insert(capability.title.clone());
            offers.system.insert("batch");
            offers.add(offered, capability.patient, direction);
        }
        offers
    }

    fn add(&mut self, offered: &VersionCapability, binding: PatientBinding, direction: Direction) {
        if offered.system.iter().any(|code| code == "transaction") {
            self.system.insert("transaction");
        }
        if offered.system.iter().any(|code| code == "$latest-stops") {
            self.operations.insert("latest-stops");
        }
        for entry in &offered.interactions {
            self.add_entry(offered, entry, binding);
        }
        for (name, operation) in &offered.operations {
            let Some(kind) = ResourceType::parse(self.version, &operation.resource_type) else { continue };
            if operation.directions.contains(&direction) {
                let on_type = operation.level == "type";
                let operation = Operation { name: name.clone(), on_type, on_instance: !on_type };
                self.types.entry(kind).or_default().operations.insert(operation);
            }
        }
    }

    fn add_entry(&mut self, offered: &VersionCapability, entry: &TypeCapability, binding: PatientBinding) {
        for code in &entry.codes {
            match code.as_str() {
                "search-system" => _ = self.system.insert("search-system"),
                "history-system" => _ = self.system.insert("history-system"),
                "operation" => self.any_operation = true,
                _ => {}
            }
        }
        let all = entry.resource_type == ANY;
        let names = if all { resource_types(self.version) } else { &[] };
        let names = names.iter().copied().chain((!all).then_some(entry.resource_type.as_str()));
        for kind in names.filter_map(|name| ResourceType::parse(self.version, name)) {
            let offer = self.types.entry(kind).or_default();
            offer.add(self.version, kind, offered, entry, binding);
        }
    }
}

/// Whether a parameter shapes an answer, and tells nothing apart.
pub fn is_shaping(name: &str) -> bool {
    matches!(name, "_count" | "_sort" | "_summary" | "_elements" | "_total" | "_contained" | "_containedType")
}

impl TypeOffer {
    /// Whether there are parameters that a conditional update or delete can name its resource by.
    pub fn has_criteria(&self) -> bool {
        let tells_apart = |name: &String| !is_shaping(name) && !matches!(name.as_str(), "_include" | "_revinclude");
        self.every_parameter || self.search.iter().any(tells_apart)
    }

    /// Whether an interaction of this code is offered.
    pub fn offers(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    fn add(
        &mut self,
        version: FhirVersion,
        kind: ResourceType,
        offered: &VersionCapability,
        entry: &TypeCapability,
        binding: PatientBinding,
    ) {
        for code in &entry.codes {
            match code.strip_prefix('$') {
                Some(name) => _ = self.operations.insert(Operation::standard(name)),
                None if matches!(code.as_str(), "search-system" | "history-system" | "operation") => {}
                None => _ = self.codes.insert(code.clone()),
            }
        }
        self.every_parameter |= entry.search.iter().any(|name| name == ANY);
        self.search.extend(entry.search.iter().filter(|name| *name != ANY).cloned());
        // Whoever may look at the access log of anybody's record may ask for that of one patient.
        if binding == PatientBinding::One || kind.name() == "AuditEvent" {
            if kind.name() == "Patient" {
                self.patient.extend(["_id", "identifier"]);
            }
            let reference = |name: &&str| {
                search_parameter(version, kind, name).is_some_and(|found| found.kind == SearchKind::Reference)
            };
            self.patient.extend(PATIENT.iter().copied().filter(reference));
        }
        let may_leave = |name: &str| {
            let types = offered.interactions.iter().map(|entry| &entry.resource_type).chain(&offered.included);
            types.into_iter().any(|known| known == ANY || known == name)
        };
        let lists = |name: &str| entry.search.iter().any(|known| known == name);
        if lists("_include") {
            self.includes.extend(
                references::of(version, kind.name())
                    .filter(|reference| reference.targets().any(|target| target == ANY || may_leave(target)))
                    .map(|reference| format!("{kind}:{}", reference.name)),
            );
        }
        if lists("_revinclude") {
            self.revincludes.extend(
                references::to(version, kind.name())
                    .filter(|reference| may_leave(reference.owner))
                    .map(|reference| format!("{}:{}", reference.owner, reference.name)),
            );
        }
    }
}

impl Operation {
    /// An operation of the standard, at the levels where `policy` knows it.
    fn standard(name: &str) -> Self {
        let (on_type, on_instance) = match name {
            "lastn" | "latest-stops" => (true, false),
            "document" => (false, true),
            _ => (true, true),
        };
        Operation { name: name.to_owned(), on_type, on_instance }
    }
}
