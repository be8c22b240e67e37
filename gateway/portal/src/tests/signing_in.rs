//! The ways in and out.

use super::*;

fn away(request: test::TestRequest, binding: &str) -> test::TestRequest {
    request.cookie(Cookie::new("zorgsluis-ziekenhuismaasdal-away", binding.to_owned()))
}

#[actix_web::test]
async fn a_browser_is_sent_to_dezi_with_a_cookie_that_survives_the_way_back() {
    let desk = Stub::of(region(BSN));
    for secure in [false, true] {
        let sent = call(&desk, secure, get("/portal/sign-in/dezi")).await;
        assert_eq!(sent.status, 303);
        assert_eq!(sent.headers.get("location").unwrap(), "https://dezi.example/authorize?state=s");
        let cookie = &sent.cookies[0];
        assert_eq!(cookie.value(), BINDING);
        assert_eq!((cookie.http_only(), cookie.same_site()), (Some(true), Some(SameSite::Lax)));
        assert_eq!((cookie.secure().unwrap_or(false), cookie.name().starts_with("__Host-")), (secure, secure));
    }
    assert!(*desk.open.lock().unwrap());
    call(&desk, false, signed_in(get("/portal/sign-in/dezi"))).await;
    assert!(!*desk.open.lock().unwrap(), "whoever logs in anew is out until then");
}

#[actix_web::test]
async fn whoever_comes_back_from_dezi_lands_on_a_page_of_ours_with_a_new_session() {
    let desk = Stub::of(region(BSN));
    let old = Cookie::new("zorgsluis-ziekenhuismaasdal-session", "old");
    let back = away(get("/portal/sign-in/dezi/back?state=s&code=c"), BINDING).cookie(old);
    let page = call(&desk, false, back).await;
    assert_eq!(page.status, 200);
    let cookie = |name: &str| page.cookies.iter().find(|cookie| cookie.name().ends_with(name)).unwrap();
    assert_eq!(cookie("-session").value(), SESSION);
    assert!(cookie("-away").max_age().unwrap().is_zero());
    assert!(page.text.contains("content=\"0; url=/portal/\""));
    assert_eq!(*desk.asked.lock().unwrap(), ["out old"], "the session that the browser had is over");

    let long = "x".repeat(3000);
    for (what, request) in [
        ("no cookie", get("/portal/sign-in/dezi/back?state=s&code=c")),
        ("another cookie", away(get("/portal/sign-in/dezi/back?state=s&code=c"), "other")),
        ("another state", away(get("/portal/sign-in/dezi/back?state=t&code=c"), BINDING)),
        ("an error", away(get("/portal/sign-in/dezi/back?state=s&error=access_denied"), BINDING)),
        ("a long code", away(get(&format!("/portal/sign-in/dezi/back?state=s&code={long}")), BINDING)),
        ("nothing", get("/portal/sign-in/dezi/back")),
    ] {
        let refused = call(&desk, false, request).await;
        assert_eq!(refused.status, 403, "{what}");
        assert!(refused.cookies.iter().all(|cookie| !cookie.name().ends_with("-session")), "{what}");
    }
}

#[actix_web::test]
async fn a_browser_is_sent_to_where_it_shows_a_card_and_comes_back_as_from_dezi() {
    let desk = Stub::of(region(BSN));
    let page = call(&desk, false, get("/portal/")).await;
    assert!(page.attribute("href").contains(&"/portal/sign-in/card"));
    let sent = call(&desk, false, get("/portal/sign-in/card")).await;
    assert_eq!(sent.headers.get("location").unwrap().to_str().unwrap(), "https://cards.example/card?state=s");
    assert_eq!((sent.status, sent.cookies[0].value()), (303, BINDING));
    let back = call(&desk, false, away(get("/portal/sign-in/card/back?state=s&code=c"), BINDING)).await;
    assert_eq!(back.status, 200);
    let refused = call(&desk, false, get("/portal/sign-in/card/back?state=s&code=c")).await;
    assert_eq!((refused.status, refused.cookies.iter().any(|one| one.name().ends_with("-session"))), (403, false));
}

#[actix_web::test]
async fn an_epd_sends_a_browser_by_way_of_its_own_authorization_server_and_nowhere_else() {
    let desk = Stub::of(region(BSN));
    let sent = call(&desk, false, get("/portal/launch?iss=https%3A%2F%2Fepd.example%2Ffhir&launch=l")).await;
    let location = sent.headers.get("location").unwrap().to_str().unwrap();
    assert_eq!((sent.status, location), (303, "https://epd.example/authorize?launch=l&state=s"));
    assert_eq!(sent.cookies[0].same_site(), Some(SameSite::Lax));
    let ahead =
        get("/portal/launch?iss=https%3A%2F%2Fepd.example%2Ffhir&launch=l").insert_header(("purpose", "prefetch"));
    assert_eq!(call(&desk, false, ahead).await.status, 204);
    for query in ["", "?iss=https%3A%2F%2Fevil.example", &format!("?iss={}", "x".repeat(3000)), "?iss=a&iss=b"] {
        let refused = call(&desk, false, get(&format!("/portal/launch{query}"))).await;
        assert!(matches!(refused.status, 400 | 403), "{query}: {}", refused.status);
        assert!(refused.headers.get("location").is_none(), "{query}");
        assert!(!refused.text.contains("evil.example"), "{query}");
    }
    let landed = call(&desk, false, away(get("/portal/sign-in/epd/ours/back?state=s&code=c"), BINDING)).await;
    assert!(landed.status == 200 && landed.text.contains("content=\"0; url=/portal/overview\""));
}

