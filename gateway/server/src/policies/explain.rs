//! May this person of that organisation see this of this patient, and which rule, consent and relation decide it? For the
//! privacy officer: the same facts from the provider's own registers and the same decider, and nothing is released.

use std::fmt;

use exchange::ports::{ConsentQuestion, Consents, Relation, RelationQuestion, TreatmentRelations};
use exchange::record::EvidenceFacts;
use policy::capability::Fact;
use policy::cases::CaseInput;
use policy::{
    Consent, Denial, Finding, Findings, NotFoundOut, Obligation, PatientScope, PolicyVersion, Reason,
    TreatmentRelation, UseCaseId, UseCases,
};
use serde::Serialize;

/// A decision with everything that it rests on. Names no patient.
#[derive(Debug, Serialize)]
pub struct Explanation {
    pub permitted: bool,
    pub use_case: Option<UseCaseId>,
    pub policy: Option<PolicyVersion>,
    /// Which no it is: the same codes as in the access log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<policy::DenialCode>,
    pub reasons: Vec<Reason>,
    pub obligations: Vec<Obligation>,
    /// Nothing, when it never came to that: nobody is told a BSN for what could never be allowed.
    pub treatment_relation: Option<Finding<TreatmentRelation>>,
    /// What was looked at for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relation_evidence: Vec<EvidenceFacts>,
    pub consent: Option<Finding<Consent>>,
}

/// Explains a question. What stands in its `findings` is not looked at: the registers are asked.
///
/// # Errors
/// When the question cannot be read: a sentence for who asked it.
pub async fn explain(
    question: &CaseInput,
    use_cases: &UseCases,
    relations: &dyn TreatmentRelations,
    consents: &dyn Consents,
) -> Result<Explanation, String> {
    let request = question.request()?;
    let admitted = match use_cases.admissible(request) {
        Ok(admitted) => admitted,
        Err(denial) => return Ok(Explanation::denied(denial, None)),
    };
    let asked = admitted.request();
    let needs = |fact| admitted.use_case().needs(fact, asked.direction);
    let not_asked = NotFoundOut::NotAsked;
    let Relation { finding: treatment_relation, evidence } = match (&asked.patient, needs(Fact::TreatmentRelation)) {
        (PatientScope::One(patient), true) => {
            let question = RelationQuestion { caller: &asked.caller, patient, direction: asked.direction };
            relations.relation(question).await
        }
        _ => Finding::NotFoundOut(not_asked).into(),
    };
    let consent = match (&asked.patient, needs(Fact::Consent)) {
        (PatientScope::One(bsn), true) => {
            let question = ConsentQuestion {
                patient: bsn,
                holder: &asked.holder,
                holder_kind: asked.holder_kind.as_deref(),
                user: &asked.caller.organisation,
                professional: asked.caller.professional(),
                mandated: asked.caller.responsible.as_ref().and(asked.caller.person.as_ref()),
                purpose: admitted.use_case().capability().purpose,
                ground: admitted.use_case().capability().ground,
                resource_types: admitted.consent_types(),
            };
            consents.consent(question).await
        }
        _ => Finding::NotFoundOut(not_asked),
    };
    let findings = Findings { treatment_relation, consent };
    Ok(match use_cases.decide(&admitted, &findings) {
        Ok(permit) => Explanation {
            permitted: true,
            use_case: Some(permit.use_case().clone()),
            policy: Some(permit.policy().clone()),
            denial: None,
            reasons: permit.reasons().to_vec(),
            obligations: permit.obligations().to_vec(),
            treatment_relation: Some(findings.treatment_relation),
            relation_evidence: evidence,
            consent: Some(findings.consent),
        },
        Err(denial) => Explanation { relation_evidence: evidence, ..Explanation::denied(denial, Some(findings)) },
    })
}

