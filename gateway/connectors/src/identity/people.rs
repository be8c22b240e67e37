//! What the provider's people may do, by profession or by number, and for whom they may act (mandaat): configuration.
//!
//! Says nothing of who somebody is: that is proved elsewhere (Dezi, certificate, launch) and comes in as a [`Person`].

use std::sync::Arc;

use policy::{Caller, Organisation, Person, UseCaseId};
use serde::{Deserialize, Serialize};

use super::IdentityFault;
use super::inner_callers::PersonConfig;
use super::sessions::{Mandate, Opening, Way};

/// The UZI role code of whoever has none: what stands on the card of an employee (handbook: generic functions, 1.2.1).
pub const NO_ROLE: &str = "00.000";

/// Use cases for people of these professions, and for these people. Several tables add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightsConfig {
    /// UZI role codes (OID 2.16.840.1.113883.2.4.15.111).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// UZI or Dezi numbers, or the provider's own ids of people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// Whether these people administer the node (beheerder): by number only, and then they may do nothing else here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub administers: bool,
    #[serde(default)]
    pub use_cases: Vec<UseCaseId>,
}

/// Who may act for one professional, and what for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateConfig {
    /// UZI role codes of those who may act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Numbers of those who may act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    pub use_cases: Vec<UseCaseId>,
    /// For whom.
    pub responsible: PersonConfig,
}

/// The configured rights and mandates of this provider's people.
#[derive(Debug)]
pub struct People {
    own: Organisation,
    rights: Vec<RightsConfig>,
    mandates: Vec<MandateConfig>,
    /// Use cases that take no profession.
    without_role: Vec<UseCaseId>,
}

impl People {
    /// `own` is the node's organisation, for which they all act.
    ///
    /// # Errors
    /// A table that is for nobody or opens nothing.
    pub fn new(
        own: Organisation,
        rights: Vec<RightsConfig>,
        mandates: Vec<MandateConfig>,
    ) -> Result<Self, IdentityFault> {
        let listed = rights.iter().map(|one| {
            let use_cases = (!one.administers).then_some(one.use_cases.as_slice());
            ("people", &one.roles, &one.numbers, use_cases)
        });
        let listed = listed
            .chain(mandates.iter().map(|one| ("mandates", &one.roles, &one.numbers, Some(one.use_cases.as_slice()))));
        for one in rights.iter().filter(|one| one.administers) {
            if one.numbers.is_empty() || !one.roles.is_empty() || !one.use_cases.is_empty() {
                let text = "a table of [[people]] that administers names people by number, and gives no use cases";
                return Err(IdentityFault(text.to_owned()));
            }
        }
        let listed = listed.filter(|(.., use_cases)| use_cases.is_some());
        for (table, roles, numbers, use_cases) in listed {
            let use_cases = use_cases.unwrap_or_default();
            if roles.is_empty() && numbers.is_empty() {
                return Err(IdentityFault(format!("a table of [[{table}]] needs roles, numbers or both")));
            }
            if roles.iter().any(|role| role == NO_ROLE) {
                return Err(IdentityFault(format!(
                    "[[{table}]]: {NO_ROLE} is no role; name people without one by number"
                )));
            }
            if roles.iter().chain(numbers).any(String::is_empty) || use_cases.is_empty() {
                return Err(IdentityFault(format!("a table of [[{table}]] has an empty entry, or no use case")));
            }
        }
        for one in &mandates {
            if one.responsible.id.is_empty() || one.responsible.role.is_empty() {
                return Err(IdentityFault("a table of [[mandates]] names nobody who is responsible".to_owned()));
            }
        }
        Ok(People { own, rights, mandates, without_role: Vec::new() })
    }

    /// Whoever has no role may have these use cases in their own name, where they are named by number, and no others: for
    /// everything else they need somebody for whom they act.
    #[must_use]
    pub fn with_use_cases_without_role(self, use_cases: Vec<UseCaseId>) -> Self {
        People { without_role: use_cases, ..self }
    }

