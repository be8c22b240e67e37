//! Paging: puts the checked parts into one answer, in order, and lets it leave page by page. Only this stage makes
//! what may leave.
//!
//! The first page comes from the sources; the later ones from the answer as it was kept then, so that they stay what
//! they were. Every page passes the whole stack: it is authorised anew, and so is each resource on it.

mod condition;
mod presented;
mod released;
mod store;
mod token;

use std::sync::Arc;

use fhir::{Interaction, SearchMode};
use policy::Permit;

use super::authorisation::Permitted;
use super::localisation::Gathered;
use crate::handle::Handle;
use crate::inbound::Conditions;
use crate::middleware::minimisation::{self, Part};
use crate::record::SourceFacts;
use crate::refusal::Refusal;
use crate::trail::Notes;
use presented::Arranged;
use released::Form;
use store::{Answer, Name};

pub(super) use presented::Presented;
pub use released::{NotModified, Page, PageToken, Released};
pub(super) use store::Place;
pub(super) use store::{Asker, Turned};
pub use store::{PageBounds, Pages};

/// What is wanted of an answer.
#[derive(Clone)]
pub(super) enum Wanted {
    /// All of it at once.
    Whole,
    /// Its first page.
    First(Arc<Presented>),
    /// A later page, or an earlier one again.
    Turned(Turned),
}

pub struct Paginate<N> {
    pages: Arc<Pages>,
    next: N,
}

impl<N> Paginate<N> {
    pub fn new(pages: Arc<Pages>, next: N) -> Self {
        Paginate { pages, next }
    }
}

impl<N: Handle<Permitted, Out = Gathered>> Handle<Permitted> for Paginate<N> {
    type Out = Released;

    async fn handle(&self, permitted: Permitted) -> Result<Released, Refusal> {
        let notes = permitted.asked().notes().clone();
        let released = match permitted.asked().wanted().clone() {
            Wanted::Turned(turned) => self.turn(permitted.permit().clone(), &turned)?,
            Wanted::First(presented) => {
                let asker = permitted.asked().asker().clone();
                let gathered = self.next.handle(permitted).await?;
                self.first(gathered, presented, asker).inspect_err(|_| note(&notes, &[]))?
            }
            Wanted::Whole => {
                let conditions = permitted.asked().conditions().clone();
                whole(self.next.handle(permitted).await?, &conditions)
            }
        };
        note(&notes, released.parts());
        Ok(released)
    }
}

/// The record says what of each part leaves now.
fn note(notes: &Notes, parts: &[Part]) {
    notes.note(|record| record.sources = parts.iter().map(SourceFacts::from).collect());
}

/// An answer that leaves as it is, or not at all when the caller has it.
fn whole(gathered: Gathered, conditions: &Conditions) -> Released {
    let (permit, mut parts, index) = gathered.into_parts();
    let read = matches!(permit.request().interaction, Interaction::Read { .. } | Interaction::Vread { .. });
    let first = parts.iter().flat_map(Part::items).next().filter(|_| read);
    let known = first.map(minimisation::ReleasedItem::whole).filter(|one| condition::not_modified(conditions, one));
    let Some(known) = known.map(NotModified::of) else { return Released::whole(permit, parts, index) };
    parts.iter_mut().for_each(|part| drop(part.take_items()));
    Released::ordered(permit, parts, Vec::new(), index, Form::NotModified(known))
}

impl<N> Paginate<N> {
    /// The first page of an answer; the answer is kept when there are more.
    fn first(&self, gathered: Gathered, presented: Arc<Presented>, asker: Asker) -> Result<Released, Refusal> {
        let (permit, mut parts, index) = gathered.into_parts();
        let bounds = self.pages.bounds();
        let items = parts.iter_mut().enumerate().flat_map(|(at, part)| {
            let of_part: Vec<Arranged> = part.take_items().into_iter().map(|item| (at, item)).collect();
            of_part
        });
        let mut items = presented.arrange(items.collect(), self.pages.moment());
        cut(&mut items, &mut parts, bounds);
        let complete = released::is_complete(&permit, &parts, &index) && parts.iter().all(|part| part.withheld() == 0);
        let matches = items.iter().filter(|(_, item)| item.mode() == SearchMode::Match).count();
        let total = u64::try_from(matches).ok().filter(|_| complete && presented.wants_total());
        if presented.count_only() {
            let page = Page { count_only: true, ..Page::only(total) };
            return Ok(Released::ordered(permit, parts, Vec::new(), index, Form::Page(page)));
        }
        let count = presented.count(bounds.default_count, bounds.most_count);
        let request = permit.request();
        let answer = Arc::new(Answer {
            asker,
            interaction: request.interaction.clone(),
            patient: request.patient.clone(),
            use_case: permit.use_case().clone(),
            presented,
            count,
            total,
            parts,
            items,
            index,
            before: None,
        });
        let name = if matches > count {
            // Without a name for them the other pages would be lost.
            Some(self.pages.keep(answer.clone()).ok_or(Refusal::Defect)?)
        } else {
            None
        };
        Ok(self.page(permit, &answer, name, 0, |_, _| true))
    }

    /// A page of an answer that was kept. Each resource is held against the permit of this request.
    fn turn(&self, permit: Arc<Permit>, turned: &Turned) -> Result<Released, Refusal> {
        let answer = &turned.answer;
        let again = |part: &Part, item: &minimisation::ReleasedItem| minimisation::again(&permit, part, item);
        Ok(self.page(permit.clone(), answer, Some(turned.name), turned.from, again))
    }

    fn page(
        &self,
        permit: Arc<Permit>,
        answer: &Answer,
        name: Option<Name>,
        from: usize,
        passes: impl Fn(&Part, &minimisation::ReleasedItem) -> bool,
    ) -> Released {
        let (places, next) = answer.places(from);
        let mut parts = answer.parts.clone();
        let mut items = Vec::with_capacity(places.len());
        for (at, item) in places.iter().filter_map(|place| answer.items.get(*place)) {
            let Some(part) = parts.get_mut(*at) else { continue };
            if passes(part, item) {
                items.push((*at, answer.presented.shape(item.clone())));
            } else {
                part.withhold(1);
            }
        }
        let token = |from: usize| self.pages.token(name?, from);
        let page = Page {
            number: from / answer.count.max(1) + 1,
            this: token(from),
            first: (from > 0).then(|| token(0)).flatten(),
            previous: (from > 0).then(|| token(from.saturating_sub(answer.count))).flatten(),
            next: next.and_then(token),
            ..Page::only(answer.total)
        };
        Released::ordered(permit, parts, items, answer.index.clone(), Form::Page(page))
    }
}

/// Keeps an answer within its bounds. What is cut off is said to be missing.
fn cut(items: &mut Vec<Arranged>, parts: &mut [Part], bounds: &PageBounds) {
    let mut bytes = 0usize;
    let fits = items.iter().take(bounds.resources).take_while(|(_, item)| {
        bytes = bytes.saturating_add(store::size(item));
        bytes <= bounds.bytes.min(bounds.kept_bytes)
    });
    let fits = fits.count();
    for (at, _) in items.drain(fits..) {
        if let Some(part) = parts.get_mut(at) {
            part.cut();
        }
    }
}
