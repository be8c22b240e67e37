//! The medication overview: what a pharmacist or nurse reads at a glance, and what the page never does.

use flows::testing::{block, medication};

use super::*;

async fn ask(desk: &Arc<Stub>) -> Page {
    call(desk, false, signed_in(post("/portal/medication", &[("csrf", CSRF), ("bsn", BSN)]))).await
}

#[actix_web::test]
async fn what_four_providers_say_stands_in_sections_with_what_does_not_fit() {
    let page = ask(&Stub::of(medication(BSN))).await;
    assert_eq!(page.status, 200);
    let words = page.words();
    for expected in [
        "Medicatieoverzicht van",
        "Antje Zeilstra",
        "Alle 4 gevonden zorgaanbieders hebben alles geleverd wat gedeeld mag worden.",
        "Penicilline",
        "Actueel 1",
        "product of paracetamol",
        "volgens patiënt of naaste",
        "Onderbroken 1",
        "Onderbroken per ",
        "De apotheek gaat nog uit van een eerdere afspraak en loopt niet gelijk met de voorschrijver",
        "Wordt volgens deze opgave niet gebruikt",
        "Recent gestopt 0Niets ontvangen.",
        "Onduidelijk: zelf beoordelen 2",
        "Bronnen leveren verschillende versies van ditzelfde gegeven",
        "Andere versie: ",
        "2 maal per dag 1 stuk, oraal",
        "1 maal per dag 1 stuk, oraal",
        "Voorwaarde: tot de wond dicht is",
        "Eerder gestopt 1",
        "eGFR (nierfunctie)42 mL/min/1,73 m²",
        "Niet ontvangen: Kreatinine, Kalium, Natrium, INR.",
        "Niet getoond",
        "niet met de patiënt geverifieerd",
        "req-7f3a",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    let at = |what: &str| words.find(what).unwrap();
    assert!(at("Penicilline") < at("product of paracetamol"), "what can do harm first");
    assert!(at("product of paracetamol") < at("Onderbroken per"));
}

#[actix_web::test]
async fn another_strength_an_old_note_and_an_agreement_without_a_date_are_there_to_be_read() {
    let medicine = |kind: &'static str, id: &str| block(kind, id).treatment(Some("m"));
    let place = Place::new("90000901", "Huisartsenpraktijk De Terp")
        .holds(&patient("1", BSN, "Antje", "Zeilstra", "1938-02-11"))
        .holds(
            &medicine("MA", "low")
                .days(-60, None)
                .at(-60, "08:00")
                .called("metoprolol 50 mg")
                .noted("Meer gaf duizeligheid.")
                .json(),
        )
        .holds(&medicine("MA", "high").days(-9, None).at(-9, "08:00").called("metoprolol 100 mg").json())
        .holds(
            &medicine("MGB", "use").days(-9, None).at(-8, "08:00").author("Patient").called("metoprolol 50 mg").json(),
        )
        .holds(&medicine("MVE", "box").days(-20, None).called("metoprolol 50 mg").json())
        .holds(&block("MA", "words").treatment(Some("w")).condition("zolang er pijn is").json())
        .holds(&block("MGB", "used").treatment(Some("w")).days(-9, None).at(-8, "08:00").author("Patient").json());
    let words = ask(&Stub::of(World::new("90000901").with(place))).await.words();
    for expected in [
        "Anders genoemd dan bovenaan, en zonder code om te vergelijken: ga na of het hetzelfde middel en dezelfde \
         sterkte is (metoprolol 100 mg, MA)",
        "Toelichting bij metoprolol 50 mg, MA die niet meer getoond wordt: Meer gaf duizeligheid.",
        ": metoprolol 50 mg",
        "De afspraak hierbij is niet te dateren; die staat bij Onduidelijk",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
}

#[actix_web::test]
async fn a_missing_source_is_said_above_and_where_medication_stands() {
    let world = medication(BSN).changed("Apotheek Het Anker", |place| place.fails(SourceFault::TimedOut));
    let words = ask(&Stub::of(world)).await.words();
    for expected in [
        "Onvolledig",
        "Apotheek Het Anker antwoordde niet op tijd.",
        "Er kan medicatie ontbreken: niet alle bronnen hebben alles geleverd.",
        "Niets ontvangen, maar niet alle bronnen hebben alles geleverd.",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(!words.contains("Volledig"));
}

#[actix_web::test]
async fn only_who_may_is_offered_it_and_gets_it() {
    let desk = Stub::of(medication(BSN));
    let start = call(&desk, false, signed_in(get("/portal/"))).await;
    assert!(start.attribute("formaction").contains(&"/portal/medication"));
    let closed = Arc::new(Stub { medication: false, ..Arc::into_inner(Stub::of(medication(BSN))).unwrap() });
    let start = call(&closed, false, signed_in(get("/portal/"))).await;
    assert!(start.attribute("formaction").is_empty());
    assert_eq!(ask(&closed).await.status, 403);
    let forged = call(&desk, false, signed_in(post("/portal/medication", &[("csrf", "x"), ("bsn", BSN)]))).await;
    assert_eq!(forged.status, 403);
    let stranger = call(&desk, false, post("/portal/medication", &[("csrf", CSRF), ("bsn", BSN)])).await;
    assert_eq!(stranger.status, 401);
    for desk in [&desk, &closed] {
        assert!(desk.asked.lock().unwrap().is_empty(), "nothing was asked");
    }
}

#[actix_web::test]
async fn a_session_about_one_patient_gets_that_patients_and_no_other() {
    let desk = Arc::new(Stub { one_patient: true, ..Arc::into_inner(Stub::of(medication(BSN))).unwrap() });
    let page = call(&desk, false, signed_in(get("/portal/medication"))).await;
    assert_eq!(page.status, 200);
    let named =
        call(&desk, false, signed_in(post("/portal/medication", &[("csrf", CSRF), ("bsn", "123456782")]))).await;
    assert_eq!(named.status, 200);
    assert_eq!(*desk.asked.lock().unwrap(), vec![format!("medication of {BSN}"); 2]);
    let other = Stub::of(medication(BSN));
    assert_eq!(call(&other, false, signed_in(get("/portal/medication"))).await.status, 303);
}

#[actix_web::test]
async fn a_refusal_reads_as_it_does_for_the_health_overview() {
    let desk = Stub::refusing(Refusal::NotFound);
    let (own, other) = (ask(&desk).await, overview(&desk).await);
    assert_eq!((own.status, own.words()), (other.status, other.words()));
}

#[actix_web::test]
async fn what_sources_write_is_text_and_a_bsn_is_in_no_url() {
    let evil = "<script>alert(1)</script>";
    let place = Place::new("90000901", evil)
        .holds(&patient("1", BSN, evil, "<img src=x>", "1950"))
        .holds(&block("MA", evil).treatment(Some(evil)).days(-9, None).text(evil).json())
        .holds(&block("MA", "words").treatment(Some("other")).condition(evil).json());
    let page = ask(&Stub::of(World::new("90000901").with(place))).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("&lt;script&gt;alert(1)"));
    assert!(!page.text.contains("<script") && !page.text.contains("<img"));
    for attribute in ["href", "action", "value", "src", "content", "title"] {
        assert!(page.attribute(attribute).iter().all(|value| !value.contains(BSN)), "{attribute}");
    }
}
