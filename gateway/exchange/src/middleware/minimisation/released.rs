//! What one source contributes to an answer: built by `minimisation` and by nothing else.

use fhir::{Bsn, FhirVersion, Resource, SearchMode};
use policy::DataHolder;
use serde::{Deserialize, Serialize};

use crate::ports::{SourceFault, Written};

/// How one source fared. An overview tells this of every source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceStatus {
    /// It answered everything that was asked.
    Answered,
    /// It answered, and has nothing.
    NothingThere,
    /// It answered a part; the rest failed.
    Partly,
    /// It refused.
    Refused,
    /// It did not answer in time.
    TimedOut,
    /// It could not be reached.
    Unreachable,
    /// It answered something that cannot be used.
    Failed,
    /// It was not asked.
    NotAsked,
}

impl SourceStatus {
    /// Whether everything that the source has was received.
    pub fn is_complete(self) -> bool {
        matches!(self, SourceStatus::Answered | SourceStatus::NothingThere)
    }
}

impl From<&SourceFault> for SourceStatus {
    fn from(fault: &SourceFault) -> Self {
        match fault {
            SourceFault::TimedOut => SourceStatus::TimedOut,
            SourceFault::Unreachable => SourceStatus::Unreachable,
            SourceFault::Refused => SourceStatus::Refused,
            SourceFault::NotFound | SourceFault::Gone => SourceStatus::NothingThere,
            SourceFault::Unusable(_)
            | SourceFault::TooLarge
            | SourceFault::Unsupported { .. }
            | SourceFault::NotSupported
            | SourceFault::Conflict
            | SourceFault::PreconditionFailed
            | SourceFault::Rejected => SourceStatus::Failed,
        }
    }
}

/// A resource that was checked and may leave.
#[derive(Clone, Debug)]
pub struct ReleasedItem {
    /// As the source gave it, less what is masked; what is checked and recorded.
    resource: Resource,
    /// Something was left out of it that the caller may not see.
    masked: bool,
    /// As the caller wants to see it.
    shaped: Option<Resource>,
    mode: SearchMode,
}

impl ReleasedItem {
    /// For the answer check alone.
    pub(super) fn new(resource: Resource, mode: SearchMode) -> Self {
        ReleasedItem { resource, masked: false, shaped: None, mode }
    }
    /// For masking alone: the same item, of which this is left.
    pub(super) fn masked(self, rest: Resource) -> Self {
        ReleasedItem { resource: rest, masked: true, ..self }
    }
    pub fn is_masked(&self) -> bool {
        self.masked
    }
    /// The same item with less in it.
    pub(in crate::middleware) fn shaped(mut self, shape: impl FnOnce(&Resource) -> Resource) -> Self {
        self.shaped = Some(shape(&self.resource));
        self
    }
    /// The same item, there for another reason.
    pub(in crate::middleware) fn now(self, mode: SearchMode) -> Self {
        ReleasedItem { mode, ..self }
    }
    /// The resource as the source gave it.
    pub(in crate::middleware) fn whole(&self) -> &Resource {
        &self.resource
    }
    /// What the caller gets of it.
    pub fn resource(&self) -> &Resource {
        self.shaped.as_ref().unwrap_or(&self.resource)
    }
    pub fn mode(&self) -> SearchMode {
        self.mode
    }
    /// `Type/id/_history/version`, as far as known: what the record says of it.
    pub fn reference(&self) -> String {
        let kind = self.resource.resource_type();
        match (self.resource.id(), self.resource.version_id()) {
            (Some(id), Some(version)) => format!("{kind}/{id}/_history/{version}"),
            (Some(id), None) => format!("{kind}/{id}"),
            (None, _) => kind.into_owned(),
        }
    }
}

/// What one source contributed.
#[derive(Clone, Debug)]
pub struct Part {
    holder: DataHolder,
    name: String,
    status: SourceStatus,
    items: Vec<ReleasedItem>,
    withheld: usize,
    mistrusted: usize,
    failed: Vec<String>,
    written: Option<Written>,
    transaction: Vec<Written>,
    wrote: Vec<String>,
    /// The ids under which this source knows the permit's patient.
    patients: Vec<String>,
    /// Whom the answer names, where it is the answer that tells.
    told: Option<Bsn>,
    /// The version in which it is asked, where that is another than the request's.
    other_version: Option<FhirVersion>,
    /// Versions in which it has more, as it said.
    elsewhere: Vec<FhirVersion>,
}

