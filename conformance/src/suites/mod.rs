//! Black-box suites: named checks over a running node, judged as a stranger would.
//!
//! A suite is a list of [`Check`]s; [`run`] puts them one after another to what a ready file
//! describes. Here is only the frame; what is checked stands in the suites' own files.

mod access_log;
mod assertions;
pub mod attacks;
mod bad_input;
mod batch;
mod callers_refused;
mod certificates;
pub mod checklist;
mod confusions;
mod consents;
mod credentials;
mod decision_point;
mod denied;
mod directory;
mod emergency;
mod explained;
mod facts;
mod findable;
mod handoffs;
mod hostile_http;
mod ill_sources;
mod introspected;
mod introspection;
mod jwt_bearer;
mod key_sets;
mod laboratory;
mod leaks;
mod locating;
mod masked;
mod medication;
mod mitz;
mod mixed_versions;
mod notices;
mod nvi;
mod outer_gate;
mod overview;
mod pages;
mod people;
mod presentations;
mod presenting;
mod record_system;
mod referrals;
mod regional;
mod relations;
mod setting;
pub mod surface;
mod tokens;
mod try_out;
mod witnessed;
mod worked_off;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use crate::callers::{CallError, TokenError};
use crate::ready::Ready;

pub use overview::Overview;
pub use setting::{LogReader, Setting, log_by_program};

/// No check may take longer: a node that hangs is a finding, not a reason to wait.
const WITHIN: Duration = Duration::from_secs(60);

/// What becomes of a check: nothing to say when it holds.
pub type Judgement = Result<(), Flaw>;

/// A check on its way to a judgement.
pub type Judging<'r> = Pin<Box<dyn Future<Output = Judgement> + 'r>>;

/// One thing that must hold. The name is a sentence that says it.
pub struct Check {
    pub name: &'static str,
    run: Box<dyn for<'r> Fn(&'r Setting) -> Judging<'r>>,
}

/// Why a check does not hold. The reasons are for people and never hold a patient's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    Broken(String),
    /// Could not be put to the test; counts as not shown.
    NotRun(String),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "why")]
pub enum Verdict {
    Holds,
    Broken(String),
    NotRun(String),
}

/// A check's name with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: &'static str,
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Check {
    pub fn new(name: &'static str, run: impl for<'r> Fn(&'r Setting) -> Judging<'r> + 'static) -> Self {
        Check { name, run: Box::new(run) }
    }
}

impl From<CallError> for Flaw {
    fn from(error: CallError) -> Self {
        Flaw::Broken(format!("no answer came: {error}"))
    }
}

impl From<TokenError> for Flaw {
    fn from(error: TokenError) -> Self {
        Flaw::Broken(format!("no token was given: {error}"))
    }
}

impl From<Judgement> for Verdict {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Ok(()) => Verdict::Holds,
            Err(Flaw::Broken(why)) => Verdict::Broken(why),
            Err(Flaw::NotRun(why)) => Verdict::NotRun(why),
        }
    }
}

/// The checks that fit what is running: the demo region, or a node in front of somebody's own servers.
pub fn fitting(ready: &Ready) -> Vec<Check> {
    match ready.kind.as_str() {
        "try" => try_out::checks(),
        _ => region(),
    }
}

