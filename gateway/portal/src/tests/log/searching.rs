//! Asking something of the log, and one record explained.

use audit::Class;

use super::*;

async fn search(desk: &Arc<Stub>, form: &[(&str, &str)]) -> Page {
    let form: Vec<(&str, &str)> = [("csrf", CSRF)].iter().chain(form).copied().collect();
    call(desk, false, signed_in(post("/portal/log", &form))).await
}

#[actix_web::test]
async fn the_form_asks_for_everything_that_an_auditor_may_want_and_looks_at_nothing_yet() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log"))).await;
    assert_eq!(page.status, 200);
    says(&page, &["BSN van de patiënt", "Medewerker", "Zorgaanbieder", "Tot en met", "Elke uitkomst", "geweigerd"]);
    says(&page, &["zonder vastgestelde behandelrelatie", "inzage in het toegangslog", "met de noodprocedure"]);
    let labelled = page.attribute("for");
    for id in ["patient", "person", "organisation", "from", "until", "class", "emergency", "refused", "of_the_log"] {
        assert!(labelled.contains(&id) && page.attribute("id").contains(&id), "{id} has its label");
    }
    assert_eq!(page.attribute("aria-current"), ["page"]);
    assert!(asked_of(&desk).is_empty());
    is_safe(&page);
}

#[actix_web::test]
async fn a_question_reaches_the_log_as_it_was_typed_and_its_answer_reads_newest_first() {
    let desk = desk_for(Kind::Auditor);
    let page = search(
        &desk,
        &[
            ("patient", " 9999.11.120"),
            ("person", "uzi-1"),
            ("organisation", "90000902"),
            ("from", "2026-11-01"),
            ("until", "2026-11-30"),
            ("class", "denied"),
            ("emergency", "yes"),
            ("without_relation", "yes"),
        ],
    )
    .await;
    assert_eq!(page.status, 200);
    let question = Question {
        patient: Some(BSN.to_owned()),
        person: Some("uzi-1".to_owned()),
        organisation: Some("90000902".to_owned()),
        period: Period { from: Some(date!(2026 - 11 - 01)), until: Some(date!(2026 - 11 - 30)) },
        class: Some(Class::Denied),
        emergency: true,
        without_relation: true,
        ..Question::default()
    };
    assert_eq!(asked_of(&desk), [Asked::Question(question)]);
    says(
        &page,
        &[
            "van zondag 1 november 2026 tot en met maandag 30 november 2026",
            "6 records getoond, nieuwste eerst; er zijn er meer",
            "23-11-2026 12:00:00",
            "Een onbekende vrager heeft een verzoek gedaan. De vrager kon niet laten zien wie hij is",
            "A. de Vries (huisarts bij De Linde) wilde problemen en diagnoses van een patiënt opvragen",
            "geweigerd",
            "vrager niet herkend",
            "noodprocedure",
            "Opvallend: buiten werktijd. Een persoon heeft 2 keer buiten werktijd gegevens opgevraagd.",
            "Opvallend: zonder vastgestelde behandelrelatie.",
            "req-7f3a",
            "C. Bakker (cardioloog bij Ziekenhuis Maasdal), namens D. Jansen (internist),",
        ],
    );
    let records: Vec<&str> = page.attribute("href").into_iter().filter(|href| href.contains("/record/")).collect();
    assert_eq!(records.first(), Some(&"/portal/log/record/9"));
    assert_eq!(records.last(), Some(&"/portal/log/record/4"));
    is_safe(&page);
}

