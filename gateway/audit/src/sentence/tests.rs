use exchange::record::EmergencyFacts;
use policy::Person;

use super::*;
use crate::testing::{at_the_user, record, refused};

/// Nothing said of grounds, so that the rest is seen.
fn bare(mut record: AccessRecord) -> AccessRecord {
    record.treatment_relation = None;
    record.consent = None;
    record.sources.iter_mut().for_each(|source| source.withheld = 0);
    record
}

fn dutch(record: &AccessRecord) -> (String, String) {
    (sentence(record, Language::Dutch, Voice::Auditor), sentence(record, Language::Dutch, Voice::Patient))
}

fn english(record: &AccessRecord) -> (String, String) {
    (sentence(record, Language::English, Voice::Auditor), sentence(record, Language::English, Voice::Patient))
}

#[test]
fn a_release_reads_whole_in_both_voices_and_languages() {
    let record = record("search-type", &[]);
    let (auditor, patient) = dutch(&record);
    assert_eq!(
        auditor,
        "A. de Vries (huisarts bij De Linde) heeft problemen en diagnoses van een patiënt opgevraagd voor een \
         behandeling. Er is een behandelrelatie vastgesteld. De patiënt heeft hiervoor toestemming gegeven. Er zijn 2 \
         gegevens verstrekt. Eén gegeven is achtergehouden."
    );
    assert_eq!(
        patient,
        "Een huisarts van De Linde heeft uw problemen en diagnoses opgevraagd voor uw behandeling. Er is een \
         behandelrelatie vastgesteld. U heeft hiervoor toestemming gegeven. Er zijn 2 gegevens verstrekt."
    );
    let (auditor, patient) = english(&record);
    assert_eq!(
        auditor,
        "A. de Vries (general practitioner at De Linde) requested problems and diagnoses of a patient for treatment. \
         A treatment relation was established. The patient gave consent for this. 2 items were provided. One item was \
         withheld."
    );
    assert_eq!(
        patient,
        "A general practitioner at De Linde requested your problems and diagnoses for your treatment. A treatment \
         relation was established. You gave consent for this. 2 items were provided."
    );
}

