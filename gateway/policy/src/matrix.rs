//! The role matrix (autorisatiematrix) of a use case: which role of which kind of organisation may do what with which
//! category of information. There is no national one, so it is the provider's own data beside its policy, `matrix.toml`.
//!
//! It holds at the data holder's gate, below the policy: it never allows what the policy refuses.

use std::collections::{BTreeMap, BTreeSet};

use fhir::Interaction;
use serde::Deserialize;

use crate::capability::{ANY, Capability};
use crate::request::Request;

/// A matrix whose parts fit its use case.
#[derive(Debug)]
pub(crate) struct Matrix {
    /// The category of each type.
    categories: BTreeMap<String, String>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// The types of each category.
    categories: BTreeMap<String, Vec<String>>,
    rows: Vec<Row>,
}

/// Who may do what with which categories.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// UZI role codes (OID 2.16.840.1.113883.2.4.15.111).
    roles: BTreeSet<String>,
    /// Kinds of organisation (OID 2.16.840.1.113883.2.4.15.1060); every kind when left out.
    #[serde(default)]
    organisation_types: BTreeSet<String>,
    categories: BTreeSet<String>,
    /// Codes of interactions; every one that the use case offers when left out.
    #[serde(default)]
    interactions: BTreeSet<String>,
}

/// What one caller may see.
pub(crate) struct Sight<'m> {
    matrix: &'m Matrix,
    rows: Vec<&'m Row>,
}

impl Matrix {
    /// Reads `matrix.toml`. Every type of the use case that can be about a patient has to be in one category: a type that is
    /// forgotten would be withheld from everybody, or shown to them.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn parse(text: &str, capability: &Capability) -> Result<Matrix, String> {
        let fault = |what: String| format!("matrix.toml: {what}");
        let text: Text = toml::from_str(text).map_err(|found| fault(found.message().to_owned()))?;
        let offered: BTreeSet<&str> = capability
            .versions
            .values()
            .flat_map(|version| version.interactions.iter().map(|entry| entry.resource_type.as_str()))
            .collect();
        if offered.contains(ANY) {
            return Err(fault("a use case that offers every type has no matrix".to_owned()));
        }
        let mut categories = BTreeMap::new();
        for (category, types) in &text.categories {
            for kind in types {
                if !offered.contains(kind.as_str()) {
                    return Err(fault(format!("{category}: the use case does not offer {kind}")));
                }
                if categories.insert(kind.clone(), category.clone()).is_some() {
                    return Err(fault(format!("{kind} is in two categories")));
                }
            }
        }
        if let Some(forgotten) = offered.iter().find(|kind| !categories.contains_key(**kind)) {
            return Err(fault(format!("{forgotten} is in no category")));
        }
        for (number, row) in text.rows.iter().enumerate() {
            if row.roles.is_empty() || row.categories.is_empty() {
                return Err(fault(format!("rows[{number}] names no role or no category")));
            }
            if let Some(unknown) = row.categories.iter().find(|name| !text.categories.contains_key(*name)) {
                return Err(fault(format!("rows[{number}]: there is no category {unknown}")));
            }
            let offers = |code: &String| {
                let entries = capability.versions.values().flat_map(|version| &version.interactions);
                entries.into_iter().any(|entry| entry.codes.contains(code))
            };
            if let Some(unknown) = row.interactions.iter().find(|code| !offers(code)) {
                return Err(fault(format!("rows[{number}]: the use case does not offer {unknown}")));
            }
        }
        Ok(Matrix { categories, rows: text.rows })
    }

    /// What the caller of this request may see: nothing, when no person asks or the organisation's kind is not known but
    /// needed.
    pub(crate) fn sight(&self, request: &Request) -> Sight<'_> {
        let role = request.caller.professional().map(|person| person.role.as_str());
        let kind = request.caller.organisation.kind.as_deref();
        let is_for = |row: &&Row| {
            role.is_some_and(|role| row.roles.contains(role))
                && (row.organisation_types.is_empty() || kind.is_some_and(|kind| row.organisation_types.contains(kind)))
        };
        Sight { matrix: self, rows: self.rows.iter().filter(is_for).collect() }
    }
}

