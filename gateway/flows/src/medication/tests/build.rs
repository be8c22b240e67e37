//! Invented blocks, written shortly: what a case is about stands in it, and nothing else.

use fhir::Resource;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::medication::{Because, Moment, Received, Treatments, Windows, treatments};
use crate::testing::resource;

/// Noon of the day that the cases call today.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 +1);

/// So many days from today, at this clock time.
pub fn on(day: i64, clock: &str) -> String {
    let date = (NOW + Duration::days(day)).date();
    format!("{date}T{clock}:00+01:00")
}

/// A block under construction.
#[derive(Clone, Debug)]
pub struct B {
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
    prk: Option<&'static str>,
    text: Option<String>,
    updated: Option<&'static str>,
    without_id: bool,
}

/// A block of a kind (`MA`, `TA`, `WDS`, `MGB`, `VV`, `MVE`, `MTD`) in treatment `t`.
pub fn b(kind: &'static str, id: &str) -> B {
    B {
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
        prk: None,
        text: None,
        updated: None,
        without_id: false,
    }
}

impl B {
    pub fn treatment(mut self, id: Option<&str>) -> Self {
        self.treatment = id.map(str::to_owned);
        self
    }
    /// From the begin of one day to the end of another.
    pub fn days(mut self, start: i64, end: Option<i64>) -> Self {
        self.period = Some((Some(start), end));
        if self.registered.is_none() {
            self.registered = Some((start, "08:00"));
        }
        self
    }
    pub fn until(mut self, end: i64) -> Self {
        self.period = Some((None, Some(end)));
        self
    }
    pub fn lasting(mut self, amount: u32, unit: &'static str) -> Self {
        self.duration = Some((amount, unit));
        self
    }
    pub fn condition(mut self, text: &'static str) -> Self {
        self.condition = Some(text);
        self
    }
    pub fn at(mut self, day: i64, clock: &'static str) -> Self {
        self.registered = Some((day, clock));
        self
    }
    pub fn unregistered(mut self) -> Self {
        self.registered = None;
        self
    }
    /// `definitive`, `interrupted`, `cancelled`, or a code.
    pub fn stop(mut self, kind: &'static str) -> Self {
        self.stop = Some(match kind {
            "definitive" => "410546004",
            "interrupted" => "385655000",
            "cancelled" => "89925002",
            code => code,
        });
        self
    }
    pub fn copy(mut self) -> Self {
        self.copy = true;
        self
    }
    pub fn prior(mut self, id: &str) -> Self {
        self.prior = Some(id.to_owned());
        self
    }
    pub fn rests_on(mut self, kind: &'static str, id: &str) -> Self {
        self.basis = Some((kind, id.to_owned()));
        self
    }
    /// `Patient` or `PractitionerRole`.
    pub fn author(mut self, kind: &'static str) -> Self {
        self.author = Some(kind);
        self
    }
    pub fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }
    pub fn prk(mut self, code: &'static str) -> Self {
        self.prk = Some(code);
        self
    }
    pub fn text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }
    pub fn updated(mut self, moment: &'static str) -> Self {
        self.updated = Some(moment);
        self
    }
    pub fn without_id(mut self) -> Self {
        self.without_id = true;
        self
    }

    pub fn build(&self) -> Resource {
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
            format!(r#""category":{category}"#),
        ];
        if let Some(updated) = self.updated {
            parts.push(format!(r#""meta":{{"lastUpdated":"{updated}"}}"#));
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
        let coding = self
            .prk
            .map(|code| format!(r#""coding":[{{"system":"urn:oid:2.16.840.1.113883.2.4.4.10","code":"{code}"}}],"#));
        parts.push(format!(
            r#""medicationCodeableConcept":{{{}"text":"product of {}"}}"#,
            coding.unwrap_or_default(),
            self.treatment.as_deref().unwrap_or("nobody")
        ));
        if !extensions.is_empty() {
            parts.push(format!(r#""extension":[{}]"#, extensions.join(",")));
        }
        if !modifiers.is_empty() {
            parts.push(format!(r#""modifierExtension":[{}]"#, modifiers.join(",")));
        }
        resource(&format!("{{{}}}", parts.join(",")))
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

/// The overview of blocks from one source.
pub fn overview(blocks: &[B]) -> Treatments {
    of_sources(&blocks.iter().map(|block| (0, block.clone())).collect::<Vec<_>>(), false)
}

/// The overview of blocks from several sources, of which one is missing or none.
pub fn of_sources(blocks: &[(usize, B)], missing: bool) -> Treatments {
    at(blocks, missing, NOW, Windows::default())
}

pub fn at(blocks: &[(usize, B)], missing: bool, now: OffsetDateTime, windows: Windows) -> Treatments {
    let resources: Vec<(usize, Resource)> = blocks.iter().map(|(source, block)| (*source, block.build())).collect();
    let received: Vec<Received<'_>> =
        resources.iter().map(|(source, resource)| Received { source: *source, resource }).collect();
    treatments(&received, missing, Moment::from(now), windows)
}

/// `Current: MA1 TA1; Planned: MA2`: the sections with the ids of their lines.
pub fn told(overview: &Treatments) -> String {
    let parts = overview.shown.iter().map(|treatment| {
        let lines = treatment.lines.iter().map(|line| line.said.name.id.as_ref().map_or("-", |id| id.value.as_ref()));
        format!("{:?}: {}", treatment.section, lines.collect::<Vec<_>>().join(" "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// What is said about the line of this id.
pub fn reasons(overview: &Treatments, id: &str) -> Vec<Because> {
    let lines = overview.shown.iter().flat_map(|treatment| &treatment.lines);
    let line = lines.into_iter().find(|line| line.said.name.id.as_ref().is_some_and(|own| own.value == id));
    line.unwrap_or_else(|| panic!("{id} is not on a line: {}", told(overview)))
        .reasons
        .iter()
        .map(|r| r.because)
        .collect()
}

/// Why the block of this id is not shown.
pub fn aside(overview: &Treatments, id: &str) -> Because {
    let found = overview.aside.iter().find(|aside| aside.name.id.as_ref().is_some_and(|own| own.value == id));
    found.unwrap_or_else(|| panic!("{id} is not aside: {}", told(overview))).reason.because
}
