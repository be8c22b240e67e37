//! What must hold of a capability before it loads. A mistake in it is found at start-up, not by a patient.

use std::collections::{BTreeMap, BTreeSet};

use fhir::definitions::search_parameter;
use fhir::interaction::{Method, ResourceType, SearchTarget};
use fhir::search::split;
use fhir::{FhirVersion, Interaction};

use crate::capability::{
    ANY, Capability, Fact, Ground, OperationCapability, PatientBinding, TypeCapability, VersionCapability,
};
use crate::deciding::Plan;
use crate::offer::{NotOffered, Offer};
use crate::request::{Data, Direction, Purpose};
use crate::standard::StandardOperation;

/// The interaction codes that a use case can offer, <http://hl7.org/fhir/restful-interaction>, `operation`, and the
/// operations of the standard.
const CODES: [&str; 18] = [
    "read",
    "vread",
    "search-type",
    "search-system",
    "history-instance",
    "history-type",
    "history-system",
    "create",
    "update",
    "patch",
    "delete",
    "operation",
    "$lastn",
    "$everything",
    "$document",
    "$latest-stops",
    "$review",
    "$explain",
];

/// What can be offered of the access log, which is only ever added to.
const CODES_OF_THE_LOG: [&str; 4] = ["read", "search-type", "$review", "$explain"];
/// What can be offered in an emergency.
const READING: [&str; 7] =
    ["read", "vread", "search-type", "history-instance", "$lastn", "$everything", "$latest-stops"];
/// What can be asked when only the answer tells whom it is about.
const OF_ONE_TOLD: [&str; 3] = ["read", "update", "$document"];
/// The one type that the access log is shown as.
const TYPE_OF_THE_LOG: &str = "AuditEvent";

/// What can be offered of the system as a whole.
const SYSTEM_CODES: [&str; 2] = ["transaction", "$latest-stops"];

/// Search parameters that shape the result and are no `SearchParameter` of a type (FHIR R4, search.html#3.1.1.5).
const RESULT_PARAMETERS: [&str; 9] =
    ["_sort", "_count", "_include", "_revinclude", "_summary", "_total", "_elements", "_contained", "_containedType"];

/// Parameters that ask about other resources than those of the type: with them a type's list would mean nothing.
const REACHING: [&str; 4] = ["_has", "_filter", "_query", "_type"];

/// Types that may carry anyone's data inside them.
const CARRIERS: [&str; 6] = ["Basic", "Binary", "Bundle", "Group", "MessageHeader", "Parameters"];

/// Checks the capability and reads what its operations collect.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn check(capability: &Capability, development_mode: bool) -> Result<(), String> {
    if capability.development && !development_mode {
        return Err("it is for development only, and this node is not in development mode".to_owned());
    }
    let development = capability.development;
    if capability.title.trim().is_empty() {
        return Err("capability.json: title is empty".to_owned());
    }
    if capability.data == Data::AccessLog {
        of_the_log(capability).map_err(|what| format!("capability.json: {what}"))?;
    } else if capability.patient == PatientBinding::Any && !development {
        return Err("capability.json: \"patient\": \"any\" is for development use cases only".to_owned());
    }
    if capability.purpose == Purpose::BreakTheGlass {
        for_emergencies(capability).map_err(|what| format!("capability.json: {what}"))?;
    }
    if matches!(capability.patient, PatientBinding::Told | PatientBinding::Unnamed) {
        told(capability).map_err(|what| format!("capability.json: {what}"))?;
    }
    let facts = [&capability.findings.holder, &capability.findings.user];
    if capability.patient == PatientBinding::Nobody && facts.iter().any(|listed| !listed.is_empty()) {
        return Err("capability.json: findings are about a patient, and this use case has none".to_owned());
    }
    if facts.iter().any(|listed| listed.iter().enumerate().any(|(at, fact)| listed[..at].contains(fact))) {
        return Err("capability.json: a fact is listed twice".to_owned());
    }
    if capability.ground == Ground::PresumedConsent && capability.purpose != Purpose::CoordinationOfCare {
        return Err("capability.json: consent is presumed for the purpose \"COC\" only".to_owned());
    }
    if (capability.ground == Ground::Emergency) != (capability.purpose == Purpose::BreakTheGlass) {
        return Err("capability.json: the ground \"emergency\" and the purpose \"BTG\" go together".to_owned());
    }
    if capability.versions.is_empty() {
        return Err("capability.json: no FHIR version is offered".to_owned());
    }
    for (version, offered) in &capability.versions {
        let checking =
            Checking { version: *version, offered, patient: capability.patient, data: capability.data, development };
        checking.check().map_err(|what| format!("capability.json, {version}: {what}"))?;
    }
    Ok(())
}

