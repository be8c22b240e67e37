//! The same blocks as MP 9.0.7 writes them in STU3 (zib release 2017): other categories and extensions, the same identifiers.

use super::{Block, on};

/// Stop types of 9.0.7.
const STOPS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.2.1";

impl Block {
    /// As an older system writes it. It knows no dosing regimen, no cancelling, no copy and no relation between administration
    /// agreements.
    #[must_use]
    pub fn older(mut self) -> Self {
        self.older = true;
        self
    }

    /// The resource as JSON.
    pub(super) fn older_json(&self) -> String {
        let snomed = |code: &str| ("http://snomed.info/sct".to_owned(), code.to_owned());
        let (resource_type, (system, code)) = match self.kind {
            "MA" => ("MedicationRequest", snomed("16076005")),
            "VV" => ("MedicationRequest", snomed("52711000146108")),
            "TA" => ("MedicationDispense", snomed("422037009")),
            "MVE" => ("MedicationDispense", snomed("373784005")),
            "MGB" => ("MedicationStatement", ("urn:oid:2.16.840.1.113883.2.4.3.11.60.20.77.5.3".into(), "6".into())),
            "MTD" => ("MedicationAdministration", snomed("18629005")),
            other => panic!("{other} is no block of 9.0.7"),
        };
        let mut parts = vec![
            format!(r#""resourceType":"{resource_type}","id":"r-{}","status":"active""#, self.id.trim()),
            format!(r#""category":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#),
            format!(r#""subject":{{"reference":"Patient/{}"}}"#, self.subject),
            format!(r#""identifier":[{{"system":"urn:oid:1.{}","value":"{}"}}]"#, self.kind, self.id),
        ];
        let url = |name: &str| format!("http://nictiz.nl/fhir/StructureDefinition/{name}");
        let mut extensions = Vec::new();
        if let Some(id) = &self.treatment {
            let id = format!(r#"{{"system":"urn:oid:1.0","value":"{id}"}}"#);
            let url = url("zib-Medication-MedicationTreatment");
            extensions.push(format!(r#"{{"url":"{url}","valueIdentifier":{id}}}"#));
        }
        if let Some(text) = &self.text {
            let name = if self.kind == "MGB" { "dosage" } else { "dosageInstruction" };
            parts.push(format!(r#""{name}":[{{"text":"{text}"}}]"#));
        }
        if let Some(period) = self.period_text(&url) {
            let handed = || on(self.period.unwrap().0.unwrap(), "10:00");
            match self.kind {
                "MGB" => parts.push(format!(r#""effectivePeriod":{period}"#)),
                "MVE" => parts.push(format!(r#""whenHandedOver":"{}""#, handed())),
                "MTD" => parts.push(format!(r#""effectiveDateTime":"{}""#, handed())),
                _ => {
                    let url = url("zib-Medication-PeriodOfUse");
                    extensions.push(format!(r#"{{"url":"{url}","valuePeriod":{period}}}"#));
                }
            }
        }
        if let Some((day, clock)) = self.registered {
            let moment = on(day, clock);
            match self.kind {
                "MGB" => parts.push(format!(r#""dateAsserted":"{moment}""#)),
                "MA" | "VV" => parts.push(format!(r#""authoredOn":"{moment}""#)),
                "TA" => {
                    let url = url("zib-AdministrationAgreement-AuthoredOn");
                    extensions.push(format!(r#"{{"url":"{url}","valueDateTime":"{moment}"}}"#));
                }
                _ => {}
            }
        }
        if let Some(code) = self.stop {
            let code = if code == "385655000" { "1" } else { "2" };
            let concept = format!(r#"{{"coding":[{{"system":"{STOPS}","code":"{code}"}}]}}"#);
            let url = url("zib-Medication-StopType");
            parts.push(format!(r#""modifierExtension":[{{"url":"{url}","valueCodeableConcept":{concept}}}]"#));
        }
        let to = |kind: &str, id: &str| format!(r#"{{"identifier":{{"system":"urn:oid:1.{kind}","value":"{id}"}}}}"#);
        if let Some(prior) = self.prior.as_ref().filter(|_| self.kind == "MA") {
            let url = url("zib-MedicationAgreement-BasedOnAgreementOrUse");
            extensions.push(format!(r#"{{"url":"{url}","valueReference":{}}}"#, to("MA", prior)));
        }
        if let Some((kind, id)) = &self.basis {
            let name = if self.kind == "MGB" { "derivedFrom" } else { "authorizingPrescription" };
            parts.push(format!(r#""{name}":[{}]"#, to(kind, id)));
        }
        if self.kind == "MGB" {
            parts.push(r#""taken":"y""#.to_owned());
            extensions.extend(self.author.map(|kind| {
                let author = format!(r#"{{"reference":"{kind}/p"}}"#);
                format!(r#"{{"url":"{}","valueReference":{author}}}"#, url("zib-MedicationUse-Author"))
            }));
        }
        parts.push(self.product_text());
        if !extensions.is_empty() {
            parts.push(format!(r#""extension":[{}]"#, extensions.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }
}
