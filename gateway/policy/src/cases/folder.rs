//! A use case's folder as a whole: it may serve when it loads and its cases hold.

use super::{CaseResult, read_cases, run_cases};
use crate::use_case::{UseCase, UseCaseFault, UseCases};

/// The texts of a use case's folder. Whoever checks it reads the files.
#[derive(Clone, Debug, Default)]
pub struct FolderTexts {
    /// The name of the folder.
    pub id: String,
    pub capability: String,
    pub policy: String,
    pub release: String,
    /// The role matrix, where there is one.
    pub matrix: Option<String>,
    /// Name and text of every file in `cases/`.
    pub cases: Vec<(String, String)>,
}

/// What was found in a use case's folder.
#[derive(Debug)]
pub struct FolderReport {
    pub use_case: UseCase,
    pub cases: Vec<CaseResult>,
}

impl FolderTexts {
    /// Loads the use case, without running its cases.
    ///
    /// # Errors
    /// As of [`UseCase::load`] and [`UseCase::with_matrix`].
    pub fn load(&self, development_mode: bool) -> Result<UseCase, UseCaseFault> {
        let loaded = UseCase::load(&self.id, &self.capability, &self.policy, &self.release, development_mode)?;
        match &self.matrix {
            Some(matrix) => loaded.with_matrix(matrix),
            None => Ok(loaded),
        }
    }
}

