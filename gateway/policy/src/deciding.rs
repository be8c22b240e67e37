//! Is it allowed? The policy's verdict, below rules that no policy can switch off. Nothing else builds a [`Permit`].

use std::sync::Arc;

use fhir::identifiers::Reader;
use fhir::interaction::ResourceType;
use fhir::masking::ElementPath;
use fhir::{FhirVersion, Interaction, LogicalId};

use crate::admission::binds;
use crate::capability::{Capability, Fact};
use crate::decision::{Denial, DenialCode, Obligation, Permit, Reason};
use crate::findings::{ConsentDecision, Finding, Findings, NotFoundOut};
use crate::rego::input::input;
use crate::rego::{Rego, Verdict};
use crate::request::{Admitted, Direction, PatientScope, Purpose, Request};
use crate::standard::{self, StandardOperation};
use crate::use_case::{UseCase, UseCases};
use crate::versions::InVersion;

/// What every source is asked.
pub(crate) type Plan = Arc<[Interaction]>;

impl UseCases {
    /// The decision. Nothing else builds a [`Permit`].
    ///
    /// It rests on the use case that admitted the request, also when another release was loaded since.
    ///
    /// # Errors
    /// `PolicyDenied` with the reasons of the policy and of the rules above it; `PolicyFailed` when the policy gave
    /// no usable verdict; `PatientBinding` when the patient is not one that the use case or the token allows.
    pub fn decide(&self, admitted: &Admitted, findings: &Findings) -> Result<Permit, Denial> {
        let use_case = &admitted.use_case;
        let Some(asked) = InVersion::own(use_case, &admitted.request) else {
            return Err(use_case.denial(DenialCode::NotInUseCase));
        };
        let elsewhere = InVersion::others(use_case, &admitted.request).into_iter().map(|other| {
            let judged = UseCases::judged(use_case, &other, findings).map(Arc::new);
            (other.request.version, judged)
        });
        Ok(Permit { elsewhere: elsewhere.collect(), ..UseCases::judged(use_case, &asked, findings)? })
    }

    /// The decision about what is asked in one version.
    fn judged(use_case: &UseCase, asked: &InVersion<'_>, findings: &Findings) -> Result<Permit, Denial> {
        let request = asked.request.as_ref();
        if !binds(use_case.capability().patient, request) {
            return Err(use_case.denial(DenialCode::PatientBinding));
        }
        let purpose = use_case.capability().purpose;
        let verdict = judge(use_case.rego(), use_case.capability(), asked, findings)
            .map_err(|(code, reasons)| Denial { reasons, ..use_case.denial(code) })?;
        let Some(releasable) = use_case.releasable(request.version) else {
            return Err(use_case.denial(DenialCode::NotInUseCase));
        };
        let (plan, operation) = (asked.plan.clone(), asked.operation);
        let reasons = verdict.reasons;
        let mut obligations = verdict.obligations;
        // No policy can switch off what the patient objects to in part.
        obligations.extend(findings.consent.found().into_iter().flat_map(|consent| consent.withhold.iter().cloned()));
        let elements = use_case.release().masked(request);
        if request.direction == Direction::Holder && !elements.is_empty() {
            obligations.push(Obligation::MaskElements { elements });
        }
        let (plan, obligations) = within_matrix(use_case, request, plan, obligations).map_err(|outside| {
            let reasons = [reasons.as_slice(), &[outside]].concat();
            Denial { reasons, ..use_case.denial(DenialCode::PolicyDenied) }
        })?;
        Ok(Permit {
            treatment_relation: findings.treatment_relation.found().cloned(),
            request: request.clone(),
            use_case: use_case.id().clone(),
            purpose,
            policy: use_case.policy().clone(),
            reasons,
            obligations,
            plan,
            operation,
            releasable,
            takes_once: use_case.capability().taken_once,
            offered: use_case.capability().versions.keys().copied().collect(),
            elsewhere: Vec::new(),
        })
    }
}

impl UseCases {
    /// Whether the engine's interpreter, the measure of what a policy means, says what a decision rests on. It always does,
    /// as far as is known; whoever runs cases of a policy looks.
    pub fn is_decided_alike(&self, admitted: &Admitted, findings: &Findings) -> bool {
        let (rego, purpose) = (admitted.use_case.rego(), admitted.use_case.capability().purpose);
        let alike = |asked: InVersion<'_>| {
            let input = input(&asked, purpose, findings);
            rego.evaluate(input.clone()) == rego.interpret(input)
        };
        InVersion::each(&admitted.use_case, &admitted.request).into_iter().all(alike)
    }
}

