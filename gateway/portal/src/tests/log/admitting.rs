//! Who may see which page, and whose forms are taken.

use policy::DenialCode;

use super::*;

const OF_AUDITORS: [&str; 5] =
    ["/portal/log", "/portal/log/record/0", "/portal/log/review", "/portal/log/hints", "/portal/log/proof"];

fn forms() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        ("/portal/log", vec![("person", "uzi-1")]),
        ("/portal/log/more", vec![("token", "older-5")]),
        ("/portal/log/review", vec![("index", "6"), ("verdict", "justified"), ("note", "Terecht.")]),
    ]
}

#[actix_web::test]
async fn each_kind_of_session_begins_on_its_own_page_and_is_led_to_its_own_pages_only() {
    for (kind, start, nav) in [
        (Kind::Practitioner, None, vec!["Patiënt zoeken", "Gegevenskwaliteit"]),
        (
            Kind::Auditor,
            Some("/portal/log"),
            vec![
                "Toegangslog",
                "Noodprocedures",
                "Opvallend",
                "Uitleg",
                "Bewijs",
                "Gegevenskwaliteit",
                "Certificaten",
                "Adresboek",
            ],
        ),
        (Kind::Patient, Some("/portal/my-log"), vec![]),
        (
            Kind::Administrator,
            Some("/portal/access"),
            vec!["Aanmeldingen", "Certificaten", "Adresboek", "Gegevenskwaliteit", "Configuratie"],
        ),
    ] {
        let desk = desk_for(kind);
        let mut page = call(&desk, false, signed_in(get("/portal/"))).await;
        assert_eq!(page.headers.get("location").map(|to| to.to_str().unwrap()), start, "{kind:?}");
        if let Some(start) = start {
            page = call(&desk, false, signed_in(get(start))).await;
        }
        assert_eq!(page.status, 200);
        let places: Vec<&str> = page
            .text
            .split("<nav class=\"places\"")
            .nth(1)
            .and_then(|rest| rest.split("</nav>").next())
            .map(|nav| {
                nav.split("</a>").filter_map(|link| link.rsplit('>').next()).filter(|name| !name.is_empty()).collect()
            })
            .unwrap_or_default();
        assert_eq!(places, nav, "{kind:?}");
    }
}

#[actix_web::test]
async fn without_a_session_or_with_one_of_another_kind_nothing_is_asked_of_the_log() {
    for path in OF_AUDITORS.iter().chain(&["/portal/my-log"]) {
        let desk = desk_for(Kind::Auditor);
        let page = call(&desk, false, get(path)).await;
        assert_eq!(page.status, 401, "{path}");
        says(&page, &["Toegangscode"]);
        let wrong = if *path == "/portal/my-log" { Kind::Auditor } else { Kind::Patient };
        for kind in [wrong, Kind::Practitioner, Kind::Administrator] {
            let other = desk_for(kind);
            let page = call(&other, false, signed_in(get(path))).await;
            assert_eq!(page.status, 403, "{path} for {kind:?}");
            says(&page, &["Niet voor u"]);
            assert!(asked_of(&other).is_empty() && asked_of(&desk).is_empty());
        }
    }
    for (path, form) in forms() {
        let form: Vec<_> = [("csrf", CSRF)].into_iter().chain(form).collect();
        let desk = desk_for(Kind::Auditor);
        assert_eq!(call(&desk, false, post(path, &form)).await.status, 401, "{path}");
        for kind in [Kind::Patient, Kind::Practitioner, Kind::Administrator] {
            let desk = desk_for(kind);
            assert_eq!(call(&desk, false, signed_in(post(path, &form))).await.status, 403, "{path} for {kind:?}");
            assert!(asked_of(&desk).is_empty());
        }
    }
    for kind in [Kind::Patient, Kind::Auditor] {
        let desk = desk_for(kind);
        let request = signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]));
        assert_eq!(call(&desk, false, request).await.status, 403);
        assert!(desk.asked.lock().unwrap().is_empty(), "no overview for {kind:?}");
    }
    let patient = call(&desk_for(Kind::Patient), false, signed_in(get("/portal/quality"))).await;
    assert_eq!(patient.status, 403);
}

#[actix_web::test]
async fn a_form_of_another_page_is_not_taken() {
    for (path, form) in forms() {
        for (token, site) in [("", "same-origin"), ("another", "same-origin"), (CSRF, "cross-site")] {
            let desk = desk_for(Kind::Auditor);
            let form: Vec<_> = [("csrf", token)].into_iter().chain(form.clone()).collect();
            let request = signed_in(post(path, &form)).insert_header(("sec-fetch-site", site));
            let page = call(&desk, false, request).await;
            assert_eq!(page.status, 403, "{path}");
            says(&page, &["Formulier niet aanvaard"]);
            assert!(asked_of(&desk).is_empty(), "{path}");
        }
    }
}

#[actix_web::test]
async fn what_the_log_refuses_is_a_calm_page_with_its_status() {
    let denial = policy::Denial {
        code: DenialCode::PolicyDenied,
        reasons: vec![],
        use_case: None,
        policy: None,
        parameter: None,
    };
    for (refusal, status, expected) in [
        (Refusal::Denied(denial), 403, "Inzage niet toegestaan"),
        (Refusal::NotFound, 404, "Op deze plaats staat niets in het toegangslog."),
        (Refusal::LogUnavailable, 503, "zonder vastlegging worden geen gegevens getoond"),
        (Refusal::Overloaded, 503, "Even druk"),
        (Refusal::BsnInvalid, 500, "Er ging iets mis"),
        (Refusal::Unidentified(AuthenticationFault::TokenNotAccepted), 401, "Toegangscode"),
    ] {
        for path in &OF_AUDITORS[1..] {
            let desk = changed(Kind::Auditor, |log| log.refusal = Some(refusal.clone()));
            let page = call(&desk, false, signed_in(get(path))).await;
            assert_eq!(page.status, status, "{path}: {refusal:?}");
            says(&page, &[expected]);
            assert!(!page.text.contains("de Vries") && !page.text.contains(BSN));
        }
    }
}

#[actix_web::test]
async fn every_page_of_the_log_is_kept_by_nobody_and_runs_no_script() {
    for (kind, path) in OF_AUDITORS.iter().map(|path| (Kind::Auditor, *path)).chain([(Kind::Patient, "/portal/my-log")])
    {
        let page = call(&desk_for(kind), false, signed_in(get(path))).await;
        assert_eq!(page.headers.get("cache-control").unwrap(), "no-store", "{path}");
        assert!(page.headers.contains_key("content-security-policy"));
        assert!(!page.text.contains("<script") && !page.text.contains(" style=") && !page.text.contains(" onclick"));
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
    }
    let desk = desk_for(Kind::Auditor);
    for path in ["/portal/log/record/x", "/portal/log/record/-1", "/portal/log/record/99999999999999999999"] {
        assert_eq!(call(&desk, false, signed_in(get(path))).await.status, 404, "{path}");
    }
    assert!(asked_of(&desk).is_empty());
}
