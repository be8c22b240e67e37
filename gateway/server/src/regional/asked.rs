//! What a request asks of the region's index, and which scope allows it.

use exchange::{BodyKind, Inbound};
use fhir::Method;
use url::form_urlencoded;

use super::access::{CREATE, DELETE, LOCALIZE, READ};
use super::fault::Fault;

/// What is asked of the index.
pub enum Asked {
    Create,
    Search {
        parameters: Vec<(String, String)>,
        /// Whether they came in a body.
        by_form: bool,
    },
    Read(String),
    Delete(String),
}

impl Asked {
    pub fn read(inbound: &Inbound) -> Result<Asked, Fault> {
        let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
        let id = || inbound.path.strip_prefix("List/").map(str::to_owned);
        match (inbound.method, inbound.path.as_str()) {
            (Some(Method::Post), "List") => Ok(Asked::Create),
            (Some(Method::Post), "List/_search") if inbound.body_kind == BodyKind::Form => {
                Ok(Asked::Search { parameters: pairs(&inbound.body), by_form: true })
            }
            (Some(Method::Post), "List/_search") => Err(Fault::Malformed("A search is a form.")),
            (Some(Method::Get), "List") => {
                Ok(Asked::Search { parameters: pairs(inbound.query.as_bytes()), by_form: false })
            }
            (Some(Method::Get), _) => id().map(Asked::Read).ok_or(Fault::NotServed),
            (Some(Method::Delete), _) => id().map(Asked::Delete).ok_or(Fault::NotServed),
            _ => Err(Fault::NotServed),
        }
    }

    pub fn interaction(&self) -> &'static str {
        match self {
            Asked::Create => "create",
            Asked::Search { .. } => "search-type",
            Asked::Read(_) => "read",
            Asked::Delete(_) => "delete",
        }
    }

    pub fn any_of(&self) -> &'static [&'static str] {
        match self {
            Asked::Create => &[CREATE],
            Asked::Search { parameters, .. } if names_a_patient(parameters) => &[LOCALIZE],
            Asked::Search { .. } => &[READ, LOCALIZE],
            Asked::Read(_) => &[READ],
            Asked::Delete(_) => &[DELETE],
        }
    }
}

/// Whether a search is about a patient.
pub fn names_a_patient(parameters: &[(String, String)]) -> bool {
    parameters.iter().any(|(name, _)| name == "subject:identifier")
}