impl Part {
    /// What `minimisation` made of an answer.
    pub(in crate::middleware) fn new(holder: DataHolder, name: String, status: SourceStatus) -> Self {
        Part {
            holder,
            name,
            status,
            items: Vec::new(),
            withheld: 0,
            mistrusted: 0,
            failed: Vec::new(),
            written: None,
            transaction: Vec::new(),
            wrote: Vec::new(),
            patients: Vec::new(),
            told: None,
            other_version: None,
            elsewhere: Vec::new(),
        }
    }
    pub(in crate::middleware) fn with_version(mut self, other: Option<FhirVersion>) -> Self {
        self.other_version = other;
        self
    }
    pub(super) fn with_elsewhere(mut self, versions: Vec<FhirVersion>) -> Self {
        self.elsewhere = versions;
        self
    }
    pub(in crate::middleware) fn with_items(mut self, items: Vec<ReleasedItem>) -> Self {
        self.items = items;
        self
    }
    pub(in crate::middleware) fn with_withheld(mut self, withheld: usize, mistrusted: usize) -> Self {
        self.withheld = withheld;
        self.mistrusted = mistrusted;
        self
    }
    pub(in crate::middleware) fn with_failed(mut self, failed: Vec<String>) -> Self {
        self.failed = failed;
        self
    }
    pub(super) fn with_written(mut self, written: Option<Written>, transaction: Vec<Written>) -> Self {
        self.written = written;
        self.transaction = transaction;
        self
    }
    pub(super) fn with_wrote(mut self, wrote: Vec<String>) -> Self {
        self.wrote = wrote;
        self
    }
    pub(super) fn with_patients(mut self, patients: Vec<String>) -> Self {
        self.patients = patients;
        self
    }
    pub(super) fn with_told(mut self, told: Option<Bsn>) -> Self {
        self.told = told;
        self
    }
    /// Its items; the rest of it stays.
    pub(in crate::middleware) fn take_items(&mut self) -> Vec<ReleasedItem> {
        std::mem::take(&mut self.items)
    }
    /// Puts items in the place of its own, which were checked for this part.
    pub(in crate::middleware) fn put_items(&mut self, items: Vec<ReleasedItem>) {
        self.items = items;
    }
    /// Whatever its status was: not all of what it gave is in the answer.
    pub(in crate::middleware) fn cut(&mut self) {
        if self.status.is_complete() {
            self.status = SourceStatus::Partly;
        }
    }
    pub(in crate::middleware) fn withhold(&mut self, more: usize) {
        self.withheld += more;
    }
    pub(super) fn patients(&self) -> &[String] {
        &self.patients
    }
    /// Whom its answer names, where it is the answer that tells.
    pub fn told(&self) -> Option<&Bsn> {
        self.told.as_ref()
    }
    /// The FHIR version in which it is asked, and in which its items are, where that is another than the request's.
    pub fn other_version(&self) -> Option<FhirVersion> {
        self.other_version
    }
    /// The versions in which it has more, as it said.
    pub(in crate::middleware) fn elsewhere(&self) -> &[FhirVersion] {
        &self.elsewhere
    }
    pub fn holder(&self) -> &DataHolder {
        &self.holder
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn status(&self) -> SourceStatus {
        self.status
    }
    pub fn items(&self) -> &[ReleasedItem] {
        &self.items
    }
    /// How many resources an obligation or the permit's scope kept back.
    pub fn withheld(&self) -> usize {
        self.withheld
    }
    /// How many resources were dropped because they should not have been in the answer (another patient's).
    pub fn mistrusted(&self) -> usize {
        self.mistrusted
    }
    /// The types whose question failed while others were answered.
    pub fn failed(&self) -> &[String] {
        &self.failed
    }
    pub fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }
    /// What each entry of a transaction led to, in the order of its entries.
    pub fn transaction(&self) -> &[Written] {
        &self.transaction
    }
    /// References of what was written: what the record says of it.
    pub fn wrote(&self) -> &[String] {
        &self.wrote
    }
}
