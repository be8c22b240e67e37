//! A provider's chart of one patient (dossier), while a story is written into it.
//!
//! The stories say what happened; the chart takes care of ids, references and authors. How
//! each building block looks as a resource is `zib`'s business.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::person::Person;
use super::providers::{Practitioner, Provider, STAFF};
use super::zib::reference;

/// The chart.
pub struct Chart {
    pub(super) provider: &'static Provider,
    pub(super) person: &'static Person,
    /// The provider's own number for the patient: the Patient's id and the start of all others.
    number: &'static str,
    author: Option<&'static Practitioner>,
    written_by: BTreeSet<&'static str>,
    counts: BTreeMap<&'static str, usize>,
    resources: Vec<Value>,
}

/// A resource that was just written down, to say more about.
pub struct Entry<'c> {
    chart: &'c mut Chart,
    at: usize,
}

/// A finished entry, to refer to from another.
#[derive(Clone, Debug)]
pub struct Link(pub(super) Value);

impl Chart {
    /// An empty chart with the patient in it.
    pub fn open(provider: &'static Provider, person: &'static Person, number: &'static str) -> Self {
        let mut chart = Chart {
            provider,
            person,
            number,
            author: None,
            written_by: BTreeSet::new(),
            counts: BTreeMap::new(),
            resources: Vec::new(),
        };
        let patient = person.resource(provider, number);
        chart.resources.push(patient);
        chart
    }

    /// From here on this person writes. An unknown id leaves the chart without an author,
    /// which the tests do not let pass.
    pub fn by(&mut self, id: &str) -> &mut Self {
        self.author = STAFF.iter().find(|who| who.id == id && who.provider == self.provider.key);
        self.written_by.extend(self.author.map(|who| who.id));
        self
    }

    /// The people who wrote in it: they treat this patient.
    pub fn written_by(&self) -> &BTreeSet<&'static str> {
        &self.written_by
    }

    pub fn into_resources(self) -> Vec<Value> {
        self.resources
    }

    /// A reference to the patient.
    pub(super) fn patient(&self) -> Value {
        reference("Patient", self.number, &self.person.display_name())
    }

    /// A reference to who writes, or to the organisation as a whole.
    pub(super) fn author(&self) -> Value {
        self.author.map_or_else(|| self.provider.link(), Practitioner::link)
    }

    /// An identifier that this provider gave out.
    pub(super) fn own_identifier(&self, what: &str, id: &str) -> Value {
        json!({"system": format!("{}/{what}", self.provider.own_system), "value": id})
    }

    /// Writes a resource down under the next id of its sort: `<number>-<sort>-<n>`.
    pub(super) fn write(&mut self, sort: &'static str, mut resource: Value) -> Entry<'_> {
        let count = self.counts.entry(sort).or_default();
        *count += 1;
        if let Some(elements) = resource.as_object_mut() {
            // The second element, where a reader of the files looks for it.
            elements.shift_insert(1, "id".to_owned(), json!(format!("{}-{sort}-{count}", self.number)));
        }
        self.resources.push(resource);
        let at = self.resources.len() - 1;
        Entry { chart: self, at }
    }

    pub(super) fn number(&self) -> &str {
        self.number
    }

    /// How many resources of this type there are already.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.resources.iter().filter(|resource| resource["resourceType"] == kind).count()
    }

    /// The resource of this type for which `holds`, if it was written down before.
    pub(super) fn find(&self, kind: &str, holds: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.resources.iter().find(|resource| resource["resourceType"] == kind && holds(resource))
    }
}

impl Entry<'_> {
    pub(super) fn resource(&mut self) -> &mut Value {
        &mut self.chart.resources[self.at]
    }

    pub(super) fn kind(&self) -> &str {
        self.chart.resources[self.at]["resourceType"].as_str().unwrap_or_default()
    }

    /// Sets an element.
    pub(super) fn set(mut self, name: &str, value: Value) -> Self {
        self.resource()[name] = value;
        self
    }

    /// Adds to a list.
    pub(super) fn push(mut self, name: &str, value: Value) -> Self {
        match self.resource()[name].as_array_mut() {
            Some(list) => list.push(value),
            None => self.resource()[name] = json!([value]),
        }
        self
    }

    /// Free text, where this type of resource has room for it.
    pub fn note(self, text: &str) -> Self {
        match self.kind() {
            "Consent" | "Flag" => self.push(
                "extension",
                json!({
                    "url": "http://nictiz.nl/fhir/StructureDefinition/ext-Comment", "valueString": text
                }),
            ),
            "Encounter" => self.push("reasonCode", json!({"text": text})),
            _ => self.push("note", json!({"text": text})),
        }
    }

    /// To refer to this entry later; `display` is what is read there.
    pub fn link(self, display: &str) -> Link {
        let resource = &self.chart.resources[self.at];
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        Link(reference(text("resourceType"), text("id"), display))
    }
}
