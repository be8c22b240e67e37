//! Evidence in the provider's own sources: each is asked, within one deadline, for the patient's records of the kinds that
//! count, and each record is judged. Only the provider's own systems are told a BSN.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use exchange::ports::{BoxFuture, Clock, Relation, RelationQuestion, SourceFault, TreatmentRelations};
use exchange::record::{EvidenceFacts, EvidenceResult, Shortfall};
use fhir::json::Value;
use fhir::{Bsn, Parameter, Resource, ResourceType, SearchQuery, Ura};
use futures_util::future::join_all;
use policy::{Finding, NotFoundOut, TreatmentRelation};
use time::Date;
use tokio::time::Instant;

use super::config::{EvidenceConfig, KindConfig};
use super::judging::{judge, organisations, professionals};
use super::surroundings::{Asker, Surroundings, left};
use crate::registers::reference;
use crate::sources::{OwnAnswer, OwnRecords};

/// What is asked for beyond what counts, so that "too old" can be told from "never".
const BEYOND: time::Duration = time::Duration::days(365);

/// The provider's own sources, as witnesses.
pub struct OwnSources {
    own: Ura,
    config: EvidenceConfig,
    sources: Vec<Arc<dyn OwnRecords>>,
    clock: Arc<dyn Clock>,
}

/// What one kind of evidence came to.
enum Outcome {
    /// The relation, with its age.
    Counts(u32, String),
    Short(BTreeSet<Shortfall>),
    Unknown(NotFoundOut),
}

impl OwnSources {
    pub fn new(own: Ura, config: EvidenceConfig, sources: Vec<Arc<dyn OwnRecords>>, clock: Arc<dyn Clock>) -> Self {
        OwnSources { own, config, sources, clock }
    }

    async fn look(&self, question: RelationQuestion<'_>) -> Relation {
        let counts = |kind: &&KindConfig| kind.gates.contains(&question.direction);
        let rules: Vec<&KindConfig> = self.config.kinds.iter().filter(counts).collect();
        if rules.is_empty() {
            return Finding::Absent.into();
        }
        if self.sources.is_empty() {
            return Finding::NotFoundOut(NotFoundOut::NobodyToAsk).into();
        }
        let asker = Asker::of(question.caller, &self.own, &self.config.person_systems);
        let until = Instant::now() + Duration::from_millis(self.config.deadline_ms);
        let today = self.clock.now().date();
        let at = self.sources.iter().map(|source| {
            let witness = Witness { source: source.as_ref(), patient: question.patient, today, until };
            let (rules, asker) = (&rules, &asker);
            async move { witness.testify(rules, asker).await }
        });
        let of_sources = join_all(at).await;
        let outcomes =
            (0..rules.len()).map(|kind| of_sources.iter().filter_map(|outcomes| outcomes.get(kind)).collect());
        let outcomes: Vec<Outcome> = outcomes.map(|of_kind: Vec<&Outcome>| together(&of_kind)).collect();
        told(&rules, &outcomes)
    }
}

impl TreatmentRelations for OwnSources {
    fn relation<'a>(&'a self, question: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        Box::pin(self.look(question))
    }
}

/// One source, asked about one patient.
struct Witness<'a> {
    source: &'a dyn OwnRecords,
    patient: &'a Bsn,
    today: Date,
    until: Instant,
}

