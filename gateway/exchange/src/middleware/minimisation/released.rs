//! What may leave: built by `minimisation` and by nothing else.

use std::sync::Arc;

use fhir::{Resource, SearchMode};
use policy::{DataHolder, Permit};
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
    resource: Resource,
    mode: SearchMode,
}

impl ReleasedItem {
    /// For the answer check alone.
    pub(super) fn new(resource: Resource, mode: SearchMode) -> Self {
        ReleasedItem { resource, mode }
    }
    pub fn resource(&self) -> &Resource {
        &self.resource
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
}

impl Part {
    /// What `minimisation` made of an answer.
    pub(in crate::middleware) fn new(holder: DataHolder, name: String, status: SourceStatus) -> Self {
        Part { holder, name, status, items: Vec::new(), withheld: 0, mistrusted: 0, failed: Vec::new(), written: None }
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
    pub(in crate::middleware) fn with_written(mut self, written: Option<Written>) -> Self {
        self.written = written;
        self
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
}

/// What may leave, source by source, in the order of localisation.
#[derive(Clone, Debug)]
pub struct Released {
    permit: Arc<Permit>,
    parts: Vec<Part>,
    index: policy::Finding<usize>,
}

impl Released {
    pub(in crate::middleware) fn new(permit: Arc<Permit>, parts: Vec<Part>, index: policy::Finding<usize>) -> Self {
        Released { permit, parts, index }
    }
    /// The permit under which it leaves.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
    /// What the index of other providers said: how many it named, none, or why it could not say.
    pub fn index(&self) -> &policy::Finding<usize> {
        &self.index
    }
    pub fn items(&self) -> impl Iterator<Item = (&Part, &ReleasedItem)> {
        self.parts.iter().flat_map(|part| part.items.iter().map(move |item| (part, item)))
    }
    /// Whether every provider that could hold data was asked and answered in full.
    pub fn is_complete(&self) -> bool {
        let others = self.parts.iter().filter(|part| part.holder != *self.permit.holder()).count();
        let index_known = match &self.index {
            // A provider that the index names and that nobody can reach has no part.
            policy::Finding::Found(named) => others >= *named,
            policy::Finding::Absent => true,
            policy::Finding::NotFoundOut(why) => *why == policy::NotFoundOut::NotAsked,
        };
        index_known && self.parts.iter().all(|part| part.status.is_complete() && part.mistrusted == 0)
    }
}
