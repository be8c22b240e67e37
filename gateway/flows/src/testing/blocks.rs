//! Invented building blocks of medication, written shortly: what a case is about stands in it, and nothing else.

mod older;

use fhir::Resource;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::resource;

/// Noon of the day that the cases call today.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 +1);

/// So many days from today, at this clock time.
pub fn on(day: i64, clock: &str) -> String {
    let date = (NOW + Duration::days(day)).date();
    format!("{date}T{clock}:00+01:00")
}

/// A block under construction.
#[derive(Clone, Debug)]
pub struct Block {
    kind: &'static str,
    id: String,
    treatment: Option<String>,
    period: Option<(Option<i64>, Option<i64>)>,
    duration: Option<(u32, &'static str)>,
    condition: Option<&'static str>,
    registered: Option<(i64, &'static str)>,
    stop: Option<&'static str>,
    copy: bool,
    prior: Option<String>,
    basis: Option<(&'static str, String)>,
    author: Option<&'static str>,
    status: &'static str,
    /// System and code.
    product: Vec<(&'static str, &'static str)>,
    called: Option<&'static str>,
    noted: Option<&'static str>,
    text: Option<String>,
    updated: Option<&'static str>,
    without_id: bool,
    subject: &'static str,
    older: bool,
}

/// A block of a kind (`MA`, `TA`, `WDS`, `MGB`, `VV`, `MVE`, `MTD`) in treatment `t`.
pub fn block(kind: &'static str, id: &str) -> Block {
    Block {
        kind,
        id: id.to_owned(),
        treatment: Some("t".to_owned()),
        period: None,
        duration: None,
        condition: None,
        registered: None,
        stop: None,
        copy: false,
        prior: None,
        basis: None,
        author: None,
        status: "unknown",
        product: Vec::new(),
        called: None,
        noted: None,
        text: None,
        updated: None,
        without_id: false,
        subject: "1",
        older: false,
    }
}

impl Block {
    #[must_use]
    pub fn treatment(mut self, id: Option<&str>) -> Self {
        self.treatment = id.map(str::to_owned);
        self
    }
    /// From the begin of one day to the end of another.
    #[must_use]
    pub fn days(mut self, start: i64, end: Option<i64>) -> Self {
        self.period = Some((Some(start), end));
        if self.registered.is_none() {
            self.registered = Some((start, "08:00"));
        }
        self
    }
    #[must_use]
    pub fn until(mut self, end: i64) -> Self {
        self.period = Some((None, Some(end)));
        self
    }
    #[must_use]
    pub fn lasting(mut self, amount: u32, unit: &'static str) -> Self {
        self.duration = Some((amount, unit));
        self
    }
    #[must_use]
    pub fn condition(mut self, text: &'static str) -> Self {
        self.condition = Some(text);
        self
    }
    #[must_use]
    pub fn at(mut self, day: i64, clock: &'static str) -> Self {
        self.registered = Some((day, clock));
        self
    }
    #[must_use]
    pub fn unregistered(mut self) -> Self {
        self.registered = None;
        self
    }
    /// `definitive`, `interrupted`, `cancelled`, or a code.
    #[must_use]
    pub fn stop(mut self, kind: &'static str) -> Self {
        self.stop = Some(match kind {
            "definitive" => "410546004",
            "interrupted" => "385655000",
            "cancelled" => "89925002",
            code => code,
        });
        self
    }
    #[must_use]
    pub fn copy(mut self) -> Self {
        self.copy = true;
        self
    }
    #[must_use]
    pub fn prior(mut self, id: &str) -> Self {
        self.prior = Some(id.to_owned());
        self
    }
    #[must_use]
    pub fn rests_on(mut self, kind: &'static str, id: &str) -> Self {
        self.basis = Some((kind, id.to_owned()));
        self
    }
    /// `Patient` or `PractitionerRole`.
    #[must_use]
    pub fn author(mut self, kind: &'static str) -> Self {
        self.author = Some(kind);
        self
    }
    #[must_use]
    pub fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }
    #[must_use]
    pub fn prk(self, code: &'static str) -> Self {
        self.coded("urn:oid:2.16.840.1.113883.2.4.4.10", code)
    }
    /// A code of the product in any system; several stand beside each other.
    #[must_use]
    pub fn coded(mut self, system: &'static str, code: &'static str) -> Self {
        self.product.push((system, code));
        self
    }
    /// What its author wrote with it.
    #[must_use]
    pub fn noted(mut self, text: &'static str) -> Self {
        self.noted = Some(text);
        self
    }
    /// What the product is called; after its treatment when nothing is said.
    #[must_use]
    pub fn called(mut self, name: &'static str) -> Self {
        self.called = Some(name);
        self
    }
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }
    #[must_use]
    pub fn updated(mut self, moment: &'static str) -> Self {
        self.updated = Some(moment);
        self
    }
    /// The id of the Patient that it is about; 1 when nothing is said.
    #[must_use]
    pub fn about(mut self, patient: &'static str) -> Self {
        self.subject = patient;
        self
    }
    #[must_use]
    pub fn without_id(mut self) -> Self {
        self.without_id = true;
        self
    }

    pub fn build(&self) -> Resource {
        resource(&self.json())
    }

    /// The resource as JSON.
    pub fn json(&self) -> String {
        if self.older {
            return self.older_json();
        }
        let (resource_type, category) = match self.kind {
            "MA" => ("MedicationRequest", "33633005"),
            "WDS" => ("MedicationRequest", "395067002"),
            "VV" => ("MedicationRequest", "52711000146108"),
            "TA" => ("MedicationDispense", "422037009"),
            "MVE" => ("MedicationDispense", "373784005"),
            "MGB" => ("MedicationStatement", "422979000"),
            "MTD" => ("MedicationAdministration", "18629005"),
            other => panic!("{other}"),
        };
        let coding = format!(r#"{{"coding":[{{"system":"http://snomed.info/sct","code":"{category}"}}]}}"#);
        // One category in two of the types, a list in the other.
        let category = if resource_type == "MedicationRequest" { format!("[{coding}]") } else { coding };
        let mut parts = vec![
            format!(r#""resourceType":"{resource_type}","id":"r-{}","status":"{}""#, self.id.trim(), self.status),
            format!(r#""category":{category},"subject":{{"reference":"Patient/{}"}}"#, self.subject),
        ];
        if let Some(updated) = self.updated {
            parts.push(format!(r#""meta":{{"lastUpdated":"{updated}"}}"#));
        }
        if let Some(text) = self.noted {
            parts.push(format!(r#""note":[{{"text":"{text}"}}]"#));
        }
        if !self.without_id {
            parts.push(format!(r#""identifier":[{{"system":"urn:oid:1.{}","value":"{}"}}]"#, self.kind, self.id));
        }
        let url = |name: &str| format!("http://nictiz.nl/fhir/StructureDefinition/{name}");
        let mut extensions = Vec::new();
        let mut modifiers = Vec::new();
        if let Some(id) = &self.treatment {
            extensions.push(format!(
                r#"{{"url":"{}","valueIdentifier":{{"system":"urn:oid:1.0","value":"{id}"}}}}"#,
                url("ext-PharmaceuticalTreatment.Identifier")
            ));
        }
        if let Some(text) = &self.text {
            extensions.push(format!(r#"{{"url":"{}","valueString":"{text}"}}"#, url("ext-RenderedDosageInstruction")));
        }
        if let Some(period) = self.period_text(&url) {
            match self.kind {
                "MGB" => parts.push(format!(r#""effectivePeriod":{period}"#)),
                "MVE" => parts.push(format!(r#""whenHandedOver":"{}""#, on(self.period.unwrap().0.unwrap(), "10:00"))),
                "MTD" => {
                    parts.push(format!(r#""effectiveDateTime":"{}""#, on(self.period.unwrap().0.unwrap(), "10:00")))
                }
                _ => {
                    extensions.push(format!(r#"{{"url":"{}","valuePeriod":{period}}}"#, url("ext-TimeInterval.Period")))
                }
            }
        }
        if let Some((day, clock)) = self.registered {
            let moment = on(day, clock);
            match self.kind {
                "MGB" => parts.push(format!(r#""dateAsserted":"{moment}""#)),
                "VV" => parts.push(format!(r#""authoredOn":"{moment}""#)),
                _ => extensions
                    .push(format!(r#"{{"url":"{}","valueDateTime":"{moment}"}}"#, url("ext-RegistrationDateTime"))),
            }
        }
        if let Some(code) = self.stop {
            modifiers.push(format!(
                r#"{{"url":"{}","valueCodeableConcept":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}"}}]}}}}"#,
                url("ext-StopType")
            ));
        }
        match self.kind {
            "MA" if self.copy => parts.push(r#""reportedBoolean":true"#.to_owned()),
            "TA" | "MGB" if self.copy => {
                extensions.push(format!(r#"{{"url":"{}","valueBoolean":true}}"#, url("ext-CopyIndicator")))
            }
            _ => {}
        }
        let to = |kind: &str, id: &str| format!(r#"{{"identifier":{{"system":"urn:oid:1.{kind}","value":"{id}"}}}}"#);
        if let Some(prior) = &self.prior {
            match self.kind {
                "TA" => extensions.push(format!(
                    r#"{{"url":"{}","valueReference":{}}}"#,
                    url("ext-RelationAdministrationAgreement"),
                    to("TA", prior)
                )),
                kind => parts.push(format!(r#""priorPrescription":{}"#, to(kind, prior))),
            }
        }
        if let Some((kind, id)) = &self.basis {
            let name = match self.kind {
                "TA" | "MVE" => "authorizingPrescription",
                "MGB" => "derivedFrom",
                "MTD" => "supportingInformation",
                _ => "basedOn",
            };
            parts.push(format!(r#""{name}":[{}]"#, to(kind, id)));
        }
        if let Some(kind) = self.author {
            extensions.push(format!(
                r#"{{"url":"{}","valueReference":{{"reference":"{kind}/p","type":"{kind}"}}}}"#,
                url("ext-MedicationUse2.Author")
            ));
        }
        parts.push(self.product_text());
        if !extensions.is_empty() {
            parts.push(format!(r#""extension":[{}]"#, extensions.join(",")));
        }
        if !modifiers.is_empty() {
            parts.push(format!(r#""modifierExtension":[{}]"#, modifiers.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }

    fn product_text(&self) -> String {
        let coding = |(system, code): &(&str, &str)| format!(r#"{{"system":"{system}","code":"{code}"}}"#);
        let codings = self.product.iter().map(coding).collect::<Vec<_>>().join(",");
        let codings = if codings.is_empty() { String::new() } else { format!(r#""coding":[{codings}],"#) };
        let treatment = self.treatment.as_deref().unwrap_or("nobody");
        let name = self.called.map_or_else(|| format!("product of {treatment}"), str::to_owned);
        format!(r#""medicationCodeableConcept":{{{codings}"text":"{name}"}}"#)
    }

    fn period_text(&self, url: &dyn Fn(&str) -> String) -> Option<String> {
        if self.period.is_none() && self.condition.is_none() {
            return None;
        }
        let mut parts = Vec::new();
        if let Some((start, end)) = self.period {
            parts.extend(start.map(|day| format!(r#""start":"{}""#, on(day, "00:00"))));
            parts.extend(end.map(|day| format!(r#""end":"{}""#, on(day, "23:59").replace(":00+", ":59+"))));
        }
        let mut extensions = Vec::new();
        if let Some((amount, unit)) = self.duration {
            extensions.push(format!(
                r#"{{"url":"{}","valueDuration":{{"value":{amount},"system":"http://unitsofmeasure.org","code":"{unit}"}}}}"#,
                url("ext-TimeInterval.Duration")
            ));
        }
        if let Some(text) = self.condition {
            extensions.push(format!(r#"{{"url":"{}","valueString":"{text}"}}"#, url("ext-PeriodOfUse.Condition")));
        }
        if !extensions.is_empty() {
            parts.push(format!(r#""extension":[{}]"#, extensions.join(",")));
        }
        Some(format!("{{{}}}", parts.join(",")))
    }
}
