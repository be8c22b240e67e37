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
//! `changes` is a JSON merge patch (RFC 7396) on the input: `null` takes a member away.

use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Ura};
use serde::Deserialize;
use serde_json::Value;

use crate::caller::{Caller, DataHolder, Organisation, Person};
use crate::decision::{Denial, DenialCode, Obligation, Permit};
use crate::findings::{Consent, ConsentDecision, Finding, Findings, NotFoundOut, TreatmentRelation};
use crate::request::{Direction, PatientScope, Request};
use crate::use_case::{UseCase, UseCaseFault, UseCaseId, UseCases};

/// One case: a request with what was found out, and the decision it must have.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence.
    pub name: String,
    pub expect: Expected,
    pub input: CaseInput,
}

/// The decision that a case must have. What is not named is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub allow: bool,
    /// The code of a reason that must be among the reasons.
    pub reason: Option<String>,
    /// All obligations, in order.
    pub obligations: Option<Vec<Obligation>>,
    pub denied: Option<DenialCode>,
}

/// What a case asks.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseInput {
    pub caller: CaseCaller,
    pub direction: Direction,
    pub holder: Ura,
    pub holder_kind: Option<String>,
    pub version: FhirVersion,
    /// The use case that the request names.
    pub use_case: Option<UseCaseId>,
    /// Method, path and query as on the wire, without the patient: `GET Condition?category=problem-list-item`.
    pub request: String,
    /// The form of a `POST`.
    pub form: Option<String>,
    /// A BSN, `any`, or nothing for a request about nobody.
    pub patient: Option<String>,
    #[serde(default)]
    pub findings: CaseFindings,
}

/// Who asks in a case.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseCaller {
    pub ura: Ura,
    pub kind: Option<String>,
    /// `case` when not named.
    pub client_id: Option<String>,
    pub person: Option<CasePerson>,
    pub use_cases: Vec<UseCaseId>,
    /// The BSN that the token is bound to.
    pub patient: Option<String>,
}

/// The person who asks in a case.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePerson {
    pub id: String,
    pub role: String,
}

/// What was found out in a case, a word per fact: `found` or `permit` and `deny`, `absent`, or why it could not be
/// found out (`timed-out`, `unreachable`, `unusable`, `nobody-to-ask`, `not-asked`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFindings {
    pub treatment_relation: Option<String>,
    pub consent: Option<String>,
}

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

/// A case file, before its variants are worked out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    name: String,
    expect: Expected,
    input: Value,
    #[serde(default)]
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    name: String,
    changes: Value,
    expect: Expected,
}

/// Reads a case file: the case, then its variants.
///
/// # Errors
/// A sentence for the operator.
pub fn read_cases(text: &str) -> Result<Vec<Case>, String> {
    let file: CaseFile = serde_json::from_str(text).map_err(|fault| fault.to_string())?;
    let of = |name: String, expect: Expected, input: Value| {
        serde_json::from_value(input)
            .map(|input| Case { name: name.clone(), expect, input })
            .map_err(|fault| format!("{name}: {fault}"))
    };
    let mut cases = vec![of(file.name, file.expect, file.input.clone())?];
    for variant in file.variants {
        let mut input = file.input.clone();
        merge(&mut input, &variant.changes);
        if input == file.input {
            return Err(format!("{}: it changes nothing", variant.name));
        }
        cases.push(of(variant.name, variant.expect, input)?);
    }
    if cases.iter().any(|case| case.expect.allow) && cases.iter().all(|case| case.expect.allow) {
        return Err(format!("{}: no deny stands beside this allow", cases[0].name));
    }
    Ok(cases)
}

/// Runs one case.
pub fn run_case(use_cases: &UseCases, case: &Case) -> CaseResult {
    let fault = match case.input.asked() {
        Ok((request, findings)) => {
            let decision = use_cases.admissible(request).and_then(|admitted| use_cases.decide(&admitted, &findings));
            case.expect.differs_from(&decision)
        }
        Err(what) => Some(what),
    };
    CaseResult { name: case.name.clone(), allow: case.expect.allow, fault }
}

/// Runs all cases.
pub fn run_cases(use_cases: &UseCases, cases: &[Case]) -> Vec<CaseResult> {
    cases.iter().map(|case| run_case(use_cases, case)).collect()
}

/// The texts of a use case's folder. Whoever checks it reads the files.
#[derive(Clone, Debug, Default)]
pub struct FolderTexts {
    /// The name of the folder.
    pub id: String,
    pub capability: String,
    pub policy: String,
    pub release: String,
    /// Name and text of every file in `cases/`.
    pub cases: Vec<(String, String)>,
}

/// What was found in a use case's folder.
#[derive(Debug)]
pub struct FolderReport {
    pub use_case: UseCase,
    pub cases: Vec<CaseResult>,
}

