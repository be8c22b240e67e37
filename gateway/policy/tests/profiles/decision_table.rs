//! The decision table: every use case of care, asked by every kind of role from every kind of organisation, under every
//! finding about relation and consent, at both gates. What is expected is said here in plain Rust, a second time, so that
//! neither the policies nor the rules above them can drift unnoticed.

use std::collections::BTreeMap;

use fhir::interaction::Method;
use policy::cases::check_folder;

use super::*;

const TREATING: [&str; 5] = ["01.015", "03.000", "17.000", "30.000", "81.000"];
/// Assess for an insurer, for an employer; a code of nobody; and no role at all.
const NOT_TREATING: [&str; 4] = ["01.048", "01.008", "99.999", ""];
const SPECIALIST_CARE: [&str; 2] = ["V6", "Z4"];
const OTHER_CARE: [&str; 3] = ["X3", "J8", "Z3"];
/// No care provider that takes part in anything here.
const NO_CARE: &str = "Q9";

/// What is asked in a use case, and what is special about it.
struct Asked {
    use_case: &'static str,
    version: FhirVersion,
    line: &'static str,
    special: Special,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Nothing,
    /// Reaches beyond what the use case is for.
    Beyond,
    /// Hidden from pharmacists by the role matrix.
    HiddenFromPharmacists,
    /// For public pharmacies and their pharmacists alone.
    OfPharmacies,
    /// Sent to us: the receiver need not have a consent, but an objection stands.
    Sent,
}

const ASKED: [Asked; 13] = [
    Asked { use_case: "health-overview", version: FhirVersion::R4, line: "GET Condition", special: Special::Nothing },
    Asked { use_case: "health-overview", version: FhirVersion::R4, line: "GET Consent/c1", special: Special::Nothing },
    Asked { use_case: "bgz", version: FhirVersion::Stu3, line: "GET AllergyIntolerance", special: Special::Nothing },
    Asked {
        use_case: "bgz",
        version: FhirVersion::Stu3,
        line: "GET CareTeam",
        special: Special::HiddenFromPharmacists,
    },
    Asked { use_case: "bgz", version: FhirVersion::Stu3, line: "GET Observation?code=x", special: Special::Beyond },
    Asked {
        use_case: "medication-transfer",
        version: FhirVersion::R4,
        line: "GET MedicationRequest",
        special: Special::Nothing,
    },
    Asked {
        use_case: "medication-transfer",
        version: FhirVersion::R4,
        line: "GET Condition/c1",
        special: Special::Nothing,
    },
    Asked {
        use_case: "medication-transfer",
        version: FhirVersion::R4,
        line: "GET Observation?category=x",
        special: Special::Beyond,
    },
    Asked {
        use_case: "medication-transfer",
        version: FhirVersion::R4,
        line: "POST MedicationRequest",
        special: Special::Sent,
    },
    Asked {
        use_case: "medication-overview",
        version: FhirVersion::R4,
        line: "GET MedicationDispense",
        special: Special::Nothing,
    },
    Asked { use_case: "medication-overview", version: FhirVersion::R4, line: "GET Flag", special: Special::Beyond },
    Asked {
        use_case: "laboratory-for-pharmacies",
        version: FhirVersion::R4,
        line: "GET Observation?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory&code=http://loinc.org|62238-1",
        special: Special::OfPharmacies,
    },
    Asked {
        use_case: "laboratory-for-pharmacies",
        version: FhirVersion::R4,
        line: "GET Observation?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        special: Special::Beyond,
    },
];

fn relations() -> [Finding<TreatmentRelation>; 4] {
    [
        Finding::Found(TreatmentRelation { kind: "k".into(), reference: "r".into(), age_days: None }),
        Finding::Absent,
        Finding::NotFoundOut(NotFoundOut::TimedOut),
        Finding::NotFoundOut(NotFoundOut::NobodyToAsk),
    ]
}

fn consents() -> [Finding<Consent>; 5] {
    let of = |decision, source: &str| {
        Finding::Found(Consent { decision, source: source.into(), reference: "c".into(), withhold: Vec::new() })
    };
    [
        of(ConsentDecision::Permit, "mitz"),
        of(ConsentDecision::Deny, "local"),
        Finding::Absent,
        Finding::NotFoundOut(NotFoundOut::Unreachable),
        Finding::NotFoundOut(NotFoundOut::Unusable),
    ]
}

