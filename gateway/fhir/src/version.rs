//! The two FHIR versions that are spoken in the Netherlands today.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A FHIR release. STU3 (3.0.2) carries eOverdracht and BgZ, R4 (4.0.1) medication, addressing and logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FhirVersion {
    Stu3,
    R4,
}

impl FhirVersion {
    /// Every version, in order of age.
    pub const ALL: [FhirVersion; 2] = [FhirVersion::Stu3, FhirVersion::R4];

    /// The path segment of a FHIR base (`/fhir/r4`).
    pub const fn segment(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "stu3",
            FhirVersion::R4 => "r4",
        }
    }

    /// The value of `CapabilityStatement.fhirVersion`.
    pub const fn full(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "3.0.2",
            FhirVersion::R4 => "4.0.1",
        }
    }
}

impl fmt::Display for FhirVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.segment())
    }
}

impl FromStr for FhirVersion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        FhirVersion::ALL.into_iter().find(|version| version.segment() == text).ok_or(())
    }
}
