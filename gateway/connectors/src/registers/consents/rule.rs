//! One rule of a consent, whatever it was written in, and how specific it is.

use exchange::ports::ConsentQuestion;
use fhir::Ura;
use policy::findings::ConsentDecision;
use policy::{Obligation, Organisation, Purpose};
use time::OffsetDateTime;

use crate::registers::period::Period;

/// A permission or an objection (handbook: generic functions, 1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the record of an access names it by.
    pub id: String,
    pub decision: ConsentDecision,
    pub whom: Whom,
    /// Any of these; nothing for every purpose.
    pub purposes: Option<Vec<Purpose>>,
    /// Nothing for every type.
    pub resource_types: Option<Vec<String>>,
    /// Only this of the types.
    pub part: Option<Part>,
    /// All of them must hold.
    pub periods: Vec<Period>,
    /// An objection of which something is not understood: no permission is sure to be more specific.
    pub stands: bool,
}

/// Which data users a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Everyone,
    /// Care provider type code (OID 2.16.840.1.113883.2.4.15.1060).
    Kind(String),
    Organisation(Ura),
}

/// What of its types a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// One resource.
    Resource { resource_type: String, id: String },
    /// Whatever carries this code. Of objections only.
    Coded { system: String, code: String },
    /// Whatever carries this security label. Of objections only.
    Labelled { system: String, code: String },
}

/// How specific a rule is: a greater one wins. An organisation is above a kind is above everyone; then one for a
/// purpose is above one for all; then one for resource types, and one for a part of them, above one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    whom: u8,
    purpose: bool,
    resource_types: bool,
    part: bool,
}

impl Rule {
    pub fn applies(&self, question: &ConsentQuestion<'_>, now: OffsetDateTime) -> bool {
        self.whom.includes(question.user)
            && self.purposes.as_ref().is_none_or(|purposes| purposes.contains(&question.purpose))
            && self.periods.iter().all(|period| period.holds(now))
    }

    /// Whether it is about this type. For `None`, any type: an objection to some type is, a permission for some is not.
    pub fn is_about(&self, resource_type: Option<&str>) -> bool {
        match (&self.resource_types, resource_type) {
            (None, _) => true,
            (Some(types), Some(asked)) => types.iter().any(|named| named == asked),
            (Some(_), None) => self.denies(),
        }
    }

    pub fn denies(&self) -> bool {
        self.decision == ConsentDecision::Deny
    }

    /// By specificity, and among equals an objection.
    pub fn rank(&self) -> (bool, Specificity, bool) {
        let whom = match self.whom {
            Whom::Everyone => 0,
            Whom::Kind(_) => 1,
            Whom::Organisation(_) => 2,
        };
        let (purpose, resource_types) = (self.purposes.is_some(), self.resource_types.is_some());
        let part = self.part.is_some();
        (self.stands, Specificity { whom, purpose, resource_types, part }, self.denies())
    }
}

impl Whom {
    fn includes(&self, user: &Organisation) -> bool {
        match self {
            Whom::Everyone => true,
            Whom::Kind(kind) => user.kind.as_ref() == Some(kind),
            Whom::Organisation(ura) => user.ura == *ura,
        }
    }
}

impl Part {
    /// What must be done to an answer for an objection to it.
    pub fn withheld(&self) -> Obligation {
        match self.clone() {
            Part::Resource { resource_type, id } => {
                Obligation::WithholdResource { reference: format!("{resource_type}/{id}") }
            }
            Part::Coded { system, code } => Obligation::WithholdCoded { system, code },
            Part::Labelled { system, code } => Obligation::WithholdLabel { system, codes: vec![code] },
        }
    }
}
