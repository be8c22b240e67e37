//! The page on data quality: for whoever is signed in, and everything on it is text.

use validation::{FindingCode, Severity};

use super::*;
use crate::{DataQuality, Shortcoming, SourceQuality, Subject, SubjectQuality};

fn measured() -> DataQuality {
    let shortcoming = |element: &str, severity, times| Shortcoming {
        element: element.to_owned(),
        code: FindingCode::Missing,
        severity,
        times,
    };
    let subject = |subject, shortcomings| SubjectQuality { subject, checked: 300, clean: 299, shortcomings, others: 4 };
    DataQuality {
        one_in: 10,
        profiles: 507,
        passed_over: 12,
        sources: vec![SourceQuality {
            name: "Bron <script>alert(1)</script>".into(),
            subjects: vec![
                subject(
                    Subject::Profile {
                        title: "Probleem <b>".into(),
                        canonical: "http://example.org/\"><script>".into(),
                    },
                    vec![
                        shortcoming("Condition.code<script>", Severity::Error, 41),
                        shortcoming("Condition.note", Severity::Warning, 2),
                    ],
                ),
                subject(Subject::Answers, vec![]),
                subject(Subject::NoClaim("Observation"), vec![]),
                subject(Subject::Unknown("Flag"), vec![]),
            ],
        }],
    }
}

#[actix_web::test]
async fn the_page_shows_per_source_and_profile_which_fields_fall_short_and_how_often() {
    let desk = Stub::measuring(Some(measured()));
    let page = call(&desk, false, signed_in(get("/portal/quality"))).await;
    assert_eq!(page.status, 200);
    let words = page.words();
    for expected in [
        "aan de hand van 507 profielen",
        "Van elke 10 verstrekte gegevens wordt er één bekeken",
        "Overgeslagen wegens drukte of omvang: 12",
        "300 bekeken, waarvan 299 zonder fouten (99%)",
        "2 velden schieten tekort",
        "ontbreekt (waarschuwing)",
        "41",
        "En nog 4 keer in andere velden",
        "Landelijke eisen aan elk antwoord",
        "Observation: noemt geen profiel",
        "Flag: noemt alleen profielen die hier niet bekend zijn",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(page.text.contains("&lt;script&gt;alert(1)") && !page.text.contains("<script"));
    assert!(!page.text.contains("Probleem <b>"));
}

#[actix_web::test]
async fn the_page_is_for_whoever_is_signed_in_and_says_when_nothing_is_measured() {
    let desk = Stub::measuring(Some(measured()));
    let page = call(&desk, false, get("/portal/quality")).await;
    assert_eq!(page.status, 401);
    assert!(page.words().contains("Toegangscode") && !page.words().contains("bekeken"));
    let page = call(&desk, false, signed_in(post("/portal/quality", &[("csrf", CSRF)]))).await;
    assert_eq!(page.status, 405);

    let page = call(&Stub::measuring(None), false, signed_in(get("/portal/quality"))).await;
    assert!(page.words().contains("Deze node meet de gegevenskwaliteit niet."));
    let nothing = DataQuality { one_in: 1, ..DataQuality::default() };
    let page = call(&Stub::measuring(Some(nothing)), false, signed_in(get("/portal/quality"))).await;
    assert!(page.words().contains("Er is nog niets bekeken.") && page.words().contains("Alle verstrekte gegevens"));
    assert!(page.attribute("href").contains(&"/portal/quality"), "the bar leads there");
}