#[actix_web::test]
async fn too_many_attempts_are_told_when_to_come_back() {
    let desk = Stub::of(region(BSN));
    let form = call(&desk, false, get("/portal/")).await.cookies[0].clone();
    let attempt = post("/portal/sign-in", &[("csrf", form.value()), ("code", "too often")]).cookie(form.clone());
    let page = call(&desk, false, attempt).await;
    assert_eq!((page.status, page.headers.get("retry-after").unwrap().to_str().unwrap()), (429, "40"));
    let nothing = post("/portal/sign-in/certificate", &[("csrf", form.value())]).cookie(form.clone());
    let page = call(&desk, false, nothing).await;
    assert_eq!(page.status, 403);
    assert!(page.words().contains("voor uw beroep is hier niets opengesteld"));
    let forged = post("/portal/sign-in/certificate", &[("csrf", "0")]).cookie(form);
    assert_eq!(call(&desk, false, forged).await.status, 403);
}

#[actix_web::test]
async fn a_launch_leads_to_the_overview_of_its_one_patient_and_looking_ahead_does_not_use_it_up() {
    let mut stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    stub.one_patient = true;
    let desk = Arc::new(stub);
    for header in ["sec-purpose", "purpose"] {
        let ahead = call(&desk, false, get("/portal/launch/once").insert_header((header, "prefetch"))).await;
        assert_eq!((ahead.status, ahead.cookies.len()), (204, 0));
    }
    assert!(desk.asked.lock().unwrap().is_empty());
    let landed = call(&desk, false, get("/portal/launch/once")).await;
    assert_eq!((landed.status, landed.cookies[0].value()), (200, SESSION));
    assert!(landed.text.contains("content=\"0; url=/portal/overview\""));
    assert_eq!(call(&desk, false, get("/portal/launch/twice")).await.status, 403);

    let start = call(&desk, false, signed_in(get("/portal/"))).await;
    assert_eq!((start.status, start.headers.get("location").unwrap().to_str().unwrap()), (303, "/portal/overview"));
    let overview = call(&desk, false, signed_in(get("/portal/overview"))).await;
    assert_eq!(overview.status, 200);
    assert!(overview.words().contains("Gezondheidsoverzicht"));
    assert_eq!(call(&desk, false, get("/portal/overview")).await.status, 303, "without a session");
}

#[actix_web::test]
async fn one_sees_and_ends_ones_own_sessions_with_a_form_of_ours() {
    let desk = Stub::of(region(BSN));
    let page = call(&desk, false, signed_in(get("/portal/sessions"))).await;
    assert_eq!(page.status, 200);
    assert!(page.words().contains("met Dezi") && page.attribute("value").contains(&"elsewhere"));
    assert!(!page.attribute("value").contains(&"here"), "this one is ended by signing out");
    let ended =
        call(&desk, false, signed_in(post("/portal/sessions", &[("csrf", CSRF), ("handle", "elsewhere")]))).await;
    assert_eq!(ended.status, 303);
    call(&desk, false, signed_in(post("/portal/sessions", &[("csrf", CSRF)]))).await;
    let forged = call(&desk, false, signed_in(post("/portal/sessions", &[("csrf", "x"), ("handle", "here")]))).await;
    assert_eq!(forged.status, 403);
    assert_eq!(call(&desk, false, post("/portal/sessions", &[("csrf", CSRF)])).await.status, 401);
    assert_eq!(call(&desk, false, get("/portal/sessions")).await.status, 401);
    assert_eq!(*desk.asked.lock().unwrap(), ["end Some(\"elsewhere\")", "end None"]);
}

#[actix_web::test]
async fn one_chooses_for_whom_one_acts_and_sees_it_on_every_page() {
    let mut stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    stub.mandates = vec!["B. <i>Smit</i>, Huisarts".to_owned()];
    let desk = Arc::new(stub);
    let page = call(&desk, false, signed_in(get("/portal/"))).await;
    assert!(page.words().contains("namens B. &lt;i&gt;Smit&lt;/i&gt;, Huisarts"), "{}", page.words());
    let choose = |acting: &'static str| signed_in(post("/portal/mandate", &[("csrf", CSRF), ("acting", acting)]));
    for (acting, status) in [("0", 303), ("", 303), ("1", 400), ("x", 400)] {
        assert_eq!(call(&desk, false, choose(acting)).await.status, status, "{acting}");
    }
    assert_eq!(call(&desk, false, signed_in(post("/portal/mandate", &[("acting", "0")]))).await.status, 403);
    assert_eq!(*desk.asked.lock().unwrap(), ["act Some(0)", "act None", "act Some(1)"]);
}
