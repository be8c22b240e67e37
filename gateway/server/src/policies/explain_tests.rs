use std::sync::atomic::{AtomicUsize, Ordering};

use std::time::Duration;

use exchange::explanation::{Explanation, explain};
use exchange::ports::{BoxFuture, ConsentQuestion, Consents, Relation, RelationQuestion, TreatmentRelations};
use policy::cases::CaseInput;
use policy::{Consent, ConsentDecision, Finding, NotFoundOut, TreatmentRelation};
use serde_json::{Value, json};

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
    let request = question.request().unwrap();
    let explanation = explain(request, &use_cases(), &registers, &registers, Duration::from_secs(5)).await;
    (explanation, registers.asked.load(Ordering::SeqCst))
}

fn consent(decision: ConsentDecision) -> Finding<Consent> {
    Finding::Found(Consent { decision, source: "local".into(), reference: "consent-3".into(), withhold: Vec::new() })
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