/// Whether this must be allowed, in plain words.
fn expected(asked: &Asked, role: Option<&str>, kind: Option<&str>, findings: &Findings, direction: Direction) -> bool {
    let person = role.is_some_and(|role| !role.is_empty());
    let related = findings.treatment_relation.found().is_some();
    if !person || !related || asked.special == Special::Beyond {
        return false;
    }
    if direction == Direction::User {
        // A transfer is sent to the receiver's gate: here nobody writes into their own source by it.
        return asked.special != Special::Sent;
    }
    let elsewhere = asked.special == Special::OfPharmacies && (role != Some("17.000") || kind != Some("J8"));
    let treats = role.is_some_and(|role| TREATING.contains(&role));
    let takes_part = kind
        .is_some_and(|kind| SPECIALIST_CARE.contains(&kind) || (asked.use_case != "bgz" && OTHER_CARE.contains(&kind)));
    let agreed = match &findings.consent {
        Finding::Found(consent) => consent.decision == ConsentDecision::Permit,
        Finding::Absent => asked.special == Special::Sent,
        Finding::NotFoundOut(_) => false,
    };
    let hidden = asked.special == Special::HiddenFromPharmacists && role == Some("17.000");
    treats && takes_part && agreed && !hidden && !elsewhere
}

fn interaction(asked: &Asked) -> Interaction {
    let read = |line: &str| {
        let (method, target) = line.split_once(' ').unwrap();
        let method = if method == "GET" { Method::Get } else { Method::Post };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Interaction::read(asked.version, method, path, query, None).unwrap()
    };
    match asked.special {
        Special::Sent => Interaction::Transaction { entries: vec![read(asked.line)] },
        _ => read(asked.line),
    }
}

#[test]
fn every_row_of_the_decision_table_is_decided_as_it_must_be() {
    let mut rows: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for asked in &ASKED {
        let loaded = check_folder(&texts(&profiles().join(asked.use_case)), false).unwrap().use_case;
        let use_cases = UseCases::new(vec![loaded]);
        let roles = TREATING.iter().chain(&NOT_TREATING).map(|role| Some(*role)).chain([None]);
        for role in roles {
            let kinds =
                SPECIALIST_CARE.iter().chain(&OTHER_CARE).chain([&NO_CARE]).map(|kind| Some(*kind)).chain([None]);
            for kind in kinds {
                for direction in [Direction::Holder, Direction::User] {
                    let caller = Caller {
                        client_id: "c".to_owned(),
                        organisation: Organisation {
                            ura: Ura::parse("90000101").unwrap(),
                            name: None,
                            kind: kind.map(ToOwned::to_owned),
                        },
                        person: role.map(|role| Person { id: "p".to_owned(), name: None, role: role.to_owned() }),
                        responsible: None,
                        use_cases: vec![UseCaseId::parse(asked.use_case).unwrap()],
                        patient: None,
                        treatment_relation: None,
                        emergency: None,
                        token_id: None,
                    };
                    let request = Request {
                        version: asked.version,
                        interaction: interaction(asked),
                        ..request(caller, direction, "Condition")
                    };
                    let admitted = use_cases.admissible(request).unwrap();
                    for treatment_relation in relations() {
                        for consent in consents() {
                            let findings = Findings { treatment_relation: treatment_relation.clone(), consent };
                            let must = expected(asked, role, kind, &findings, direction);
                            let is = use_cases.decide(&admitted, &findings);
                            assert!(use_cases.is_decided_alike(&admitted, &findings), "{}", asked.line);
                            let what = || {
                                format!(
                                    "{} {} {role:?} {kind:?} {direction:?} {findings:?}",
                                    asked.use_case, asked.line
                                )
                            };
                            assert_eq!(is.is_ok(), must, "{}: {is:?}", what());
                            *rows.entry((asked.use_case, must)).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    let all: usize = rows.values().sum();
    println!("{all} rows: {rows:?}");
    assert!(all > 20_000 && rows.len() == 10, "a yes and a no in each use case");
}
