//! What may leave: built by `paging` and by nothing else.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use fhir::Resource;
use policy::Permit;

use crate::middleware::minimisation::{Part, ReleasedItem};
use crate::ports::Written;

/// The name of a page in a link. It holds no id, no query and nothing of the patient. Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PageToken(pub(super) String);

impl PageToken {
    /// As it stands in a link: `[base]/[Type]?_page=[token]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageToken(..)")
    }
}

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Page {
    pub(super) number: usize,
    pub(super) total: Option<u64>,
    pub(super) count_only: bool,
    pub(super) this: Option<PageToken>,
    pub(super) first: Option<PageToken>,
    pub(super) previous: Option<PageToken>,
    pub(super) next: Option<PageToken>,
}

impl Page {
    /// The one page of an answer.
    pub(super) fn only(total: Option<u64>) -> Self {
        Page { number: 1, total, count_only: false, this: None, first: None, previous: None, next: None }
    }
    /// The last one of an answer, with this number.
    pub(in crate::middleware) fn last(number: usize) -> Self {
        Page { number, ..Page::only(None) }
    }
    /// From one.
    pub fn number(&self) -> usize {
        self.number
    }
    /// How many matches there are on all pages; nothing when the caller does not want it, or when it is not known
    /// because a source is missing or kept something back.
    pub fn total(&self) -> Option<u64> {
        self.total
    }
    /// Only the number was asked for (`_summary=count`): that there are no items says nothing.
    pub fn is_count_only(&self) -> bool {
        self.count_only
    }
    /// This page, when there are several.
    pub fn this(&self) -> Option<&PageToken> {
        self.this.as_ref()
    }
    /// The first page, on every other one.
    pub fn first(&self) -> Option<&PageToken> {
        self.first.as_ref()
    }
    pub fn previous(&self) -> Option<&PageToken> {
        self.previous.as_ref()
    }
    /// The next page; nothing on the last one.
    pub fn next(&self) -> Option<&PageToken> {
        self.next.as_ref()
    }
}

/// The caller has what it asked for already (RFC 9110, 15.4.5): nothing leaves.
#[derive(Clone, Debug)]
pub struct NotModified {
    pub(super) version_id: Option<String>,
    pub(super) last_updated: Option<String>,
}

impl NotModified {
    pub(super) fn of(resource: &Resource) -> Self {
        NotModified {
            version_id: resource.version_id().map(|version| version.into_owned()),
            last_updated: resource.last_updated().map(|moment| moment.into_owned()),
        }
    }
    /// `meta.versionId` of what the caller has.
    pub fn version_id(&self) -> Option<&str> {
        self.version_id.as_deref()
    }
    /// `meta.lastUpdated` of what the caller has, as written.
    pub fn last_updated(&self) -> Option<&str> {
        self.last_updated.as_deref()
    }
}

/// In what form an answer leaves.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Whole,
    Page(Page),
    NotModified(NotModified),
}

/// What may leave.
#[derive(Clone, Debug)]
pub struct Released {
    permit: Arc<Permit>,
    /// Source by source, in the order of localisation.
    parts: Vec<Part>,
    /// The items in the order of the answer: part and place in it.
    order: Vec<(usize, usize)>,
    index: policy::Finding<usize>,
    form: Form,
}

impl Released {
    /// An answer whose items leave source by source.
    pub(super) fn whole(permit: Arc<Permit>, parts: Vec<Part>, index: policy::Finding<usize>) -> Self {
        let places = |(at, part): (usize, &Part)| (0..part.items().len()).map(move |item| (at, item));
        let order = parts.iter().enumerate().flat_map(places).collect();
        Released { permit, parts, order, index, form: Form::Whole }
    }

    /// An answer whose items leave in an order of their own, each with the number of its part.
    pub(super) fn ordered(
        permit: Arc<Permit>,
        mut parts: Vec<Part>,
        items: Vec<(usize, ReleasedItem)>,
        index: policy::Finding<usize>,
        form: Form,
    ) -> Self {
        let mut order = Vec::with_capacity(items.len());
        let mut of_part: Vec<Vec<ReleasedItem>> = parts.iter().map(|_| Vec::new()).collect();
        for (at, item) in items {
            if let Some(place) = of_part.get_mut(at) {
                order.push((at, place.len()));
                place.push(item);
            }
        }
        for (part, items) in parts.iter_mut().zip(of_part) {
            part.put_items(items);
        }
        Released { permit, parts, order, index, form }
    }

    /// The permit under which it leaves.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
    /// Source by source, in the order of localisation, each with what of it leaves now.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
    /// What the index of other providers said: how many it named, none, or why it could not say.
    pub fn index(&self) -> &policy::Finding<usize> {
        &self.index
    }
    /// What leaves, in the order of the answer.
    pub fn items(&self) -> impl Iterator<Item = (&Part, &ReleasedItem)> {
        self.order.iter().filter_map(|(part, item)| {
            let part = self.parts.get(*part)?;
            Some((part, part.items().get(*item)?))
        })
    }
    /// Which page this is, for an answer that comes in pages: a search, a history, `$lastn`, `$everything`.
    pub fn page(&self) -> Option<&Page> {
        match &self.form {
            Form::Page(page) => Some(page),
            Form::Whole | Form::NotModified(_) => None,
        }
    }
    /// For a conditional read: the caller has it already, and nothing leaves.
    pub fn not_modified(&self) -> Option<&NotModified> {
        match &self.form {
            Form::NotModified(known) => Some(known),
            Form::Whole | Form::Page(_) => None,
        }
    }
    /// What each entry of a transaction led to, in the order of its entries.
    pub fn transaction(&self) -> &[Written] {
        self.parts.iter().map(Part::transaction).find(|entries| !entries.is_empty()).unwrap_or_default()
    }
    /// Whether every provider that could hold data was asked and answered in full.
    pub fn is_complete(&self) -> bool {
        is_complete(&self.permit, &self.parts, &self.index)
    }
}

/// Whether every provider that could hold data was asked and answered in full.
pub(super) fn is_complete(permit: &Permit, parts: &[Part], index: &policy::Finding<usize>) -> bool {
    // A provider that is asked in two versions is one provider.
    let others =
        parts.iter().map(Part::holder).filter(|holder| *holder != permit.holder()).collect::<HashSet<_>>().len();
    let index_known = match index {
        // A provider that the index names and that nobody can reach has no part.
        policy::Finding::Found(named) => others >= *named,
        policy::Finding::Absent => true,
        policy::Finding::NotFoundOut(why) => *why == policy::NotFoundOut::NotAsked,
    };
    index_known && parts.iter().all(|part| part.status().is_complete() && part.mistrusted() == 0)
}
