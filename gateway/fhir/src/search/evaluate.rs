//! Decides whether a resource satisfies a search, for sources that cannot search themselves.

use super::presentation::is_presentation;
use super::references;
use super::shelf::{Nothing, Shelf};
use super::strings::{self, Comparison};
use super::tokens::Token;
use super::{Parameter, SearchFault, SearchQuery, dates};
use crate::definitions::{SearchDefinition, SearchKind, search_parameter};
use crate::interaction::ResourceType;
use crate::json::{Kind, Value};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Whether this resource satisfies the filters of the query (result parameters such as `_count`, `_sort`,
/// `_include` are not filters and are ignored here). A filter that cannot be evaluated is a fault, never ignored.
///
/// For many resources read the [`Filters`] once.
pub fn matches(
    version: FhirVersion,
    resource_type: ResourceType,
    resource: &Resource,
    query: &SearchQuery,
) -> Result<bool, SearchFault> {
    Filters::read(version, resource_type, query)?.accept(resource)
}

/// The filters of one search, read once and applied to many resources. A search that cannot be evaluated is
/// refused even when there is nothing to search.
pub struct Filters {
    resource_type: ResourceType,
    filters: Vec<Filter>,
}

struct Filter {
    definition: &'static SearchDefinition,
    test: Test,
}

/// What must hold of the elements at the definition's paths: of at least one of them, for one alternative.
enum Test {
    /// `:missing`
    Missing(bool),
    Tokens(Vec<Token>),
    /// `:not`
    NotTokens(Vec<Token>),
    References(Vec<references::Wanted>),
    Dates(Vec<dates::Wanted>),
    Strings(Vec<strings::Wanted>),
    Uris(Vec<String>),
}

impl Filters {
    /// Reads the filters of a query for one type.
    pub fn read(version: FhirVersion, resource_type: ResourceType, query: &SearchQuery) -> Result<Self, SearchFault> {
        let filters = query.parameters.iter().filter(|parameter| !is_result_parameter(&parameter.name));
        let filters =
            filters.map(|parameter| Filter::read(version, resource_type, parameter)).collect::<Result<_, _>>()?;
        Ok(Filters { resource_type, filters })
    }

    /// Whether a resource is of the type and satisfies every filter, told from the resource alone.
    pub fn accept(&self, resource: &Resource) -> Result<bool, SearchFault> {
        self.accept_on(resource, &Nothing)
    }

    /// Whether a resource is of the type and satisfies every filter; chains lead to what is on the shelf.
    pub fn accept_on(&self, resource: &Resource, _shelf: &dyn Shelf) -> Result<bool, SearchFault> {
        let mut accepted = resource.resource_type() == self.resource_type.name();
        for filter in &self.filters {
            // Every filter is tried, so that a fault does not depend on the order of the parameters.
            accepted &= filter.accepts(resource.root())?;
        }
        Ok(accepted)
    }
}

/// Parameters that do not choose among the resources of the type.
fn is_result_parameter(name: &str) -> bool {
    is_presentation(name) || matches!(name, "_include" | "_revinclude")
}

impl Filter {
    fn read(version: FhirVersion, resource_type: ResourceType, parameter: &Parameter) -> Result<Self, SearchFault> {
        let unsupported = || SearchFault::unsupported(&parameter.key());
        let (name, chain) = match parameter.name.split_once('.') {
            Some((name, chain)) => (name, Some(chain)),
            None => (parameter.name.as_str(), None),
        };
        let definition = search_parameter(version, resource_type, name)
            .filter(|definition| !definition.paths.is_empty())
            .ok_or_else(unsupported)?;
        let alternatives = parameter.alternatives();
        let test = Test::read(definition.kind, chain, parameter.modifier.as_deref(), &alternatives)
            .ok_or_else(unsupported)?
            .ok_or_else(|| SearchFault::value(&parameter.name))?;
        Ok(Filter { definition, test })
    }

    fn accepts(&self, root: Value<'_>) -> Result<bool, SearchFault> {
        let elements = || self.definition.paths.split('|').flat_map(|path| root.all(path));
        let tokens = |tokens: &[Token]| {
            for element in elements() {
                for token in tokens {
                    match token.accepts(element) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(_) => return Err(SearchFault::unsupported(self.definition.name)),
                    }
                }
            }
            Ok(false)
        };
        Ok(match &self.test {
            Test::Missing(missing) => elements().all(|element| element.kind() == Kind::Null) == *missing,
            Test::Tokens(wanted) => tokens(wanted)?,
            Test::NotTokens(unwanted) => !tokens(unwanted)?,
            Test::References(wanted) => {
                elements().any(|element| wanted.iter().any(|wanted| wanted.accepts(element, self.definition.target)))
            }
            Test::Dates(wanted) => elements().any(|element| wanted.iter().any(|wanted| wanted.accepts(element))),
            Test::Strings(wanted) => elements().any(|element| wanted.iter().any(|wanted| wanted.accepts(element))),
            Test::Uris(wanted) => elements()
                .any(|element| element.as_text().is_some_and(|url| wanted.iter().any(|wanted| is_uri(&url, wanted)))),
        })
    }
}

impl Test {
    /// Nothing: this combination is not evaluated here. Nothing inside: a value is malformed.
    fn read(kind: SearchKind, chain: Option<&str>, modifier: Option<&str>, texts: &[String]) -> Option<Option<Self>> {
        let plain = || texts.iter().map(|text| unescape(text)).collect::<Option<Vec<String>>>();
        let tokens = || texts.iter().map(|text| Token::parse(text)).collect::<Option<Vec<Token>>>();
        let strings = |comparison| {
            Some(Test::Strings(plain()?.iter().map(|text| strings::Wanted::new(text, comparison)).collect()))
        };
        Some(match (kind, chain, modifier) {
            (SearchKind::Reference, Some("identifier"), None) => tokens()
                .map(|tokens| Test::References(tokens.into_iter().map(references::Wanted::Identifier).collect())),
            (_, Some(_), _) => return None,
            (
                SearchKind::Token | SearchKind::Reference | SearchKind::Date | SearchKind::Text | SearchKind::Uri,
                None,
                Some("missing"),
            ) => match texts {
                [text] if text == "true" => Some(Test::Missing(true)),
                [text] if text == "false" => Some(Test::Missing(false)),
                _ => None,
            },
            (SearchKind::Token, None, None) => tokens().map(Test::Tokens),
            (SearchKind::Token, None, Some("not")) => tokens().map(Test::NotTokens),
            (SearchKind::Reference, None, None) => plain().and_then(|texts| {
                texts.iter().map(|text| references::Wanted::parse(text)).collect::<Option<_>>().map(Test::References)
            }),
            (SearchKind::Date, None, None) => {
                texts.iter().map(|text| dates::Wanted::parse(text)).collect::<Option<_>>().map(Test::Dates)
            }
            (SearchKind::Text, None, None) => strings(Comparison::Start),
            (SearchKind::Text, None, Some("exact")) => strings(Comparison::Exact),
            (SearchKind::Text, None, Some("contains")) => strings(Comparison::Inside),
            (SearchKind::Uri, None, None) => plain().map(Test::Uris),
            _ => return None,
        })
    }
}

/// The text of an alternative with its escapes undone; nothing when it is empty.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    (!plain.is_empty()).then_some(plain)
}

/// A URL is compared exactly; a canonical without a version finds every version of it.
fn is_uri(url: &str, wanted: &str) -> bool {
    url == wanted || url.split_once('|').is_some_and(|(canonical, _)| canonical == wanted)
}