#[actix_web::test]
async fn older_records_are_asked_for_by_a_token_that_names_nobody() {
    let desk = desk_for(Kind::Auditor);
    let page = search(&desk, &[("patient", BSN)]).await;
    assert!(page.text.contains(r#"<input type="hidden" name="token" value="older-5">"#));
    assert!(page.attribute("action").contains(&"/portal/log/more"));
    let request = signed_in(post("/portal/log/more", &[("csrf", CSRF), ("token", "older-5")]));
    let older = call(&desk, false, request).await;
    assert_eq!(older.status, 200);
    assert_eq!(asked_of(&desk).last(), Some(&Asked::Token("older-5".to_owned())));
    says(&older, &["4 records, nieuwste eerst", "1 record kan niet worden gelezen", "20-11-2026 09:00:00"]);
    assert!(!older.words().contains(" Ouder "));
    is_safe(&older);
    let reloaded = call(&desk, false, signed_in(get("/portal/log/more"))).await;
    assert_eq!(reloaded.headers.get("location").unwrap(), "/portal/log");
}

#[actix_web::test]
async fn nothing_found_is_said_and_what_was_typed_wrong_is_shown_where_it_was_typed() {
    let desk = changed(Kind::Auditor, |log| log.records.clear());
    says(&search(&desk, &[]).await, &["Niets gevonden", "zolang er wordt vastgelegd"]);

    let desk = desk_for(Kind::Auditor);
    for (field, value, expected) in [
        ("from", "2026-02-30", "De eerste dag bestaat niet."),
        ("until", "morgen", "De laatste dag bestaat niet."),
        ("class", "\"><script>", "Kies een uitkomst uit de lijst."),
    ] {
        let page = search(&desk, &[(field, value), ("person", "\"><script>")]).await;
        assert_eq!(page.status, 400);
        says(&page, &[expected]);
        assert_eq!(page.attribute("aria-invalid"), ["true"]);
        assert!(page.text.contains("&quot;&gt;&lt;script&gt;"), "what was typed stands there again");
        is_safe(&page);
    }
    let backwards = search(&desk, &[("from", "2026-11-02"), ("until", "2026-11-01")]).await;
    says(&backwards, &["De eerste dag van de periode ligt na de laatste."]);
    assert!(asked_of(&desk).is_empty(), "the log was not asked");

    let desk = changed(Kind::Auditor, |log| log.refusal = Some(Refusal::BsnInvalid));
    let page = search(&desk, &[("patient", "123")]).await;
    assert_eq!((page.status, page.attribute("aria-invalid")), (400, vec!["true"]));
    says(&page, &["Dit is geen geldig BSN", "req-7f3a"]);
}

#[actix_web::test]
async fn a_record_is_explained_field_by_field_with_what_left_and_on_what_ground() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/record/0"))).await;
    assert_eq!((page.status, asked_of(&desk)), (200, vec![Asked::Record(0)]));
    says(
        &page,
        &[
            "A. de Vries (huisarts bij De Linde) heeft problemen en diagnoses van een patiënt opgevraagd",
            "A. de Vries uzi-1",
            "huisarts 01.015",
            "De Linde URA 90000902",
            "BSN 999911120",
            "search-type Condition ?category=problem",
            "20-11-2026 09:00:00",
            "Behandeling TREAT",
            "Toegestaan, toepassing bgz",
            "Door de vrager ondertekend verklaard: referral-7",
            "Toestemming gegeven (eigen register: consent-3)",
            "Versie 1.2.0",
            "Part of the care team.",
            "192.0.2.7",
            "gelukt",
            "Condition c1 2 EPD",
            "Condition c2 niet genoemd EPD",
            "1 gegeven is achtergehouden",
            "De Linde URA 90000902 vroeg dit aan ons",
            "hetzelfde kenmerk: correlation-1",
            "binnen het ondertekende controlepunt van 9 records van 23-11-2026 11:30",
            "Mede ondertekend door Apotheek De Brug, Huisartsenpraktijk Beekzicht.",
            "zorgsluis log prove 0 --folder",
        ],
    );
    assert_eq!(page.attribute("aria-current"), ["true"], "this record within its exchange");
    for other in ["/portal/log/record/1", "/portal/log/record/2"] {
        assert!(page.attribute("href").contains(&other), "{other} is of the same exchange");
    }
    assert!(!page.attribute("href").contains(&"/portal/log/record/3"));
    assert!(page.text.contains(r#"name="token" value="about-the-patient-5""#));
    is_safe(&page);
}

#[actix_web::test]
async fn a_record_tells_which_others_were_asked_and_what_is_not_known() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/record/5"))).await;
    says(
        &page,
        &[
            "D. Jansen uzi-6, internist 01.016",
            "Apotheek De Brug URA 90000903 antwoordde volledig 2 0",
            "Huisartsenpraktijk Beekzicht URA 90000904 antwoordde niet op tijd 0 0",
            "MedicationDispense m1 3 Apotheek De Brug",
            "leggen hun kant van de uitwisseling vast in hun eigen log",
            "onvolledig",
        ],
    );
    assert!(!page.words().contains("vroeg dit aan ons"));

    let emergency = call(&desk, false, signed_in(get("/portal/log/record/6"))).await;
    says(
        &emergency,
        &["Opgegeven reden: Patiënt buiten bewustzijn &lt;b&gt;op straat&lt;/b&gt;.", "Gezocht en niet gevonden"],
    );
    says(&emergency, &["Niet na te gaan: er kwam niet op tijd antwoord", "Opvallend: buiten werktijd."]);
    is_safe(&emergency);

    let refused = call(&desk, false, signed_in(get("/portal/log/record/7"))).await;
    says(
        &refused,
        &["Niet toegestaan, toepassing bgz: het beleid zegt nee", "Er is niets verstrekt en niets geschreven."],
    );
    let unknown = call(&desk, false, signed_in(get("/portal/log/record/8"))).await;
    says(
        &unknown,
        &["niet bekend", "het verzoek was niet te lezen", "Hoe het met het bewijs staat, is nu niet te zeggen"],
    );
    assert!(!unknown.words().contains("Alles over deze patiënt"));
    let new = call(&desk, false, signed_in(get("/portal/log/record/9"))).await;
    says(
        &new,
        &[
            "nieuwer dan het laatste controlepunt",
            "terecht over record 6: Bewusteloos &lt;b&gt;binnengebracht&lt;/b&gt;.",
        ],
    );
    assert!(new.attribute("href").contains(&"/portal/log/record/6"), "a verdict leads to what it is about");
}

#[actix_web::test]
async fn many_references_are_folded_and_none_is_left_out() {
    let references: Vec<String> = (0..40).map(|at| format!("Observation/o{at}/_history/1")).collect();
    let sources = serde_json::json!([{"holder": "90000901", "name": "EPD <script>", "status": "answered", "disclosed": references, "withheld": 0}]);
    let many = record("2026-11-20T08:00:00Z", &serde_json::json!({"sources": sources}));
    let desk = changed(Kind::Auditor, |log| log.records = vec![(0, many)]);
    let page = call(&desk, false, signed_in(get("/portal/log/record/0"))).await;
    says(&page, &["Nog 28 gegevens", "Observation o39 1 EPD"]);
    is_safe(&page);
}