/// What holds of every use case for emergencies: it is about one patient, reads only, and a recorded objection stands.
fn for_emergencies(capability: &Capability) -> Result<(), String> {
    if capability.patient != PatientBinding::One {
        return Err("an emergency is about one patient: \"patient\": \"one\"".to_owned());
    }
    if capability.findings.holder != [Fact::Consent] || !capability.findings.user.is_empty() {
        return Err("in an emergency an objection is asked for, at the holder's gate, and nothing else".to_owned());
    }
    let reads = |code: &String| READING.contains(&code.as_str());
    for offered in capability.versions.values() {
        if !offered.system.is_empty() || !offered.interactions.iter().all(|entry| entry.codes.iter().all(reads)) {
            return Err("in an emergency nothing is written".to_owned());
        }
    }
    Ok(())
}

/// What holds of every use case whose patient is told by the answer, or by nothing: it names what it asks for, one by one, and nothing is
/// found out about a patient who is not known.
fn told(capability: &Capability) -> Result<(), String> {
    if [&capability.findings.holder, &capability.findings.user].iter().any(|listed| !listed.is_empty()) {
        return Err("findings are about a patient who is known before the answer".to_owned());
    }
    let named = |code: &String| OF_ONE_TOLD.contains(&code.as_str());
    for offered in capability.versions.values() {
        let plain = offered.system.is_empty() && offered.operations.is_empty();
        if !plain || !offered.interactions.iter().all(|entry| entry.codes.iter().all(named)) {
            return Err(format!("whom the answer tells of is asked by {}, and nothing else", OF_ONE_TOLD.join(", ")));
        }
    }
    Ok(())
}

/// What holds of every use case about the access log: it opens that and nothing besides.
fn of_the_log(capability: &Capability) -> Result<(), String> {
    if capability.patient == PatientBinding::Nobody {
        return Err("the access log is about patients: \"one\" or \"any\"".to_owned());
    }
    if [&capability.findings.holder, &capability.findings.user].iter().any(|listed| !listed.is_empty()) {
        return Err("findings are about a patient's care, not about the access log".to_owned());
    }
    for (version, offered) in &capability.versions {
        let plain = offered.system.is_empty() && offered.included.is_empty() && offered.operations.is_empty();
        let own = |entry: &TypeCapability| {
            entry.resource_type == TYPE_OF_THE_LOG
                && entry.codes.iter().all(|code| CODES_OF_THE_LOG.contains(&code.as_str()))
        };
        if *version != FhirVersion::R4 || !plain || !offered.interactions.iter().all(own) {
            return Err(format!(
                "the access log offers {TYPE_OF_THE_LOG} in r4 with {}, and nothing else",
                CODES_OF_THE_LOG.join(", ")
            ));
        }
    }
    Ok(())
}

/// The searches that an operation collects in the version of this offer.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn collected(offer: &Offer<'_>, name: &str, searches: &[String]) -> Result<Vec<Interaction>, String> {
    let read = |search: &String| {
        let (path, query) = search.split_once('?').unwrap_or((search, ""));
        let interaction = Interaction::read(offer.version, Method::Get, path, query, None)
            .map_err(|fault| format!("operation {name} collects {search}: {fault}"))?;
        if !matches!(&interaction, Interaction::Search { target: SearchTarget::Type(_), .. }) {
            return Err(format!("operation {name} collects {search}, which is no search of one type"));
        }
        let shaped = interaction.query().is_some_and(|query| !split(query).1.parameters.is_empty());
        if shaped {
            return Err(format!("operation {name} collects {search}, but what is collected is never ordered or cut"));
        }
        match offer.allows(&interaction, Direction::User) {
            Ok(()) => Ok(interaction),
            Err(NotOffered::Interaction) => {
                Err(format!("operation {name} collects {search}, but search-type of that type is not offered"))
            }
            Err(NotOffered::Parameter(parameter)) => {
                Err(format!("operation {name} collects {search}, but {parameter} is not offered"))
            }
        }
    };
    searches.iter().map(read).collect()
}

