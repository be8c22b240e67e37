//! Data minimisation (dataminimalisatie): the answer is authorised too. Every resource is held against the
//! permit; what fails does not leave. Only this stage makes items that may leave.

mod attached;
mod check;
mod masking;
mod released;

use std::collections::HashSet;

use fhir::interaction::Level;
use fhir::{FhirVersion, Interaction, LogicalId};
use policy::{PatientScope, Permit, StandardOperation};

use super::localisation::Located;
use super::source::{Answered, AnsweredQuestion};
use crate::handle::Handle;
use crate::ports::{Item, SourceFault, Written};
use crate::refusal::Refusal;
use check::{Told, Verdict};

pub use released::{Part, ReleasedItem, SourceStatus};

pub struct Minimise<N> {
    next: N,
}

impl<N> Minimise<N> {
    pub fn new(next: N) -> Self {
        Minimise { next }
    }
}

impl<N: Handle<Located, Out = Answered>> Handle<Located> for Minimise<N> {
    type Out = Part;

    async fn handle(&self, located: Located) -> Result<Part, Refusal> {
        let other_version = located.other_version();
        let (permit, source, answers) = self.next.handle(located).await?.into_parts();
        if (other_version.is_some() || permit.elsewhere().next().is_some()) && is_of_another_version(&permit, &answers)
        {
            // What is read by the rules of another version than it was written by says other things.
            return Err(Refusal::Source(SourceFault::Unusable("an answer in another FHIR version than was asked for")));
        }
        let mut sieve = Sieve::default();
        let given = || answers.iter().filter_map(|(_, answer)| answer.as_ref().ok());
        let mut patients: Vec<String> = given().flat_map(|answer| answer.patients.clone()).collect();
        let told = match permit.patient() {
            PatientScope::Told => {
                Some(check::told(&permit, given().flat_map(|answer| &answer.items).map(|item| &item.resource)))
            }
            PatientScope::Unnamed => {
                Some(check::unnamed(&permit, given().flat_map(|answer| &answer.items).map(|item| &item.resource)))
            }
            PatientScope::One(_) | PatientScope::Nobody | PatientScope::Any => None,
        };
        let named = match &told {
            Some(Told::One(bsn, ids)) => {
                patients.clone_from(ids);
                Some(bsn.clone())
            }
            Some(Told::Unnamed(_) | Told::Unclear) | None => None,
        };
        let questions = answers.len();
        for (interaction, answer) in answers {
            match answer {
                Ok(answer) => {
                    sieve.cut_short |= answer.cut_short;
                    sieve.elsewhere(answer.elsewhere);
                    if let Interaction::Transaction { entries } = &interaction
                        && entries.len() != answer.transaction.len()
                    {
                        return Err(Refusal::Source(SourceFault::Unusable("a transaction answered in part")));
                    }
                    sieve.note_written(&interaction, answer.written, answer.transaction);
                    let judged = answer.items.into_iter().map(|item| {
                        let verdict = check::judge(&permit, &interaction, &patients, told.as_ref(), &item.resource);
                        (verdict, item)
                    });
                    for (verdict, item) in attached::settle(judged.collect(), &answer.vouched) {
                        sieve.take(&permit, &interaction, verdict, item);
                    }
                    if sieve.cut_short {
                        sieve.failed_type(&interaction);
                    }
                }
                Err(SourceFault::NotFound) if questions > 1 => {}
                // Whose it was before it was deleted nobody can check any more.
                Err(SourceFault::Gone) if *permit.patient() != PatientScope::Any => {
                    sieve.faults.push(SourceFault::NotFound);
                }
                Err(fault) => {
                    sieve.failed_type(&interaction);
                    sieve.faults.push(fault);
                }
            }
        }
        if sieve.mistrusted > 0 {
            // The number only: what it was, and whose, does not belong in the technical log.
            tracing::warn!(
                exchange.holder = %source.holder().0,
                exchange.mistrusted = sieve.mistrusted,
                "a source answered with resources that are not the permit's patient's; they were dropped"
            );
        }
        sieve.settle(&permit, questions, |status| {
            Part::new(source.holder().clone(), source.name().to_owned(), status)
                .with_patients(patients)
                .with_told(named)
                .with_version(other_version)
        })
    }
}

/// Whether something of an answer is a resource of another version, and none of the one that was asked for. That can be told
/// where a version has elements, or forms of them, that the other does not have.
fn is_of_another_version(permit: &Permit, answers: &[AnsweredQuestion]) -> bool {
    let items = answers.iter().filter_map(|(_, answer)| answer.as_ref().ok()).flat_map(|answer| &answer.items);
    items.into_iter().any(|item| fhir::structure::is_of_another(permit.version(), &item.resource))
}

/// Whether an item that was released before may leave under this permit too. A page of an answer is authorised anew.
pub(super) fn again(permit: &Permit, part: &Part, item: &ReleasedItem) -> bool {
    let asked = permit.plan().first().unwrap_or(&permit.request().interaction);
    // What names no patient left with what it hangs on, which is judged here as well.
    let verdict = check::judge(permit, asked, part.patients(), None, item.whole());
    matches!(verdict, Verdict::Release | Verdict::Unowned) && masking::is_masked_enough(permit, item)
}

