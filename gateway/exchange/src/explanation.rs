//! May this person of that organisation see this of this patient, and which rule, consent and relation decide it? For the
//! privacy officer: the same facts from the provider's own registers and the same decider, and nothing is released. The national
//! consent register is not among them: it would tell a patient of an access that nobody had.

use std::fmt;
use std::time::Duration;

use policy::capability::Fact;
use policy::{
    Consent, Denial, Direction, Finding, Findings, NotFoundOut, Obligation, PatientScope, PolicyVersion, Reason,
    Request, TreatmentRelation, UseCaseId, UseCases,
};
use serde::Serialize;

use crate::ports::{ConsentQuestion, Consents, Relation, RelationQuestion, TreatmentRelations};
use crate::record::EvidenceFacts;

/// A decision with everything that it rests on. Names no patient.
#[derive(Clone, Debug, Serialize)]
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

/// Explains what would be decided on a request. Each register has so long to answer.
pub async fn explain(
    request: Request,
    use_cases: &UseCases,
    relations: &dyn TreatmentRelations,
    consents: &dyn Consents,
    patience: Duration,
) -> Explanation {
    let admitted = match use_cases.admissible(request) {
        Ok(admitted) => admitted,
        Err(denial) => return Explanation::denied(denial, None),
    };
    let asked = admitted.request();
    let needs = |fact| admitted.use_case().needs(fact, asked.direction);
    let not_asked = NotFoundOut::NotAsked;
    let Relation { finding: treatment_relation, evidence } = match (&asked.patient, needs(Fact::TreatmentRelation)) {
        // As `middleware::treatment_relation` has it: what the data user asserts comes first, where it counts.
        (PatientScope::One(_), true)
            if asked.direction == Direction::Holder
                && relations.takes_assertions()
                && asked.caller.treatment_relation.is_some() =>
        {
            asked.caller.treatment_relation.clone().map_or(Finding::Absent, Finding::Found).into()
        }
        (PatientScope::One(patient), true) => {
            let question = RelationQuestion { caller: &asked.caller, patient, direction: asked.direction };
            let late = || Finding::NotFoundOut(NotFoundOut::TimedOut).into();
            tokio::time::timeout(patience, relations.relation(question)).await.unwrap_or_else(|_| late())
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
            let late = Finding::NotFoundOut(NotFoundOut::TimedOut);
            tokio::time::timeout(patience, consents.consent(question)).await.unwrap_or(late)
        }
        _ => Finding::NotFoundOut(not_asked),
    };
    let findings = Findings { treatment_relation, consent };
    match use_cases.decide(&admitted, &findings) {
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
    }
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