    /// Whether somebody administers the node. Whoever does may do nothing else here, whatever else names them: who looks after
    /// the node and its people sees no patient's data and no log.
    pub fn is_administrator(&self, person: &Person) -> bool {
        self.rights.iter().any(|rights| rights.administers && rights.numbers.contains(&person.id))
    }

    /// What somebody may ask for in their own name.
    pub fn use_cases(&self, person: &Person) -> Vec<UseCaseId> {
        let mut found = Vec::new();
        if self.is_administrator(person) {
            return found;
        }
        for rights in self.rights.iter().filter(|rights| fits(person, &rights.roles, &rights.numbers)) {
            for id in &rights.use_cases {
                let fits = person.role != NO_ROLE || self.without_role.contains(id);
                if fits && !found.contains(id) {
                    found.push(id.clone());
                }
            }
        }
        found
    }

    /// For whom somebody may act.
    pub fn mandates(&self, person: &Person) -> Vec<Mandate> {
        if self.is_administrator(person) {
            return Vec::new();
        }
        let fitting = self.mandates.iter().filter(|one| fits(person, &one.roles, &one.numbers));
        fitting
            // Nobody acts for themselves.
            .filter(|one| one.responsible.id != person.id)
            .map(|one| Mandate { responsible: one.responsible.clone().into(), use_cases: one.use_cases.clone() })
            .collect()
    }

    /// A session for somebody who proved who they are; none when there is nothing that they may do here, also for nobody else.
    pub fn opening(&self, person: Person, client_id: &str, way: Way) -> Option<Opening> {
        let (use_cases, mandates) = (self.use_cases(&person), self.mandates(&person));
        let administrator = self.is_administrator(&person);
        if use_cases.is_empty() && mandates.is_empty() && !administrator {
            return None;
        }
        Some(Opening {
            mandates,
            administrator,
            ..Opening::of(Arc::new(self.caller(person, client_id, use_cases)), way)
        })
    }

    /// This person of ours.
    pub(crate) fn caller(&self, person: Person, client_id: &str, use_cases: Vec<UseCaseId>) -> Caller {
        Caller {
            client_id: client_id.to_owned(),
            organisation: self.own.clone(),
            person: Some(person),
            responsible: None,
            use_cases,
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        }
    }

    /// The organisation that these are the people of.
    pub fn organisation(&self) -> &Organisation {
        &self.own
    }
}

fn fits(person: &Person, roles: &[String], numbers: &[String]) -> bool {
    roles.contains(&person.role) || numbers.contains(&person.id)
}

#[cfg(test)]
mod tests {
    use fhir::Ura;
    use serde_json::json;

    use super::*;

