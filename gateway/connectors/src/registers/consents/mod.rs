//! Consents that the provider itself recorded (toestemming; the local source of handbook: generic functions, 1.3): in a
//! table of its own, as FHIR Consents that the node keeps, and as FHIR Consents in its source systems.
//!
//! ```json
//! [{ "id": "c-1", "patient": "…", "decision": "deny", "organisation": "90000902",
//!    "resource_types": ["Observation"], "purpose": "TREAT", "valid_from": "2026-01-01", "valid_until": "2026-12-31" }]
//! ```
//! A place that cannot be read makes every question `NotFoundOut`, for an objection may stand there; a patient without a
//! record that applies is `Absent`.

mod deciding;
mod file;
mod findable;
mod narrowing;
mod resource;
mod rule;
mod shelf;

use std::path::Path;
use std::sync::Arc;

use exchange::ports::{BoxFuture, Clock, ConsentQuestion, Consents};
use fhir::{Bsn, Resource};
use policy::{Consent, DataHolder, Finding, NotFoundOut};

use super::file::{Register, RegisterHealth};
use crate::mitz::LocalWord;
use file::Recorded;
use rule::Rule;

pub(crate) use deciding::is_objection;
pub use findable::ToldBySystems;

/// A system of this provider that has Consent resources (R4).
pub trait ConsentRecords: Send + Sync {
    /// Those about this patient.
    ///
    /// # Errors
    /// Why they could not be had. A part of them is not enough.
    fn about<'a>(&'a self, patient: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>>;
}

/// The provider's own consents.
pub struct LocalConsents {
    holder: DataHolder,
    table: Option<Register<Recorded>>,
    shelf: Option<Register<shelf::Kept>>,
    systems: Vec<Arc<dyn ConsentRecords>>,
    clock: Arc<dyn Clock>,
}

impl LocalConsents {
    /// No consents of this holder yet.
    pub fn of(holder: DataHolder, clock: Arc<dyn Clock>) -> Self {
        LocalConsents { holder, table: None, shelf: None, systems: Vec::new(), clock }
    }

    /// Opens the table of this holder's consents.
    pub fn open(path: &Path, holder: DataHolder, clock: Arc<dyn Clock>) -> Self {
        LocalConsents::of(holder, clock).with_table(path)
    }

    /// With a table.
    #[must_use]
    pub fn with_table(self, path: &Path) -> Self {
        LocalConsents { table: Some(Register::open(path, file::build)), ..self }
    }

    /// With a file of FHIR Consents.
    #[must_use]
    pub fn with_shelf(self, path: &Path) -> Self {
        LocalConsents { shelf: Some(Register::open(path, shelf::build)), ..self }
    }

    /// With systems that have FHIR Consents.
    #[must_use]
    pub fn with_systems(self, systems: Vec<Arc<dyn ConsentRecords>>) -> Self {
        LocalConsents { systems, ..self }
    }
}

impl RegisterHealth for LocalConsents {
    fn refresh(&self) {
        if let Some(table) = &self.table {
            table.read_if_changed();
        }
        if let Some(shelf) = &self.shelf {
            shelf.read_if_changed();
        }
    }

    fn healthy(&self) -> Result<(), String> {
        let faults = [self.table.as_ref().and_then(Register::fault), self.shelf.as_ref().and_then(Register::fault)];
        faults.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

impl Consents for LocalConsents {
    fn consent<'a>(&'a self, question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        Box::pin(async move { self.word(&question).await.alone() })
    }
}

impl LocalConsents {
    /// What is recorded here, with how specific it is.
    pub(crate) async fn word(&self, question: &ConsentQuestion<'_>) -> LocalWord {
        if *question.holder != self.holder {
            // Nobody else's consents are recorded here.
            return LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk);
        }
        match self.rules(question.patient).await {
            Ok(rules) => deciding::decide(&rules, question, self.clock.now()),
            Err(why) => LocalWord::NotFoundOut(why),
        }
    }

    /// All rules about a patient, from every place.
    async fn rules(&self, patient: &Bsn) -> Result<Vec<Rule>, NotFoundOut> {
        let mut rules = self.listed(patient)?;
        rules.extend(self.of_systems(patient).await?);
        Ok(rules)
    }

    /// Those of the table and the file.
    fn listed(&self, patient: &Bsn) -> Result<Vec<Rule>, NotFoundOut> {
        let mut rules = Vec::new();
        if let Some(table) = &self.table {
            let recorded = table.content().ok_or(NotFoundOut::Unusable)?;
            rules.extend(recorded.get(patient).into_iter().flatten().cloned());
        }
        if let Some(shelf) = &self.shelf {
            let kept = shelf.content().ok_or(NotFoundOut::Unusable)?;
            rules.extend(kept.get(patient).into_iter().flatten().flat_map(|consent| self.read(consent, patient)));
        }
        Ok(rules)
    }

    /// Those of the systems.
    async fn of_systems(&self, patient: &Bsn) -> Result<Vec<Rule>, NotFoundOut> {
        let mut rules = Vec::new();
        let told = self.systems.iter().map(|system| system.about(patient));
        for told in futures_util::future::join_all(told).await {
            rules.extend(told?.iter().flat_map(|consent| self.read(consent, patient)));
        }
        Ok(rules)
    }

    fn read(&self, consent: &Resource, patient: &Bsn) -> Vec<Rule> {
        resource::rules(consent, patient, &self.holder)
    }
}

#[cfg(test)]
mod resource_properties;
#[cfg(test)]
mod resource_tests;
#[cfg(test)]
mod tests;
