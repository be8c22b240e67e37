//! The advance notice: what of it is kept, what is refused, and what is answered.

use fhir::Resource;
use fhir::json::Limits;
use serde_json::{Value, json};

use super::Access;
use super::notice::{AdvanceNotice, Answer, AnswerFault, LONGEST_REASON, NoticeFault};
use super::task::{self, TaskFault};

const BSN: &str = "999911120";

fn resource(value: &Value) -> Resource {
    Resource::parse(value.to_string().into_bytes().into(), &Limits::default()).unwrap()
}

fn coded(code: &str) -> Value {
    json!({"coding": [{"system": "http://snomed.info/sct", "code": code, "display": "iets"}]})
}

/// As a sender has it that writes the name wherever there is room for one.
fn composition() -> Value {
    json!({
        "resourceType": "Composition", "id": "n1", "status": "final", "type": coded("721915006"),
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Jansen</div>"},
        "subject": {"reference": "Patient/p", "display": "Mevrouw Jansen"}, "title": "Aanmeldbericht Jansen",
        "author": [{"reference": "Practitioner/a", "display": "A. de Wit"}],
        "section": [{
            "code": coded("405624007"),
            "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Jansen</div>"},
            "extension": [{"url": "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate",
                "valueDateTime": "2026-12-01"}],
            "section": [
                {"code": coded("302147001"), "entry": [{"reference": "Coverage/v", "display": "Verzekering Jansen"}]},
                {"code": coded("275645009"), "entry": [{"reference": "Organization/o", "display": "De Linden"}]},
                {"code": coded("52870002"), "entry": [{"reference": "Condition/c", "display": "heupfractuur"}]},
            ],
        }],
    })
}

fn all() -> Vec<Value> {
    vec![
        json!({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p", "display": "Jansen"},
            "code": {"text": "heupfractuur"}}),
        composition(),
        json!({"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1942-03-04"}),
        json!({"resourceType": "Organization", "id": "o", "name": "De Linden"}),
    ]
}

fn of(values: &[Value]) -> Result<AdvanceNotice, NoticeFault> {
    AdvanceNotice::of_resources(values.iter().map(resource).collect(), "n1", "p")
}

#[test]
fn a_notice_is_kept_with_what_it_says_and_without_the_name_that_its_sender_wrote_beside() {
    let notice = of(&all()).unwrap();
    let kinds: Vec<String> = notice.resources().iter().map(|one| one.resource_type().into_owned()).collect();
    assert_eq!(kinds, ["Composition", "Condition", "Patient", "Organization"]);
    let text = notice.to_bundle().write();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(!text.contains("Jansen"), "{text}");
    assert!(
        !text.contains("Coverage") && !text.contains("302147001"),
        "a section that had nothing else is gone: {text}"
    );
    for kept in ["De Linden", "heupfractuur", "2026-12-01", "1942-03-04", "A. de Wit", "Aanmeldbericht"] {
        assert!(text.contains(kept), "{kept} is gone: {text}");
    }
}

