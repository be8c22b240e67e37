//! Codes held against the value sets they are bound to.

use fhir::json::Value;

use super::membership::Told;
use super::references::text;
use super::walk::{Item, Mark, Walk};
use crate::finding::{FindingCode, Severity};
use crate::profile::BindingStrength;

impl<'d> Walk<'_, 'd> {
    /// Checks the codes of an occurrence: with a required binding a code outside the value set is an error, with an
    /// extensible one a warning, otherwise nothing is asked (FHIR terminologies.html, "Binding Strengths").
    pub(super) fn coded(&mut self, item: &Item<'d>, mark: Option<&Mark>, canonical: &str, strength: BindingStrength) {
        let (severity, how) = match strength {
            BindingStrength::Required => (Severity::Error, "required"),
            BindingStrength::Extensible => (Severity::Warning, "extensible"),
            BindingStrength::Preferred | BindingStrength::Example => return,
        };
        let Some(value) = item.value else { return };
        let Some(codes) = codes(item.child.type_name, value) else { return };
        if codes.is_empty() {
            // A concept in words only is what an extensible binding leaves room for.
            let is_known = self.validator.set(self.version, canonical).is_some();
            if is_known && strength == BindingStrength::Required && item.child.type_name == "CodeableConcept" {
                let message = format!("has no code, and one of the value set {canonical} is required");
                self.add(severity, FindingCode::Code, mark, message);
            }
            return;
        }
        let told = self.in_set(&codes, canonical);
        match told {
            Told::Yes => {}
            Told::No => {
                let message = format!("has no code of the value set {canonical} ({how})");
                self.add(severity, FindingCode::Code, mark, message);
            }
            Told::Unknown => {
                self.not_checked(mark, format!("value set {canonical} cannot be expanded from what is at hand"))
            }
        }
    }

    /// Whether one of the codes is in the value set.
    pub(super) fn in_set(&self, codes: &[Code], canonical: &str) -> Told {
        let Some(set) = self.validator.set(self.version, canonical) else { return Told::Unknown };
        let mut told = Told::No;
        for (system, code) in codes {
            match set.has(system.as_deref(), code) {
                Told::Yes => return Told::Yes,
                Told::Unknown => told = Told::Unknown,
                Told::No => {}
            }
        }
        told
    }
}

/// A system, when the type has one, and a code.
pub(super) type Code = (Option<String>, String);

/// The codes of a value of this type; `None` for types without codes.
pub(super) fn codes(type_name: &str, value: Value<'_>) -> Option<Vec<Code>> {
    let of = |coding: Value<'_>| Some((Some(text(coding, "system").unwrap_or_default()), text(coding, "code")?));
    match type_name {
        "CodeableConcept" => {
            Some(value.get("coding").into_iter().flat_map(|list| list.each()).filter_map(of).collect())
        }
        "Coding" | "Quantity" | "Age" | "Count" | "Distance" | "Duration" => Some(of(value).into_iter().collect()),
        "code" | "string" | "uri" => Some(value.as_text().map(|code| (None, code.into_owned())).into_iter().collect()),
        _ => None,
    }
}
