//! The patients of all own sources, as one index.

use std::sync::Arc;

use exchange::ports::{BoxFuture, PatientIndex};
use fhir::{Bsn, LogicalId};
use policy::{Finding, NotFoundOut};

/// Asks each source's index. An id that means different patients in two sources means nobody.
pub struct OwnPatients {
    indexes: Vec<Arc<dyn PatientIndex>>,
}

impl OwnPatients {
    pub fn new(indexes: Vec<Arc<dyn PatientIndex>>) -> Self {
        OwnPatients { indexes }
    }
}

impl PatientIndex for OwnPatients {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        Box::pin(async move {
            let mut known: Option<Bsn> = None;
            let mut unknown = None;
            for index in &self.indexes {
                match index.patient(id).await {
                    Finding::Found(bsn) if known.as_ref().is_some_and(|first| *first != bsn) => {
                        return Finding::NotFoundOut(NotFoundOut::Unusable);
                    }
                    Finding::Found(bsn) => known = Some(bsn),
                    Finding::Absent => {}
                    Finding::NotFoundOut(why) => unknown = Some(why),
                }
            }
            match (known, unknown) {
                (Some(bsn), _) => Finding::Found(bsn),
                (None, Some(why)) => Finding::NotFoundOut(why),
                (None, None) => Finding::Absent,
            }
        })
    }
}