#[test]
fn what_names_somebody_is_about_another_or_is_no_notice_is_not_kept() {
    let with = |other: Value| all().into_iter().chain([other]).collect::<Vec<_>>();
    let changed = |at: &str, value: Value| {
        let mut all = all();
        *all[1].pointer_mut(at).unwrap() = value;
        all
    };
    let bsn = json!({"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN});
    let mut named = all();
    named[2]["name"] = json!([{"family": "Jansen"}]);
    let cases = [
        (named, NoticeFault::Named),
        (
            with(json!({"resourceType": "Flag", "id": "f", "subject": {"reference": "Patient/p", "identifier": bsn}})),
            NoticeFault::Named,
        ),
        (with(json!({"resourceType": "Flag", "id": "f", "subject": {"reference": "Patient/q"}})), NoticeFault::Patient),
        (with(json!({"resourceType": "Patient", "id": "q"})), NoticeFault::Patient),
        (
            with(json!({"resourceType": "Coverage", "id": "v", "beneficiary": {"reference": "Patient/p"}})),
            NoticeFault::Entry,
        ),
        (with(json!({"resourceType": "Organization", "id": "o"})), NoticeFault::Entry),
        (with(json!({"resourceType": "Organization"})), NoticeFault::Entry),
        (changed("/id", json!("n2")), NoticeFault::Composition),
        (all().into_iter().filter(|one| one["resourceType"] != "Composition").collect(), NoticeFault::Composition),
        (changed("/type", coded("11171000146100")), NoticeFault::Kind),
        (changed("/subject", json!({"display": "Jansen"})), NoticeFault::Patient),
    ];
    for (values, fault) in cases {
        assert_eq!(of(&values).err(), Some(fault));
    }
}

fn task(status: &str, inputs: &[(&str, &str)]) -> Resource {
    let input = |(code, id): &(&str, &str)| json!({"type": coded(code), "valueReference": {"reference": format!("Composition/{id}")}});
    resource(&json!({
        "resourceType": "Task", "id": "t", "status": status, "intent": "order", "code": coded("308292007"),
        "for": {"reference": "Patient/p"}, "input": inputs.iter().map(input).collect::<Vec<_>>(),
        "output": [{"type": coded("1"), "valueString": "x"}, {"type": coded("146851000146105"), "valueDateTime": "2026-11-30"}],
    }))
}

#[test]
fn a_task_offers_the_notice_or_the_handoff_that_it_names_while_its_status_opens_it() {
    const NOTICE: (&str, &str) = ("721915006", "n1");
    const HANDOFF: (&str, &str) = ("11171000146100", "h1");
    for (status, inputs, offers) in [
        ("requested", &[NOTICE][..], Access::AdvanceNotice),
        ("accepted", &[NOTICE], Access::AdvanceNotice),
        ("requested", &[], Access::Nothing),
        ("requested", &[HANDOFF], Access::Nothing),
        ("on-hold", &[NOTICE], Access::Nothing),
        ("in-progress", &[NOTICE], Access::Nothing),
        ("in-progress", &[NOTICE, HANDOFF], Access::Handoff),
        ("completed", &[NOTICE, HANDOFF], Access::Nothing),
        ("rejected", &[NOTICE], Access::Nothing),
    ] {
        assert_eq!(task::read(&task(status, inputs)).unwrap().offers(), offers, "{status} {inputs:?}");
    }
    assert_eq!(task::read(&task("in-progress", &[])), Err(TaskFault::Handoff));
    assert_eq!(task::read(&task("requested", &[NOTICE, ("721915006", "n2")])), Err(TaskFault::Handoff));
}

#[test]
fn an_answer_changes_the_status_and_says_the_date_and_the_reason_and_nothing_else() {
    let asked = task("requested", &[("721915006", "n1")]);
    let put = |status, date, reason| -> Value {
        let put = Answer::of(status, date, reason).unwrap().put(&asked);
        serde_json::from_str(put.text()).unwrap()
    };
    let mut expected: Value = serde_json::from_str(asked.text()).unwrap();
    expected["status"] = json!("accepted");
    assert_eq!(put("accepted", None, None), expected);
    expected["status"] = json!("rejected");
    expected["statusReason"] = json!({"text": "Geen plaats"});
    assert_eq!(put("rejected", None, Some(" Geen plaats ")), expected);
    let on_hold = put("on-hold", Some("2026-12-03"), None);
    let outputs = on_hold["output"].as_array().unwrap();
    assert_eq!(outputs.len(), 2, "the date before is replaced, and what else there is stays");
    assert_eq!(outputs[1]["valueDateTime"], "2026-12-03");
    assert_eq!(outputs[1]["type"]["coding"][0]["code"], "146851000146105");
    assert_eq!((&on_hold["status"], &on_hold["statusReason"]), (&json!("on-hold"), &Value::Null));
}

#[test]
fn nobody_answers_what_cannot_be_put() {
    let long = "x".repeat(LONGEST_REASON + 1);
    for (status, date, reason, fault) in [
        ("completed", None, None, AnswerFault::Status),
        ("cancelled", None, None, AnswerFault::Status),
        ("", None, None, AnswerFault::Status),
        ("on-hold", None, None, AnswerFault::Date),
        ("on-hold", Some("3 december"), None, AnswerFault::Date),
        ("on-hold", Some("2026-13-01"), None, AnswerFault::Date),
        ("on-hold", Some("2026-12"), None, AnswerFault::Date),
        ("on-hold", Some("2026-12-01T10:00:00"), None, AnswerFault::Date),
        ("accepted", Some("2026-12-01"), None, AnswerFault::Date),
        ("rejected", Some("x"), None, AnswerFault::Date),
        ("rejected", None, Some(" "), AnswerFault::Reason),
        ("rejected", None, Some(long.as_str()), AnswerFault::Reason),
    ] {
        assert_eq!(Answer::of(status, date, reason), Err(fault), "{status} {date:?}");
    }
    assert!(Answer::of("on-hold", Some("2026-12-01T10:00:00+01:00"), Some("Dan is er plaats")).is_ok());
}
