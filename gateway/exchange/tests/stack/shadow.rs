//! A policy in the shadow of the one in force: noted where it differs, and it decides nothing.

use exchange::Handle;
use policy::UseCase;

use crate::world::*;

const RELEASE: &str = "version = \"2.0.0\"\ntitle = \"Tried\"\n";
const NEVER: &str = "package test_reading\ndefault allow := false\nallow if input.never\n\
    reasons contains {\"code\": \"stricter\", \"description\": \"Stricter than before.\"}\n";
const ALWAYS: &str = "package test_reading\nallow := true\nobligations contains {\"kind\": \"withhold-label\",\
    \"system\": \"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\", \"codes\": [\"R\", \"V\"]}\n";

async fn asked(shadow: &str, consent: Option<policy::ConsentDecision>) -> (bool, serde_json::Value) {
    let world = World::in_order();
    if let Some(decision) = consent {
        *world.consent.lock().unwrap() = policy::Finding::Found(crate::world::consent(decision));
    }
    let policy = POLICY.replace("PACKAGE", "test_reading");
    let use_case = UseCase::load("test-reading", CAPABILITY, &policy, "version = \"1.0.0\"\ntitle = \"Test\"\n", false);
    let use_case = use_case.unwrap().with_shadow(shadow, RELEASE).unwrap();
    let stack = exchange::stack(wiring(&world, vec![use_case]));
    let released = stack.handle(about(ANNA, "Condition")).await.is_ok();
    (released, world.record())
}

#[tokio::test]
async fn a_stricter_policy_in_the_shadow_refuses_nobody_and_is_noted() {
    let (released, record) = asked(NEVER, None).await;
    assert!(released);
    let decision = &record["decision"];
    assert_eq!((&decision["permitted"], &decision["policy"]["version"]), (&true.into(), &"1.0.0".into()));
    let shadow = &decision["shadow"];
    assert_eq!((&shadow["permitted"], &shadow["policy"]["version"]), (&false.into(), &"2.0.0".into()));
    assert_eq!(shadow["reasons"][0]["code"], "stricter");
}

#[tokio::test]
async fn a_laxer_policy_in_the_shadow_releases_nothing_and_cannot_pass_an_objection() {
    let (released, record) = asked(ALWAYS, None).await;
    assert!(released && record["decision"].get("shadow").is_none(), "both say yes and withhold the same");
    let (released, record) = asked(ALWAYS, Some(policy::ConsentDecision::Deny)).await;
    assert!(!released);
    assert!(record["decision"].get("shadow").is_none(), "an objection stands above both");
}
