//! What a patient wants and does not want (zibs BehandelAanwijzing2, Wilsverklaring).

use serde_json::{Value, json};

use super::super::chart::{Chart, Entry, Link};
use super::super::codes::{Concept, SNOMED, concept};
use super::{coded, hl7, meta};

/// The policy that such a Consent must name (Wgbo).
const POLICY: &str = "https://wetten.overheid.nl/";

/// Kinds of advance directive (WilsverklaringTypeCodelijst).
#[derive(Clone, Copy, Debug)]
pub enum Directive {
    NotToResuscitate,
    TreatmentProhibition,
    Euthanasia,
    Mandate,
}

impl Chart {
    /// BehandelAanwijzing: this treatment is to be given.
    pub fn wants(&mut self, treatment: Concept, agreed_on: &str) -> Entry<'_> {
        self.treatment_directive(treatment, agreed_on, "permit")
    }

    /// BehandelAanwijzing: this treatment is not to be given.
    pub fn does_not_want(&mut self, treatment: Concept, agreed_on: &str) -> Entry<'_> {
        self.treatment_directive(treatment, agreed_on, "deny")
    }

    /// Wilsverklaring: a document that the patient has drawn up.
    pub fn advance_directive(&mut self, kind: Directive, on: &str) -> Entry<'_> {
        let (code, display) = match kind {
            Directive::NotToResuscitate => ("NR", "Niet reanimeren verklaring"),
            Directive::TreatmentProhibition => ("VERB", "Behandelverbod"),
            Directive::Euthanasia => ("EU", "Euthanasieverzoek"),
            Directive::Mandate => ("VOL", "Volmacht"),
        };
        let code = concept("urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.14.1", code, display);
        let resource = json!({
            "resourceType": "Consent",
            "meta": meta("nl-core-AdvanceDirective"),
            "status": "active",
            "scope": hl7("consentscope", "adr", "Advanced Care Directive"),
            "category": [hl7("consentcategorycodes", "acd", "Advance Directive")],
            "patient": self.patient(),
            "dateTime": on,
            "policy": [{"uri": POLICY}],
            "provision": {"code": [coded(code)]},
        });
        self.write("wilsverklaring", resource)
    }

    fn treatment_directive(&mut self, treatment: Concept, on: &str, decision: &str) -> Entry<'_> {
        let resource = json!({
            "resourceType": "Consent",
            "meta": meta("nl-core-TreatmentDirective2"),
            "status": "active",
            "scope": hl7("consentscope", "treatment", "Treatment"),
            "category": [coded(concept(SNOMED, "129125009", "verrichting met expliciete context"))],
            "patient": self.patient(),
            "dateTime": on,
            "policy": [{"uri": POLICY}],
            "provision": {
                "type": decision,
                "actor": [party(self.patient()), party(self.author())],
                "code": [coded(treatment)],
            },
        });
        self.write("behandelaanwijzing", resource)
    }
}

impl Entry<'_> {
    /// Who speaks for the patient when the patient cannot.
    pub fn represented_by(mut self, contact: &Link) -> Self {
        let role = hl7("v3-RoleCode", "RESPRSN", "responsible party");
        self.resource()["provision"]["actor"] = json!([{"role": role, "reference": contact.0}]);
        self
    }
}

/// Someone with whom it was agreed.
fn party(who: Value) -> Value {
    json!({"role": hl7("v3-RoleCode", "CONSENTER", "consenter"), "reference": who})
}
