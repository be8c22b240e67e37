//! Access by the emergency procedure (noodprocedure), with the use case of the project: named by a reason at our own gate and
//! by the token at the outer one; recorded as what it is; never a way around an objection.

use std::sync::Arc;

use exchange::{Gate, Handle, Inbound, Recorded, Refusal};
use policy::{Caller, ConsentDecision, EmergencyReason, Finding, NotFoundOut, Person, UseCase, UseCaseId};
use serde_json::Value;

use crate::world::*;

const WHY: &str = "Bewusteloos binnengebracht, niemand erbij.";

fn texts(id: &str) -> UseCase {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(id);
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    UseCase::load(id, &text("capability.json"), &text("policy.rego"), &text("release.toml"), false).unwrap()
}

/// A doctor who holds these use cases; nobody knows of a relation or a consent.
fn world(held: &[&str]) -> Arc<World> {
    let world = World::in_order();
    let doctor = Person { id: "d-1".into(), name: None, role: "01.015".into() };
    let use_cases = held.iter().map(|id| UseCaseId::parse(id).unwrap()).collect();
    *world.identity.lock().unwrap() = Ok(Caller { person: Some(doctor), use_cases, ..caller() });
    *world.relation.lock().unwrap() = Finding::Absent;
    *world.consent.lock().unwrap() = Finding::Absent;
    world
}

async fn asked(world: &Arc<World>, inbound: Inbound) -> (Result<Recorded, Refusal>, Value) {
    let stack = exchange::stack(wiring(world, vec![texts("health-overview"), texts("emergency-overview")]));
    let result = stack.handle(inbound).await;
    (result, world.record())
}

fn said(reason: &str) -> Inbound {
    Inbound { gate: Gate::Inner, emergency: Some(reason.into()), ..about(ANNA, "Condition") }
}

#[tokio::test]
async fn a_reason_at_our_own_gate_opens_what_the_caller_holds_for_emergencies_and_is_recorded() {
    let world = world(&["health-overview", "emergency-overview"]);
    let (result, record) = asked(&world, said(WHY)).await;
    assert!(result.is_ok());
    assert_eq!((&record["emergency"]["reason"], &record["decision"]["purpose"]), (&WHY.into(), &"BTG".into()));
    assert_eq!(record["decision"]["use_case"], "emergency-overview");
    // Without a reason the same caller is who they always are.
    let world = self::world(&["health-overview", "emergency-overview"]);
    let (result, record) = asked(&world, Inbound { gate: Gate::Inner, ..about(ANNA, "Condition") }).await;
    assert!(result.is_err() && record.get("emergency").is_none());
    assert_eq!(record["decision"]["use_case"], "health-overview");
}

#[tokio::test]
async fn a_reason_opens_nothing_for_whom_no_use_case_for_emergencies_is_offered_to() {
    let world = world(&["health-overview"]);
    let (result, record) = asked(&world, said(WHY)).await;
    assert_eq!(result.unwrap_err().row().status, 403);
    assert!(record.get("emergency").is_none() && record["outcome"]["reason"] == "denied: not-in-use-case");
    assert_eq!((world.source().times_asked(), world.log.records.lock().unwrap().len()), (0, 1));
}

#[tokio::test]
async fn a_reason_that_explains_nothing_is_refused_and_no_source_is_asked() {
    for reason in ["", "noodgeval", "..............."] {
        let world = world(&["emergency-overview"]);
        let (result, record) = asked(&world, said(reason)).await;
        assert_eq!(result.unwrap_err().row().status, 400, "{reason}");
        assert_eq!(record["outcome"]["reason"], "denied: emergency-reason");
        assert_eq!(world.source().times_asked(), 0);
    }
}

#[tokio::test]
async fn at_the_outer_gate_only_the_token_says_so_and_an_objection_stands() {
    let by_token = |consent: Finding<policy::Consent>| {
        let world = world(&["emergency-overview"]);
        if let Ok(caller) = world.identity.lock().unwrap().as_mut() {
            caller.emergency = EmergencyReason::parse(WHY);
        }
        *world.consent.lock().unwrap() = consent;
        world
    };
    for (consent, released) in [
        (Finding::Absent, true),
        (Finding::NotFoundOut(NotFoundOut::NobodyToAsk), true),
        (Finding::Found(consent(ConsentDecision::Permit)), true),
        (Finding::Found(consent(ConsentDecision::Deny)), false),
        (Finding::NotFoundOut(NotFoundOut::Unreachable), false),
    ] {
        let world = by_token(consent.clone());
        let (result, record) = asked(&world, about(ANNA, "Condition")).await;
        assert_eq!(result.is_ok(), released, "{consent:?}");
        assert_eq!(record["emergency"]["reason"], WHY, "also of a refused one");
        assert_eq!(world.source().times_asked(), usize::from(released));
    }
    // A header of the caller's own is nothing at this gate.
    let world = world(&["emergency-overview"]);
    let (result, _) = asked(&world, Inbound { gate: Gate::Outer, ..said(WHY) }).await;
    assert_eq!(result.unwrap_err().row().status, 400);
}
