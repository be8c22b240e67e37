//! The national examples of sending: every transaction among the fixtures goes to the node of a receiver, in JSON and in
//! XML, and must be there whole.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use super::asking::Format;
use super::definitions::Definitions;
use super::fixtures::filled_in;
use super::questions::Set;
use super::{BSN_SYSTEM, Page};
use crate::callers::{Answer, Wire};
use crate::holder::{Holder, Plan, SourceKind};
use crate::xml::Element;

/// A transaction in both forms, and whom it is about.
struct Sent {
    json: String,
    xml: String,
    /// The type of each entry.
    kinds: Vec<String>,
    /// The BSN.
    patient: String,
}

/// What became of them.
#[derive(Default)]
pub struct Sending {
    pub sent: usize,
    /// How many were taken whole, per form.
    pub taken: BTreeMap<Format, usize>,
    /// Why others were not, and how many.
    pub flaws: BTreeMap<String, usize>,
}

impl fmt::Display for Sending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for format in Format::ALL {
            let taken = self.taken.get(&format).copied().unwrap_or_default();
            writeln!(to, "sending in {}: {taken} of {} transactions taken whole", format.name(), self.sent)?;
        }
        self.flaws.iter().try_for_each(|(what, count)| writeln!(to, "  {count} × {what}"))
    }
}

/// Sends all of them to a node made for this; in each form to a node of its own, for what is sent again is not taken again.
///
/// # Errors
/// A sentence about what could not be read or started.
pub async fn send(shared: &Path, program: &Path, profiles: &Path, state: &Path) -> Result<Sending, String> {
    let all = read(shared)?;
    let mut patients: Vec<String> = all.iter().map(|sent| sent.patient.clone()).collect();
    patients.sort();
    patients.dedup();
    let known = patients.iter().enumerate().map(|(number, bsn)| {
        serde_json::json!({"resourceType": "Patient", "id": format!("known-{number}"),
            "identifier": [{"system": BSN_SYSTEM, "value": bsn}]})
    });
    let known: Vec<Value> = known.collect();
    let straight = Wire::new(None, None).map_err(|error| error.to_string())?;
    let mut sending = Sending { sent: all.len(), ..Sending::default() };
    for format in Format::ALL {
        let plan = Plan {
            program,
            profiles,
            use_cases: &[Set::Mp9.use_case()],
            folder: state.join(format!("sending-{}", format.name())),
            version: Set::Mp9.version(),
            source: SourceKind::Fhir,
            resources: &known,
            patients: &patients,
            bounds: "",
        };
        let holder = Holder::start(&plan)?;
        let source = holder.source_base().unwrap_or_default().to_owned();
        let mut callers: BTreeMap<&str, Wire> = BTreeMap::new();
        for one in &all {
            if !callers.contains_key(one.patient.as_str()) {
                callers.insert(&one.patient, holder.caller(Set::Mp9.use_case(), &one.patient).await?);
            }
            let Some(wire) = callers.get(one.patient.as_str()) else { continue };
            let kind = format.media_type();
            let body = if format == Format::Xml { one.xml.clone() } else { one.json.clone() };
            let headers = [("content-type", kind), ("accept", "application/fhir+json")];
            let answer = wire.raw(Method::POST, &holder.base, &headers, body.into()).await;
            let answer = answer.map_err(|error| error.to_string())?;
            match stored(&answer, one, &holder.base, &straight, &source).await {
                Ok(()) => *sending.taken.entry(format).or_default() += 1,
                Err(what) => *sending.flaws.entry(what.replace(&one.patient, "…")).or_default() += 1,
            }
        }
    }
    Ok(sending)
}

/// Whether everything that was sent is at the source, where the answer says, in order.
async fn stored(answer: &Answer, sent: &Sent, base: &str, straight: &Wire, source: &str) -> Result<(), String> {
    let body = answer.json().unwrap_or_default();
    if answer.status != 200 || body["type"] != "transaction-response" {
        return Err(format!("answered {}: {}", answer.status, body["issue"][0]["diagnostics"]));
    }
    let entries = body["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.len() != sent.kinds.len() {
        return Err(format!("{} entries were answered with {}", sent.kinds.len(), entries.len()));
    }
    for (entry, kind) in entries.iter().zip(&sent.kinds) {
        let location = entry["response"]["location"].as_str().unwrap_or_default();
        // Another script sent the same blocks before: what comes along with them is not made again, and has no place.
        let came_before = entry["response"]["status"].as_str().is_some_and(|status| status.starts_with("200"));
        if came_before && location.is_empty() {
            continue;
        }
        let place = location.strip_prefix(base).and_then(|place| place.split("/_history").next());
        let place = place.filter(|place| place.starts_with(&format!("/{kind}/")));
        let place = place.ok_or_else(|| format!("a {kind} was answered with another place"))?;
        let there = straight.get(&format!("{source}{place}")).await.map_err(|error| error.to_string())?;
        if there.status != 200 || there.json().unwrap_or_default()["resourceType"] != kind.as_str() {
            return Err(format!("a {kind} is not where the answer says"));
        }
    }
    Ok(())
}

fn read(shared: &Path) -> Result<Vec<Sent>, String> {
    let definitions = Definitions::read(&shared.join("conformance/definitions/r4/StructureDefinition.ndjson.gz"))?;
    let folder = shared.join(Set::Mp9.folder());
    let fault = |what: String| format!("{}: {what}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| fault(error.to_string()))? {
        files.push(entry.map_err(|error| fault(error.to_string()))?.path());
    }
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "xml")) {
        let fault = |what: String| format!("{}: {what}", file.display());
        let text = fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
        let xml = filled_in(&text).map_err(fault)?;
        let root = Element::read(&xml).map_err(|what| fault(what.to_owned()))?;
        if root.name != "Bundle" || root.value_of("type") != Some("transaction") {
            continue;
        }
        let bundle = definitions.resource(&root, &xml).map_err(fault)?;
        let json = bundle.to_string();
        let page = Page::of_json(json.as_bytes()).map_err(fault)?;
        let kinds: Vec<String> = page.entries.iter().map(|entry| entry.resource.kind().to_owned()).collect();
        let entries = bundle["entry"].as_array().into_iter().flatten();
        let identifiers = entries
            .filter(|entry| entry["resource"]["resourceType"] == "Patient")
            .filter_map(|entry| entry["resource"]["identifier"].as_array())
            .flatten();
        let bsn =
            identifiers.clone().find(|found| found["system"] == BSN_SYSTEM).and_then(|found| found["value"].as_str());
        let patient = bsn.ok_or_else(|| fault("the transaction has no patient".to_owned()))?.to_owned();
        all.push(Sent { json, xml, kinds, patient });
    }
    Ok(all)
}
