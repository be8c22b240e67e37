//! The patient's page.

use super::*;

async fn own(query: &str) -> Page {
    let desk = desk_for(Kind::Patient);
    let page = call(&desk, false, signed_in(get(&format!("/portal/my-log{query}")))).await;
    assert_eq!(page.status, 200);
    is_safe(&page);
    page
}

#[actix_web::test]
async fn a_patient_reads_day_by_day_who_saw_what_why_and_on_what_ground() {
    let page = own("").await;
    assert!(page.text.contains(r#"<html lang="nl">"#));
    says(
        &page,
        &[
            "Wie heeft mijn gegevens gezien en waarom",
            "maandag 23 november 2026",
            "zaterdag 21 november 2026",
            "Een huisarts van De Linde heeft met de noodprocedure uw metingen en uitslagen opgevraagd voor uw behandeling.",
            "Een huisarts van De Linde wilde uw problemen en diagnoses opvragen.",
            "Dat is geweigerd; er is niets verstrekt.",
            "Een cardioloog van Ziekenhuis Maasdal, namens een internist, heeft uw gezondheidsoverzicht opgevraagd",
            "Opgevraagd bij Apotheek De Brug, Huisartsenpraktijk Beekzicht.",
            "2 keer met de noodprocedure.",
            "Eén poging is geweigerd.",
            "noodprocedure",
            "geweigerd",
            "Kenmerk 90000901-9",
            "Wilt u weten welke persoon het was, vraag het ons dan",
            "Deze inzage is zelf ook vastgelegd (NEN 7513).",
        ],
    );
    let words = page.words();
    let at = |text: &str| words.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("maandag 23 november") < at("zaterdag 21 november") && at("zaterdag 21") < at("vrijdag 20 november"));
    // Neither names nor numbers of persons, nor what the doctor wrote of the emergency, nor hints.
    for hidden in ["de Vries", "Bakker", "uzi-", "bewustzijn", "Opvallend", BSN] {
        assert!(!page.text.contains(hidden), "{hidden}");
    }
}

#[actix_web::test]
async fn many_small_questions_are_one_line_and_repeats_of_a_day_are_folded() {
    let page = own("").await;
    let friday = spaced(&page).split("vrijdag 20 november 2026").nth(1).unwrap().to_owned();
    for expected in [
        "15:30 2 keer",
        "Op dezelfde dag ook om 14:00.",
        "De 2 afzonderlijke raadplegingen 14:00:00 problemen en diagnoses Kenmerk 90000901-3",
        "09:00 – 09:02",
        "De 3 afzonderlijke raadplegingen 09:00:00 problemen en diagnoses Kenmerk 90000901-0",
        "09:02:30 medicatieafspraken Kenmerk 90000901-2",
    ] {
        assert!(friday.contains(expected), "{expected}\n{friday}");
    }
}

#[actix_web::test]
async fn the_page_speaks_english_when_asked() {
    let page = own("?lang=en&from=2026-11-01").await;
    assert!(page.text.contains(r#"<html lang="en">"#));
    says(
        &page,
        &[
            "Who saw my data and why",
            "Monday 23 November 2026",
            "A general practitioner at De Linde requested your measurements and results for your treatment by the emergency procedure.",
            "from Sunday 1 November 2026",
            "Sign out",
            "Skip to content",
            "emergency procedure",
            "This look at the log is itself recorded",
        ],
    );
    assert!(
        page.attribute("href").contains(&"/portal/my-log?lang=nl&amp;from=2026-11-01"),
        "{:?}",
        page.attribute("href")
    );
    for dutch in ["Afmelden", "Periode", "Kenmerk", "geweigerd", "Tonen"] {
        assert!(!page.words().contains(dutch), "{dutch}");
    }
    let desk = changed(Kind::Patient, |log| log.refusal = Some(Refusal::TimedOut));
    let late = call(&desk, false, signed_in(get("/portal/my-log?lang=en"))).await;
    assert_eq!(late.status, 504);
    says(&late, &["That took too long", "Reference for questions about this request: req-7f3a"]);
}

#[actix_web::test]
async fn a_period_reaches_the_log_and_one_that_is_none_does_not() {
    let desk = desk_for(Kind::Patient);
    call(&desk, false, signed_in(get("/portal/my-log?from=2026-11-01&until=2026-11-20"))).await;
    let expected = Period { from: Some(date!(2026 - 11 - 01)), until: Some(date!(2026 - 11 - 20)) };
    assert_eq!(asked_of(&desk), [Asked::Own(expected)]);
    let wrong = call(&desk, false, signed_in(get("/portal/my-log?lang=en&from=2026-13-01"))).await;
    assert_eq!((wrong.status, asked_of(&desk).len()), (400, 1));
    says(&wrong, &["Choose days that exist"]);
}

#[actix_web::test]
async fn an_empty_log_says_so_and_a_long_one_that_it_is_cut_off() {
    let desk = changed(Kind::Patient, |log| log.records.clear());
    let page = call(&desk, false, signed_in(get("/portal/my-log"))).await;
    says(&page, &["In deze periode heeft niemand uw gegevens bij ons opgevraagd of geprobeerd dat te doen."]);
}
