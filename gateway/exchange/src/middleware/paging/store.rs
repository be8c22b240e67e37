//! Answers that are kept for a while, so that their pages stay what they were. Bounded in number, size and time;
//! each belongs to the one who asked, and to nobody else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fhir::{Bsn, FhirVersion, Interaction, ResourceType, SearchMode, Ura};
use policy::{Caller, Finding, PatientScope, UseCaseId};

use super::presented::{Presented, look};
use super::released::{Page, PageToken};
use super::token::{Content, Seal};
use crate::inbound::Gate;
use crate::middleware::minimisation::{Part, ReleasedItem};
use crate::ports::Clock;

/// Bounds on answers that come in pages.
#[derive(Clone, Copy, Debug)]
pub struct PageBounds {
    /// Matches on a page when the caller does not say, and at most.
    pub default_count: usize,
    pub most_count: usize,
    /// How many resources one answer has at most, on all pages together, and how many bytes; the rest is cut off and
    /// said to be missing.
    pub resources: usize,
    pub bytes: usize,
    /// How many answers are kept, of everybody and of one caller. When there are more the oldest goes.
    pub answers: usize,
    pub answers_of_caller: usize,
    /// How many resources and bytes all kept answers have together.
    pub kept_resources: usize,
    pub kept_bytes: usize,
    /// How long an answer is kept.
    pub lifetime: Duration,
}

impl Default for PageBounds {
    fn default() -> Self {
        PageBounds {
            default_count: 100,
            most_count: 1_000,
            resources: 20_000,
            bytes: 64 << 20,
            answers: 1_000,
            answers_of_caller: 20,
            kept_resources: 200_000,
            kept_bytes: 256 << 20,
            lifetime: Duration::from_secs(300),
        }
    }
}

/// Who may turn the pages of an answer: exactly the one who asked, at the same gate and in the same FHIR version.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::middleware) struct Asker {
    gate: Gate,
    version: FhirVersion,
    organisation: Ura,
    client_id: String,
    person: Option<String>,
    /// What is asked for one professional is not for another, also when the same person asks.
    responsible: Option<String>,
    token_id: Option<String>,
    patient: Option<Bsn>,
}

impl Asker {
    pub fn of(gate: Gate, version: FhirVersion, caller: &Caller) -> Self {
        Asker {
            gate,
            version,
            organisation: caller.organisation.ura.clone(),
            client_id: caller.client_id.clone(),
            person: caller.person.as_ref().map(|person| person.id.clone()),
            responsible: caller.responsible.as_ref().map(|person| person.id.clone()),
            token_id: caller.token_id.clone(),
            patient: caller.patient.clone(),
        }
    }

    fn is_same_caller(&self, other: &Asker) -> bool {
        self.organisation == other.organisation && self.client_id == other.client_id && self.person == other.person
    }
}

/// An answer that is kept: everything that its later pages need.
pub(in crate::middleware) struct Answer {
    pub(super) asker: Asker,
    pub(super) interaction: Interaction,
    pub(super) patient: PatientScope,
    pub(super) use_case: UseCaseId,
    pub(super) presented: Arc<Presented>,
    /// Matches on a page.
    pub(super) count: usize,
    pub(super) total: Option<u64>,
    /// The parts without their items.
    pub(super) parts: Vec<Part>,
    /// All items in the order of the answer, each with the number of its part.
    pub(super) items: Vec<(usize, ReleasedItem)>,
    pub(super) index: Finding<usize>,
    /// Where a search of the access log goes on: of that, no answer is kept.
    pub(super) before: Option<u64>,
}

/// What is kept of a search of the access log: what was asked, and how far it got.
pub(in crate::middleware) struct Place {
    pub asker: Asker,
    pub interaction: Interaction,
    pub patient: PatientScope,
    pub use_case: UseCaseId,
    pub presented: Arc<Presented>,
    /// Events on a page.
    pub count: usize,
    /// The next page has events before this place in the log.
    pub before: u64,
}

impl Answer {
    pub fn presented(&self) -> Arc<Presented> {
        self.presented.clone()
    }
    /// Where a search of the access log goes on.
    pub fn before(&self) -> Option<u64> {
        self.before
    }
    pub fn interaction(&self) -> &Interaction {
        &self.interaction
    }
    pub fn patient(&self) -> &PatientScope {
        &self.patient
    }
    pub fn use_case(&self) -> &UseCaseId {
        &self.use_case
    }
    /// The places of the items on the page that begins with this match, and the match that the next one begins with.
    pub(super) fn places(&self, from: usize) -> (Vec<usize>, Option<usize>) {
        let matches = self.items.iter().filter(|(_, item)| item.mode() == SearchMode::Match).count();
        if from == 0 && matches <= self.count {
            // What belongs to which match does not matter: they are all here.
            return ((0..self.items.len()).collect(), None);
        }
        let page = fhir::search::page(&self.items, from, self.count, look);
        (page.items, page.next)
    }
}