    fn people(rights: serde_json::Value, mandates: serde_json::Value) -> Result<People, IdentityFault> {
        let own = Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None };
        People::new(own, serde_json::from_value(rights).unwrap(), serde_json::from_value(mandates).unwrap())
    }

    fn person(id: &str, role: &str) -> Person {
        Person { id: id.to_owned(), name: None, role: role.to_owned() }
    }

    fn names(ids: &[UseCaseId]) -> Vec<&str> {
        ids.iter().map(UseCaseId::as_str).collect()
    }

    #[test]
    fn what_one_may_do_follows_from_profession_and_number_and_adds_up() {
        let rights = json!([
            {"roles": ["01.015", "30.000"], "use_cases": ["overview"]},
            {"numbers": ["900000001"], "use_cases": ["overview", "access-log"]},
        ]);
        let people = people(rights, json!([])).unwrap();
        for (id, role, expected) in [
            ("900000009", "01.015", vec!["overview"]),
            ("900000001", "30.000", vec!["overview", "access-log"]),
            ("900000001", "99.000", vec!["overview", "access-log"]),
            ("900000009", "99.000", vec![]),
            ("01.015", "900000001", vec![]),
        ] {
            let person = person(id, role);
            assert_eq!(names(&people.use_cases(&person)), expected, "{id} {role}");
            let opened = people.opening(person, "dezi", Way::Dezi);
            assert_eq!(opened.is_some(), !expected.is_empty(), "{id} {role}");
        }
    }

    #[test]
    fn a_mandate_alone_lets_in_and_opens_nothing_until_it_is_chosen() {
        let responsible = json!({"id": "doctor", "role": "01.015"});
        let mandates = json!([{"roles": ["30.000"], "use_cases": ["overview"], "responsible": responsible}]);
        let people = people(json!([]), mandates).unwrap();
        let opened = people.opening(person("nurse", "30.000"), "dezi", Way::Dezi).unwrap();
        assert!(opened.caller.use_cases.is_empty() && opened.caller.responsible.is_none());
        assert_eq!(opened.mandates[0].responsible.id, "doctor");
        assert!(people.opening(person("other", "17.000"), "dezi", Way::Dezi).is_none());
        assert!(people.mandates(&person("doctor", "30.000")).is_empty(), "nobody acts for themselves");
    }

    #[test]
    fn whoever_administers_the_node_may_do_nothing_else_whatever_else_names_them() {
        let rights = json!([
            {"numbers": ["900000001"], "administers": true},
            {"roles": ["01.015"], "numbers": ["900000001"], "use_cases": ["overview"]},
        ]);
        let doctor = json!({"id": "doctor", "role": "01.015"});
        let mandates = json!([{"numbers": ["900000001"], "use_cases": ["overview"], "responsible": doctor}]);
        let people = people(rights, mandates).unwrap();
        let opened = people.opening(person("900000001", "01.015"), "dezi", Way::Dezi).unwrap();
        assert!(opened.administrator && opened.caller.use_cases.is_empty() && opened.mandates.is_empty());
        let other = people.opening(person("900000002", "01.015"), "dezi", Way::Dezi).unwrap();
        assert!(!other.administrator && !other.caller.use_cases.is_empty());
    }

    #[test]
    fn whoever_has_no_role_needs_a_mandate_but_for_what_takes_no_profession() {
        let rights = json!([{"numbers": ["900000007"], "use_cases": ["overview", "access-log"]}]);
        let doctor = json!({"id": "doctor", "role": "01.015"});
        let mandates = json!([{"numbers": ["900000008"], "use_cases": ["overview"], "responsible": doctor}]);
        let log = UseCaseId::parse("access-log").unwrap();
        let people = people(rights, mandates).unwrap().with_use_cases_without_role(vec![log]);
        assert_eq!(names(&people.use_cases(&person("900000007", NO_ROLE))), ["access-log"]);
        assert_eq!(names(&people.use_cases(&person("900000007", "01.015"))), ["overview", "access-log"]);
        let opened = people.opening(person("900000008", NO_ROLE), "card", Way::Certificate).unwrap();
        assert!(opened.caller.use_cases.is_empty() && opened.mandates.len() == 1);
        assert!(people.opening(person("900000009", NO_ROLE), "card", Way::Certificate).is_none());
    }

    #[test]
    fn a_table_for_nobody_or_for_nothing_is_refused() {
        let doctor = json!({"id": "doctor", "role": "01.015"});
        for (rights, mandates) in [
            (json!([{"use_cases": ["a"]}]), json!([])),
            (json!([{"roles": ["01.015"], "use_cases": []}]), json!([])),
            (json!([{"roles": [""], "use_cases": ["a"]}]), json!([])),
            (json!([{"roles": [NO_ROLE], "use_cases": ["a"]}]), json!([])),
            (json!([{"administers": true}]), json!([])),
            (json!([{"roles": ["01.015"], "numbers": ["1"], "administers": true}]), json!([])),
            (json!([{"numbers": ["1"], "use_cases": ["a"], "administers": true}]), json!([])),
            (json!([]), json!([{"use_cases": ["a"], "responsible": doctor}])),
            (json!([]), json!([{"numbers": ["1"], "use_cases": ["a"], "responsible": {"id": "", "role": "x"}}])),
        ] {
            assert!(people(rights, mandates).is_err());
        }
    }
}
