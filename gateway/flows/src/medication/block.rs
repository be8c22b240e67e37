//! A medication building block (medicatiebouwsteen) as far as the overview needs it, borrowed from the resource that it
//! came in. Which of its statuses holds when is not written here: that is worked out.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fhir::Resource;

use super::moment::Moment;
use super::treatment::Named;

/// The building blocks of the medication process (MP9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Medicatieafspraak, MA: what the prescriber agreed with the patient.
    MedicationAgreement,
    /// Toedieningsafspraak, TA: how the pharmacist carries the agreement out.
    AdministrationAgreement,
    /// Wisselend doseerschema, WDS.
    VariableDosingRegimen,
    /// Medicatiegebruik, MGB: what is really used.
    MedicationUse,
    /// Verstrekkingsverzoek, VV.
    DispenseRequest,
    /// Medicatieverstrekking, MVE.
    MedicationDispense,
    /// Medicatietoediening, MTD.
    MedicationAdministration,
}

impl Kind {
    /// The abbreviation that the field uses.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Kind::MedicationAgreement => "MA",
            Kind::AdministrationAgreement => "TA",
            Kind::VariableDosingRegimen => "WDS",
            Kind::MedicationUse => "MGB",
            Kind::DispenseRequest => "VV",
            Kind::MedicationDispense => "MVE",
            Kind::MedicationAdministration => "MTD",
        }
    }
}

/// A business identifier: what makes two resources the same block, and what a treatment is known by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id<'r> {
    /// First, because values differ at their beginning and systems do not: that makes sorting cheap.
    pub value: Cow<'r, str>,
    pub system: Cow<'r, str>,
}

impl Hash for Id<'_> {
    /// By its value: systems are long, and few.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Debug for Id<'_> {
    /// An identifier can lead to a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(..)")
    }
}

/// Why a block ends what another began (stoptype).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stop {
    /// For good; also the technical stop before a change.
    Definitive,
    /// For a while (onderbroken).
    Interrupted,
    /// Withdrawn before it began (geannuleerd).
    Cancelled,
    /// A code that no value set of the standard has.
    Unknown,
}

/// Whose words a medication use is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Author {
    Professional,
    /// The patient or a relative.
    Patient,
    Unknown,
}

/// What another block is pointed at by.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Target<'r> {
    Id(Id<'r>),
    /// A literal reference within the same source.
    Literal(Cow<'r, str>),
}

/// When a block is meant to hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Period<'r> {
    pub start: Option<Moment>,
    /// The last second; worked out of a duration where no end is given.
    pub end: Option<Moment>,
    /// A criterion that is uncertain ("until the wound has healed"): to be read, never to be guessed at.
    pub condition: Option<Cow<'r, str>>,
}

/// A code of the product, with its system.
pub(super) type Coding<'r> = (Cow<'r, str>, Cow<'r, str>);

/// What a block has of which only a shown line is asked. Looking for what is not there costs as much as finding it.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside {
    pub by: bool,
    pub reason: bool,
    pub note: bool,
    pub dosage: bool,
    pub product: bool,
}

/// One block of one source.
pub(super) struct Block<'r> {
    pub resource: &'r Resource,
    /// Its `id` at that source.
    pub name: Option<Cow<'r, str>>,
    /// As others speak of it.
    pub named: Arc<Named>,
    /// A digest of what makes it the block that it is, and one of its treatment's identifier: made while its text is at hand.
    pub digest: u64,
    pub of_treatment: u64,
    /// The place of the source that it came from.
    pub source: usize,
    pub kind: Kind,
    pub id: Option<Id<'r>>,
    pub treatment: Option<Id<'r>>,
    pub copy: bool,
    /// Entered in error, or nullified.
    pub nullified: bool,
    pub stop: Option<Stop>,
    pub period: Period<'r>,
    /// When it was registered, or the nearest to that which it says.
    pub registered: Option<Moment>,
    /// The block of the same kind that it changes or stops.
    pub prior: Vec<Target<'r>>,
    /// The blocks of other kinds that it rests on.
    pub basis: Vec<Target<'r>>,
    pub author: Author,
    pub product: Vec<Coding<'r>>,
    /// What the product is called, where the block itself says so.
    pub product_name: Option<Cow<'r, str>>,
    pub instruction: Option<Cow<'r, str>>,
    /// A medication use that says that it is not used (`not-taken`; `taken` n). Content, and no state.
    pub not_used: bool,
    pub updated: Option<Cow<'r, str>>,
    pub beside: Beside,
}

impl Block<'_> {
    /// The type of the resource that it came in.
    pub(super) fn resource_type(&self) -> &'static str {
        match self.kind {
            Kind::MedicationAgreement | Kind::VariableDosingRegimen | Kind::DispenseRequest => "MedicationRequest",
            Kind::AdministrationAgreement | Kind::MedicationDispense => "MedicationDispense",
            Kind::MedicationUse => "MedicationStatement",
            Kind::MedicationAdministration => "MedicationAdministration",
        }
    }

    /// Whether it says when it holds: without that nothing can be worked out.
    pub(super) fn is_dated(&self) -> bool {
        let only_words = self.period.condition.is_some() && self.period.start.is_none() && self.period.end.is_none();
        !only_words && (self.period.start.is_some() || self.registered.is_some() || self.period.end.is_some())
    }

    /// When it begins: as it says, or when it was registered.
    pub(super) fn start(&self) -> Moment {
        self.period.start.or(self.registered).or(self.period.end).unwrap_or(Moment::of_unix(i64::MIN))
    }

    /// Its last second; the end of time when it is open.
    pub(super) fn end(&self) -> Moment {
        self.period.end.unwrap_or(Moment::of_unix(i64::MAX))
    }

    /// Where it stands in the order of registration.
    pub(super) fn order(&self) -> Moment {
        self.registered.or(self.period.start).unwrap_or(Moment::of_unix(i64::MIN))
    }

    /// Whether both say the same to whoever reads them.
    pub(super) fn says_as(&self, other: &Block<'_>) -> bool {
        self.times_as(other)
            && self.registered == other.registered
            && self.treatment == other.treatment
            && self.product == other.product
            && self.product_name == other.product_name
            && self.instruction == other.instruction
            && self.not_used == other.not_used
    }

    /// Whether both say the same about when and whether it holds.
    pub(super) fn times_as(&self, other: &Block<'_>) -> bool {
        self.period == other.period && self.stop == other.stop
    }
}
