//! The tables, read both ways.

mod bundles;
mod cases;
mod making;
mod properties;
mod published;
mod refusals;

use fhir::json::{Limits, Node};
use fhir::{FhirVersion, Resource, structure};

use super::*;

fn resource(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

/// These resources as a collection.
fn collection(resources: &[Node]) -> Resource {
    let entries: Vec<String> = resources.iter().map(|one| format!(r#"{{"resource":{}}}"#, one.write())).collect();
    let entries = if entries.is_empty() { String::new() } else { format!(r#","entry":[{}]"#, entries.join(",")) };
    resource(&format!(r#"{{"resourceType":"Bundle","type":"collection"{entries}}}"#))
}

/// The resources of a Bundle, members in one order.
fn resources(bundle: &Resource) -> Vec<Node> {
    bundle.root().all("entry.resource").into_iter().map(|one| plain::ordered(&one.to_node())).collect()
}

/// The faults of what has no place.
fn faults(of: Result<Resource, NotConverted>) -> Vec<(String, Why)> {
    match of {
        Err(NotConverted::Unmapped(faults)) => faults.into_iter().map(|one| (one.place, one.why)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

fn is_sound(version: FhirVersion, bundle: &Resource) {
    structure::check(version, bundle).unwrap();
}
