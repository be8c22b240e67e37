//! What a request asks for, read from method, path and parameters alone (FHIR RESTful API).

mod path;
#[cfg(test)]
mod tests;
pub mod transaction;

use std::fmt;

use thiserror::Error;

use crate::search::{SearchFault, SearchQuery};
use crate::version::FhirVersion;

/// HTTP methods of the FHIR RESTful API. `HEAD` decides as `GET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method of this exact name (RFC 9110, 9.1: methods are case-sensitive).
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "GET" => Some(Method::Get),
            "HEAD" => Some(Method::Head),
            "POST" => Some(Method::Post),
            "PUT" => Some(Method::Put),
            "PATCH" => Some(Method::Patch),
            "DELETE" => Some(Method::Delete),
            _ => None,
        }
    }
}

/// A resource type that exists in the version it was read for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(&'static str);

impl ResourceType {
    /// The type of this exact name (case-sensitive) in this version.
    pub fn parse(version: FhirVersion, name: &str) -> Option<Self> {
        crate::definitions::resource_types(version)
            .iter()
            .find(|known| **known == name)
            .map(|known| ResourceType(known))
    }
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A logical id: 1 to 64 of `A-Z a-z 0-9 - .`, and never `.` or `..`, which would be a path at a source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogicalId(String);

impl LogicalId {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let good = (1..=64).contains(&text.len()) && text.bytes().all(allowed) && text != "." && text != "..";
        good.then(|| LogicalId(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogicalId(..)")
    }
}

/// Where a search looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchTarget {
    System,
    Type(ResourceType),
    /// `[base]/Patient/[id]/Observation`; no member means `*`.
    Compartment {
        owner: ResourceType,
        id: LogicalId,
        member: Option<ResourceType>,
    },
}

/// Where an operation or a history is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    System,
    Type(ResourceType),
    Instance(ResourceType, LogicalId),
}

/// One FHIR interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    Capabilities,
    Read {
        resource_type: ResourceType,
        id: LogicalId,
    },
    Vread {
        resource_type: ResourceType,
        id: LogicalId,
        version: LogicalId,
    },
    Search {
        target: SearchTarget,
        query: SearchQuery,
    },
    History {
        level: Level,
        query: SearchQuery,
    },
    Create {
        resource_type: ResourceType,
    },
    Update {
        resource_type: ResourceType,
        id: LogicalId,
    },
    ConditionalUpdate {
        resource_type: ResourceType,
        query: SearchQuery,
    },
    Patch {
        resource_type: ResourceType,
        id: LogicalId,
    },
    Delete {
        resource_type: ResourceType,
        id: LogicalId,
    },
    ConditionalDelete {
        resource_type: ResourceType,
        query: SearchQuery,
    },
    /// `name` without the dollar sign.
    Operation {
        level: Level,
        name: String,
        query: SearchQuery,
    },
    /// A batch or transaction; which one stands in the body ([`transaction::read`]).
    Bundle,
    /// What the entries of a transaction ask for, in their order: all of it happens, or nothing.
    Transaction {
        entries: Vec<Interaction>,
    },
}

/// Why a request is no FHIR interaction.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InteractionFault {
    #[error("this resource type does not exist in this FHIR version")]
    UnknownType,
    #[error("this is not a path of the FHIR RESTful API")]
    Path,
    #[error("this is not a logical id")]
    Id,
    #[error("this method is not used at this path")]
    Method,
    #[error(transparent)]
    Search(#[from] SearchFault),
}

