//! Data minimisation (dataminimalisatie): the answer is authorised too. Every resource is held against the
//! permit; what fails does not leave. Only this stage makes what may leave.

mod check;
mod released;

use std::collections::HashSet;

use fhir::Interaction;
use policy::PatientScope;

use super::localisation::Located;
use super::source::Answered;
use crate::handle::Handle;
use crate::ports::{Item, SourceFault, Written};
use crate::refusal::Refusal;
use check::Verdict;

pub use released::{Part, Released, ReleasedItem, SourceStatus};

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
        let (permit, source, answers) = self.next.handle(located).await?.into_parts();
        let mut sieve = Sieve::default();
        let patients: Vec<String> = answers
            .iter()
            .filter_map(|(_, answer)| answer.as_ref().ok())
            .flat_map(|answer| answer.patients.clone())
            .collect();
        let questions = answers.len();
        for (interaction, answer) in answers {
            match answer {
                Ok(answer) => {
                    sieve.cut_short |= answer.cut_short;
                    sieve.written = sieve.written.take().or(answer.written);
                    for item in answer.items {
                        let verdict = check::judge(&permit, &interaction, &patients, &item);
                        sieve.take(verdict, item);
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
        sieve.settle(permit.request().interaction.clone(), questions, |status| {
            Part::new(source.holder().clone(), source.name().to_owned(), status)
        })
    }
}

/// What passes and what stays behind.
#[derive(Default)]
struct Sieve {
    items: Vec<ReleasedItem>,
    seen: HashSet<(String, String)>,
    withheld: usize,
    mistrusted: usize,
    cut_short: bool,
    failed: Vec<String>,
    faults: Vec<SourceFault>,
    written: Option<Written>,
}

impl Sieve {
    fn take(&mut self, verdict: Verdict, item: Item) {
        match verdict {
            Verdict::Release => {
                let kind = item.resource.resource_type().into_owned();
                let first = match item.resource.id() {
                    Some(id) => self.seen.insert((kind, id.into_owned())),
                    None => true,
                };
                if first {
                    self.items.push(ReleasedItem::new(item.resource, item.mode));
                }
            }
            Verdict::Withhold => self.withheld += 1,
            Verdict::Mistrust => self.mistrusted += 1,
        }
    }

    fn failed_type(&mut self, interaction: &Interaction) {
        let kind = interaction.resource_type().map_or("", |kind| kind.name()).to_owned();
        if !self.failed.contains(&kind) {
            self.failed.push(kind);
        }
    }

    fn settle(
        self,
        asked: Interaction,
        questions: usize,
        part: impl FnOnce(SourceStatus) -> Part,
    ) -> Result<Part, Refusal> {
        if self.faults.len() == questions
            && let Some(fault) = self.faults.into_iter().next()
        {
            return Err(Refusal::Source(fault));
        }
        let one_resource = matches!(asked, Interaction::Read { .. } | Interaction::Vread { .. });
        if one_resource && self.items.is_empty() {
            // Withheld, mistrusted and absent read alike.
            return Err(Refusal::NotFound);
        }
        let status = if !self.failed.is_empty() || self.mistrusted > 0 {
            SourceStatus::Partly
        } else if self.items.is_empty() && self.withheld == 0 && self.written.is_none() {
            SourceStatus::NothingThere
        } else {
            SourceStatus::Answered
        };
        Ok(part(status)
            .with_items(self.items)
            .with_withheld(self.withheld, self.mistrusted)
            .with_failed(self.failed)
            .with_written(self.written))
    }
}
