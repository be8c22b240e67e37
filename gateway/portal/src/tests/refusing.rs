//! What one reads when there is no overview.

use super::*;

#[actix_web::test]
async fn the_stack_judges_what_was_typed() {
    let desk = Stub::of(region(BSN));
    let ask = |bsn: &'static str| signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", bsn)]));
    assert_eq!(call(&desk, false, ask(" 9999.11.120 ")).await.status, 200);
    for wrong in ["999911121", "12", "", "negen cijfers", "999911120999911120"] {
        let page = call(&desk, false, ask(wrong)).await;
        assert_eq!(page.status, 400, "{wrong}");
        assert!(page.words().contains("Dit is geen geldig BSN") && page.words().contains("req-7f3a"));
        assert_eq!(page.attribute("aria-invalid"), ["true"]);
    }
    let records = desk.world.records();
    assert_eq!(records.len(), 6, "each try leaves its record");
    assert!(records[1..].iter().all(|record| record.contains("\"refused\"")));
}

#[actix_web::test]
async fn refusals_are_calm_pages_with_their_status() {
    for (refusal, status, expected) in [
        (Refusal::TimedOut, 504, "Het duurde te lang"),
        (Refusal::Source(SourceFault::TimedOut), 504, "Het duurde te lang"),
        (Refusal::Source(SourceFault::Unusable("rubbish")), 502, "De bron antwoordt niet goed"),
        (Refusal::Overloaded, 503, "Even druk"),
        (Refusal::Throttled(7), 429, "Even druk"),
        (Refusal::LogUnavailable, 503, "zonder vastlegging worden geen gegevens getoond"),
        (Refusal::Defect, 500, "Er ging iets mis"),
        (Refusal::UseCaseName, 500, "Er ging iets mis"),
        (Refusal::Unidentified(AuthenticationFault::Unavailable), 503, "Nu niet mogelijk"),
        (Refusal::Unidentified(AuthenticationFault::TokenNotAccepted), 401, "Toegangscode"),
    ] {
        let desk = Stub::refusing(refusal.clone());
        let page = overview(&desk).await;
        assert_eq!(page.status, status, "{refusal:?}");
        assert!(page.words().contains(expected), "{refusal:?}: {}", page.words());
        let retry = page.headers.get("retry-after").map(|value| value.to_str().unwrap().parse::<u32>().unwrap());
        assert_eq!(retry, refusal.row().retry_after.filter(|_| status != 401), "{refusal:?}");
    }
    let broken = overview(&Stub::of(region(BSN).with_broken_log())).await;
    assert_eq!(broken.status, 503);
    assert!(!broken.text.contains("Johanna"));
}

#[actix_web::test]
async fn an_unknown_patient_and_somebody_elses_patient_read_the_same() {
    let no_relation = overview(&Stub::of(region(BSN).without_relation())).await;
    let unknown = overview(&Stub::refusing(Refusal::NotFound)).await;
    assert_eq!((no_relation.status, unknown.status), (403, 403));
    assert_eq!(no_relation.text, unknown.text);
    assert!(no_relation.words().contains("Geen overzicht beschikbaar"));
}
