//! What is asked, as the decision sees it.

use std::collections::BTreeSet;

use fhir::definitions::search_parameter;
use fhir::{Bsn, FhirVersion, Interaction, ResourceType};
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, DataHolder};
use crate::decision::Releasable;
use crate::standard::StandardOperation;
use crate::use_case::{UseCase, UseCaseId};
use crate::versions::InVersion;

/// Which gate the request stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Another provider asks for our data: we are the data holder's gate.
    Holder,
    /// Our own people or systems ask: we are the data user's gate.
    User,
}

/// Why it is asked (v3 ActReason).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Treatment.
    #[serde(rename = "TREAT")]
    Treat,
    /// Coordination of care: referral and transfer, where consent is presumed.
    #[serde(rename = "COC")]
    CoordinationOfCare,
    /// Break the glass: an emergency (noodprocedure) in which neither a treatment relation nor consent is waited for.
    #[serde(rename = "BTG")]
    BreakTheGlass,
    /// Compliance: supervision that the law asks for, such as of the access log.
    #[serde(rename = "HCOMPL")]
    Compliance,
    /// At the patient's own request.
    #[serde(rename = "PATRQT")]
    PatientRequest,
}

impl Purpose {
    /// The code of v3 ActReason.
    pub const fn code(self) -> &'static str {
        match self {
            Purpose::Treat => "TREAT",
            Purpose::CoordinationOfCare => "COC",
            Purpose::BreakTheGlass => "BTG",
            Purpose::Compliance => "HCOMPL",
            Purpose::PatientRequest => "PATRQT",
        }
    }
}

/// Whose data the request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatientScope {
    /// One patient, known by BSN.
    One(Bsn),
    /// No patient's data at all (directories, definitions).
    Nobody,
    /// Any patient: only a development use case, or one about the node's own access log, may have it.
    Any,
    /// The one patient whom the answer itself names: who receives a transfer learns from it about whom it is.
    Told,
    /// One patient whom nothing in the answer names: whoever is asked whether they can take somebody does not learn whom.
    Unnamed,
}

/// What a use case opens: the two never mix, and each has a stack of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// What source systems and other providers hold.
    #[default]
    Sources,
    /// The node's own access log (NEN 7513), as AuditEvents.
    AccessLog,
}

/// A request whose caller, interaction and patient are known.
#[derive(Clone, Debug)]
pub struct Request {
    pub caller: Caller,
    pub direction: Direction,
    pub holder: DataHolder,
    /// Care provider type code of the holder, where configured.
    pub holder_kind: Option<String>,
    pub version: FhirVersion,
    pub interaction: Interaction,
    pub patient: PatientScope,
    /// Whose use cases may admit it.
    pub data: Data,
    /// The use case that the request names (scope); none lets the first admissible one of the caller's be taken.
    pub use_case: Option<UseCaseId>,
}

/// A request that its use case could allow: nobody was told a BSN yet. Built by [`crate::UseCases::admissible`] only.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub(crate) request: Request,
    pub(crate) use_case: std::sync::Arc<UseCase>,
}

impl Admitted {
    pub fn request(&self) -> &Request {
        &self.request
    }
    pub fn use_case(&self) -> &UseCase {
        &self.use_case
    }
    /// The types whose release the patient's consent must cover: what the interaction asks for and what it brings along.
    /// Empty means all types.
    pub fn consent_types(&self) -> Vec<String> {
        let mut types = match (&self.request.interaction, self.request.interaction.resource_type()) {
            (Interaction::Operation { level, name, .. }, Some(own))
                if matches!(
                    StandardOperation::of(level, name),
                    Some(StandardOperation::LastN | StandardOperation::LatestStops)
                ) && self.operation().is_some() =>
            {
                vec![own.name().to_owned()]
            }
            // An operation collects, and a search of the system finds, everything that may leave at all; a transaction
            // may be answered with anything that it was sent with.
            (Interaction::Operation { .. } | Interaction::Transaction { .. }, _) | (_, None) => {
                return self.releasable();
            }
            (_, Some(own)) => vec![own.name().to_owned()],
        };
        let parameters = self.request.interaction.query().map_or(&[][..], |query| &query.parameters);
        for parameter in parameters {
            match parameter.name.as_str() {
                "_include" => match self.included(&parameter.value) {
                    // What is never about a patient needs no patient's consent.
                    Some(target) if self.is_about_nobody(&target) => {}
                    Some(target) => types.push(target),
                    None => return self.releasable(),
                },
                "_revinclude" => types.extend(parameter.value.split(':').next().map(str::to_owned)),
                _ => {}
            }
        }
        types
    }

