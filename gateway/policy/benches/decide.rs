//! What a decision costs with fifty use cases loaded: the two questions asked of them, one after the other, for a request
//! that is allowed and for one that is refused, by a caller who holds one of them and by one who holds all.
//!
//! `cargo bench -p policy --bench decide`. One thread measures; machines differ, and this one may be busy.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "prints what it measured, and stops when its own set-up is wrong"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Ura};
use policy::{
    Caller, Consent, ConsentDecision, Data, DataHolder, Direction, Finding, Findings, Organisation, PatientScope,
    Person, Request, TreatmentRelation, UseCase, UseCaseId, UseCases,
};

const LOADED: usize = 50;
const ROUNDS: usize = 20_000;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/health-overview");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (capability, policy, release) = (text("capability.json"), text("policy.rego"), text("release.toml"));
    let load = |number: usize| {
        let id = format!("use-case-{number}");
        let policy = policy.replace("package health_overview", &format!("package use_case_{number}"));
        UseCase::load(&id, &capability, &policy, &release, false).unwrap()
    };
    let use_cases = UseCases::new((0..LOADED).map(load).collect());
    println!("{LOADED} use cases loaded; {ROUNDS} decisions each");
    println!("{:<44} {:>12} {:>9} {:>9}", "", "decisions/s", "p50, us", "p99, us");
    for (who, held) in [("who holds one", 1), ("who holds all, and means the last", LOADED)] {
        for (what, consent) in [("allowed", ConsentDecision::Permit), ("refused", ConsentDecision::Deny)] {
            let findings = findings(consent);
            let mut times: Vec<u64> = (0..ROUNDS)
                .map(|_| {
                    let asked = request(held);
                    let began = Instant::now();
                    let admitted = use_cases.admissible(asked).unwrap();
                    let decided = black_box(use_cases.decide(&admitted, &findings));
                    let took = began.elapsed().as_nanos() as u64;
                    assert_eq!(decided.is_ok(), consent == ConsentDecision::Permit);
                    took
                })
                .collect();
            let whole: u64 = times.iter().sum();
            times.sort_unstable();
            let at = |share: usize| times[ROUNDS * share / 100] as f64 / 1e3;
            let rate = ROUNDS as f64 / (whole as f64 / 1e9);
            println!("{:<44} {rate:>12.0} {:>9.1} {:>9.1}", format!("{what}, {who}"), at(50), at(99));
        }
    }
}

fn findings(decision: ConsentDecision) -> Findings {
    let relation =
        TreatmentRelation { kind: "provider-list".to_owned(), reference: "enrolment-1".to_owned(), age_days: None };
    let consent =
        Consent { decision, source: "mitz".to_owned(), reference: "answer-1".to_owned(), withhold: Vec::new() };
    Findings { treatment_relation: Finding::Found(relation), consent: Finding::Found(consent) }
}

fn request(held: usize) -> Request {
    let id = |number: usize| UseCaseId::parse(&format!("use-case-{number}")).unwrap();
    let interaction =
        Interaction::read(FhirVersion::R4, Method::Get, "Condition", "category=problem-list-item", None).unwrap();
    Request {
        caller: Caller {
            client_id: "client".to_owned(),
            organisation: Organisation {
                ura: Ura::parse("90000101").unwrap(),
                name: None,
                kind: Some("V6".to_owned()),
            },
            person: Some(Person { id: "p1".to_owned(), name: None, role: "01.015".to_owned() }),
            responsible: None,
            use_cases: (0..held).map(id).collect(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        },
        direction: Direction::Holder,
        holder: DataHolder(Ura::parse("90000201").unwrap()),
        holder_kind: Some("V6".to_owned()),
        version: FhirVersion::R4,
        interaction,
        patient: PatientScope::One(Bsn::parse("999911120").unwrap()),
        data: Data::Sources,
        use_case: Some(id(held - 1)),
    }
}