impl Interaction {
    /// Reads the interaction from a request.
    ///
    /// `path` is what follows the FHIR base, still percent-encoded, without a leading slash required; `query`
    /// is the raw query string; `form` the body of a `POST …/_search` (or of an operation) when it was
    /// `application/x-www-form-urlencoded`. Query and form parameters are joined, query first; elsewhere a form
    /// is not looked at. The query is checked even where an interaction does not carry it.
    pub fn read(
        version: FhirVersion,
        method: Method,
        path: &str,
        query: &str,
        form: Option<&str>,
    ) -> Result<Interaction, InteractionFault> {
        let segments = path::segments(path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let route = path::route(version, &segments)?;
        let mut query = SearchQuery::parse(query)?;
        if let (Method::Post, true, Some(form)) = (method, route.takes_form(), form) {
            query = query.join(SearchQuery::parse(form)?)?;
        }
        route.with(method, query).ok_or(InteractionFault::Method)
    }

    /// The code of this interaction: of <http://hl7.org/fhir/restful-interaction>, or `operation`, `batch`, `transaction`.
    /// `ConditionalUpdate` is `update`, `ConditionalDelete` is `delete`, a compartment search is `search-type`
    /// (or `search-system` without a member).
    pub fn code(&self) -> &'static str {
        match self {
            Interaction::Capabilities => "capabilities",
            Interaction::Read { .. } => "read",
            Interaction::Vread { .. } => "vread",
            Interaction::Search { target: SearchTarget::Type(_), .. }
            | Interaction::Search { target: SearchTarget::Compartment { member: Some(_), .. }, .. } => "search-type",
            Interaction::Search { .. } => "search-system",
            Interaction::History { level: Level::System, .. } => "history-system",
            Interaction::History { level: Level::Type(_), .. } => "history-type",
            Interaction::History { level: Level::Instance(..), .. } => "history-instance",
            Interaction::Create { .. } => "create",
            Interaction::Update { .. } | Interaction::ConditionalUpdate { .. } => "update",
            Interaction::Patch { .. } => "patch",
            Interaction::Delete { .. } | Interaction::ConditionalDelete { .. } => "delete",
            Interaction::Operation { .. } => "operation",
            Interaction::Bundle => "batch",
            Interaction::Transaction { .. } => "transaction",
        }
    }

    /// The type of resource asked for, when there is one: of a compartment search the member, not the owner.
    pub fn resource_type(&self) -> Option<ResourceType> {
        match self {
            Interaction::Capabilities | Interaction::Bundle | Interaction::Transaction { .. } => None,
            Interaction::Read { resource_type, .. }
            | Interaction::Vread { resource_type, .. }
            | Interaction::Create { resource_type }
            | Interaction::Update { resource_type, .. }
            | Interaction::ConditionalUpdate { resource_type, .. }
            | Interaction::Patch { resource_type, .. }
            | Interaction::Delete { resource_type, .. }
            | Interaction::ConditionalDelete { resource_type, .. } => Some(*resource_type),
            Interaction::Search { target, .. } => match target {
                SearchTarget::System => None,
                SearchTarget::Type(resource_type) => Some(*resource_type),
                SearchTarget::Compartment { member, .. } => *member,
            },
            Interaction::History { level, .. } | Interaction::Operation { level, .. } => match level {
                Level::System => None,
                Level::Type(resource_type) | Level::Instance(resource_type, _) => Some(*resource_type),
            },
        }
    }

    /// The search parameters, when there are any.
    pub fn query(&self) -> Option<&SearchQuery> {
        match self {
            Interaction::Search { query, .. }
            | Interaction::History { query, .. }
            | Interaction::ConditionalUpdate { query, .. }
            | Interaction::ConditionalDelete { query, .. }
            | Interaction::Operation { query, .. } => Some(query),
            Interaction::Capabilities
            | Interaction::Read { .. }
            | Interaction::Vread { .. }
            | Interaction::Create { .. }
            | Interaction::Update { .. }
            | Interaction::Patch { .. }
            | Interaction::Delete { .. }
            | Interaction::Bundle
            | Interaction::Transaction { .. } => None,
        }
    }

    /// Whether it changes something at the source. An operation and a batch may, so they count as writing.
    pub fn writes(&self) -> bool {
        match self {
            Interaction::Capabilities
            | Interaction::Read { .. }
            | Interaction::Vread { .. }
            | Interaction::Search { .. }
            | Interaction::History { .. } => false,
            Interaction::Create { .. }
            | Interaction::Update { .. }
            | Interaction::ConditionalUpdate { .. }
            | Interaction::Patch { .. }
            | Interaction::Delete { .. }
            | Interaction::ConditionalDelete { .. }
            | Interaction::Operation { .. }
            | Interaction::Bundle
            | Interaction::Transaction { .. } => true,
        }
    }
}
