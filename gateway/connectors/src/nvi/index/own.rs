//! Our own records at the index: made, found again, taken away, and held against what we know.

use std::collections::BTreeSet;
use std::time::Instant;

use fhir::Bsn;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::{CREATE, DELETE, Inner, LOCALIZE, Present, READ};
use crate::national::Failure;
use crate::nvi::answer;
use crate::nvi::categories::IndexCategory;
use crate::nvi::dialect::NewRecord;

impl Inner {
    pub(super) async fn create(
        &self,
        patient: &Bsn,
        category: &IndexCategory,
        until: Instant,
    ) -> Result<BTreeSet<String>, Failure> {
        let dialect = self.config.dialect;
        let token = self.prs.token(patient, until).await?;
        let record = NewRecord {
            holder: &self.holder,
            patient: &token,
            category,
            source_id: &self.config.source_id,
            address: &self.address,
        };
        let body = dialect.write(&record).to_string();
        let to = self.config.base.below([dialect.resource_type()]);
        let answer = self.call(CREATE, until, |http| {
            http.request(Method::POST, to.clone()).header(CONTENT_TYPE, "application/fhir+json").body(body.clone())
        });
        let answer = answer.await?;
        match answer.status.as_u16() {
            200 | 201 => {
                let made = answer::created(dialect, &answer::body(&answer)?)?;
                let ours = made.holder == self.holder
                    && made.patient.as_deref().is_none_or(|about| about == token.reveal())
                    && made.category.as_ref().is_none_or(|told| told == category);
                match made.id {
                    Some(id) if ours => Ok(BTreeSet::from([id])),
                    _ => Err(Failure::Unusable("not-the-record")),
                }
            }
            // A refusal does not name what is there.
            409 => match self.own_of(patient, category, until).await? {
                ids if ids.is_empty() => Err(Failure::Unusable("registered-nowhere")),
                ids => Ok(ids),
            },
            other => Err(Failure::Rejected(other)),
        }
    }

    /// The ids of what we registered of a patient: told by a search with a token of its own.
    pub(super) async fn own_of(
        &self,
        patient: &Bsn,
        category: &IndexCategory,
        until: Instant,
    ) -> Result<BTreeSet<String>, Failure> {
        let token = self.prs.token(patient, until).await?;
        let found = self.searched(self.config.dialect.by_patient(&token), LOCALIZE, until).await?;
        let about = |told: &Option<String>| told.as_deref().is_none_or(|told| told == token.reveal());
        let of = |told: &Option<IndexCategory>| told.as_ref().is_none_or(|told| told == category);
        let own = found.records.into_iter().filter(|record| record.holder == self.holder);
        let ids = own.filter(|record| about(&record.patient) && of(&record.category)).filter_map(|record| record.id);
        Ok(ids.collect())
    }

    pub(super) async fn delete(&self, id: &str, until: Instant) -> Result<(), Failure> {
        let to = self.record(id);
        let answer = self.call(DELETE, until, |http| http.request(Method::DELETE, to.clone())).await?;
        match answer.status.as_u16() {
            // The running code answers 201.
            200 | 201 | 202 | 204 | 404 | 410 => Ok(()),
            other => Err(Failure::Rejected(other)),
        }
    }

    pub(super) async fn of_source(
        &self,
        parameters: Vec<(&'static str, String)>,
        known: &BTreeSet<String>,
        until: Instant,
    ) -> Result<Present, Failure> {
        let found = self.searched(parameters, READ, until).await?;
        self.note_strange(found.strange);
        let (own, others): (Vec<_>, Vec<_>) =
            found.records.into_iter().partition(|record| record.holder == self.holder);
        self.note_strange(others.len());
        let there: BTreeSet<String> = own.into_iter().filter_map(|record| record.id).collect();
        Ok(Present {
            missing: known.difference(&there).cloned().collect(),
            strays: there.difference(known).cloned().collect(),
        })
    }

    /// Where there is no search for what a source registered, each record is read.
    pub(super) async fn one_by_one(&self, known: &BTreeSet<String>) -> Result<Present, Failure> {
        let mut missing = BTreeSet::new();
        for id in known {
            let to = self.record(id);
            let reading = self.behind.ask(|until| self.call(READ, until, |http| http.request(Method::GET, to.clone())));
            match reading.await?.status.as_u16() {
                200 => {}
                404 | 410 => {
                    missing.insert(id.clone());
                }
                other => return Err(Failure::Rejected(other)),
            }
        }
        Ok(Present { missing, strays: BTreeSet::new() })
    }
}
