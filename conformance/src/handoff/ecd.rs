//! The receiver's record system (ECD), which takes handoffs in: what stands in it of one transfer, put back into the words of the
//! sender, so that it can be compared resource for resource.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{WITHIN, by_name};
use crate::callers::Wire;
use crate::source_server::Fault;
use crate::suites::{Flaw, Setting};

const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
const JSON: [(&str, &str); 1] = [("content-type", "application/fhir+json")];

/// A record system that takes handoffs in.
pub struct Ecd {
    base: String,
    control: String,
    wire: Wire,
}

impl Ecd {
    /// How the region's services call it.
    pub const KIND: &'static str = "record-system-that-takes-in";

    /// A Patient as it knows one.
    pub fn patient(id: &str, bsn: &str) -> Value {
        json!({"resourceType": "Patient", "id": id, "identifier": [{"system": BSN, "value": bsn}]})
    }

    /// # Errors
    /// The region has none.
    pub fn of(setting: &Setting) -> Result<Self, Flaw> {
        let found = setting.ready.services.iter().find(|service| service.kind == Ecd::KIND);
        let found =
            found.ok_or_else(|| Flaw::NotRun("the region has no record system that takes handoffs in".to_owned()))?;
        Ok(Ecd { base: found.base.clone(), control: found.control.clone(), wire: Wire::new(None, None)? })
    }

    /// Registers somebody, unless this number is known already; the id of the Patient.
    ///
    /// # Errors
    /// It does not.
    pub async fn registers(&self, bsn: &str) -> Result<String, Flaw> {
        if let [one] = self.search("Patient", &format!("{BSN}|{bsn}")).await?.as_slice() {
            return Ok(one["id"].as_str().unwrap_or_default().to_owned());
        }
        let id = format!("ecd-{bsn}");
        let url = format!("{}/Patient/{id}", self.base);
        let body = Bytes::from(Ecd::patient(&id, bsn).to_string());
        let answer = self.wire.raw(Method::PUT, &url, &JSON, body).await?;
        if matches!(answer.status, 200 | 201) {
            Ok(id)
        } else {
            Err(Flaw::NotRun("nobody can be registered".to_owned()))
        }
    }

    /// Has it fail so, or be well again.
    ///
    /// # Errors
    /// It does not.
    pub async fn fails(&self, fault: &Fault) -> Result<(), Flaw> {
        let body = Bytes::from(json!(fault).to_string());
        let answer = self.wire.raw(Method::PUT, &format!("{}/fault", self.control), &JSON, body).await?;
        if answer.status == 204 { Ok(()) } else { Err(Flaw::NotRun("it does not fail as it is told".to_owned())) }
    }

    /// How many it has of one resource of a transfer (`Type/id` at the sender), known by the receiver's id of it.
    ///
    /// # Errors
    /// It does not say.
    pub async fn count(&self, transfer: &str, name: &str) -> Result<usize, Flaw> {
        Ok(self.found(transfer, name).await?.len())
    }

