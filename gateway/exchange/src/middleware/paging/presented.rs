//! Which answers come in pages, and how they are ordered and shaped. Read before anything is asked, so that what
//! cannot be shown is refused before anybody is told a BSN.

use fhir::search::{LastN, Presentation, SearchFault, Total, TreatmentStops};
use fhir::{FhirVersion, Interaction, Resource, ResourceType, SearchMode};
use policy::StandardOperation;
use time::OffsetDateTime;

use crate::middleware::minimisation::ReleasedItem;

/// How an answer is shown.
pub(in crate::middleware) struct Presented {
    presentation: Presentation,
    chosen: Chosen,
}

/// What is left of the answers of all sources together.
enum Chosen {
    Everything,
    Last(LastN),
    Stops(TreatmentStops),
}

/// What [`Presented::arrange`] arranges: an item and the number of its part.
pub(super) type Arranged = (usize, ReleasedItem);

/// An item as the search rules look at it.
pub(super) fn look((_, item): &Arranged) -> (&Resource, SearchMode) {
    (item.whole(), item.mode())
}

impl Presented {
    /// How the answer to this is shown; nothing for what leaves as it is.
    ///
    /// # Errors
    /// A parameter that shapes the answer and is not supported, by name.
    pub fn read(
        version: FhirVersion,
        interaction: &Interaction,
        operation: Option<StandardOperation>,
    ) -> Result<Option<Presented>, SearchFault> {
        let (query, chosen) = match (interaction, operation) {
            (Interaction::Search { query, .. } | Interaction::History { query, .. }, _)
            | (Interaction::Operation { query, .. }, Some(StandardOperation::Everything)) => {
                (query.clone(), Chosen::Everything)
            }
            (Interaction::Operation { query, .. }, Some(StandardOperation::LastN)) => {
                let (last, query) = LastN::read(query)?;
                (query, Chosen::Last(last))
            }
            (Interaction::Operation { query, .. }, Some(StandardOperation::LatestStops)) => {
                let (stops, query) = TreatmentStops::read(query)?;
                (query, Chosen::Stops(stops))
            }
            _ => return Ok(None),
        };
        // A search of no type in particular can be sorted by what every type has.
        let any = || ResourceType::parse(version, "Basic");
        let Some(kind) = interaction.resource_type().or_else(any) else { return Ok(None) };
        Ok(Some(Presented { presentation: Presentation::read(version, kind, &query)?, chosen }))
    }

    /// The last n, or what is active now or stopped last; and the order, matches first.
    pub fn arrange(&self, items: Vec<Arranged>, now: OffsetDateTime) -> Vec<Arranged> {
        let items = match &self.chosen {
            Chosen::Everything => items,
            Chosen::Last(last) => last.keep(items, look),
            Chosen::Stops(stops) => {
                let kept = stops.keep_marked(now, items, look);
                kept.into_iter().map(|((part, item), mode)| (part, item.now(mode))).collect()
            }
        };
        let (mut matches, others): (Vec<Arranged>, Vec<Arranged>) =
            items.into_iter().partition(|(_, item)| item.mode() == SearchMode::Match);
        self.presentation.order(&mut matches, |(_, item)| item.whole());
        matches.extend(others);
        matches
    }

    /// Matches on a page, within these bounds.
    pub fn count(&self, default: usize, most: usize) -> usize {
        self.presentation.count().unwrap_or(default).clamp(1, most.max(1))
    }

    pub fn count_only(&self) -> bool {
        self.presentation.count_only()
    }

    pub fn wants_total(&self) -> bool {
        self.presentation.total() != Total::None || self.count_only()
    }

    pub fn shape(&self, item: ReleasedItem) -> ReleasedItem {
        match item.mode() {
            SearchMode::Match => item.shaped(|resource| self.presentation.shape(resource)),
            SearchMode::Include => item.shaped(|resource| self.presentation.shape_included(resource)),
            SearchMode::Outcome => item,
        }
    }
}
