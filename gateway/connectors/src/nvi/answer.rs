//! Reads what the index answers: leniently where its running code strays from the guide (handbook: generic functions, L4),
//! strictly about whom and of whom it is.

use bytes::Bytes;
use serde_json::Value;

use super::dialect::{Dialect, Found, Read, resource_type};
use crate::http::Fetched;
use crate::national::Failure;

/// In what its answers come.
const MEDIA: [&str; 2] = ["application/fhir+json", "application/json"];

/// The records of a search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) records: Vec<Found>,
    /// How many elements were none of what was asked for, and were dropped.
    pub(super) strange: usize,
}

pub(super) fn body(fetched: &Fetched) -> Result<Bytes, Failure> {
    fetched.body_as(&MEDIA).map_err(|_| Failure::Unusable("media-type"))
}

/// Reads a Bundle. One that says that there is more is not the answer to "where".
pub(super) fn records(dialect: Dialect, body: &[u8]) -> Result<Records, Failure> {
    let bundle: Value = serde_json::from_slice(body).map_err(|_| Failure::Unusable("json"))?;
    if resource_type(&bundle) != Some("Bundle") || bundle["type"] != "searchset" {
        return Err(Failure::Unusable("no-searchset"));
    }
    let links = bundle["link"].as_array().into_iter().flatten();
    if links.into_iter().any(|link| link["relation"] == "next") {
        return Err(Failure::Unusable("paged"));
    }
    let entries = match &bundle["entry"] {
        Value::Null => &[][..],
        Value::Array(entries) => entries,
        _ => return Err(Failure::Unusable("no-searchset")),
    };
    if bundle["total"].as_u64().is_some_and(|total| total > entries.len() as u64) {
        return Err(Failure::Unusable("torn-searchset"));
    }
    let mut all = Records::default();
    for entry in entries {
        let resource = &entry["resource"];
        match dialect.read(resource) {
            Read::Record(found) => all.records.push(found),
            Read::Retired => {}
            Read::Strange if resource_type(resource) == Some("OperationOutcome") => {}
            Read::Strange => all.strange += 1,
        }
    }
    Ok(all)
}

/// Reads the record that a registration made.
pub(super) fn created(dialect: Dialect, body: &[u8]) -> Result<Found, Failure> {
    let resource: Value = serde_json::from_slice(body).map_err(|_| Failure::Unusable("json"))?;
    match dialect.read(&resource) {
        Read::Record(found) => Ok(found),
        Read::Retired | Read::Strange => Err(Failure::Unusable("not-the-record")),
    }
}
