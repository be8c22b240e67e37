//! Which way the tables are read.

use fhir::FhirVersion;

/// From which version to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToStu3,
    ToR4,
}

impl Way {
    /// The version of what is read.
    pub const fn from(self) -> FhirVersion {
        match self {
            Way::ToStu3 => FhirVersion::R4,
            Way::ToR4 => FhirVersion::Stu3,
        }
    }

    /// The version of what is made.
    pub const fn to(self) -> FhirVersion {
        match self {
            Way::ToStu3 => FhirVersion::Stu3,
            Way::ToR4 => FhirVersion::R4,
        }
    }

    /// Of something that differs between the two, as `(R4, STU3)`: what is read and what is made.
    pub(super) fn of<T>(self, (r4, stu3): (T, T)) -> (T, T) {
        match self {
            Way::ToStu3 => (r4, stu3),
            Way::ToR4 => (stu3, r4),
        }
    }
}
