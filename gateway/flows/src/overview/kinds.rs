//! The sections of the overview, and what a detail of a line tells.

use SectionKind as S;

/// A section of the overview, in the order in which it is read: what can do harm first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionKind {
    /// Flags (waarschuwingen).
    Alerts,
    Allergies,
    Problems,
    Medication,
    /// Treatment directives and advance directives (behandelaanwijzingen en wilsverklaringen).
    Directives,
    /// Measurements, laboratory results and reports.
    Measurements,
    /// Care plans, goals, care teams and requested care.
    Care,
    Procedures,
    Vaccinations,
    /// Contacts and episodes of care.
    Encounters,
    /// Everything that fits nowhere above.
    Other,
    /// What came along so that the rest can be read: practitioners, organisations, products.
    Supporting,
}

impl SectionKind {
    pub const ALL: [SectionKind; 12] = [
        S::Alerts,
        S::Allergies,
        S::Problems,
        S::Medication,
        S::Directives,
        S::Measurements,
        S::Care,
        S::Procedures,
        S::Vaccinations,
        S::Encounters,
        S::Other,
        S::Supporting,
    ];

    /// Whether resources that share a code say something about one and the same thing here.
    pub(super) fn groups(self) -> bool {
        matches!(
            self,
            S::Alerts | S::Allergies | S::Problems | S::Medication | S::Directives | S::Measurements | S::Vaccinations
        )
    }

    /// Whether the lines of a group describe one present state, so that sources can contradict each other.
    pub(super) fn describes_a_state(self) -> bool {
        matches!(self, S::Alerts | S::Allergies | S::Problems | S::Medication | S::Directives)
    }
}

/// What a detail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aspect {
    Value,
    Interpretation,
    ReferenceRange,
    /// Why there is no value.
    Missing,
    Dosage,
    Quantity,
    /// What a consent or directive allows or forbids.
    Decision,
    Criticality,
    Severity,
    Reaction,
    Site,
    Reason,
    Result,
    Target,
    Activity,
    Members,
    By,
    Place,
    Category,
    Until,
    Description,
    Note,
}
