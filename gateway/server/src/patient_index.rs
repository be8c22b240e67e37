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

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that says the same of every id.
    struct Says(Finding<&'static str>);

    impl PatientIndex for Says {
        fn patient<'a>(&'a self, _: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
            let said = match &self.0 {
                Finding::Found(digits) => Finding::Found(Bsn::parse(digits).unwrap()),
                Finding::Absent => Finding::Absent,
                Finding::NotFoundOut(why) => Finding::NotFoundOut(*why),
            };
            Box::pin(async { said })
        }
    }

    #[tokio::test]
    async fn what_the_sources_say_of_an_id_becomes_one_finding() {
        const ONE: Finding<&str> = Finding::Found("999911120");
        const OTHER: Finding<&str> = Finding::Found("900203638");
        const UNKNOWN: Finding<&str> = Finding::NotFoundOut(NotFoundOut::TimedOut);
        let one = || Finding::Found(Bsn::parse("999911120").unwrap());
        let cases = [
            (vec![], Finding::Absent),
            (vec![Finding::Absent, Finding::Absent], Finding::Absent),
            (vec![Finding::Absent, ONE], one()),
            (vec![ONE, ONE], one()),
            (vec![ONE, OTHER], Finding::NotFoundOut(NotFoundOut::Unusable)),
            (vec![UNKNOWN, ONE, Finding::Absent, OTHER], Finding::NotFoundOut(NotFoundOut::Unusable)),
            (vec![Finding::Absent, UNKNOWN], Finding::NotFoundOut(NotFoundOut::TimedOut)),
        ];
        let id = LogicalId::parse("p-1").unwrap();
        for (number, (said, expected)) in cases.into_iter().enumerate() {
            let indexes = said.into_iter().map(|said| Arc::new(Says(said)) as Arc<dyn PatientIndex>).collect();
            assert_eq!(OwnPatients::new(indexes).patient(&id).await, expected, "case {number}");
        }
    }
}
