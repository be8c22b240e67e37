//! What shapes an answer after it was gathered: order, size and how much of each resource (FHIR search, managing
//! returned resources). Which resources are in it is decided before.

use super::shape::{Summary, shape};
use super::sorting::SortKey;
use super::{Parameter, SearchFault, SearchQuery};
use crate::interaction::ResourceType;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// The parameters of a presentation. `_include` and `_revinclude` are not among them: what they bring along comes
/// from the source.
const PRESENTATION: [&str; 9] =
    ["_sort", "_count", "_summary", "_total", "_elements", "_contained", "_containedType", "_format", "_pretty"];

/// Most sort keys, and most names in `_elements`.
const MOST_NAMES: usize = 50;

/// The longest page that can be asked for; what a node gives at once is its own bound.
const LARGEST_COUNT: usize = 1_000_000;

/// `_total`: whether `Bundle.total` must be there and must be right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    None,
    Estimate,
    /// What is held is counted: an exact number is always at hand.
    #[default]
    Accurate,
}

/// How an answer is shown, read once and applied once, over the merged and checked answer of all sources.
pub struct Presentation {
    version: FhirVersion,
    keys: Vec<SortKey>,
    count: Option<usize>,
    total: Total,
    summary: Summary,
    elements: Option<Vec<String>>,
}

/// Whether a parameter shapes the answer and does not choose what is in it.
pub(super) fn is_presentation(name: &str) -> bool {
    PRESENTATION.contains(&name)
}

/// What to ask a source (filters and what is brought along), and what the node does itself with the gathered answer.
pub fn split(query: &SearchQuery) -> (SearchQuery, SearchQuery) {
    let own = |parameter: &&Parameter| is_presentation(&parameter.name);
    let (presentation, asked): (Vec<&Parameter>, Vec<&Parameter>) = query.parameters.iter().partition(own);
    let query = |parameters: Vec<&Parameter>| SearchQuery { parameters: parameters.into_iter().cloned().collect() };
    (query(asked), query(presentation))
}

impl Presentation {
    /// Reads `_sort`, `_count`, `_summary`, `_total` and `_elements` of a query, and passes over its other
    /// parameters; a sort key that the type does not have is refused by name.
    pub fn read(version: FhirVersion, kind: ResourceType, query: &SearchQuery) -> Result<Presentation, SearchFault> {
        let mut read = Presentation {
            version,
            keys: Vec::new(),
            count: None,
            total: Total::default(),
            summary: Summary::default(),
            elements: None,
        };
        for parameter in query.parameters.iter().filter(|parameter| is_presentation(&parameter.name)) {
            if parameter.modifier.is_some() {
                return Err(SearchFault::unsupported(&parameter.key()));
            }
            let once = parameter.name != "_sort" && parameter.name != "_elements";
            if once && query.named(&parameter.name).count() > 1 {
                return Err(SearchFault::value(&parameter.name));
            }
            read.take(kind, parameter)?;
        }
        // Narratives alone and what is brought along do not go together (FHIR search, summary).
        let brings = query.parameters.iter().any(|one| matches!(one.name.as_str(), "_include" | "_revinclude"));
        if brings && read.summary == Summary::Text {
            return Err(SearchFault::unsupported("_summary"));
        }
        Ok(read)
    }

    fn take(&mut self, kind: ResourceType, parameter: &Parameter) -> Result<(), SearchFault> {
        let malformed = || SearchFault::value(&parameter.name);
        let value = parameter.value.trim();
        let names = || value.split(',').map(str::trim).filter(|name| !name.is_empty());
        match parameter.name.as_str() {
            "_sort" => {
                for name in names() {
                    self.keys.push(SortKey::read(self.version, kind, name)?);
                }
                if self.keys.len() > MOST_NAMES {
                    return Err(malformed());
                }
            }
            "_count" => {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                let count = value.parse().ok().filter(|_| digits).map(|count: usize| count.min(LARGEST_COUNT));
                self.count = Some(count.ok_or_else(malformed)?);
            }
            "_total" => {
                self.total = match value {
                    "none" => Total::None,
                    "estimate" => Total::Estimate,
                    "accurate" => Total::Accurate,
                    _ => return Err(malformed()),
                };
            }
            "_summary" => {
                self.summary = Summary::read(value).ok_or_else(malformed)?;
            }
            "_elements" => {
                let listed = self.elements.get_or_insert_default();
                listed.extend(names().map(str::to_owned));
                if listed.len() > MOST_NAMES {
                    return Err(malformed());
                }
            }
            "_contained" if value != "false" => return Err(SearchFault::unsupported("_contained")),
            "_containedType" => return Err(SearchFault::unsupported("_containedType")),
            // What is not contained is the only thing given; the format is read from the request.
            _ => {}
        }
        Ok(())
    }

    /// Matches per page, when the caller said so. Never zero: that is [`Presentation::count_only`].
    pub fn count(&self) -> Option<usize> {
        self.count.filter(|count| *count > 0)
    }

    pub fn total(&self) -> Total {
        self.total
    }

    /// Only the number of matches is wanted (`_summary=count`, or `_count=0`).
    pub fn count_only(&self) -> bool {
        self.summary == Summary::Count || self.count == Some(0)
    }

    /// Puts matches in the order of `_sort`; those without a value come last, equals keep their places. Without
    /// `_sort` nothing moves.
    pub fn order<T>(&self, items: &mut [T], resource: impl Fn(&T) -> &Resource) {
        if self.keys.is_empty() {
            return;
        }
        items.sort_by_cached_key(|item| SortKey::values(&self.keys, resource(item)));
    }

    /// A match as `_summary` and `_elements` want it.
    pub fn shape(&self, resource: &Resource) -> Resource {
        shape(self.version, resource, self.summary, self.elements.as_deref())
    }

    /// A resource that was brought along: `_elements` does not apply to it (FHIR search, elements).
    pub fn shape_included(&self, resource: &Resource) -> Resource {
        shape(self.version, resource, self.summary, None)
    }
}