/// What a policy says of a request, below the rules that no policy can switch off: yes, or which no and why.
pub(crate) fn judge(
    rego: &Rego,
    capability: &Capability,
    asked: &InVersion<'_>,
    findings: &Findings,
) -> Result<Verdict, (DenialCode, Vec<Reason>)> {
    let request = asked.request.as_ref();
    let barred = barred(capability, request.direction, findings);
    let failed = |what: &str| {
        let mut reasons = barred.clone();
        reasons.push(Reason::new("policy-failed", what));
        (DenialCode::PolicyFailed, reasons)
    };
    let verdict =
        rego.evaluate(input(asked, capability.purpose, findings)).map_err(|fault| failed(&fault.to_string()))?;
    if verdict.reasons.iter().any(|reason| names_the_patient(reason, request)) {
        return Err(failed("the policy put the patient's number into a reason"));
    }
    if !verdict.obligations.iter().all(|obligation| can_be_met(obligation, request.version)) {
        return Err(failed("the policy gave an obligation that could never apply"));
    }
    if !verdict.allow || !barred.is_empty() {
        let mut reasons = verdict.reasons;
        for reason in barred {
            if reasons.iter().all(|known| known.code != reason.code) {
                reasons.push(reason);
            }
        }
        return Err((DenialCode::PolicyDenied, reasons));
    }
    Ok(verdict)
}

/// What is left of a plan for the caller's role, at the data holder's gate, and what else has to be withheld for it.
///
/// # Errors
/// The reason, when nothing is left.
pub(crate) fn within_matrix(
    use_case: &UseCase,
    request: &Request,
    plan: Plan,
    mut obligations: Vec<Obligation>,
) -> Result<(Plan, Vec<Obligation>), Reason> {
    let Some(matrix) = use_case.matrix().filter(|_| request.direction == Direction::Holder) else {
        return Ok((plan, obligations));
    };
    let sight = matrix.sight(request);
    let hidden = sight.hidden(request.interaction.code());
    obligations.extend(hidden.map(|kind| Obligation::WithholdType { resource_type: kind.to_owned() }));
    let seen: Plan = plan.iter().filter(|question| sight.allows(question)).cloned().collect();
    if seen.is_empty() {
        let says = "The role of the practitioner does not see this category of information.";
        return Err(Reason::new("not-in-matrix", says));
    }
    Ok((seen, obligations))
}

/// What bars a release whatever the policy says: at the holder's gate every fact that the use case needs must have
/// been found out, and a recorded objection stands. In an emergency nobody has to have been asked, so that nobody is there
/// to ask bars nothing then; a register that is there and cannot be read may hold an objection, and does.
fn barred(capability: &Capability, direction: Direction, findings: &Findings) -> Vec<Reason> {
    let needed = capability.findings.at(direction);
    let emergency = capability.purpose == Purpose::BreakTheGlass;
    if direction == Direction::User {
        return Vec::new();
    }
    let mut barred = Vec::new();
    if needed.contains(&Fact::TreatmentRelation) && matches!(findings.treatment_relation, Finding::NotFoundOut(_)) {
        barred.push(Reason::new(
            "treatment-relation-not-found-out",
            "It could not be found out whether there is a treatment relation.",
        ));
    }
    if needed.contains(&Fact::Consent) {
        match &findings.consent {
            Finding::NotFoundOut(NotFoundOut::NobodyToAsk) if emergency => {}
            Finding::NotFoundOut(_) => barred
                .push(Reason::new("consent-not-found-out", "It could not be found out whether the patient consents.")),
            Finding::Found(consent) if consent.decision == ConsentDecision::Deny => {
                barred.push(Reason::new("consent-denied", "The patient objects to this exchange."));
            }
            Finding::Found(_) | Finding::Absent => {}
        }
    }
    barred
}

/// What every source is asked: the searches of an operation, or the interaction itself. None: no search can be made of
/// what was asked, which admission has refused already.
pub(crate) fn plan(use_case: &UseCase, request: &Request) -> Option<(Plan, Option<StandardOperation>)> {
    let itself = || -> Plan { Arc::new([request.interaction.clone()]) };
    let (Interaction::Operation { level, name, query }, Some(offer)) =
        (&request.interaction, use_case.offer(request.version))
    else {
        return Some((itself(), None));
    };
    if offer.operation(level, name, request.direction)
        && let Some(searches) = use_case.collected(request.version, name)
    {
        return Some((Arc::clone(searches), None));
    }
    let operation = offer.standard(&request.interaction);
    let plan: Plan = match operation {
        Some(StandardOperation::LastN) => Arc::new([standard::last_n(request.interaction.resource_type()?, query)]),
        Some(StandardOperation::Everything) => {
            standard::everything(offer.version, offer.capability, query).ok()?.into()
        }
        Some(StandardOperation::LatestStops) => {
            let kind = request.interaction.resource_type();
            standard::latest_stops(offer.version, offer.capability, kind, query).ok()?.into()
        }
        Some(StandardOperation::Document | StandardOperation::Review | StandardOperation::Explain) | None => itself(),
    };
    Some((plan, operation))
}