/// Loads a use case and runs its cases. It may serve when this is no fault.
///
/// # Errors
/// The use case does not load, a case does not read or does not pass, or there is not at least one allow and one
/// deny.
pub fn check_folder(texts: &FolderTexts, development_mode: bool) -> Result<FolderReport, UseCaseFault> {
    let fault = |what: String| UseCaseFault { use_case: texts.id.clone(), what };
    let load = || UseCase::load(&texts.id, &texts.capability, &texts.policy, &texts.release, development_mode);
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

impl CaseInput {
    fn asked(&self) -> Result<(Request, Findings), String> {
        let bsn = |text: &str| Bsn::parse(text).map_err(|fault| fault.to_string());
        let patient = match self.patient.as_deref() {
            None => PatientScope::Nobody,
            Some("any") => PatientScope::Any,
            Some(text) => PatientScope::One(bsn(text)?),
        };
        let caller = &self.caller;
        let caller = Caller {
            client_id: caller.client_id.clone().unwrap_or_else(|| "case".to_owned()),
            organisation: Organisation { ura: caller.ura.clone(), name: None, kind: caller.kind.clone() },
            person: caller.person.as_ref().map(|person| Person {
                id: person.id.clone(),
                name: None,
                role: person.role.clone(),
            }),
            use_cases: caller.use_cases.clone(),
            patient: caller.patient.as_deref().map(bsn).transpose()?,
            treatment_relation: None,
            token_id: None,
        };
        let request = Request {
            caller,
            direction: self.direction,
            holder: DataHolder(self.holder.clone()),
            holder_kind: self.holder_kind.clone(),
            version: self.version,
            interaction: self.interaction()?,
            patient,
            use_case: self.use_case.clone(),
        };
        Ok((request, self.findings.found_out()?))
    }

    fn interaction(&self) -> Result<Interaction, String> {
        let (method, target) = self.request.split_once(' ').ok_or("the request is no method and path")?;
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return Err("the method of the request is not used in FHIR".to_owned()),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Interaction::read(self.version, method, path, query, self.form.as_deref())
            .map_err(|fault| format!("the request is no interaction: {fault}"))
    }
}

impl CaseFindings {
    fn found_out(&self) -> Result<Findings, String> {
        let treatment_relation = match self.treatment_relation.as_deref() {
            Some("found") => {
                Finding::Found(TreatmentRelation { kind: "case".to_owned(), reference: "case".to_owned() })
            }
            word => unfound(word)?,
        };
        let given =
            |decision| Finding::Found(Consent { decision, source: "local".to_owned(), reference: "case".to_owned() });
        let consent = match self.consent.as_deref() {
            Some("permit") => given(ConsentDecision::Permit),
            Some("deny") => given(ConsentDecision::Deny),
            word => unfound(word)?,
        };
        Ok(Findings { treatment_relation, consent })
    }
}

fn unfound<T>(word: Option<&str>) -> Result<Finding<T>, String> {
    Ok(match word {
        Some("absent") => Finding::Absent,
        Some("timed-out") => Finding::NotFoundOut(NotFoundOut::TimedOut),
        Some("unreachable") => Finding::NotFoundOut(NotFoundOut::Unreachable),
        Some("unusable") => Finding::NotFoundOut(NotFoundOut::Unusable),
        Some("nobody-to-ask") => Finding::NotFoundOut(NotFoundOut::NobodyToAsk),
        None | Some("not-asked") => Finding::NotFoundOut(NotFoundOut::NotAsked),
        Some(other) => return Err(format!("{other} is no finding")),
    })
}

impl Expected {
    /// What is expected and what came instead, when they differ.
    fn differs_from(&self, decision: &Result<Permit, Denial>) -> Option<String> {
        let (allowed, reasons, obligations, denied) = match decision {
            Ok(permit) => (true, permit.reasons(), permit.obligations(), None),
            Err(denial) => (false, denial.reasons.as_slice(), [].as_slice(), Some(denial.code)),
        };
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
        let as_expected = self.allow == allowed
            && self.reason.as_deref().is_none_or(|code| codes.contains(&code))
            && self.obligations.as_deref().is_none_or(|all| all == obligations)
            && self.denied.is_none_or(|code| Some(code) == denied);
        let word = |yes| if yes { "yes" } else { "no" };
        (!as_expected).then(|| {
            format!(
                "expected {} (reason {:?}, denied {:?}, obligations {:?}), came {} (reasons {codes:?}, denied {denied:?}, \
                 obligations {obligations:?})",
                word(self.allow),
                self.reason,
                self.denied,
                self.obligations,
                word(allowed),
            )
        })
    }
}

/// JSON merge patch (RFC 7396, section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(members) = target {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}
