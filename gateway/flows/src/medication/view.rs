//! The overview of what the stack released: the treatments, what belongs beside them (allergies, contra-indications,
//! laboratory values), and how every source fared.

use std::fmt;

use exchange::{Part, Released};
use fhir::Resource;
use time::OffsetDateTime;

use super::choosing::Windows;
use super::computing::Received;
use super::laboratory::{Series, laboratory};
use super::moment::Moment;
use super::treatment::{Treatments, treatments};
use crate::overview::{self, Overview};

/// One patient's medication, as a page and an answer tell it. Debug shows numbers only.
#[derive(Clone, PartialEq)]
pub struct Medication {
    /// When it was put together: what is current is current at this moment.
    pub composed: OffsetDateTime,
    pub windows: Windows,
    /// Who, from whom, how complete, and the allergies and contra-indications as sections of it.
    pub around: Overview,
    pub treatments: Treatments,
    pub laboratory: Vec<Series>,
}

impl Medication {
    /// Reads what was released. The order of the sources and of their answers changes nothing.
    pub fn of(released: &Released, composed: OffsetDateTime, windows: Windows) -> Medication {
        let around = Overview::of_what(released, &is_beside);
        let parts = overview::in_order(released);
        let received: Vec<Received<'_>> = parts.iter().enumerate().flat_map(|(at, part)| of_part(at, part)).collect();
        let observations = received.iter().map(|one| (one.source, one.resource));
        Medication {
            composed,
            windows,
            treatments: treatments(&received, !around.complete, Moment::from(composed), windows),
            laboratory: laboratory(observations),
            around,
        }
    }

    /// Whether every provider that could hold data is known, was asked and answered in full.
    pub fn is_complete(&self) -> bool {
        self.around.complete
    }

    /// The moment at which it is current.
    pub fn now(&self) -> Moment {
        Moment::from(self.composed)
    }
}

impl fmt::Debug for Medication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Medication")
            .field("complete", &self.around.complete)
            .field("sources", &self.around.sources.len())
            .field("treatments", &self.treatments.shown.len())
            .finish()
    }
}

/// What stands beside the treatments as it stands in the health overview.
fn is_beside(resource: &Resource) -> bool {
    matches!(resource.resource_type().as_ref(), "Patient" | "AllergyIntolerance" | "Flag")
}

fn of_part<'p>(at: usize, part: &'p Part) -> impl Iterator<Item = Received<'p>> {
    part.items().iter().map(move |item| Received { source: at, resource: item.resource() })
}