    /// Waits until it has the Composition.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_stored(&self, transfer: &str, composition: &str) -> Result<(), Flaw> {
        let began = Instant::now();
        while self.count(transfer, &format!("Composition/{composition}")).await? == 0 {
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken("the handoff is not in the record system".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// What differs between what was pushed and what stands in it: every resource once, and each as it was but for ids,
    /// identifiers that came with storing, and what a document is in. Empty when nothing does. `patient`: the id of its Patient.
    ///
    /// # Errors
    /// It does not say.
    pub async fn differences(&self, transfer: &str, pushed: &Value, patient: &str) -> Result<Vec<String>, Flaw> {
        let pushed = by_name(pushed);
        let (mut stored, mut names) = (BTreeMap::new(), BTreeMap::new());
        let mut all = Vec::new();
        for name in pushed.keys() {
            if name.starts_with("Patient/") {
                names.insert(format!("Patient/{patient}"), name.clone());
            }
            // A Medication of STU3 has no identifier; what refers to it leads to it.
            if ["Patient/", "Binary/", "Medication/"].iter().any(|kind| name.starts_with(kind)) {
                continue;
            }
            let found = self.found(transfer, name).await?;
            let [one] = found.as_slice() else {
                all.push(format!("{name} is there {} times", found.len()));
                continue;
            };
            let kind = name.split('/').next().unwrap_or_default();
            names.insert(format!("{kind}/{}", one["id"].as_str().unwrap_or_default()), name.clone());
            stored.insert(name.clone(), one.clone());
        }
        for (name, mut one) in stored {
            let was = &pushed[&name];
            restore(&mut one, was, &names, &pushed);
            // A reference that leads to a Medication, or away, is compared by where it led.
            if one != *was && !only_away(&one, was) {
                all.push(format!("{name} is not what it was"));
            }
        }
        Ok(all)
    }

    async fn found(&self, transfer: &str, name: &str) -> Result<Vec<Value>, Flaw> {
        let kind = name.split('/').next().unwrap_or_default();
        let part = |from: usize, to: usize| transfer.get(from..to).unwrap_or_default();
        let urn = format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        self.search(kind, &format!("urn:ietf:rfc:3986|{urn}#{name}")).await
    }

    async fn search(&self, kind: &str, token: &str) -> Result<Vec<Value>, Flaw> {
        let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let answer = self.wire.get(&format!("{}/{kind}?identifier={token}", self.base)).await?;
        let bundle = answer.json().filter(|_| answer.status == 200);
        let bundle = bundle.ok_or_else(|| Flaw::Broken(format!("the record system answers {}", answer.status)))?;
        let entries = bundle["entry"].as_array().into_iter().flatten();
        Ok(entries.map(|entry| entry["resource"].clone()).collect())
    }
}

/// Takes away what came with storing, and puts the sender's ids back.
fn restore(one: &mut Value, was: &Value, names: &BTreeMap<String, String>, pushed: &BTreeMap<String, Value>) {
    one["id"] = was["id"].clone();
    match &was["meta"] {
        Value::Null => drop(one.as_object_mut().and_then(|one| one.remove("meta"))),
        meta => one["meta"] = meta.clone(),
    }
    for added in ["identifier", "relatesTo"] {
        match &was[added] {
            Value::Null => drop(one.as_object_mut().and_then(|one| one.remove(added))),
            // One that had identifiers keeps them behind those that came with storing.
            Value::Array(had) if one[added].as_array().is_some_and(|now| now.ends_with(had)) => {
                one[added] = was[added].clone();
            }
            had if added == "identifier" && had.is_object() => one[added] = had.clone(),
            _ => {}
        }
    }
    for named in ["patient", "subject"] {
        if ["Device", "Specimen"].iter().any(|kind| was["resourceType"] == *kind) && was[named].is_null() {
            drop(one.as_object_mut().and_then(|one| one.remove(named)));
        }
    }
    rename(one, was, names, pushed);
}

fn rename(one: &mut Value, was: &Value, names: &BTreeMap<String, String>, pushed: &BTreeMap<String, Value>) {
    if let Some(name) = one["reference"].as_str().and_then(|reference| names.get(reference)) {
        one["reference"] = json!(name);
        if was["identifier"].is_null() {
            drop(one.as_object_mut().and_then(|one| one.remove("identifier")));
        }
    }
    let document = was["url"].as_str().filter(|url| url.starts_with("Binary/")).and_then(|url| pushed.get(url));
    if let Some(document) = document.filter(|document| one["data"] == document["content"]) {
        drop(one.as_object_mut().and_then(|one| one.remove("data")));
        one["url"] = was["url"].clone();
        if was["contentType"].is_null() && one["contentType"] == document["contentType"] {
            drop(one.as_object_mut().and_then(|one| one.remove("contentType")));
        }
    }
    match one {
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(at, item)| rename(item, &was[at], names, pushed));
        }
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, member)| rename(member, &was[name.as_str()], names, pushed));
        }
        _ => {}
    }
}

/// Whether the two differ in references alone that lead out of the handoff: there to the full address of the same.
fn only_away(one: &Value, was: &Value) -> bool {
    match (one, was) {
        (Value::Object(one), Value::Object(was)) => {
            one.len() == was.len()
                && one.iter().all(|(name, member)| {
                    let before = &was.get(name).cloned().unwrap_or_default();
                    let away = || match (member.as_str(), before.as_str()) {
                        (Some(now), Some(before)) => {
                            name == "reference"
                                && (now.ends_with(&format!("/{before}"))
                                    || now.starts_with("Medication/") && before.starts_with("Medication/"))
                        }
                        _ => false,
                    };
                    member == before || away() || only_away(member, before)
                })
        }
        (Value::Array(one), Value::Array(was)) => {
            one.len() == was.len() && one.iter().zip(was).all(|(one, was)| one == was || only_away(one, was))
        }
        _ => false,
    }
}
