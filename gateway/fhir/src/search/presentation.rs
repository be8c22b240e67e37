//! What shapes an answer after it was gathered: order, size and how much of each resource (FHIR search, managing
//! returned resources). Which resources are in it is decided before.

use super::sorting::SortKey;
use super::{Parameter, SearchFault, SearchQuery};
use crate::interaction::ResourceType;
use crate::json::Node;
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

/// `_summary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Summary {
    /// `text`: narrative, id, meta and what is mandatory.
    Text,
    /// `data`: all but the narrative.
    Data,
    Count,
    /// `false`, or not asked.
    #[default]
    Whole,
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
            read.take(kind, parameter)?;
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
                self.summary = match value {
                    "text" => Summary::Text,
                    "data" => Summary::Data,
                    "count" => Summary::Count,
                    "false" => Summary::Whole,
                    _ => return Err(malformed()),
                };
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
        self.shaped(resource, self.elements.as_deref())
    }

    /// A resource that was brought along: `_elements` does not apply to it (FHIR search, elements).
    pub fn shape_included(&self, resource: &Resource) -> Resource {
        self.shaped(resource, None)
    }

    fn shaped(&self, resource: &Resource, elements: Option<&[String]>) -> Resource {
        let keep = |name: &str| {
            let name = name.strip_prefix('_').unwrap_or(name);
            if matches!(name, "resourceType" | "id" | "meta") {
                return true;
            }
            let listed = elements.is_none_or(|listed| listed.iter().any(|wanted| wanted == name));
            listed
                && match self.summary {
                    Summary::Text => name == "text",
                    Summary::Data => name != "text",
                    Summary::Count | Summary::Whole => true,
                }
        };
        if resource.root().members().all(|(name, _)| keep(&name)) {
            return resource.clone();
        }
        let members = resource.root().members().filter(|(name, _)| keep(name));
        Resource::from_node(&Node::Object(members.map(|(name, value)| (name.into_owned(), value.to_node())).collect()))
    }
}