/// Reasons go into logs and answers, where a BSN may not be.
fn names_the_patient(reason: &Reason, request: &Request) -> bool {
    let PatientScope::One(bsn) = &request.patient else { return false };
    let bsn = bsn.reveal_to(Reader::Policy);
    reason.code.contains(bsn) || reason.description.contains(bsn)
}

/// A label without codes or a type that does not exist would withhold nothing, in silence.
fn can_be_met(obligation: &Obligation, version: FhirVersion) -> bool {
    match obligation {
        Obligation::WithholdLabel { system, codes } => {
            !system.is_empty() && !codes.is_empty() && codes.iter().all(|code| !code.is_empty())
        }
        Obligation::WithholdType { resource_type } | Obligation::OnlyResources { resource_type, .. } => {
            ResourceType::parse(version, resource_type).is_some()
        }
        Obligation::WithholdResource { reference } => reference
            .split_once('/')
            .is_some_and(|(kind, id)| ResourceType::parse(version, kind).is_some() && LogicalId::parse(id).is_some()),
        // A type that this version does not have has nothing to mask in it.
        Obligation::MaskElements { elements } => {
            !elements.is_empty() && elements.iter().all(|text| ElementPath::parse(text).is_some())
        }
        Obligation::WithholdCoded { system, code } => !system.is_empty() && !code.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::NotFoundOut;
    use crate::testing::{ANYTHING, ONE, PATIENT, SENDING, all_found, consent, relation, request, use_case};

    fn decide(rules: &str, findings: &Findings, direction: Direction) -> Result<Permit, Denial> {
        let use_cases = UseCases::new(vec![use_case("one", ONE, rules)]);
        let asked = Request { direction, ..request(&["one"], "GET Condition?category=a") };
        use_cases.decide(&use_cases.admissible(asked).unwrap(), findings)
    }

    fn codes(reasons: &[Reason]) -> Vec<&str> {
        reasons.iter().map(|reason| reason.code.as_str()).collect()
    }

    #[test]
    fn no_policy_can_switch_off_what_bars_a_release_at_the_holders_gate() {
        let unknown = || NotFoundOut::TimedOut;
        let table = [
            (all_found(), vec![]),
            (
                Findings { treatment_relation: Finding::NotFoundOut(unknown()), ..all_found() },
                vec!["treatment-relation-not-found-out"],
            ),
            (
                Findings { consent: Finding::NotFoundOut(NotFoundOut::NotAsked), ..all_found() },
                vec!["consent-not-found-out"],
            ),
            (Findings { consent: consent(ConsentDecision::Deny), ..all_found() }, vec!["consent-denied"]),
            (
                Findings {
                    treatment_relation: Finding::NotFoundOut(unknown()),
                    consent: Finding::NotFoundOut(unknown()),
                },
                vec!["treatment-relation-not-found-out", "consent-not-found-out"],
            ),
            // Absence is a fact; what it means is the policy's.
            (Findings { treatment_relation: Finding::Absent, consent: Finding::Absent }, vec![]),
        ];
        for (findings, barred) in table {
            match decide("allow := true", &findings, Direction::Holder) {
                Ok(_) => assert!(barred.is_empty(), "{findings:?}"),
                Err(denial) => {
                    assert_eq!(denial.code, DenialCode::PolicyDenied);
                    assert_eq!(codes(&denial.reasons), barred, "{findings:?}");
                }
            }
            assert!(decide("allow := true", &findings, Direction::User).is_ok(), "the user's gate: {findings:?}");
        }
    }

    #[test]
    fn a_fact_that_the_use_case_does_not_need_bars_nothing() {
        let needless = ONE.replace(r#""holder": ["treatment-relation", "consent"]"#, r#""holder": []"#);
        let use_cases = UseCases::new(vec![use_case("one", &needless, "allow := true")]);
        let admitted = use_cases.admissible(request(&["one"], "GET Condition/c1")).unwrap();
        let not_asked = || NotFoundOut::NotAsked;
        let findings = Findings {
            treatment_relation: Finding::NotFoundOut(not_asked()),
            consent: Finding::NotFoundOut(not_asked()),
        };
        assert!(use_cases.decide(&admitted, &findings).is_ok());
    }

    #[test]
    fn a_reason_that_the_policy_gave_already_is_not_given_twice() {
        let rules = "default allow := false\nreasons := [{\"code\": \"consent-denied\", \"description\": \"Said.\"}, \
                     {\"code\": \"closed\", \"description\": \"Closed.\"}]\nallow if input.never";
        let findings = Findings { consent: consent(ConsentDecision::Deny), ..all_found() };
        let denial = decide(rules, &findings, Direction::Holder).unwrap_err();
        assert_eq!(codes(&denial.reasons), ["consent-denied", "closed"]);
        assert_eq!(denial.reasons[0].description, "Said.");
    }

    #[test]
    fn a_policy_without_a_usable_verdict_fails_closed_and_says_nothing_of_the_request() {
        for rules in [
            "allow if input.never",
            "allow := \"yes\"",
            "default allow := false\nallow if to_number(input.subject.client.id) == 1",
            "default allow := false\nallow if not to_number(input.subject.client.id)",
            "allow := true\nobligations := [{\"kind\": \"unknown\"}]",
            "allow := true\nobligations := [{\"kind\": \"withhold-type\", \"resource_type\": \"Conditions\"}]",
            "allow := true\nobligations := [{\"kind\": \"withhold-label\", \"system\": \"s\", \"codes\": []}]",
            "allow := true\nobligations := [1] if input.never",
            "allow := true\nreasons := \"fine\"",
            "allow := true\nreasons := [{\"code\": \"x\", \"description\": concat(\" \", [\"of\", \
             input.context.patient_bsn])}]",
            "allow := true\nreasons := [{\"code\": input.context.patient_bsn, \"description\": \"x\"}]",
        ] {
            let denial = decide(rules, &all_found(), Direction::Holder).unwrap_err();
            assert_eq!(denial.code, DenialCode::PolicyFailed, "{rules}");
            assert_eq!(codes(&denial.reasons), ["policy-failed"], "{rules}");
            assert!(!format!("{denial:?}").contains(PATIENT), "{rules}");
            assert!(denial.policy.is_some() && denial.use_case.is_some());
        }
    }

    #[test]
    fn no_policy_can_switch_off_what_a_consent_excepts() {
        let part = Obligation::WithholdResource { reference: "Condition/c1".to_owned() };
        let Finding::Found(given) = consent(ConsentDecision::Permit) else { panic!("a consent that is not found") };
        let given = Finding::Found(crate::findings::Consent { withhold: vec![part.clone()], ..given });
        let findings = Findings { consent: given, ..all_found() };
        for rules in ["allow := true", "allow := true\nobligations := []"] {
            assert_eq!(decide(rules, &findings, Direction::Holder).unwrap().obligations(), std::slice::from_ref(&part));
        }
    }

    #[test]
    fn a_permit_carries_what_the_policy_said_and_what_the_use_case_offers() {
        let rules = "allow := true\nreasons contains {\"code\": \"care\", \"description\": \"For care.\"}\n\
                     obligations := [{\"kind\": \"withhold-type\", \"resource_type\": \"Medication\"}]";
        let permit = decide(rules, &all_found(), Direction::Holder).unwrap();
        assert_eq!(codes(permit.reasons()), ["care"]);
        assert_eq!(permit.obligations(), [Obligation::WithholdType { resource_type: "Medication".to_owned() }]);
        assert_eq!(permit.use_case().as_str(), "one");
        assert_eq!(&*permit.policy().version, "1.2.3");
        assert_eq!(permit.plan(), [permit.request().interaction.clone()]);
        for released in ["Patient", "Condition", "Observation", "Medication", "Practitioner"] {
            assert!(permit.may_release(released), "{released}");
        }
        for kept in ["Claim", "OperationOutcome", "Binary", "Encounter", "*", ""] {
            assert!(!permit.may_release(kept), "{kept}");
        }
        assert!(!format!("{permit:?}").contains(PATIENT));
    }

    #[test]
    fn an_operation_becomes_its_searches_and_in_development_passes_as_it_is() {
        let use_cases =
            UseCases::new(vec![use_case("one", ONE, "allow := true"), use_case("any", ANYTHING, "allow := true")]);
        let permit = |held: &str, line: &str| {
            let asked = Request { direction: Direction::User, ..request(&[held], line) };
            use_cases.decide(&use_cases.admissible(asked).unwrap(), &all_found()).unwrap()
        };
        let collected = permit("one", "GET Patient/$overview");
        let types: Vec<_> =
            collected.plan().iter().filter_map(Interaction::resource_type).map(ResourceType::name).collect();
        assert_eq!(types, ["Patient", "Condition"]);
        let query = collected.plan()[1].query().unwrap();
        assert_eq!(query.write(), "category=problem-list-item");

        let passed = permit("any", "GET Patient/$overview");
        assert_eq!(passed.plan(), [passed.request().interaction.clone()]);
        assert!(passed.may_release("Claim"));
    }

    #[test]
    fn an_operation_of_the_standard_becomes_the_searches_that_it_is() {
        let use_cases = UseCases::new(vec![use_case("sending", SENDING, "allow := true")]);
        let permit = |line: &str| {
            let admitted = use_cases.admissible(request(&["sending"], line)).unwrap();
            use_cases.decide(&admitted, &all_found()).unwrap()
        };
        let plan = |permit: &Permit| -> Vec<String> {
            let text = |one: &Interaction| {
                let query = one.query().map(|query| query.write()).unwrap_or_default();
                format!("{} {}?{query}", one.code(), one.resource_type().unwrap())
            };
            permit.plan().iter().map(text).collect()
        };
        let last = permit("GET Observation/$lastn?code=a&max=3&_sort=code&_include=Observation:performer");
        assert_eq!(last.operation(), Some(StandardOperation::LastN));
        let include = "_include=Observation%3Aperformer";
        assert_eq!(plan(&last), [format!("search-type Observation?code=a&{include}&_sort=-date")]);

        // The patient first; what is nobody's is not searched.
        let all = permit("GET Patient/p1/$everything");
        assert_eq!(all.operation(), Some(StandardOperation::Everything));
        let types = ["Patient", "Condition", "MedicationRequest", "Coverage"];
        assert_eq!(plan(&all), types.map(|kind| format!("search-type {kind}?")));
        let bounded =
            permit("GET Patient/p1/$everything?_type=Condition,Patient&_since=2026&start=2025-01&end=2025-02");
        let since = "_lastUpdated=ge2026";
        assert_eq!(
            plan(&bounded),
            [
                format!("search-type Patient?{since}"),
                format!("search-type Condition?{since}&onset-date=ge2025-01&onset-date=le2025-02")
            ]
        );

        let category =
            |codes: &str| format!("category={}", codes.replace('|', "%7C").replace(':', "%3A").replace('/', "%2F"));
        let agreements = category("http://snomed.info/sct|33633005");
        let stops =
            permit("GET MedicationRequest/$latest-stops?category=33633005&mbh=s|a&mbh=s|b&include-details=true");
        assert_eq!(stops.operation(), Some(StandardOperation::LatestStops));
        let treatments = "pharmaceutical-treatment-identifier=s%7Ca%2Cs%7Cb";
        assert_eq!(plan(&stops), [format!("search-type MedicationRequest?{agreements}&{treatments}")]);
        let all = plan(&permit("GET $latest-stops"));
        let both = category("http://snomed.info/sct|33633005,http://snomed.info/sct|395067002").replace(',', "%2C");
        let dispenses = category("http://snomed.info/sct|422037009");
        assert_eq!(
            all,
            [format!("search-type MedicationRequest?{both}"), format!("search-type MedicationDispense?{dispenses}")]
        );

        let document = permit("GET Composition/c1/$document");
        assert_eq!(document.operation(), Some(StandardOperation::Document));
        assert_eq!(document.plan(), [document.request().interaction.clone()]);
        assert_eq!(permit("GET Condition?category=a").operation(), None);
    }

    #[test]
    fn the_decision_rests_on_the_release_that_admitted() {
        let before = UseCases::new(vec![use_case("one", ONE, "default allow := false\nallow if input.never")]);
        let after = UseCases::new(vec![use_case("one", ONE, "allow := true")]);
        let admitted = before.admissible(request(&["one"], "GET Condition/c1")).unwrap();
        assert!(after.decide(&admitted, &all_found()).is_err());
    }

    #[test]
    fn an_absent_relation_is_for_the_policy_to_judge() {
        let rules = "default allow := false\nallow if input.findings.treatment_relation.finding == \"found\"";
        let without = Findings { treatment_relation: Finding::Absent, ..all_found() };
        assert!(decide(rules, &without, Direction::Holder).is_err());
        let with = Findings { treatment_relation: relation(), ..all_found() };
        assert!(decide(rules, &with, Direction::Holder).is_ok());
    }
}
