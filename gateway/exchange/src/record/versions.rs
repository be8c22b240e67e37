//! What the record says of FHIR versions other than the request's, in which sources are asked.

use fhir::FhirVersion;
use policy::{Denial, DenialCode, Obligation, Permit, Reason};
use serde::{Deserialize, Serialize};

/// What was decided about one other version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFacts {
    pub fhir_version: FhirVersion,
    pub permitted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denial: Option<DenialCode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// What had to be done to what was answered in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
}

impl From<(FhirVersion, Result<&Permit, &Denial>)> for VersionFacts {
    fn from((fhir_version, judged): (FhirVersion, Result<&Permit, &Denial>)) -> Self {
        let none =
            VersionFacts { fhir_version, permitted: false, denial: None, reasons: Vec::new(), obligations: Vec::new() };
        match judged {
            Ok(permit) => VersionFacts {
                permitted: true,
                reasons: permit.reasons().to_vec(),
                obligations: permit.obligations().to_vec(),
                ..none
            },
            Err(denial) => VersionFacts { denial: Some(denial.code), reasons: denial.reasons.clone(), ..none },
        }
    }
}