/// What passes and what stays behind.
#[derive(Default)]
struct Sieve {
    items: Vec<ReleasedItem>,
    seen: HashSet<(String, String, Option<String>)>,
    withheld: usize,
    mistrusted: usize,
    cut_short: bool,
    failed: Vec<String>,
    faults: Vec<SourceFault>,
    written: Option<Written>,
    transaction: Vec<Written>,
    wrote: Vec<String>,
    elsewhere: Vec<FhirVersion>,
}

impl Sieve {
    fn elsewhere(&mut self, versions: Vec<FhirVersion>) {
        for version in versions {
            if !self.elsewhere.contains(&version) {
                self.elsewhere.push(version);
            }
        }
    }

    fn take(&mut self, permit: &Permit, asked: &Interaction, verdict: Verdict, item: Item) {
        match verdict {
            Verdict::Release => {
                let kind = item.resource.resource_type().into_owned();
                // The versions of a history are not each other's doubles.
                let version = matches!(asked, Interaction::History { .. }).then(|| item.resource.version_id());
                let first = match (item.resource.id(), version) {
                    (None, _) | (_, Some(None)) => true,
                    (Some(id), Some(version)) => {
                        self.seen.insert((kind, id.into_owned(), version.map(|version| version.into_owned())))
                    }
                    (Some(id), None) => self.seen.insert((kind, id.into_owned(), None)),
                };
                if first {
                    match masking::masked(permit, ReleasedItem::new(item.resource, item.mode)) {
                        Some(item) => self.items.push(item),
                        None => self.withheld += 1,
                    }
                }
            }
            Verdict::Withhold => self.withheld += 1,
            Verdict::Unowned | Verdict::Mistrust => self.mistrusted += 1,
        }
    }

    fn note_written(&mut self, asked: &Interaction, written: Option<Written>, transaction: Vec<Written>) {
        match asked {
            Interaction::Transaction { entries } => {
                self.wrote =
                    entries.iter().zip(&transaction).map(|(entry, written)| reference(entry, written)).collect();
            }
            other => self.wrote.extend(written.as_ref().map(|written| reference(other, written))),
        }
        self.written = self.written.take().or(written);
        self.transaction = transaction;
    }

    fn failed_type(&mut self, interaction: &Interaction) {
        let kind = interaction.resource_type().map_or("", |kind| kind.name()).to_owned();
        if !self.failed.contains(&kind) {
            self.failed.push(kind);
        }
    }

    fn settle(
        self,
        permit: &Permit,
        questions: usize,
        part: impl FnOnce(SourceStatus) -> Part,
    ) -> Result<Part, Refusal> {
        if self.faults.len() == questions
            && let Some(fault) = self.faults.first().cloned()
        {
            return Err(Refusal::Source(fault));
        }
        if self.lacks_what_was_asked(permit) {
            // Withheld, mistrusted and absent read alike.
            return Err(Refusal::NotFound);
        }
        let status = if !self.failed.is_empty() || self.mistrusted > 0 {
            SourceStatus::Partly
        } else if self.items.is_empty() && self.withheld == 0 && self.written.is_none() && self.transaction.is_empty() {
            SourceStatus::NothingThere
        } else {
            SourceStatus::Answered
        };
        Ok(part(status)
            .with_items(self.items)
            .with_withheld(self.withheld, self.mistrusted)
            .with_failed(self.failed)
            .with_written(self.written, self.transaction)
            .with_wrote(self.wrote)
            .with_elsewhere(self.elsewhere))
    }

    /// Whether the one resource that was asked for is not among what may leave. A document without its Composition
    /// is none.
    fn lacks_what_was_asked(&self, permit: &Permit) -> bool {
        match &permit.request().interaction {
            Interaction::Read { .. }
            | Interaction::Vread { .. }
            | Interaction::History { level: Level::Instance(..), .. } => self.items.is_empty(),
            Interaction::Operation { level: Level::Instance(kind, id), .. }
                if permit.operation() == Some(StandardOperation::Document) =>
            {
                !self.items.iter().any(|item| {
                    let resource = item.whole();
                    resource.resource_type() == kind.name() && resource.id().as_deref() == Some(id.as_str())
                })
            }
            _ => false,
        }
    }
}

/// What was written, as the record names it.
fn reference(asked: &Interaction, written: &Written) -> String {
    let kind = asked.resource_type().map_or("", |kind| kind.name());
    let own = match asked {
        Interaction::Update { id, .. } | Interaction::Patch { id, .. } | Interaction::Delete { id, .. } => {
            Some(id.as_str())
        }
        _ => None,
    };
    // An id of a source goes into the record only when it is one.
    let id = written.id.as_deref().filter(|id| LogicalId::parse(id).is_some()).or(own);
    let version = written.version_id.as_deref().filter(|version| LogicalId::parse(version).is_some());
    match (id, version) {
        (Some(id), Some(version)) => format!("{kind}/{id}/_history/{version}"),
        (Some(id), None) => format!("{kind}/{id}"),
        (None, _) => kind.to_owned(),
    }
}