impl Explanation {
    fn denied(denial: Denial, findings: Option<Findings>) -> Self {
        let (treatment_relation, consent) =
            findings.map_or((None, None), |findings| (Some(findings.treatment_relation), Some(findings.consent)));
        Explanation {
            permitted: false,
            use_case: denial.use_case,
            policy: denial.policy,
            denial: Some(denial.code),
            reasons: denial.reasons,
            obligations: Vec::new(),
            treatment_relation,
            relation_evidence: Vec::new(),
            consent,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.permitted { "YES" } else { "NO" })?;
        if let Some(code) = self.denial {
            let code = serde_json::to_value(code).unwrap_or_default();
            write!(f, " ({})", code.as_str().unwrap_or_default())?;
        }
        if let (Some(use_case), Some(policy)) = (&self.use_case, &self.policy) {
            write!(f, ", by use case {use_case}, policy {} (sha256 {})", policy.version, policy.digest)?;
        }
        writeln!(f)?;
        finding(f, "treatment relation", self.treatment_relation.as_ref(), |relation| {
            let age = relation.age_days.map_or_else(String::new, |days| format!(", {days} days old"));
            format!("{} {}{age}", relation.kind, relation.reference)
        })?;
        for EvidenceFacts { kind, result } in &self.relation_evidence {
            let said = serde_json::to_value(result).unwrap_or_default();
            let because = match &said["because"] {
                serde_json::Value::Array(all) => {
                    all.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(", ")
                }
                one => one.as_str().unwrap_or_default().to_owned(),
            };
            let because = if because.is_empty() { because } else { format!(": {because}") };
            writeln!(f, "  looked at {kind}: {}{because}", said["result"].as_str().unwrap_or_default())?;
        }
        finding(f, "consent", self.consent.as_ref(), |consent| {
            let decision = match consent.decision {
                policy::ConsentDecision::Permit => "permit",
                policy::ConsentDecision::Deny => "deny",
            };
            format!("{decision}, {} {}", consent.source, consent.reference)
        })?;
        for Reason { code, description } in &self.reasons {
            writeln!(f, "reason {code}: {description}")?;
        }
        for obligation in &self.obligations {
            match obligation {
                Obligation::WithholdLabel { system, codes } => {
                    writeln!(f, "withheld: what is labelled {} of {system}", codes.join(" or "))?;
                }
                Obligation::WithholdType { resource_type } => writeln!(f, "withheld: every {resource_type}")?,
                Obligation::MaskElements { elements } => writeln!(f, "masked: {}", elements.join(", "))?,
                Obligation::WithholdResource { reference } => writeln!(f, "withheld: {reference}")?,
                Obligation::WithholdCoded { system, code } => writeln!(f, "withheld: what has {code} of {system}")?,
                Obligation::OnlyResources { resource_type, references } => {
                    writeln!(f, "withheld: every {resource_type} but {}", references.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

fn finding<T>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    finding: Option<&Finding<T>>,
    told: impl FnOnce(&T) -> String,
) -> fmt::Result {
    let said = match finding {
        None => "it never came to asking".to_owned(),
        Some(Finding::Found(fact)) => format!("found: {}", told(fact)),
        Some(Finding::Absent) => "absent".to_owned(),
        Some(Finding::NotFoundOut(NotFoundOut::NotAsked)) => "not asked: the use case does not rest on it".to_owned(),
        Some(Finding::NotFoundOut(why)) => {
            let why = serde_json::to_value(why).unwrap_or_default();
            format!("could not be found out: {}", why.as_str().unwrap_or_default())
        }
    };
    writeln!(f, "{name}: {said}")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use exchange::ports::BoxFuture;
    use policy::ConsentDecision;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::testing::use_cases;

    /// Knows a relation, and this of consent; counts how often it was asked.
    struct Registers {
        consent: Finding<Consent>,
        asked: AtomicUsize,
    }

    impl TreatmentRelations for Registers {
        fn relation<'a>(&'a self, _: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let relation =
                TreatmentRelation { kind: "provider-list".into(), reference: "enrolment-7".into(), age_days: None };
            Box::pin(async { Finding::Found(relation).into() })
        }
    }

    impl Consents for Registers {
        fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let consent = self.consent.clone();
            Box::pin(async { consent })
        }
    }

    async fn explained(consent: Finding<Consent>, changes: &Value) -> (Explanation, usize) {
        let mut question = json!({
            "caller": {"ura": "90010002", "kind": "X3", "person": {"id": "p1", "role": "30.000"}, "use_cases": ["health-overview"]},
            "direction": "holder", "holder": "90010001", "version": "r4", "request": "GET Condition?category=x",
            "patient": "999911120"
        });
        for (name, value) in changes.as_object().unwrap() {
            question[name] = value.clone();
        }
        let registers = Registers { consent, asked: AtomicUsize::new(0) };
        let question: CaseInput = serde_json::from_value(question).unwrap();
        let explanation = explain(&question, &use_cases(), &registers, &registers).await.unwrap();
        (explanation, registers.asked.load(Ordering::SeqCst))
    }

    fn consent(decision: ConsentDecision) -> Finding<Consent> {
        Finding::Found(Consent {
            decision,
            source: "local".into(),
            reference: "consent-3".into(),
            withhold: Vec::new(),
        })
    }

    #[tokio::test]
    async fn a_yes_and_a_no_say_what_they_rest_on_and_name_no_patient() {
        let (yes, _) = explained(consent(ConsentDecision::Permit), &json!({})).await;
        let text = yes.to_string();
        for part in [
            "YES, by use case health-overview, policy",
            "treatment relation: found: provider-list enrolment-7",
            "consent: found: permit, local consent-3",
            "withheld: what is labelled R or V of",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        let (no, _) = explained(consent(ConsentDecision::Deny), &json!({})).await;
        let (text, whole) = (no.to_string(), json!(no).to_string());
        assert!(text.contains("NO (policy-denied)") && text.contains("reason consent-denied"), "{text}");
        assert!(!text.contains("999911120") && !whole.contains("999911120"));
        let (unknown, _) = explained(Finding::NotFoundOut(NotFoundOut::Unreachable), &json!({})).await;
        assert!(unknown.to_string().contains("consent: could not be found out: unreachable"));
    }

    #[tokio::test]
    async fn what_could_never_be_allowed_asks_no_register() {
        for changes in [json!({"request": "GET Claim/c1"}), json!({"patient": null})] {
            let (never, asked) = explained(consent(ConsentDecision::Permit), &changes).await;
            assert_eq!((never.permitted, asked), (false, 0), "{changes}");
            assert!(never.to_string().contains("consent: it never came to asking"));
        }
    }
}