/// The searches that an operation collects from sources that are asked in another version than its own. Each version must be
/// one that the use case offers, and offer them: what could not be asked for itself is not collected either.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn collected_elsewhere(
    own: &Offer<'_>,
    whole: &Capability,
    name: &str,
    operation: &OperationCapability,
) -> Result<BTreeMap<FhirVersion, Plan>, String> {
    let of_version = |(version, searches): (&FhirVersion, &Vec<String>)| {
        if *version == own.version {
            return Err(format!("operation {name} collects in {version} already: that is its own version"));
        }
        let offered = whole.versions.get(version);
        let offered = offered.ok_or_else(|| format!("operation {name} collects in {version}, which is not offered"))?;
        if searches.is_empty() {
            return Err(format!("operation {name} collects nothing in {version}"));
        }
        let offer = Offer { version: *version, capability: offered, patient: whole.patient };
        Ok((*version, collected(&offer, name, searches)?.into()))
    };
    operation.collects_in.iter().map(of_version).collect()
}

struct Checking<'a> {
    version: FhirVersion,
    offered: &'a VersionCapability,
    patient: PatientBinding,
    data: Data,
    development: bool,
}

impl Checking<'_> {
    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for entry in &self.offered.interactions {
            let name = &entry.resource_type;
            if !seen.insert(name) {
                return Err(format!("{name} is listed twice"));
            }
            self.entry(entry).map_err(|what| format!("{name}: {what}"))?;
        }
        for name in &self.offered.included {
            if !seen.insert(name) {
                return Err(format!("{name} is included, but listed already"));
            }
            self.included(name).map_err(|what| format!("included {name}: {what}"))?;
        }
        for (at, code) in self.offered.system.iter().enumerate() {
            if !SYSTEM_CODES.contains(&code.as_str()) {
                return Err(format!("system: {code} is nothing that a use case can offer"));
            }
            if code == StandardOperation::LatestStops.code() && !StandardOperation::LatestStops.is_of(self.version) {
                return Err(format!("system: {code} is no operation of this version"));
            }
            if self.offered.system[..at].contains(code) {
                return Err(format!("system: {code} is listed twice"));
            }
        }
        for (name, operation) in &self.offered.operations {
            self.operation(name, operation)?;
        }
        Ok(())
    }

    fn entry(&self, entry: &TypeCapability) -> Result<(), String> {
        let resource_type = if entry.resource_type == ANY {
            if !self.development {
                return Err("every type is for development use cases only".to_owned());
            }
            None
        } else {
            Some(self.resource_type(&entry.resource_type)?)
        };
        if entry.codes.is_empty() {
            return Err("no code is listed".to_owned());
        }
        for (at, code) in entry.codes.iter().enumerate() {
            let of_the_log = [StandardOperation::Review, StandardOperation::Explain].map(StandardOperation::code);
            if of_the_log.contains(&code.as_str()) && self.data != Data::AccessLog {
                return Err(format!("{code} is offered of the access log only"));
            }
            if !CODES.contains(&code.as_str()) {
                return Err(format!("{code} is no interaction code that a use case can offer"));
            }
            if entry.codes[..at].contains(code) {
                return Err(format!("{code} is listed twice"));
            }
            self.code(code, resource_type)?;
        }
        entry.search.iter().try_for_each(|name| self.parameter(name, resource_type))
    }

    /// Codes that reach beyond one resource type or one patient.
    fn code(&self, code: &str, resource_type: Option<ResourceType>) -> Result<(), String> {
        if let Some(operation) = StandardOperation::ALL.into_iter().find(|operation| operation.code() == code) {
            let types = operation.resource_types();
            return if !operation.is_of(self.version) {
                Err(format!("{code} is no operation of this version"))
            } else if resource_type.is_some_and(|found| types.contains(&found.name())) {
                Ok(())
            } else {
                Err(format!("{code} is offered by {} only", types.join(", ")))
            };
        }
        match (code, resource_type) {
            ("search-system" | "history-system" | "operation", Some(_)) => {
                Err(format!("{code} can be offered for type * only"))
            }
            // A type's history names everyone who ever had such a resource, unless nobody's data is in it.
            ("history-type", Some(_)) if self.patient == PatientBinding::One => {
                Err("history-type reaches beyond one patient".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn parameter(&self, name: &str, resource_type: Option<ResourceType>) -> Result<(), String> {
        if name == ANY {
            return if self.development {
                Ok(())
            } else {
                Err("every search parameter is for development use cases only".to_owned())
            };
        }
        if REACHING.contains(&name) && !self.development {
            return Err(format!("{name} reaches beyond the type"));
        }
        // R4 has no parameter for the purpose of an event; R5 calls it so.
        if name == "purpose" && self.data == Data::AccessLog {
            return Ok(());
        }
        let base = name.split('.').next().unwrap_or_default();
        let known = match resource_type {
            Some(found) => search_parameter(self.version, found, base).is_some(),
            None => true,
        };
        if known || RESULT_PARAMETERS.contains(&name) || REACHING.contains(&name) {
            return Ok(());
        }
        Err(format!("{name} is no search parameter of this type"))
    }

    fn included(&self, name: &str) -> Result<(), String> {
        let resource_type = self.resource_type(name)?;
        let about_a_patient =
            ["patient", "subject"].iter().any(|found| search_parameter(self.version, resource_type, found).is_some());
        if name == "Patient" || about_a_patient || CARRIERS.contains(&name) {
            return Err("it can be about a patient; list it with its interactions".to_owned());
        }
        Ok(())
    }

    fn operation(&self, name: &str, operation: &OperationCapability) -> Result<(), String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return Err(format!("operation {name}: the name is without $, of letters, digits and dashes"));
        }
        if !matches!(operation.level.as_str(), "type" | "instance") {
            return Err(format!("operation {name}: the level is type or instance"));
        }
        self.resource_type(&operation.resource_type).map_err(|what| format!("operation {name}: {what}"))?;
        if operation.directions.is_empty() || operation.collects.is_empty() {
            return Err(format!("operation {name}: it needs a direction and a search to collect"));
        }
        Ok(())
    }

    fn resource_type(&self, name: &str) -> Result<ResourceType, String> {
        ResourceType::parse(self.version, name).ok_or_else(|| format!("{name} is no resource type of this version"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = r#"{"title": "T", "purpose": "COC", "patient": "told", "versions": {"stu3": {"interactions": [
        {"type": "Task", "codes": ["read", "update"]}, {"type": "Composition", "codes": ["$document"]}]}}}"#;

    #[test]
    fn whom_only_the_answer_tells_of_is_asked_by_name_and_without_findings() {
        let holds = |text: &str| check(&serde_json::from_str(text).unwrap(), false);
        assert_eq!(holds(TOLD), Ok(()));
        for (part, instead) in [
            (r#""update""#, r#""search-type""#),
            (r#""update""#, r#""create""#),
            (r#""update""#, r#""history-instance""#),
            (r#""patient": "told""#, r#""patient": "told", "findings": {"user": ["treatment-relation"]}"#),
            (r#""interactions""#, r#""system": ["transaction"], "interactions""#),
        ] {
            assert!(holds(&TOLD.replacen(part, instead, 1)).is_err(), "{instead}");
            let unnamed = TOLD.replacen(part, instead, 1).replacen("\"told\"", "\"unnamed\"", 1);
            assert!(holds(&unnamed).is_err(), "{instead}");
        }
        assert_eq!(holds(&TOLD.replacen("\"told\"", "\"unnamed\"", 1)), Ok(()));
    }
}