impl Sight<'_> {
    /// Whether all that this interaction is about may be had by it.
    pub(crate) fn allows(&self, interaction: &Interaction) -> bool {
        match interaction {
            Interaction::Transaction { entries } => entries.iter().all(|entry| self.allows(entry)),
            _ => {
                let kind = interaction.resource_type();
                kind.is_some_and(|kind| self.shows(kind.name(), interaction.code()))
            }
        }
    }

    /// The types of the use case that may not be had by an interaction of this code.
    pub(crate) fn hidden(&self, code: &str) -> impl Iterator<Item = &str> {
        self.matrix.categories.keys().map(String::as_str).filter(move |kind| !self.shows(kind, code))
    }

    fn shows(&self, kind: &str, code: &str) -> bool {
        let Some(category) = self.matrix.categories.get(kind) else { return false };
        // An operation is offered by its own name and reads.
        let code = if code == "operation" { "search-type" } else { code };
        self.rows.iter().any(|row| {
            row.categories.contains(category) && (row.interactions.is_empty() || row.interactions.contains(code))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{DenialCode, Obligation, Permit};
    use crate::request::Direction;
    use crate::testing::{ONE, RELEASE, all_found, policy, request};
    use crate::use_case::{UseCase, UseCases};
    use crate::{Denial, Person};

    const MATRIX: &str = r#"
        [categories]
        person = ["Patient"]
        problems = ["Condition", "Observation"]
        medication = ["MedicationRequest"]

        [[rows]]
        roles = ["30.000"]
        categories = ["person", "problems"]

        [[rows]]
        roles = ["17.000"]
        organisation_types = ["J8"]
        categories = ["medication", "person"]
        interactions = ["search-type"]
    "#;

    fn load(matrix: &str) -> Result<UseCase, String> {
        let loaded = UseCase::load("one", ONE, &policy("one", "allow := true"), RELEASE, false).unwrap();
        loaded.with_matrix(matrix).map_err(|fault| fault.what)
    }

    fn decided(role: Option<&str>, kind: &str, line: &str, direction: Direction) -> Result<Permit, Denial> {
        let use_cases = UseCases::new(vec![load(MATRIX).unwrap()]);
        let mut asked = Request { direction, ..request(&["one"], line) };
        asked.caller.person = role.map(|role| Person { id: "p".into(), name: None, role: role.into() });
        asked.caller.organisation.kind = Some(kind.into());
        let admitted = use_cases.admissible(asked).unwrap();
        use_cases.decide(&admitted, &all_found())
    }

    #[test]
    fn each_role_sees_its_categories_by_its_interactions_and_nothing_else() {
        for (role, kind, line, allowed) in [
            (Some("30.000"), "X3", "GET Condition?category=a", true),
            (Some("30.000"), "J8", "GET Condition?category=a", true),
            (Some("30.000"), "X3", "GET Condition/c1", true),
            (Some("30.000"), "X3", "GET MedicationRequest", false),
            (Some("17.000"), "J8", "GET MedicationRequest", true),
            (Some("17.000"), "V6", "GET MedicationRequest", false),
            (Some("17.000"), "J8", "GET Condition?category=a", false),
            (Some("01.015"), "X3", "GET Condition?category=a", false),
            (None, "X3", "GET Condition?category=a", false),
        ] {
            let decision = decided(role, kind, line, Direction::Holder);
            assert_eq!(decision.is_ok(), allowed, "{role:?} {kind} {line}");
            if let Err(denial) = decision {
                assert_eq!(denial.code, DenialCode::PolicyDenied);
                assert_eq!(denial.reasons.last().map(|reason| reason.code.as_str()), Some("not-in-matrix"));
            }
            assert!(decided(role, kind, line, Direction::User).is_ok(), "our own people: {role:?} {line}");
        }
    }

    #[test]
    fn what_comes_along_and_may_not_be_seen_is_withheld() {
        let permit = decided(Some("30.000"), "X3", "GET Condition?category=a", Direction::Holder).unwrap();
        let withheld = Obligation::WithholdType { resource_type: "MedicationRequest".to_owned() };
        assert_eq!(permit.obligations(), [withheld]);
        let all = decided(Some("17.000"), "J8", "GET MedicationRequest", Direction::Holder).unwrap();
        assert_eq!(all.obligations().len(), 2, "conditions and observations");
    }

    #[test]
    fn a_matrix_that_does_not_fit_its_use_case_does_not_load() {
        assert!(load(MATRIX).is_ok());
        for (part, replacement, says) in [
            (r#"person = ["Patient"]"#, "", "Patient is in no category"),
            (r#"["Patient"]"#, r#"["Patient", "Claim"]"#, "does not offer Claim"),
            (r#"["Patient"]"#, r#"["Patient", "Condition"]"#, "Condition is in two categories"),
            (r#"["person", "problems"]"#, r#"["person", "labs"]"#, "no category labs"),
            (r#"["30.000"]"#, "[]", "names no role"),
            (r#"["search-type"]"#, r#"["history-type"]"#, "does not offer history-type"),
            ("[[rows]]", "[[row]]", "matrix.toml"),
        ] {
            assert!(MATRIX.contains(part), "{part}");
            let fault = load(&MATRIX.replacen(part, replacement, 1)).unwrap_err();
            assert!(fault.contains(says), "{fault}");
        }
    }

    #[test]
    fn the_matrix_is_part_of_the_version_that_decided() {
        let with = |matrix: &str| load(matrix).unwrap().policy().digest.clone();
        let without = UseCase::load("one", ONE, &policy("one", "allow := true"), RELEASE, false).unwrap();
        assert_ne!(with(MATRIX), without.policy().digest);
        assert_ne!(with(MATRIX), with(&MATRIX.replace("30.000", "30.069")));
    }
}
