//! The emergency procedure: offered where the normal way is closed, to whom may use it, with a reason.

use super::*;

fn closed(emergencies: bool) -> Arc<Stub> {
    let desk = Arc::into_inner(Stub::refusing(Refusal::NotFound)).unwrap();
    Arc::new(Stub { emergencies, ..desk })
}

async fn in_emergency(desk: &Arc<Stub>, csrf: &str, reason: &str) -> Page {
    let form = [("csrf", csrf), ("bsn", BSN), ("reason", reason)];
    call(desk, false, signed_in(post("/portal/emergency", &form))).await
}

#[actix_web::test]
async fn who_may_use_it_is_offered_it_when_the_normal_way_is_closed_and_nobody_else() {
    let page = overview(&closed(true)).await;
    assert_eq!(page.status, 403);
    for says in ["Geen overzicht beschikbaar", "Is dit een noodgeval?", "privacyfunctionaris beoordeelt"] {
        assert!(page.words().contains(says), "{says}");
    }
    assert!(page.attribute("for").contains(&"reden") && page.attribute("id").contains(&"reden"));
    let other = overview(&closed(false)).await;
    assert_eq!(other.status, 403);
    assert!(!other.words().contains("noodgeval"));
    let desk = closed(false);
    let forced = in_emergency(&desk, CSRF, "Bewusteloos binnengebracht.").await;
    assert_eq!(forced.status, 403);
    assert!(desk.asked.lock().unwrap().is_empty(), "nothing was asked");
}

#[actix_web::test]
async fn a_reason_goes_with_the_question_and_the_page_says_what_it_is() {
    let desk = closed(true);
    let page = in_emergency(&desk, CSRF, "Bewusteloos binnengebracht.").await;
    assert_eq!(page.status, 200);
    assert!(page.words().contains("zonder vastgestelde behandelrelatie"));
    assert_eq!(*desk.asked.lock().unwrap(), [format!("{BSN} because Bewusteloos binnengebracht.")]);
    assert!(!overview(&Stub::of(region(BSN))).await.words().contains("zonder vastgestelde behandelrelatie"));
}

#[actix_web::test]
async fn a_reason_that_explains_nothing_is_asked_for_again_and_shown_as_it_was_typed() {
    let page = in_emergency(&closed(true), CSRF, "<b>nood</b>").await;
    assert_eq!(page.status, 200, "it has letters enough: the stack judges, not the page");
    let page = in_emergency(&closed(true), CSRF, "<b>nu").await;
    assert_eq!(page.status, 400);
    assert!(page.words().contains("waarom dit een noodgeval is") && page.text.contains("&lt;b&gt;nu"));
    assert_eq!(page.attribute("aria-invalid"), ["true"]);
}

#[actix_web::test]
async fn a_form_of_somebody_else_does_not_break_the_glass() {
    let desk = closed(true);
    let page = in_emergency(&desk, "other", "Bewusteloos binnengebracht.").await;
    assert_eq!(page.status, 403);
    assert!(desk.asked.lock().unwrap().is_empty());
}
