//! Black-box suites: named checks over a running node, judged as a stranger would.
//!
//! A suite is a list of [`Check`]s; [`run`] puts them one after another to what a ready file
//! describes. Here is only the frame; what is checked stands in the suites' own files.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use crate::ready::Ready;

/// No check may take longer: a node that hangs is a finding, not a reason to wait.
const WITHIN: Duration = Duration::from_secs(60);

/// How a check is carried out.
pub type Run = for<'r> fn(&'r Ready) -> Pin<Box<dyn Future<Output = Verdict> + 'r>>;

/// One thing that must hold. The name is a sentence that says it.
pub struct Check {
    pub name: &'static str,
    pub run: Run,
}

/// What came out. The reasons are for people and never hold a patient's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "why")]
pub enum Verdict {
    Holds,
    Broken(String),
    /// Could not be put to the test; counts as not shown.
    NotRun(String),
}

/// A check's name with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: &'static str,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Carries out the checks in order.
pub async fn run(checks: &[Check], ready: &Ready) -> Vec<Finding> {
    within(WITHIN, checks, ready).await
}

async fn within(limit: Duration, checks: &[Check], ready: &Ready) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(checks.len());
    for check in checks {
        let verdict = tokio::time::timeout(limit, (check.run)(ready)).await;
        let late = || Verdict::Broken(format!("no verdict within {} s", limit.as_secs_f32()));
        findings.push(Finding { check: check.name, verdict: verdict.unwrap_or_else(|_| late()) });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[actix_web::test]
    async fn every_check_gets_a_verdict_even_one_that_never_ends() {
        let ready = json!({"format": crate::ready::FORMAT, "kind": "demo", "state": "", "ca_file": "",
            "nodes": [], "callers": [], "patients": [], "simulators": []});
        let ready = Ready::parse(ready.to_string().as_bytes()).unwrap();
        let checks = [
            Check { name: "never ends", run: |_| Box::pin(std::future::pending()) },
            Check {
                name: "knows no node",
                run: |ready| {
                    Box::pin(async {
                        match ready.nodes.first() {
                            Some(_) => Verdict::Holds,
                            None => Verdict::NotRun("no node".to_owned()),
                        }
                    })
                },
            },
        ];
        let findings = within(Duration::from_millis(20), &checks, &ready).await;
        assert!(matches!(findings[0].verdict, Verdict::Broken(_)));
        assert_eq!(json!(findings[1]), json!({"check": "knows no node", "verdict": "not-run", "why": "no node"}));
    }
}
