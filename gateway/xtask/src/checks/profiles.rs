//! A use case is data, and complete: what may be asked (`capability.json`), who may (`policy.rego`), what may leave
//! (`release.toml`), and cases that show both an allow and a deny. Whether the cases hold is for the policy crate's tests.

use std::iter;

use serde_json::Value;

use crate::finding::Finding;
use crate::tree::{File, Tree};

const MARK: &str = "capability.json";
const COMPANIONS: [&str; 2] = ["policy.rego", "release.toml"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let use_cases = tree.files().iter().filter_map(|file| {
        let folder = file.path().strip_suffix(MARK)?.strip_suffix('/')?;
        folder.starts_with("profiles/").then_some((folder, file.path()))
    });
    use_cases.flat_map(|(folder, mark)| of_use_case(tree, folder, mark)).collect()
}

fn of_use_case(tree: &Tree, folder: &str, mark: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for companion in COMPANIONS {
        if tree.file(&format!("{folder}/{companion}")).is_none() {
            findings.push(Finding::error(mark, 1, format!("beside it `{companion}` is missing")));
        }
    }
    let below = format!("{folder}/cases/");
    let cases = tree.files().iter().filter(|file| file.path().starts_with(&below) && file.path().ends_with(".json"));
    let (mut allows, mut denies) = (0, 0);
    for case in cases {
        match expectations(case) {
            Ok(expected) => {
                allows += expected.iter().filter(|allow| **allow).count();
                denies += expected.iter().filter(|allow| !**allow).count();
            }
            Err(sentence) => findings.push(Finding::error(case.path(), 1, sentence)),
        }
    }
    for (count, kind) in [(allows, "allowed"), (denies, "denied")] {
        if count == 0 {
            findings.push(Finding::error(mark, 1, format!("no case in `cases/` shows what is {kind}")));
        }
    }
    findings
}

/// What each case of a file expects: a file holds one case, or a list of them, each with the variants that surround it.
fn expectations(case: &File) -> Result<Vec<bool>, String> {
    let value: Value = serde_json::from_str(case.text()).map_err(|error| format!("the case is not JSON: {error}"))?;
    let cases = match value {
        Value::Array(cases) => cases,
        one => vec![one],
    };
    cases
        .iter()
        .flat_map(|case| iter::once(case).chain(case.get("variants").and_then(Value::as_array).into_iter().flatten()))
        .map(|case| case.pointer("/expect/allow").and_then(Value::as_bool))
        .collect::<Option<Vec<bool>>>()
        .ok_or_else(|| "the case does not say what it expects: `expect.allow` is true or false".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOW: &str = r#"{"name": "a nurse", "expect": {"allow": true}, "input": {}}"#;
    const DENY: &str = r#"{"name": "a stranger", "expect": {"allow": false, "reasons": []}, "input": {}}"#;
    const COMPLETE: [(&str, &str); 5] = [
        ("profiles/bgz/capability.json", "{}"),
        ("profiles/bgz/policy.rego", ""),
        ("profiles/bgz/release.toml", ""),
        ("profiles/bgz/cases/allow.json", ALLOW),
        ("profiles/bgz/cases/deny.json", DENY),
    ];

    #[test]
    fn a_complete_profile_is_fine_and_so_is_none() {
        assert!(check(&Tree::made_up(&COMPLETE)).is_empty());
        assert!(check(&Tree::made_up(&[("profiles/zib/Patient.json", "{}")])).is_empty());
    }

    #[test]
    fn each_missing_part_is_a_finding() {
        for missing in &COMPLETE[1..] {
            let rest: Vec<_> = COMPLETE.into_iter().filter(|file| file != missing).collect();
            assert_eq!(check(&Tree::made_up(&rest)).len(), 1, "{missing:?}");
        }
    }

    #[test]
    fn a_list_of_cases_counts_and_a_case_that_expects_nothing_does_not() {
        let list = format!("[{ALLOW}, {DENY}]");
        let with = |text| Tree::made_up(&[COMPLETE[0], COMPLETE[1], COMPLETE[2], ("profiles/bgz/cases/a.json", text)]);
        assert!(check(&with(&list)).is_empty());
        assert_eq!(check(&with(r#"{"name": "x", "input": {}}"#)).len(), 3);
        assert_eq!(check(&with("no json")).len(), 3);
    }

    #[test]
    fn variants_count_and_each_says_what_it_expects() {
        let with = |variant: &str| {
            let case = ALLOW.replace("\"input\": {}", &format!("\"input\": {{}}, \"variants\": [{variant}]"));
            let case = ("profiles/bgz/cases/a.json", case.as_str());
            check(&Tree::made_up(&[COMPLETE[0], COMPLETE[1], COMPLETE[2], case])).len()
        };
        assert_eq!(with(DENY), 0);
        assert_eq!(with(ALLOW), 1, "nothing is denied");
        assert_eq!(with(&format!(r#"{DENY}, {{"name": "x", "changes": {{}}}}"#)), 3, "the last says nothing");
    }
}