/// A page that was asked for by its name, by the one who may.
#[derive(Clone)]
pub(in crate::middleware) struct Turned {
    pub answer: Arc<Answer>,
    /// Which pages there are.
    pub(super) name: Name,
    /// The match that the page begins with.
    pub(super) from: usize,
}

impl Turned {
    /// From one.
    pub fn number(&self) -> usize {
        self.from / self.answer.count.max(1) + 1
    }
}

/// What the pages of one answer are called after.
#[derive(Clone, Copy)]
pub(super) struct Name {
    answer: [u8; 16],
    expires: i64,
}

/// The answers that are kept.
pub struct Pages {
    bounds: PageBounds,
    clock: Arc<dyn Clock>,
    seal: Option<Seal>,
    /// Oldest first.
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    name: Name,
    bytes: usize,
    answer: Arc<Answer>,
}

impl Pages {
    pub fn new(bounds: PageBounds, clock: Arc<dyn Clock>) -> Self {
        Pages { bounds, clock, seal: Seal::new(), kept: Mutex::default() }
    }

    /// Now, by the clock that answers are kept by.
    pub(super) fn moment(&self) -> time::OffsetDateTime {
        self.clock.now()
    }

    pub(in crate::middleware) fn bounds(&self) -> &PageBounds {
        &self.bounds
    }

    /// Keeps an answer. Nothing when it cannot be named in a way that nobody guesses.
    pub(super) fn keep(&self, answer: Arc<Answer>) -> Option<Name> {
        let now = self.now();
        let lifetime = i64::try_from(self.bounds.lifetime.as_millis()).unwrap_or(i64::MAX);
        let name = Name { answer: self.seal.as_ref()?.name()?, expires: now.saturating_add(lifetime) };
        let bytes = answer.items.iter().map(|(_, item)| size(item)).sum();
        let mut kept = self.lock();
        kept.retain(|one| one.name.expires > now);
        let of_caller = kept.iter().filter(|one| one.answer.asker.is_same_caller(&answer.asker)).count();
        if of_caller >= self.bounds.answers_of_caller.max(1)
            && let Some(oldest) = kept.iter().position(|one| one.answer.asker.is_same_caller(&answer.asker))
        {
            kept.remove(oldest);
        }
        kept.push_back(Kept { name, bytes, answer });
        // The newest always stays: its own size is bounded before.
        while kept.len() > 1 && self.is_over(&kept) {
            kept.pop_front();
        }
        Some(name)
    }

    /// The page of this number of a search of the access log, with a name for the next one. Nothing when it cannot be named.
    pub(in crate::middleware) fn continued(&self, place: Place, number: usize) -> Option<Page> {
        let Place { asker, interaction, patient, use_case, presented, count, before } = place;
        let answer = Answer {
            asker,
            interaction,
            patient,
            use_case,
            presented,
            count,
            total: None,
            parts: Vec::new(),
            items: Vec::new(),
            index: Finding::Absent,
            before: Some(before),
        };
        let name = self.keep(Arc::new(answer))?;
        let next = self.token(name, number.checked_mul(count)?)?;
        Some(Page { next: Some(next), ..Page::last(number) })
    }

    fn is_over(&self, kept: &VecDeque<Kept>) -> bool {
        let (resources, bytes) = kept.iter().fold((0usize, 0usize), |(resources, bytes), one| {
            (resources.saturating_add(one.answer.items.len()), bytes.saturating_add(one.bytes))
        });
        kept.len() > self.bounds.answers || resources > self.bounds.kept_resources || bytes > self.bounds.kept_bytes
    }

    /// The name of the page that begins with this match.
    pub(super) fn token(&self, name: Name, from: usize) -> Option<PageToken> {
        let content = Content { answer: name.answer, from: u32::try_from(from).ok()?, expires: name.expires };
        Some(self.seal.as_ref()?.close(&content))
    }

    /// The page of this name. A name that is forged, expired or another's, or whose answer is kept no more, or that is
    /// of another type or use case, is one and the same: nothing.
    pub(in crate::middleware) fn open(
        &self,
        token: &str,
        asker: &Asker,
        kind: Option<ResourceType>,
        use_case: Option<&UseCaseId>,
    ) -> Option<Turned> {
        let content = self.seal.as_ref()?.open(token)?;
        let now = self.now();
        let mut kept = self.lock();
        kept.retain(|one| one.name.expires > now);
        let one = kept.iter().find(|one| one.name.answer == content.answer)?;
        let answer = &one.answer;
        let theirs = answer.asker == *asker
            && answer.interaction.resource_type() == kind
            && use_case.is_none_or(|named| answer.use_case == *named)
            && content.expires == one.name.expires;
        theirs.then(|| Turned { answer: Arc::clone(answer), name: one.name, from: content.from as usize })
    }

    /// Milliseconds since 1970, UTC.
    fn now(&self) -> i64 {
        let milliseconds = self.clock.now().unix_timestamp_nanos() / 1_000_000;
        i64::try_from(milliseconds).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // What is kept is never left half-way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of a resource as its source wrote it.
pub(super) fn size(item: &ReleasedItem) -> usize {
    item.whole().text().len()
}
