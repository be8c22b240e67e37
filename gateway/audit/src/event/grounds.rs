//! On what grounds (NEN 7513, 7.2.6, 7.4.6 to 7.4.8): the checks that were made and what they found.

use exchange::record::{AccessRecord, EvidenceFacts, EvidenceResult, Shown};
use exchange::{Gate, SourceStatus};
use fhir::json::Node;
use policy::{ConsentDecision, DenialCode, Finding, NotFoundOut, Obligation};

use super::codes::{ENTITY_TYPE, OBJECT_ROLE, RESOURCE_TYPES, coding, detail, logical, object};

/// The consent that was found, as an entity of its own.
pub fn consent(record: &AccessRecord) -> Option<Node> {
    let consent = record.consent.as_ref()?.found()?;
    let decision = match consent.decision {
        ConsentDecision::Permit => "permit",
        ConsentDecision::Deny => "deny",
    };
    Some(object([
        ("type", coding(RESOURCE_TYPES, "Consent", "")),
        ("what", logical("Consent", None, &consent.reference)),
        ("detail", Node::List(vec![detail("decision", decision), detail("source", &consent.source)])),
    ]))
}

/// What was checked, by whom it was decided and why, as details of one entity.
pub fn checks(record: &AccessRecord) -> Node {
    let mut details = vec![detail(
        "gate",
        match record.gate {
            Gate::Outer => "outer",
            Gate::Inner => "inner",
        },
    )];
    details.extend(record.shown.iter().map(|shown| detail("authentication", way(*shown))));
    if let Some(caller) = &record.caller {
        details.extend(caller.token_id.iter().map(|token| detail("token", token)));
        details.extend(caller.organisation_kind.iter().map(|kind| detail("care-provider-type", kind)));
    }
    if let Some(asked) = &record.asked {
        details.push(detail("fhir-version", &asked.fhir_version));
    }
    details.extend(record.decided_for.iter().map(|enforcer| detail("decided-for", enforcer)));
    details.extend(decided(record));
    if let Some(relation) = &record.treatment_relation {
        let found = |relation: &policy::TreatmentRelation| format!("{}: {}", relation.kind, relation.reference);
        details.push(detail("behandelrelatieprotocol", finding(relation, found)));
        let age = relation.found().and_then(|relation| relation.age_days);
        details.extend(age.map(|days| detail("treatment-relation-age-days", days.to_string())));
    }
    details.extend(record.relation_evidence.iter().map(|one| detail("treatment-relation-evidence", evidence(one))));
    if let Some(consent) = &record.consent {
        details.push(detail("consent", finding(consent, |_| "found".to_owned())));
    }
    if let Some(localisation) = &record.localisation {
        details.push(detail("localisation", finding(localisation, |count| format!("{count} found"))));
    }
    if let Some(review) = &record.review {
        details.push(detail("review-of", format!("AuditEvent/{}", review.event)));
        details.push(detail("verdict", review.verdict.code()));
        details.push(detail("verdict-note", &review.note));
    }
    object([
        ("type", coding(ENTITY_TYPE, "4", "Other")),
        ("role", coding(OBJECT_ROLE, "13", "Security Resource")),
        ("name", Node::text("checks")),
        ("detail", Node::List(details)),
    ])
}

fn decided(record: &AccessRecord) -> Vec<Node> {
    let Some(decision) = &record.decision else { return Vec::new() };
    let mut details = vec![detail("permitted", if decision.permitted { "true" } else { "false" })];
    details.extend(decision.denial.map(|denial| detail("denial", denial_code(denial))));
    details.extend(decision.use_case.iter().map(|use_case| detail("use-case", use_case)));
    details.extend(decision.policy.iter().map(|policy| detail("policy-version", &policy.version)));
    let bundle = decision.policy.as_ref().and_then(|policy| policy.bundle.as_ref());
    details.extend(bundle.map(|revision| detail("policy-bundle", revision)));
    details.extend(
        decision.reasons.iter().map(|reason| detail("reason", format!("{}: {}", reason.code, reason.description))),
    );
    details.extend(decision.obligations.iter().map(|obligation| detail("obligation", duty(obligation))));
    details
}

fn finding<T>(finding: &Finding<T>, found: impl FnOnce(&T) -> String) -> String {
    match finding {
        Finding::Found(fact) => found(fact),
        Finding::Absent => "absent".to_owned(),
        Finding::NotFoundOut(why) => format!("not found out: {}", why_not(*why)),
    }
}

/// A kind of evidence and what became of it, in the words of the record.
fn evidence(facts: &EvidenceFacts) -> String {
    let what = match &facts.result {
        EvidenceResult::Counts { .. } => "counts".to_owned(),
        EvidenceResult::Nothing => "nothing".to_owned(),
        EvidenceResult::NotFoundOut { because } => format!("not found out: {}", why_not(*because)),
        EvidenceResult::DoesNotCount { because } => {
            let words: Vec<&str> = because.iter().map(|one| one.word()).collect();
            format!("does not count: {}", words.join(", "))
        }
    };
    format!("{}: {what}", facts.kind)
}

const fn why_not(why: NotFoundOut) -> &'static str {
    match why {
        NotFoundOut::TimedOut => "timed-out",
        NotFoundOut::Unreachable => "unreachable",
        NotFoundOut::Unusable => "unusable",
        NotFoundOut::NobodyToAsk => "nobody-to-ask",
        NotFoundOut::Incomplete => "incomplete",
        NotFoundOut::NotAsked => "not-asked",
    }
}

const fn way(shown: Shown) -> &'static str {
    match shown {
        Shown::Certificate => "certificate",
        Shown::Token => "token",
        Shown::Session => "session",
    }
}

const fn denial_code(denial: DenialCode) -> &'static str {
    match denial {
        DenialCode::NotInUseCase => "not-in-use-case",
        DenialCode::SearchParameter => "search-parameter",
        DenialCode::PatientBinding => "patient-binding",
        DenialCode::EmergencyReason => "emergency-reason",
        DenialCode::OwnAccess => "own-access",
        DenialCode::PolicyDenied => "policy-denied",
        DenialCode::PolicyFailed => "policy-failed",
    }
}

fn duty(obligation: &Obligation) -> String {
    match obligation {
        Obligation::WithholdLabel { system, codes } => format!("withhold-label: {system} {}", codes.join(",")),
        Obligation::WithholdType { resource_type } => format!("withhold-type: {resource_type}"),
        Obligation::MaskElements { elements } => format!("mask-elements: {}", elements.join(",")),
        Obligation::WithholdResource { reference } => format!("withhold-resource: {reference}"),
        Obligation::WithholdCoded { system, code } => format!("withhold-coded: {system} {code}"),
        Obligation::OnlyResources { resource_type, references } => {
            format!("only-resources: {resource_type} {}", references.join(","))
        }
    }
}

/// A source's status as the record writes it.
pub const fn word(status: &SourceStatus) -> &'static str {
    match status {
        SourceStatus::Answered => "answered",
        SourceStatus::NothingThere => "nothing-there",
        SourceStatus::Partly => "partly",
        SourceStatus::Refused => "refused",
        SourceStatus::TimedOut => "timed-out",
        SourceStatus::Unreachable => "unreachable",
        SourceStatus::Failed => "failed",
        SourceStatus::NotAsked => "not-asked",
    }
}
