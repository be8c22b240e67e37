//! What would be decided: asked in a form, answered with its grounds, and a record decided again.

use super::*;

async fn ask(desk: &Arc<Stub>, changes: &[(&str, &str)]) -> Page {
    let mut form = vec![
        ("csrf", CSRF),
        ("patient", "9999.11.120"),
        ("organisation", "90000902"),
        ("organisation_kind", ""),
        ("role", "01.015"),
        ("choice", "bgz r4 Condition"),
        ("filter", "category=a"),
    ];
    for change in changes {
        form.retain(|(name, _)| *name != change.0);
        form.push(*change);
    }
    call(desk, false, signed_in(post("/portal/log/explain", &form))).await
}

#[actix_web::test]
async fn the_question_is_put_together_and_its_answer_says_what_it_rests_on() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/explain"))).await;
    assert_eq!((page.status, asked_of(&desk).len()), (200, 0));
    says(&page, &["Uitleg", "bgz: r4 Patient/$everything", "zelf ook vastgelegd"]);
    let page = ask(&desk, &[("asserted", "yes")]).await;
    let expected = WouldBe {
        patient: BSN.to_owned(),
        organisation: "90000902".to_owned(),
        role: "01.015".to_owned(),
        use_case: "bgz".to_owned(),
        version: "r4".to_owned(),
        ask: "Condition?category=a".to_owned(),
        asserted: true,
        ..WouldBe::default()
    };
    assert_eq!((page.status, asked_of(&desk)), (200, vec![Asked::WouldBe(expected)]));
    says(
        &page,
        &[
            "nee Dit zou niet mogen",
            "het beleid zegt nee",
            "Behandelrelatie gezocht en niet gevonden",
            "Toestemming niet aan toegekomen",
            "No &lt;b&gt;consent&lt;/b&gt;. no-consent",
            "Deze inzage is zelf ook vastgelegd",
        ],
    );
    is_safe(&page);
}

#[actix_web::test]
async fn what_is_missing_is_asked_for_and_nothing_is_asked_of_the_node() {
    for change in [("patient", ""), ("organisation", " "), ("role", ""), ("choice", ""), ("choice", "bgz")] {
        let desk = desk_for(Kind::Auditor);
        let page = ask(&desk, &[change]).await;
        assert_eq!((page.status, asked_of(&desk).len()), (400, 0), "{change:?}");
        says(&page, &["Vul het BSN, de zorgaanbieder en de rol in"]);
        is_safe(&page);
    }
}

#[actix_web::test]
async fn a_question_that_the_node_refuses_says_why_and_keeps_what_was_typed() {
    let value = Refusal::from(fhir::search::SearchFault::Value { name: "ask".to_owned() });
    for (refusal, words) in
        [(Refusal::BsnInvalid, "Dit is geen geldig BSN"), (value, "Zo kan het niet worden gevraagd")]
    {
        let desk = changed(Kind::Auditor, |log| log.refusal = Some(refusal));
        let page = ask(&desk, &[]).await;
        assert_eq!(page.status, 400);
        says(&page, &[words, "req-7f3a"]);
        assert!(page.attribute("value").contains(&"category=a"));
        is_safe(&page);
    }
}

#[actix_web::test]
async fn it_is_for_supervisors_and_takes_no_form_of_others() {
    for kind in [Kind::Practitioner, Kind::Patient, Kind::Administrator] {
        let desk = desk_for(kind);
        assert_eq!(ask(&desk, &[]).await.status, 403);
        assert_eq!(call(&desk, false, signed_in(get("/portal/log/explain"))).await.status, 403);
        assert!(asked_of(&desk).is_empty());
    }
    let desk = desk_for(Kind::Auditor);
    assert_eq!(ask(&desk, &[("csrf", "forged")]).await.status, 403);
    assert!(asked_of(&desk).is_empty());
}

#[actix_web::test]
async fn a_record_says_what_the_policy_of_now_would_decide() {
    let desk = desk_for(Kind::Auditor);
    let page = call(&desk, false, signed_in(get("/portal/log/record/3"))).await;
    says(&page, &["Met het beleid van nu", "geweigerd anders dan toen", "Not &lt;b&gt;in&lt;/b&gt; the team. a-code"]);
    is_safe(&page);
    let page = call(&desk, false, signed_in(get("/portal/log/record/9"))).await;
    says(&page, &["Dit is niet opnieuw te beoordelen"]);
}