/// Loads a use case and runs its cases. It may serve when this is no fault.
///
/// # Errors
/// The use case does not load, a case does not read or does not pass, or there is not at least one allow and one
/// deny.
pub fn check_folder(texts: &FolderTexts, development_mode: bool) -> Result<FolderReport, UseCaseFault> {
    let fault = |what: String| UseCaseFault { use_case: texts.id.clone(), what };
    let load = || texts.load(development_mode);
    let alone = UseCases::new(vec![load()?]);
    let mut results = Vec::new();
    for (file, text) in &texts.cases {
        let cases = read_cases(text).map_err(|what| fault(format!("cases/{file}: {what}")))?;
        for result in run_cases(&alone, &cases) {
            if let Some(what) = &result.fault {
                return Err(fault(format!("cases/{file}: \"{}\": {what}", result.name)));
            }
            results.push(result);
        }
    }
    for allow in [true, false] {
        if results.iter().all(|result| result.allow != allow) {
            return Err(fault(format!("no case expects a {}", if allow { "yes" } else { "no" })));
        }
    }
    Ok(FolderReport { use_case: load()?, cases: results })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ONE, RELEASE, SENDING, policy};

    const CASE: &str = r#"{
      "name": "a case",
      "expect": { "allow": true },
      "input": {
        "caller": { "ura": "90000101", "kind": "V6", "person": { "id": "p", "role": "01.015" }, "use_cases": ["one"] },
        "direction": "holder", "holder": "90000201", "version": "r4", "request": "GET Condition?category=a",
        "patient": "999911120", "findings": { "treatment_relation": "found", "consent": "permit" }
      },
      "variants": [ { "name": "a deny", "changes": { "patient": null },
                      "expect": { "allow": false, "denied": "patient-binding" } } ]
    }"#;

    fn folder(rules: &str, case: &str) -> Result<FolderReport, String> {
        let texts = FolderTexts {
            id: "one".to_owned(),
            capability: ONE.to_owned(),
            policy: policy("one", rules),
            release: RELEASE.to_owned(),
            matrix: None,
            cases: vec![("a.json".to_owned(), case.to_owned())],
        };
        check_folder(&texts, false).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_folder_whose_cases_hold_is_reported_case_by_case() {
        let report = folder("allow := true", CASE).unwrap();
        let names: Vec<&str> = report.cases.iter().map(|result| result.name.as_str()).collect();
        assert_eq!(names, ["a case", "a deny"]);
        assert!(report.cases.iter().all(CaseResult::passed));
        assert_eq!(report.use_case.id().as_str(), "one");
    }

    #[test]
    fn a_case_can_be_a_transaction() {
        let case =
            CASE.replacen(r#""request": "GET Condition?category=a""#, r#""request": "POST ", "entries": [ENTRIES]"#, 1);
        let of = |capability: &str, entries: &str| {
            let texts = FolderTexts {
                id: "one".to_owned(),
                capability: capability.to_owned(),
                policy: policy("one", "allow := true"),
                release: RELEASE.to_owned(),
                matrix: None,
                cases: vec![("a.json".to_owned(), case.replacen("ENTRIES", entries, 1))],
            };
            check_folder(&texts, false).map(|_| ()).map_err(|fault| fault.to_string())
        };
        assert_eq!(of(SENDING, r#""POST MedicationRequest""#), Ok(()));
        assert!(of(SENDING, r#""POST Condition""#).is_err());
        assert!(of(SENDING, r#""POST Conditions""#).is_err());
        assert!(of(SENDING, "").is_err(), "a batch is not asked as one");
        assert!(of(ONE, r#""PUT Condition/c1""#).is_err());
    }

    #[test]
    fn a_case_that_does_not_hold_is_named_with_what_came_instead() {
        let fault = folder("default allow := false\nallow if input.never", CASE).unwrap_err();
        assert!(fault.contains("a.json") && fault.contains("a case") && fault.contains("PolicyDenied"), "{fault}");
    }

    #[test]
    fn every_part_of_what_is_expected_is_compared() {
        let rules = "allow := true\nreasons := [{\"code\": \"care\", \"description\": \"For care.\"}]\n\
                     obligations := [{\"kind\": \"withhold-type\", \"resource_type\": \"Patient\"}]";
        let expecting = |what: &str| folder(rules, &CASE.replacen(r#""allow": true"#, what, 1));
        let patient = r#"{ "kind": "withhold-type", "resource_type": "Patient" }"#;
        for good in [
            r#""allow": true, "reason": "care""#.to_owned(),
            r#""allow": true, "reasons": ["care"]"#.to_owned(),
            format!(r#""allow": true, "obligations": [{patient}]"#),
        ] {
            assert!(expecting(&good).is_ok(), "{good}");
        }
        for bad in [
            r#""allow": false"#.to_owned(),
            r#""allow": true, "reason": "cure""#.to_owned(),
            r#""allow": true, "reasons": []"#.to_owned(),
            r#""allow": true, "reasons": ["care", "cure"]"#.to_owned(),
            r#""allow": true, "obligations": []"#.to_owned(),
            format!(r#""allow": true, "obligations": [{patient}, {patient}]"#),
            r#""allow": true, "denied": "policy-denied""#.to_owned(),
        ] {
            assert!(expecting(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_case_file_that_says_nothing_or_something_unknown_is_refused() {
        let lonely = CASE.split(r#""variants""#).next().unwrap().trim_end().trim_end_matches(',').to_owned() + "}";
        assert!(folder("allow := true", &lonely).unwrap_err().contains("no deny"));
        for (part, replacement) in [
            (r#""changes": { "patient": null }"#, r#""changes": {}"#),
            (r#""changes": { "patient": null }"#, r#""changes": { "patients": "any" }"#),
            (r#""patient": "999911120""#, r#""patient": "999940003""#),
            (r#""ura": "90000101""#, r#""ura": "1""#),
            (r#""consent": "permit""#, r#""consent": "perhaps""#),
            (r#""treatment_relation": "found""#, r#""treatment_relation": "permit""#),
            ("GET Condition", "FETCH Condition"),
            ("GET Condition", "GET Conditions"),
            ("GET Condition?category=a", "GET"),
            (r#""allow": true"#, r#""allow": true, "because": "x""#),
        ] {
            assert!(CASE.contains(part), "{part}");
            assert!(folder("allow := true", &CASE.replacen(part, replacement, 1)).is_err(), "{replacement}");
        }
    }

    #[test]
    fn a_folder_without_an_allow_or_without_a_deny_is_refused() {
        let only_denies =
            CASE.replacen(r#""allow": true"#, r#""allow": false"#, 1).replacen(r#""permit""#, r#""deny""#, 1);
        assert!(folder("allow := true", &only_denies).unwrap_err().contains("yes"));
        let none = FolderTexts {
            id: "one".to_owned(),
            capability: ONE.to_owned(),
            policy: policy("one", "allow := true"),
            release: RELEASE.to_owned(),
            matrix: None,
            cases: Vec::new(),
        };
        assert!(check_folder(&none, false).is_err());
    }
}