#[test]
fn what_a_register_told_is_no_look_into_a_record() {
    let caller = r#"{"client_id":"mitz","organisation":"","organisation_name":"Mitz"}"#;
    let asked = r#"{"fhir_version":"r4","interaction":"transaction","resource_type":"Consent"}"#;
    let told = |decision: &str| {
        let consent =
            format!(r#"{{"finding":"found","detail":{{"decision":"{decision}","source":"mitz","reference":"n"}}}}"#);
        let none = "null";
        record(
            "transaction",
            &[
                ("caller", caller),
                ("asked", asked),
                ("consent", if decision.is_empty() { none } else { &consent }),
                ("decision", none),
                ("treatment_relation", none),
                ("sources", "[]"),
            ],
        )
    };
    let (auditor, patient) = dutch(&told("deny"));
    assert_eq!(
        auditor,
        "Mitz heeft gemeld dat een patiënt de keuze over toestemming heeft gewijzigd. De keuze is: geen toestemming."
    );
    assert_eq!(
        patient,
        "Mitz heeft gemeld dat u uw keuze over toestemming heeft gewijzigd. De keuze is: geen toestemming."
    );
    assert_eq!(
        english(&told("permit")).1,
        "Mitz told that you changed your choice about consent. The choice is: consent."
    );
    assert_eq!(english(&told("")).0, "Mitz told that a patient changed their choice about consent.");
    let event = crate::event::event(&told("deny"), 1);
    assert!(!event.text().contains(r#""value":"""#), "no number where a register has none: {}", event.text());
}

#[test]
fn what_a_patient_asks_is_told_as_theirs_and_what_is_supervised_as_that() {
    let decision = |purpose: &str| format!(r#"{{"permitted":true,"purpose":"{purpose}"}}"#);
    let organisation = r#""client_id":"x","organisation":"90000901","organisation_name":"Maasdal""#;
    let own = bare(record("page", &[("decision", &decision("PATRQT")), ("caller", &format!("{{{organisation}}}"))]));
    assert!(dutch(&own).1.starts_with("U heeft uw problemen en diagnoses opgevraagd."), "{}", dutch(&own).1);
    assert!(english(&own).0.starts_with("The patient requested problems and diagnoses of a patient."));
    let officer = r#""person":{"id":"f","name":"F. Toezicht","role":"00.000"}"#;
    let watched = bare(record(
        "page",
        &[("decision", &decision("HCOMPL")), ("caller", &format!("{{{organisation},{officer}}}"))],
    ));
    assert!(dutch(&watched).0.starts_with("F. Toezicht (medewerker bij Maasdal) heeft"), "{}", dutch(&watched).0);
    let patient = english(&watched).1;
    assert!(patient.starts_with("A member of staff at Maasdal requested your") && patient.contains("to supervise"));
}

#[test]
fn every_interaction_says_what_was_done_to_whose_data() {
    for (code, patient, auditor) in [
        ("read", "heeft uw problemen en diagnoses bekeken", "viewed problems and diagnoses of a patient"),
        ("$review", "heeft een inzage in uw dossier beoordeeld", "reviewed an access in the record of a patient"),
        ("page", "heeft uw problemen en diagnoses opgevraagd", "requested problems and diagnoses of a patient"),
        (
            "create",
            "heeft problemen en diagnoses in uw dossier gezet",
            "put problems and diagnoses in the record of a patient",
        ),
        ("update", "heeft uw problemen en diagnoses gewijzigd", "changed problems and diagnoses of a patient"),
        ("delete", "heeft uw problemen en diagnoses verwijderd", "deleted problems and diagnoses of a patient"),
        ("$document", "heeft uw document opgevraagd", "requested a document of a patient"),
        (
            "$lastn",
            "heeft uw laatste metingen en uitslagen opgevraagd",
            "requested the latest measurements and results of a patient",
        ),
        ("$everything", "heeft uw volledige dossier opgevraagd", "requested the whole record of a patient"),
        ("$health-overview", "heeft uw gezondheidsoverzicht opgevraagd", "requested the health overview of a patient"),
        (
            "transaction",
            "heeft problemen en diagnoses en ook metingen en uitslagen in uw dossier vastgelegd",
            "recorded problems and diagnoses and also measurements and results in the record of a patient",
        ),
    ] {
        let record = bare(record(code, &[]));
        let (said, expected) = (dutch(&record).1, format!("Een huisarts van De Linde {patient} voor uw behandeling."));
        assert!(said.starts_with(&expected), "{code}: {said}");
        let (said, expected) = (english(&record).0, format!("De Linde) {auditor} for treatment."));
        assert!(said.contains(&expected), "{code}: {said}");
        assert_eq!(dutch(&at_the_user(record.clone())), dutch(&record), "{code}: at either side");
    }
}

#[test]
fn every_end_is_said_plainly() {
    let wanted = "Een huisarts van De Linde wilde uw problemen en diagnoses opvragen voor uw behandeling.";
    for (status, reason, end) in [
        (403, "denied: policy", "Dat is geweigerd; er is niets verstrekt."),
        (400, "search-parameter", "Het verzoek kon niet worden behandeld; er is niets verstrekt."),
        (401, "no-token", "De vrager kon niet laten zien wie hij is; er is niets verstrekt."),
        (404, "not-found", "Het is er niet; er is niets verstrekt."),
        (409, "conflict", "Het bronsysteem heeft de wijziging niet aangenomen."),
        (502, "source-refused", "Het bronsysteem gaf geen bruikbaar antwoord; er is niets verstrekt."),
        (503, "overloaded", "Dat kon op dat moment niet; er is niets verstrekt."),
        (500, "defect", "Er ging iets mis; er is niets verstrekt."),
    ] {
        assert_eq!(dutch(&bare(refused("search-type", status, reason))).1, format!("{wanted} {end}"), "{reason}");
    }
    let of = |name: &str, value: &str| bare(record("search-type", &[("sources", "[]"), (name, value)]));
    let done = "Een huisarts van De Linde heeft uw problemen en diagnoses opgevraagd voor uw behandeling.";
    let partly = r#"[{"holder":"90000903","status":"timed-out","disclosed":[],"withheld":0}]"#;
    for (record, expected) in [
        (
            of("outcome", r#"{"result":"interrupted"}"#),
            format!("{wanted} De verbinding is verbroken; er is niets verstrekt."),
        ),
        (
            of("outcome", r#"{"result":"not-modified"}"#),
            format!("{done} Er was niets veranderd, dus er is niets verstrekt."),
        ),
        (of("sources", "[]"), format!("{done} Er was niets te verstrekken.")),
        (
            of("sources", partly),
            format!(
                "{done} Er is niets verstrekt. Het antwoord is niet volledig: niet elke bron heeft volledig geantwoord."
            ),
        ),
    ] {
        assert_eq!(dutch(&record).1, expected);
    }
}

#[test]
fn a_change_whose_end_is_not_known_is_not_said_to_have_failed() {
    let said = |reason: &str, status| english(&bare(refused("update", status, reason))).1;
    assert!(said("source-timed-out", 504).ends_with("Whether it was carried out is not certain."));
    assert!(said("timed-out", 504).ends_with("Whether it was carried out is not certain."));
    assert!(!said("denied: policy", 403).contains("certain"));
    assert!(!english(&bare(refused("read", 504, "source-timed-out"))).1.contains("certain"));
}

#[test]
fn grounds_are_said_as_they_were_found() {
    for (relation, consent, expected) in [
        (r#"{"finding":"absent"}"#, "null", "Er is geen behandelrelatie gevonden."),
        (
            r#"{"finding":"not-found-out","detail":"timed-out"}"#,
            "null",
            "Of er een behandelrelatie is, kon niet worden nagegaan.",
        ),
        ("null", r#"{"finding":"absent"}"#, "Er is geen toestemming vastgelegd."),
        (
            "null",
            r#"{"finding":"not-found-out","detail":"unreachable"}"#,
            "Of er toestemming is, kon niet worden nagegaan.",
        ),
        (
            "null",
            r#"{"finding":"found","detail":{"decision":"deny","source":"mitz","reference":"m1"}}"#,
            "U heeft hiervoor geen toestemming gegeven.",
        ),
    ] {
        let mut record = refused("read", 403, "denied: policy");
        let found = crate::testing::record("read", &[("treatment_relation", relation), ("consent", consent)]);
        (record.treatment_relation, record.consent) = (found.treatment_relation, found.consent);
        let said = dutch(&record).1;
        assert!(said.contains(&format!("behandeling. {expected} Dat is geweigerd")), "{said}");
    }
    let not_asked = r#"{"finding":"not-found-out","detail":"not-asked"}"#;
    let record = record("read", &[("treatment_relation", not_asked), ("consent", not_asked)]);
    assert_eq!(
        dutch(&record).1,
        "Een huisarts van De Linde heeft uw problemen en diagnoses bekeken voor uw behandeling. Er zijn 2 gegevens verstrekt."
    );
}

#[test]
fn who_asked_is_said_as_far_as_it_is_known() {
    let mut someone = bare(record("read", &[]));
    let mut said = |change: &dyn Fn(&mut AccessRecord)| {
        change(&mut someone);
        let (auditor, patient) = english(&someone);
        let until = |text: String| text.split(" viewed").next().unwrap_or_default().to_owned();
        (until(auditor), until(patient))
    };
    let pair = |auditor: &str, patient: &str| (auditor.to_owned(), patient.to_owned());
    let person =
        |name: Option<&str>, role: &str| Person { id: "2".into(), name: name.map(str::to_owned), role: role.into() };
    assert_eq!(
        said(&|record| record.caller.as_mut().unwrap().responsible = Some(person(Some("B. Smit"), "01.016"))),
        pair(
            "A. de Vries (general practitioner at De Linde), on behalf of B. Smit (internist),",
            "A general practitioner at De Linde, on behalf of an internist,"
        )
    );
    assert_eq!(
        said(&|record| {
            let caller = record.caller.as_mut().unwrap();
            (caller.responsible, caller.person) = (None, Some(person(None, "99.999")));
        }),
        pair("A care professional at De Linde", "A care professional at De Linde")
    );
    assert_eq!(
        said(&|record| record.caller.as_mut().unwrap().person = None),
        pair("A system of De Linde", "A system of De Linde")
    );
    assert_eq!(
        said(&|record| record.caller.as_mut().unwrap().organisation_name = None),
        pair("A system of care provider 90000902", "A system of a care provider whose name we do not know")
    );
    let mut nobody = refused("read", 401, "no-token");
    (nobody.caller, nobody.asked, nobody.patient) = (None, None, None);
    (nobody.decision, nobody.consent, nobody.treatment_relation) = (None, None, None);
    assert_eq!(
        dutch(&nobody).0,
        "Een onbekende vrager heeft een verzoek gedaan. De vrager kon niet laten zien wie hij is; er is niets verstrekt."
    );
}

#[test]
fn emergency_access_is_said_and_codes_and_numbers_of_patients_never_are() {
    let mut glass = record("read", &[]);
    glass.emergency = Some(EmergencyFacts { reason: "Unconscious.".into() });
    assert!(dutch(&glass).1.starts_with("Een huisarts van De Linde heeft met de noodprocedure uw problemen"));
    assert!(english(&glass).0.contains("for treatment by the emergency procedure."));
    for code in ["read", "search-type", "create", "$everything", "transaction", "page"] {
        let record = record(code, &[]);
        for said in [dutch(&record).0, dutch(&record).1, english(&record).0, english(&record).1] {
            for code in ["999911120", "01.015", "TREAT", "Condition", "bgz", "uzi-1", "c1"] {
                assert!(!said.contains(code), "{code} in {said}");
            }
        }
        assert!(!dutch(&record).1.contains("Vries"), "a patient reads a profession, not a name");
    }
}

#[test]
fn who_and_which_parts_are_said_apart_from_the_sentence_too() {
    let one = record("transaction", &[]);
    assert_eq!(asker(&one, Language::Dutch, Voice::Patient), "Een huisarts van De Linde");
    assert_eq!(asker(&one, Language::English, Voice::Auditor), "A. de Vries (general practitioner at De Linde)");
    assert_eq!(parts(&one, Language::Dutch), "problemen en diagnoses en ook metingen en uitslagen");
    assert_eq!(parts(&record("$lastn", &[]), Language::English), "latest measurements and results");
    assert_eq!(profession("01.015", Language::English), "general practitioner");
    let log = r#"{"fhir_version":"r4","interaction":"search-type","resource_type":"AuditEvent","query":""}"#;
    let looked = bare(record("search-type", &[("asked", log)]));
    assert!(dutch(&looked).1.contains("heeft uw toegangslog opgevraagd"), "{:?}", dutch(&looked));
    assert!(english(&looked).0.contains("requested the access log of a patient"));
}
