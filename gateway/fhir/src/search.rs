//! Search parameters: read from a query string or form, written back, and evaluated over a set of resources
//! for sources that cannot search themselves.

use thiserror::Error;

use crate::interaction::ResourceType;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// One search parameter as asked. `a=x,y&a=z` is two parameters: (x or y) and z.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name without modifier, chain included: `patient.identifier`, `code`, `_include`.
    pub name: String,
    /// What follows the first colon: `not`, `missing`, `iterate`, `Patient` …
    pub modifier: Option<String>,
    /// The decoded value as given, commas and their escapes included.
    pub value: String,
}

impl Parameter {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Parameter { name: name.into(), modifier: None, value: value.into() }
    }
    /// The alternatives of the value: split at commas that are not escaped, unescaped (`\,` `\|` `\$` `\\`
    /// stay escaped for `|` and `$`, which the kinds split on later).
    pub fn alternatives(&self) -> Vec<String> {
        todo!()
    }
    /// Name and modifier as in a query: `code:not`.
    pub fn key(&self) -> String {
        match &self.modifier {
            Some(modifier) => format!("{}:{modifier}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The parameters of one search, in order. Debug shows names only: values can hold a BSN.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    pub parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchFault {
    #[error("the query is not properly percent-encoded UTF-8")]
    Encoding,
    #[error("more than {limit} search parameters")]
    TooMany { limit: usize },
    /// The name is the caller's own text, shortened and stripped of anything but name characters.
    #[error("search parameter {name} is not supported here")]
    Unsupported { name: String },
    #[error("the value of search parameter {name} is malformed")]
    Value { name: String },
}

impl SearchQuery {
    /// Reads `application/x-www-form-urlencoded` text (a query string or a form body).
    pub fn parse(_text: &str) -> Result<Self, SearchFault> {
        todo!()
    }
    /// Writes `application/x-www-form-urlencoded` text; every name and value re-encoded.
    pub fn write(&self) -> String {
        todo!()
    }
    pub fn named<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q Parameter> + 'q {
        self.parameters.iter().filter(move |parameter| parameter.name == name)
    }
}

impl std::fmt::Debug for SearchQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(Parameter::key)).finish()
    }
}

/// Whether this resource satisfies the filters of the query (result parameters such as `_count`, `_sort`,
/// `_include` are not filters and are ignored here). A filter that cannot be evaluated is a fault, never ignored.
pub fn matches(
    _version: FhirVersion,
    _resource_type: ResourceType,
    _resource: &Resource,
    _query: &SearchQuery,
) -> Result<bool, SearchFault> {
    todo!()
}