    /// The operation of the standard that is asked for and that the use case lists by its name.
    pub fn operation(&self) -> Option<StandardOperation> {
        self.use_case.offer(self.request.version)?.standard(&self.request.interaction)
    }

    /// The one type that an include brings along, if its value or the standard says so.
    fn included(&self, value: &str) -> Option<String> {
        let mut parts = value.split(':');
        let source = ResourceType::parse(self.request.version, parts.next()?)?;
        let definition = search_parameter(self.request.version, source, parts.next()?)?;
        let target = parts.next().unwrap_or(definition.target);
        (!target.is_empty()).then(|| target.to_owned())
    }

    /// The types that only come along are never about a patient; loading holds that.
    fn is_about_nobody(&self, resource_type: &str) -> bool {
        let offered = self.use_case.capability().versions.get(&self.request.version);
        offered.is_some_and(|offered| offered.included.iter().any(|known| known == resource_type))
    }

    /// What may leave at all, in any version in which sources are asked: what is asked in one of them is permitted in all.
    fn releasable(&self) -> Vec<String> {
        let mut all = Vec::new();
        for asked in InVersion::each(&self.use_case, &self.request) {
            match self.use_case.releasable(asked.request.version).as_deref() {
                Some(Releasable::These(types)) => all.extend(types.iter().cloned()),
                Some(Releasable::Every) | None => return Vec::new(),
            }
        }
        let mut seen = BTreeSet::new();
        all.retain(|name| seen.insert(name.clone()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::testing::{request, transaction, use_cases};

    #[test]
    fn consent_is_asked_for_all_that_may_come_along_and_for_nothing_else() {
        let everything = ["Patient", "Condition", "MedicationRequest", "Observation", "Medication", "Practitioner"];
        for (line, types) in [
            ("GET Condition?category=x", &["Condition"][..]),
            ("GET MedicationRequest?_include=MedicationRequest:medication", &["MedicationRequest"]),
            ("GET Condition?_include=Condition:asserter:Practitioner", &["Condition"]),
            // The asserter may be anybody.
            ("GET Condition?_include=Condition:asserter", &everything),
            ("GET MedicationRequest?_revinclude=Observation:based-on", &["MedicationRequest", "Observation"]),
            ("GET Patient/p1/$story", &everything),
        ] {
            let admitted = use_cases().admissible(request(&["one"], line)).expect(line);
            assert_eq!(admitted.consent_types(), types, "{line}");
        }
    }

    #[test]
    fn consent_to_an_operation_of_the_standard_or_a_transaction_covers_what_may_leave_by_it() {
        let everything = [
            "Condition",
            "Observation",
            "MedicationRequest",
            "Patient",
            "Composition",
            "Organization",
            "Coverage",
            "Practitioner",
        ];
        for (line, types) in [
            ("GET Observation/$lastn?code=a", &["Observation"][..]),
            ("GET MedicationRequest/$latest-stops", &["MedicationRequest"]),
            ("GET Observation/$lastn?_include=Observation:subject:Patient", &["Observation", "Patient"]),
            ("GET Patient/p1/$everything", &everything),
            ("GET Composition/c1/$document", &everything),
        ] {
            let admitted = use_cases().admissible(request(&["sending"], line)).expect(line);
            assert_eq!(admitted.consent_types(), types, "{line}");
        }
        let interaction = transaction(&["POST MedicationRequest"]);
        let asked = Request { interaction, ..request(&["sending"], "GET Patient/p1") };
        assert_eq!(use_cases().admissible(asked).unwrap().consent_types(), everything);
    }
}
