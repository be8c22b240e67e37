//! Policy cases: findings and requests as data, with the decision they must have.
//!
//! A file of `cases/` holds one case, and beside it the variants that surround it: small changes of its input,
//! with what then changes in the outcome. An allow without a deny beside it proves little.
//!
//! ```json
//! {
//!   "name": "a general practitioner reads problems with a treatment relation and consent",
//!   "expect": { "allow": true },
//!   "input": {
//!     "caller": { "ura": "90000101", "kind": "Z3", "person": { "id": "p1", "role": "01.015" },
//!                 "use_cases": ["health-overview"] },
//!     "direction": "holder", "holder": "90000201", "version": "r4",
//!     "request": "GET Condition?category=problem-list-item",
//!     "patient": "999911120",
//!     "findings": { "treatment_relation": "found", "consent": "permit" }
//!   },
//!   "variants": [
//!     { "name": "no consent is found", "changes": { "findings": { "consent": "absent" } },
//!       "expect": { "allow": false, "reason": "no-consent" } }
//!   ]
//! }
//! ```
//!
//! A transaction is `"request": "POST "` with `"entries": ["POST MedicationRequest", …]`.
//!
//! `changes` is a JSON merge patch (RFC 7396) on the input: `null` takes a member away.

mod asked;
mod file;
mod folder;

use fhir::FhirVersion;

use crate::decision::{Denial, Permit};
use crate::use_case::UseCases;

pub use asked::{CaseCaller, CaseFindings, CaseInput, CasePerson};
pub use file::{Case, Expected, read_cases};
pub use folder::{FolderReport, FolderTexts, check_folder};

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    pub name: String,
    /// Whether the case expects a yes.
    pub allow: bool,
    /// What was expected and what came instead; none when it is as expected.
    pub fault: Option<String>,
}

impl CaseResult {
    pub fn passed(&self) -> bool {
        self.fault.is_none()
    }
}

/// Runs one case.
pub fn run_case(use_cases: &UseCases, case: &Case) -> CaseResult {
    let fault = match case.input.asked() {
        Ok((request, findings)) => {
            let admitted = use_cases.admissible(request);
            let unlike = admitted.as_ref().is_ok_and(|admitted| !use_cases.is_decided_alike(admitted, &findings));
            let decision = admitted.and_then(|admitted| use_cases.decide(&admitted, &findings));
            let differs = || case.expect.differs_from(&decision);
            unlike.then(|| "the two evaluators of the policy differ".to_owned()).or_else(differs)
        }
        Err(what) => Some(what),
    };
    CaseResult { name: case.name.clone(), allow: case.expect.allow, fault }
}

/// Runs all cases.
pub fn run_cases(use_cases: &UseCases, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| run_case(use_cases, case)).collect()
}

impl Expected {
    /// What is expected and what came instead, when they differ.
    fn differs_from(&self, decision: &Result<Permit, Denial>) -> Option<String> {
        let (allowed, reasons, obligations, denied) = match decision {
            Ok(permit) => (true, permit.reasons(), permit.obligations(), None),
            Err(denial) => (false, denial.reasons.as_slice(), [].as_slice(), Some(denial.code)),
        };
        let elsewhere = decision.iter().flat_map(Permit::elsewhere).filter(|(_, judged)| judged.is_ok());
        let elsewhere: Vec<FhirVersion> = elsewhere.map(|(version, _)| version).collect();
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
        let as_expected = self.allow == allowed
            && self.reason.as_deref().is_none_or(|code| codes.contains(&code))
            && self.reasons.as_deref().is_none_or(|all| {
                all.len() == codes.len() && codes.iter().all(|code| all.iter().any(|known| known == code))
            })
            && self.obligations.as_deref().is_none_or(|all| all == obligations)
            && self.denied.is_none_or(|code| Some(code) == denied)
            && self.collects_in.as_deref().is_none_or(|versions| versions == elsewhere);
        (!as_expected).then(|| {
            let expected = if self.allow { "a yes" } else { "a no" };
            let came = if allowed { "yes" } else { "no" };
            format!(
                "expected {expected} with {self:?}; came {came}, denied {denied:?}, reasons {codes:?}, obligations \
                 {obligations:?}, elsewhere {elsewhere:?}"
            )
        })
    }
}