/// All checks of the demo region. The last ones look back on what all others left behind.
fn region() -> Vec<Check> {
    let mut all = facts::checks();
    all.extend(overview::checks());
    all.extend(medication::checks());
    all.extend(mixed_versions::checks());
    all.extend(laboratory::checks());
    all.extend(denied::checks());
    all.extend(attacks::checks());
    all.extend(emergency::checks());
    all.extend(notices::checks());
    all.extend(outer_gate::checks());
    all.extend(masked::checks());
    all.extend(callers_refused::checks());
    all.extend(certificates::checks());
    all.extend(bad_input::checks());
    all.extend(hostile_http::checks());
    all.extend(batch::checks());
    all.extend(pages::checks());
    all.extend(assertions::checks());
    all.extend(confusions::checks());
    all.extend(tokens::checks());
    all.extend(presentations::checks());
    all.extend(credentials::checks());
    all.extend(jwt_bearer::checks());
    all.extend(presenting::checks());
    all.extend(introspection::checks());
    all.extend(introspected::checks());
    all.extend(decision_point::checks());
    all.extend(ill_sources::checks());
    all.extend(mitz::checks());
    all.extend(relations::checks());
    all.extend(consents::checks());
    all.extend(locating::checks());
    all.extend(handoffs::checks());
    all.extend(record_system::checks());
    all.extend(referrals::checks());
    all.extend(worked_off::checks());
    all.extend(findable::checks());
    all.extend(nvi::checks());
    all.extend(regional::checks());
    all.extend(directory::checks());
    all.extend(access_log::checks());
    all.extend(explained::checks());
    all.extend(people::checks());
    all.extend(key_sets::checks());
    all.extend(witnessed::checks());
    all.extend(tokens::flood());
    all.extend(leaks::checks());
    all
}

/// Carries out the checks in order and tells of each as soon as it is judged.
pub async fn run(checks: &[Check], setting: &Setting, tell: impl FnMut(&Finding)) -> Vec<Finding> {
    within(WITHIN, checks, setting, tell).await
}

async fn within(limit: Duration, checks: &[Check], setting: &Setting, mut tell: impl FnMut(&Finding)) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(checks.len());
    for check in checks {
        let judged = tokio::time::timeout(limit, (check.run)(setting)).await;
        let verdict = match judged {
            Ok(judgement) => judgement.into(),
            Err(_) => Verdict::Broken(format!("no verdict within {} s", limit.as_secs_f32())),
        };
        let finding = Finding { check: check.name, verdict };
        tell(&finding);
        findings.push(finding);
    }
    findings
}

/// How many checks hold, and how many do not or could not be put to the test.
pub fn tally(findings: &[Finding]) -> (usize, usize) {
    let passed = findings.iter().filter(|finding| finding.verdict == Verdict::Holds).count();
    (passed, findings.len() - passed)
}

/// Broken with this reason unless it holds.
pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Judgement {
    if holds { Ok(()) } else { Err(Flaw::Broken(why())) }
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
        let setting = Setting::new(ready, Box::new(|_, _| Ok(Vec::new())));
        let checks = [
            Check::new("never ends", |_| Box::pin(std::future::pending())),
            Check::new("knows no node", |setting| Box::pin(async { setting.node("hospital").map(|_| ()) })),
            Check::new("asks for nothing", |_| Box::pin(async { Ok(()) })),
        ];
        let mut told = 0;
        let findings = within(Duration::from_millis(20), &checks, &setting, |_| told += 1).await;
        assert!(matches!(findings[0].verdict, Verdict::Broken(_)));
        assert_eq!(
            json!(findings[1]),
            json!({"check": "knows no node", "verdict": "not-run", "why": "no node hospital"})
        );
        assert_eq!((tally(&findings), told), ((1, 2), 3));
    }

    /// Group B of the attack catalogue: all about tokens, and each of its numbers applies to a node.
    const TOKENS: [u16; 16] = [51, 53, 54, 55, 57, 58, 59, 61, 62, 63, 65, 66, 67, 69, 70, 71];

    #[test]
    fn every_attack_on_tokens_is_a_check_by_its_number() {
        let region = region();
        let named = |number: u16| {
            let number = format!("ATT-{number}");
            region.iter().any(|check| {
                let before = check.name.split(':').next().filter(|_| check.name.contains(':')).unwrap_or_default();
                before.split(", ").any(|one| one == number)
            })
        };
        let missing: Vec<u16> = TOKENS.into_iter().filter(|number| !named(*number)).collect();
        assert!(missing.is_empty(), "no check has these numbers in front of its name: {missing:?}");
    }

    #[test]
    fn the_names_of_checks_tell_them_apart() {
        for checks in [region(), try_out::checks()] {
            let mut names: Vec<_> = checks.iter().map(|check| check.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), checks.len());
        }
    }
}
