//! A folder of FHIR JSON, watched and held in memory: for a provider whose system exports files, and for the demo.
//!
//! Whoever asks sees one reading of the folder, whole, never a half-read one. A file that is being written is no
//! JSON yet and is left out until it is; writers that rename a finished file into place are never seen half-way.
//! Nothing is written here.

mod answers;
mod config;
mod consents;
mod index;
mod inventory;
mod load;
mod own_records;
mod shelf;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use exchange::ports::{Answer, BoxFuture, PatientIndex, Question, Source, SourceFault};
use fhir::interaction::SearchTarget;
use fhir::{Bsn, FhirVersion, Interaction, LogicalId, ResourceType};
use policy::{DataHolder, Finding, NotFoundOut, PatientScope, UseCaseId};

pub use config::{FilesBounds, FilesSourceConfig};
pub use index::Problems;

use super::SourceSetupFault;
use shelf::Reached;
use watch::{Current, Watch};

/// A folder of FHIR JSON.
pub struct FilesSource {
    holder: DataHolder,
    name: String,
    config: FilesSourceConfig,
    current: Arc<Current>,
    _watch: Watch,
}

impl FilesSource {
    /// Reads the folder and begins to watch it.
    pub fn open(
        config: FilesSourceConfig,
        holder: DataHolder,
        name: impl Into<String>,
    ) -> Result<Self, SourceSetupFault> {
        config.check()?;
        let (current, watch) = Watch::begin(&config)?;
        Ok(FilesSource { holder, name: name.into(), config, current, _watch: watch })
    }

    /// What is wrong with the folder at the moment.
    pub fn problems(&self) -> Problems {
        self.current.get().problems
    }

    /// How many resources are held at the moment.
    pub fn resources(&self) -> usize {
        self.current.get().len()
    }

    fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let version = self.config.version;
        let permit = question.permit();
        if permit.version() != version {
            return Err(SourceFault::NotSupported);
        }
        let scope = permit.patient();
        let index = self.current.get();
        let reached = Reached { index: &index, version, scope };
        let most = self.config.bounds.max_results;
        let mut answer = match question.interaction() {
            Interaction::Read { resource_type, id } => answers::read(&reached, *resource_type, id, None)?,
            Interaction::Vread { resource_type, id, version } => {
                answers::read(&reached, *resource_type, id, Some(version))?
            }
            Interaction::History { level, query } => answers::history(&reached, level, query)?,
            Interaction::Search { target: SearchTarget::Type(kind), query } => {
                answers::search(&reached, *kind, query, most)?
            }
            Interaction::Operation { level, name, query } => answers::document(&reached, level, name, query, most)?,
            Interaction::Search { .. }
            | Interaction::Capabilities
            | Interaction::Create { .. }
            | Interaction::Update { .. }
            | Interaction::ConditionalUpdate { .. }
            | Interaction::Patch { .. }
            | Interaction::Delete { .. }
            | Interaction::ConditionalDelete { .. }
            | Interaction::Bundle
            | Interaction::Transaction { .. } => return Err(SourceFault::NotSupported),
        };
        if let PatientScope::One(bsn) = scope {
            answer.patients = index.ids(bsn).iter().map(|id| id.as_str().to_owned()).collect();
        }
        Ok(answer)
    }
}

impl Source for FilesSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
        std::slice::from_ref(&self.config.version)
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move { self.answer(&question) })
    }
}

impl PatientIndex for FilesSource {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let index = self.current.get();
        let patient = ResourceType::parse(self.config.version, "Patient");
        let finding = match index.bsn(id) {
            Some(bsn) => Finding::Found(bsn.clone()),
            // There is such a Patient, but whose it is cannot be told.
            None if patient.is_some_and(|kind| index.get(kind, id.as_str()).is_some()) => {
                Finding::NotFoundOut(NotFoundOut::Unusable)
            }
            None => Finding::Absent,
        };
        Box::pin(async move { finding })
    }
}