impl Witness<'_> {
    /// What each kind comes to here, in their order.
    async fn testify(&self, rules: &[&KindConfig], asker: &Asker<'_>) -> Vec<Outcome> {
        let answers = join_all(rules.iter().map(|rule| self.ask(rule))).await;
        let records = || {
            let found = rules.iter().zip(&answers).filter_map(|(rule, answer)| Some((rule, answer.as_ref().ok()?)));
            found.flat_map(|(rule, answer)| answer.resources.iter().map(move |record| (rule.kind, record.root())))
        };
        let people: Vec<Value<'_>> = records().flat_map(|(kind, root)| professionals(kind, root)).collect();
        let named: Vec<Value<'_>> = records().flat_map(|(kind, root)| organisations(kind, root)).collect();
        let around = Surroundings::of(self.source, asker, &people, &named, self.until).await;
        let outcome = |(rule, answer): (&&KindConfig, &Result<OwnAnswer, SourceFault>)| match (answer, &around) {
            (Err(fault), _) => Outcome::Unknown(unknown(fault)),
            // Whom they name could not be looked up.
            (Ok(answer), Err(fault)) if !answer.resources.is_empty() => Outcome::Unknown(unknown(fault)),
            (Ok(answer), around) => self.weigh(rule, answer, asker, around.as_ref().ok()),
        };
        rules.iter().zip(&answers).map(outcome).collect()
    }

    async fn ask(&self, rule: &KindConfig) -> Result<OwnAnswer, SourceFault> {
        let kind = ResourceType::parse(self.source.version(), rule.kind.resource_type());
        let kind = kind.ok_or(SourceFault::NotSupported)?;
        let from = self.today - time::Duration::days(i64::from(rule.most_days)) - BEYOND;
        let query = SearchQuery { parameters: vec![Parameter::new("date", format!("ge{from}"))] };
        self.source.of_patient(self.patient, kind, query, left(self.until)).await
    }

    fn weigh(
        &self,
        rule: &KindConfig,
        answer: &OwnAnswer,
        asker: &Asker<'_>,
        around: Option<&Surroundings>,
    ) -> Outcome {
        let mut short = BTreeSet::new();
        let mut best: Option<(u32, &Resource)> = None;
        for record in &answer.resources {
            let judged = around.map(|around| judge(rule, record, asker, around, self.today));
            match judged {
                Some(Ok(age)) if best.is_none_or(|(youngest, _)| age < youngest) => best = Some((age, record)),
                Some(Err(shortfall)) => {
                    short.insert(shortfall);
                }
                Some(Ok(_)) | None => {}
            }
        }
        if let Some((age, record)) = best {
            return Outcome::Counts(age, self.named(rule, record));
        }
        // What was not given may be what would have counted.
        if answer.cut_short {
            return Outcome::Unknown(NotFoundOut::Unusable);
        }
        if answer.of_others {
            short.insert(Shortfall::OtherPatient);
        }
        Outcome::Short(short)
    }

    /// Type and id, for the log; without an id that would not do there.
    fn named(&self, rule: &KindConfig, record: &Resource) -> String {
        let kind = rule.kind.resource_type();
        let whole = record.id().map(|id| format!("{kind}/{id}"));
        whole.filter(|text| reference(text, self.patient).is_ok()).unwrap_or_else(|| kind.to_owned())
    }
}

/// What several sources say of one kind. One that could not be asked may have had it.
fn together(of_kind: &[&Outcome]) -> Outcome {
    let mut short = BTreeSet::new();
    let mut best: Option<(u32, &String)> = None;
    let mut missing = None;
    for outcome in of_kind {
        match outcome {
            Outcome::Counts(age, record) if best.is_none_or(|(youngest, _)| *age < youngest) => {
                best = Some((*age, record));
            }
            Outcome::Counts(..) => {}
            Outcome::Short(because) => short.extend(because),
            Outcome::Unknown(why) => missing = missing.or(Some(*why)),
        }
    }
    match (best, missing) {
        (Some((age, record)), _) => Outcome::Counts(age, record.clone()),
        (None, Some(why)) => Outcome::Unknown(why),
        (None, None) => Outcome::Short(short),
    }
}

/// The finding: the first kind in the order of the configuration that counts.
fn told(rules: &[&KindConfig], outcomes: &[Outcome]) -> Relation {
    let mut finding = Finding::Absent;
    let mut evidence = Vec::new();
    for (rule, outcome) in rules.iter().zip(outcomes) {
        let kind = rule.kind.word().to_owned();
        let result = match outcome {
            Outcome::Counts(age, record) => {
                if finding.found().is_none() {
                    let (kind, reference) = (kind.clone(), record.clone());
                    finding = Finding::Found(TreatmentRelation { kind, reference, age_days: Some(*age) });
                }
                EvidenceResult::Counts { age_days: Some(*age) }
            }
            Outcome::Short(because) if because.is_empty() => EvidenceResult::Nothing,
            Outcome::Short(because) => EvidenceResult::DoesNotCount { because: because.iter().copied().collect() },
            Outcome::Unknown(why) => {
                if finding == Finding::Absent {
                    finding = Finding::NotFoundOut(*why);
                }
                EvidenceResult::NotFoundOut { because: *why }
            }
        };
        evidence.push(EvidenceFacts { kind, result });
    }
    Relation { finding, evidence }
}

const fn unknown(fault: &SourceFault) -> NotFoundOut {
    match fault {
        SourceFault::TimedOut => NotFoundOut::TimedOut,
        SourceFault::Unreachable => NotFoundOut::Unreachable,
        SourceFault::Unsupported { .. } | SourceFault::NotSupported => NotFoundOut::Incomplete,
        SourceFault::Refused
        | SourceFault::Unusable(_)
        | SourceFault::TooLarge
        | SourceFault::NotFound
        | SourceFault::Gone
        | SourceFault::Conflict
        | SourceFault::PreconditionFailed
        | SourceFault::Rejected => NotFoundOut::Unusable,
    }
}
