//! The one thread that looks at resources. It is off every request's path; when it is slow, the queue fills and the
//! rest is passed over.

use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use fhir::json::Limits;
use fhir::{FhirVersion, Resource};
use validation::validator::claimed;
use validation::{Finding, Severity, Validator};

use super::metrics::QualityMetrics;
use super::statements::Statements;
use super::table::{Field, Subject, Table};
use super::{LONGEST_RESOURCE, safe};

/// Most profiles of one resource that it is held against.
const MOST_CLAIMS: usize = 8;

/// One resource to look at.
pub(super) struct Job {
    pub source: Arc<str>,
    pub version: FhirVersion,
    pub text: Bytes,
}

pub(super) struct Worker {
    pub statements: Arc<Statements>,
    pub table: Arc<Mutex<Table>>,
    pub metrics: QualityMetrics,
}

impl Worker {
    /// Works until nobody can send any more.
    pub(super) fn start(self, queue: Receiver<Job>) -> Result<(), String> {
        std::thread::Builder::new()
            .name("quality".to_owned())
            .spawn(move || {
                let validator = Validator::new(self.statements.registry());
                for job in queue {
                    self.look_at(&validator, &job);
                }
            })
            .map(drop)
            .map_err(|fault| format!("quality: no thread to measure on ({fault})"))
    }

    fn look_at(&self, validator: &Validator<'_>, job: &Job) {
        let limits = Limits { bytes: LONGEST_RESOURCE, ..Limits::default() };
        let Ok(resource) = Resource::parse(job.text.clone(), &limits) else { return };
        self.count(job, Subject::Answers, &self.statements.answers().check(&resource, job.version));
        let claims = claimed(&resource);
        let known: Vec<_> =
            claims.iter().take(MOST_CLAIMS).filter_map(|claim| self.statements.claimed(job.version, claim)).collect();
        if known.is_empty() {
            let kind = safe::kind(job.version, &resource.resource_type());
            let subject = if claims.is_empty() { Subject::NoClaim { kind } } else { Subject::Unknown { kind } };
            self.count(job, subject, &[]);
        }
        for profile in known {
            let report = validator.validate(&resource, job.version, &[&profile.canonical]);
            let subject = Subject::Profile { canonical: profile.canonical.clone(), title: profile.title.clone() };
            self.count(job, subject, &report.findings);
        }
    }

    fn count(&self, job: &Job, subject: Subject, findings: &[Finding]) {
        let grave = findings.iter().filter(|finding| finding.severity >= Severity::Warning);
        // Each element once per resource, however often it repeats in it.
        let fields: BTreeSet<Field> = grave
            .map(|finding| Field {
                element: safe::element(job.version, &finding.element),
                code: finding.code,
                severity: finding.severity,
            })
            .collect();
        let clean = fields.iter().all(|field| field.severity < Severity::Error);
        let codes: Vec<_> = fields.iter().map(|field| field.code).collect();
        let key = (job.source.clone(), job.version, subject.clone());
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let found_a_place = table.count(key, fields, clean);
        drop(table);
        if found_a_place {
            self.metrics.checked(&job.source, &subject, clean, codes);
        }
    }
}
