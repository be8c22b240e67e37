//! The queue of emergency accesses, and the unusual patterns.

use super::*;

async fn judge(desk: &Arc<Stub>, index: &str, verdict: &str, note: &str) -> Page {
    let form = [("csrf", CSRF), ("index", index), ("verdict", verdict), ("note", note)];
    call(desk, false, signed_in(post("/portal/log/review", &form))).await
}

#[actix_web::test]
async fn open_emergencies_come_with_their_age_reason_and_form_and_settled_ones_with_their_verdict() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/review"))).await;
    assert_eq!((page.status, asked_of(&desk)), (200, vec![Asked::Queue]));
    says(
        &page,
        &[
            "5 te beoordelen, oudste eerst",
            "23-11-2026 00:05:00, record 6",
            "wacht 3 dagen",
            "heeft met de noodprocedure metingen en uitslagen van een patiënt opgevraagd",
            "Opgegeven reden Patiënt buiten bewustzijn &lt;b&gt;op straat&lt;/b&gt;.",
            "nader onderzoek F. Gans, 24-11-2026 16:00",
            "Er wachten er nog 3",
            "2 meldingen nog niet ontvangen, de oudste van 25-11-2026 09:00. Dat duurt te lang",
            "onterecht F. Gans, 24-11-2026 16:00",
            "Nagevraagd bij de &lt;b&gt;dienstdoende&lt;/b&gt; arts.",
        ],
    );
    for id in ["justified-6", "unjustified-6", "under-investigation-6", "note-6", "justified-9", "note-9"] {
        assert!(page.attribute("for").contains(&id) && page.attribute("id").contains(&id), "{id} has its label");
    }
    assert!(page.attribute("maxlength").iter().all(|length| *length == "500"));
    is_safe(&page);
}

#[actix_web::test]
async fn a_verdict_is_given_once_with_a_note_and_then_the_queue_is_shown_anew() {
    let desk = desk_for(Kind::Auditor);
    let page = judge(&desk, "6", "justified", " Nagevraagd:\r\nterecht. ").await;
    assert_eq!(page.status, 303);
    assert_eq!(page.headers.get("location").unwrap(), "/portal/log/review");
    assert_eq!(asked_of(&desk), [Asked::Verdict(6, Verdict::Justified, "Nagevraagd:\nterecht.".to_owned())]);
    let longest = "é".repeat(500);
    assert_eq!(judge(&desk, "6", "under-investigation", &longest).await.status, 303);
    assert_eq!(asked_of(&desk).last(), Some(&Asked::Verdict(6, Verdict::UnderInvestigation, longest)));
}

#[actix_web::test]
async fn a_verdict_without_a_note_or_of_no_kind_is_not_given_and_what_was_written_stays() {
    let long = "x".repeat(501);
    for (verdict, note, left) in [
        ("justified", "", ""),
        ("justified", "  \r\n ", ""),
        ("fine", "Een <b>woord</b>", "Een &lt;b&gt;woord&lt;/b&gt;"),
        ("", "Geen keuze", "Geen keuze"),
        ("unjustified", &long, &long[..500]),
    ] {
        let desk = desk_for(Kind::Auditor);
        let page = judge(&desk, "9", verdict, note).await;
        assert_eq!((page.status, asked_of(&desk)), (400, vec![Asked::Queue]), "{note}");
        says(&page, &["Kies een oordeel en schrijf een toelichting van ten hoogste 500 tekens."]);
        assert!(page.text.contains(&format!(r#"aria-describedby="melding-9 uitleg-9">{left}</textarea>"#)), "{note}");
        is_safe(&page);
    }
    let desk = desk_for(Kind::Auditor);
    assert_eq!(judge(&desk, "x", "justified", "Terecht.").await.status, 400);
    assert!(asked_of(&desk).is_empty());
}

#[actix_web::test]
async fn a_verdict_that_is_refused_is_said_to_be() {
    let desk = changed(Kind::Auditor, |log| log.refusal = Some(Refusal::LogUnavailable));
    let page = judge(&desk, "6", "justified", "Terecht.").await;
    assert_eq!(page.status, 503);
    says(&page, &["kan niet worden vastgelegd", "req-7f3a"]);
}

#[actix_web::test]
async fn hints_come_with_their_reason_and_lead_to_their_records() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/hints"))).await;
    assert_eq!((page.status, asked_of(&desk)), (200, vec![Asked::Hints(Period::default())]));
    says(
        &page,
        &[
            "10 records bekeken, van zondag 25 oktober 2026 tot en met dinsdag 24 november 2026.",
            "de oudste zijn overgeslagen",
            "Zonder vastgestelde behandelrelatie",
            "Er zijn 2 keer gegevens verstrekt zonder dat een behandelrelatie is vastgesteld.",
            "Buiten werktijd",
            "Medewerker uzi-1 van zorgaanbieder URA 90000902",
            "Alles van deze medewerker in deze periode",
            "Niet uit het log te halen: of iemand het dossier van een collega",
        ],
    );
    assert!(page.attribute("href").contains(&"/portal/log/record/6"));
    assert_eq!(
        page.attribute("value").iter().filter(|value| **value == "2026-10-25").count(),
        4,
        "in the field and in the form of each hint"
    );
    is_safe(&page);
}

#[actix_web::test]
async fn a_period_is_passed_on_and_one_that_is_none_is_not() {
    let desk = desk_for(Kind::Auditor);
    call(&desk, false, signed_in(get("/portal/log/hints?from=2026-11-01&until="))).await;
    let expected = Period { from: Some(date!(2026 - 11 - 01)), until: None };
    assert_eq!(asked_of(&desk), [Asked::Hints(expected)]);
    for (query, says_so) in [
        ("from=2026-11-02&until=2026-11-01", "ligt na de laatste"),
        ("from=gisteren", "Kies bestaande dagen"),
        ("from=1&from=2", "Formulier niet leesbaar"),
    ] {
        let page = call(&desk, false, signed_in(get(&format!("/portal/log/hints?{query}")))).await;
        assert_eq!(page.status, 400);
        says(&page, &[says_so]);
    }
    assert_eq!(asked_of(&desk).len(), 1);
    let calm = changed(Kind::Auditor, |log| log.records.truncate(5));
    says(&call(&calm, false, signed_in(get("/portal/log/hints"))).await, &["In deze periode valt niets op."]);
}
