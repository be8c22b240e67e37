//! Whether the caller treats the patient (behandelrelatie), as far as this provider itself knows.

use fhir::Bsn;
use policy::{Caller, Direction, Finding, TreatmentRelation};

use super::BoxFuture;
use crate::record::EvidenceFacts;

/// Who asks about whom, at which gate.
#[derive(Clone, Copy)]
pub struct RelationQuestion<'q> {
    pub caller: &'q Caller,
    pub patient: &'q Bsn,
    pub direction: Direction,
}

/// What was found, and what was looked at for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    pub finding: Finding<TreatmentRelation>,
    /// For the record: each kind of evidence with what became of it. Nothing of it decides.
    pub evidence: Vec<EvidenceFacts>,
}

impl From<Finding<TreatmentRelation>> for Relation {
    fn from(finding: Finding<TreatmentRelation>) -> Self {
        Relation { finding, evidence: Vec::new() }
    }
}

/// A way to know of treatment relations. Several may stand behind one another; a flow that knows of a transfer or referral is
/// one of them. Only what is this provider's own is asked: nobody outside is told a BSN for it.
pub trait TreatmentRelations: Send + Sync {
    fn relation<'a>(&'a self, question: RelationQuestion<'a>) -> BoxFuture<'a, Relation>;

    /// Whether a relation that the data user asserted, signed, counts at the data holder's gate.
    fn takes_assertions(&self) -> bool {
        true
    }
}
