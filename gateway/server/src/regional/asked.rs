//! What a request asks of the region's index, and which scope allows it.

use exchange::{BodyKind, Inbound};
use fhir::Method;
use url::form_urlencoded;

use super::access::{CREATE, DELETE, LOCALIZE, READ};
use super::fault::Fault;

/// What is asked of the index.
pub enum Asked {
    Create,
    Search(Vec<(String, String)>),
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
                Ok(Asked::Search(pairs(&inbound.body)))
            }
            (Some(Method::Post), "List/_search") => Err(Fault::Malformed("A search is a form.")),
            (Some(Method::Get), "List") => {
                let query = pairs(inbound.query.as_bytes());
                if query.iter().any(|(name, _)| name == "subject:identifier") {
                    return Err(Fault::Malformed("A patient is searched for by a form: a token belongs in no URL."));
                }
                Ok(Asked::Search(query))
            }
            (Some(Method::Get), _) => id().map(Asked::Read).ok_or(Fault::NotServed),
            (Some(Method::Delete), _) => id().map(Asked::Delete).ok_or(Fault::NotServed),
            _ => Err(Fault::NotServed),
        }
    }

    pub fn interaction(&self) -> &'static str {
        match self {
            Asked::Create => "create",
            Asked::Search(_) => "search-type",
            Asked::Read(_) => "read",
            Asked::Delete(_) => "delete",
        }
    }

    pub fn any_of(&self) -> &'static [&'static str] {
        match self {
            Asked::Create => &[CREATE],
            Asked::Search(pairs) if pairs.iter().any(|(name, _)| name == "subject:identifier") => &[LOCALIZE],
            Asked::Search(_) => &[READ, LOCALIZE],
            Asked::Read(_) => &[READ],
            Asked::Delete(_) => &[DELETE],
        }
    }
}
