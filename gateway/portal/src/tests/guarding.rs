//! Who gets in, whose forms are taken and what every answer carries.

use super::*;

#[actix_web::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let desk = Stub::of(region(BSN));
    let requests = [
        get("/portal/"),
        get("/portal/style.css"),
        get("/portal/nowhere"),
        get("/portal/overview"),
        signed_in(get("/portal/")),
        signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)])),
        signed_in(post("/portal/overview", &[("bsn", BSN)])),
        signed_in(test::TestRequest::post().uri("/portal/overview").set_payload("%%%")),
        test::TestRequest::delete().uri("/portal/"),
    ];
    for request in requests {
        let page = call(&desk, false, request).await;
        let header = |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            header("content-security-policy").as_deref(),
            Some("default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
            "{}",
            page.status
        );
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert!(!page.text.contains("<script") && !page.text.contains(" style="), "the policy would not let it work");
    }
}

#[actix_web::test]
async fn one_signs_in_with_a_code_and_a_form_of_this_page() {
    let desk = Stub::of(region(BSN));
    for secure in [false, true] {
        let page = call(&desk, secure, get("/portal/")).await;
        assert_eq!(page.status, 200);
        assert!(page.words().contains("Toegangscode"));
        let form = page.cookies[0].clone();
        let token = page.attribute("value")[0].to_owned();
        assert_eq!(token, form.value());

        let sign_in = |token: &str, code: &str| post("/portal/sign-in", &[("csrf", token), ("code", code)]);
        let good = call(&desk, secure, sign_in(&token, CODE).cookie(form.clone())).await;
        assert_eq!(good.status, 303);
        assert_eq!(good.headers.get("location").unwrap(), "/portal/");
        let session = &good.cookies[0];
        assert_eq!(session.value(), SESSION);
        for cookie in [session, &form] {
            assert_eq!(cookie.http_only(), Some(true));
            assert_eq!(cookie.same_site(), Some(SameSite::Strict));
            assert_eq!(cookie.path(), Some(if secure { "/" } else { "/portal" }));
            assert_eq!(cookie.domain(), None);
            assert_eq!(cookie.secure().unwrap_or(false), secure);
            assert_eq!(cookie.name().starts_with("__Host-"), secure);
        }

        let wrong_code = call(&desk, secure, sign_in(&token, "wrong").cookie(form.clone())).await;
        assert_eq!(wrong_code.status, 403);
        assert!(wrong_code.cookies.is_empty() && wrong_code.words().contains("niet bekend"));
        for (what, request) in [
            ("no cookie", sign_in(&token, CODE)),
            ("another token", sign_in(&"0".repeat(48), CODE).cookie(form.clone())),
            ("no token", sign_in("", CODE).cookie(form.clone())),
            (
                "from elsewhere",
                sign_in(&token, CODE).cookie(form.clone()).insert_header(("sec-fetch-site", "cross-site")),
            ),
        ] {
            let refused = call(&desk, secure, request).await;
            assert_eq!((refused.status, refused.cookies.len()), (403, 0), "{what}");
        }
    }
}

#[actix_web::test]
async fn without_a_session_nothing_is_asked() {
    let desk = Stub::of(region(BSN));
    let page = call(&desk, false, post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)])).await;
    assert_eq!(page.status, 401);
    let stranger = Cookie::new("zorgsluis-ziekenhuismaasdal-session", "guessed");
    let guessed = call(&desk, false, post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]).cookie(stranger)).await;
    assert_eq!(guessed.status, 401);
    assert!(desk.asked.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn a_form_without_the_token_of_its_session_is_refused() {
    let desk = Stub::of(region(BSN));
    let almost = format!("{}x", &CSRF[..CSRF.len() - 1]);
    for csrf in ["", "wrong", &almost, &format!("{CSRF}x")] {
        let page = call(&desk, false, signed_in(post("/portal/overview", &[("csrf", csrf), ("bsn", BSN)]))).await;
        assert_eq!(page.status, 403, "{csrf}");
        let out = call(&desk, false, signed_in(post("/portal/sign-out", &[("csrf", csrf)]))).await;
        assert_eq!(out.status, 403, "{csrf}");
    }
    let missing = call(&desk, false, signed_in(post("/portal/overview", &[("bsn", BSN)]))).await;
    assert_eq!(missing.status, 403);
    let request = signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]));
    let foreign = call(&desk, false, request.insert_header(("sec-fetch-site", "cross-site"))).await;
    assert_eq!(foreign.status, 403);
    assert!(desk.asked.lock().unwrap().is_empty() && *desk.open.lock().unwrap());
}

#[actix_web::test]
async fn signing_out_ends_the_session_here_and_in_the_browser() {
    let desk = Stub::of(region(BSN));
    let page = call(&desk, false, signed_in(post("/portal/sign-out", &[("csrf", CSRF)]))).await;
    assert_eq!(page.status, 303);
    assert!(page.cookies[0].value().is_empty() && page.cookies[0].max_age().unwrap().is_zero());
    assert!(!*desk.open.lock().unwrap());
    assert!(call(&desk, false, signed_in(get("/portal/"))).await.words().contains("Toegangscode"));
}

#[actix_web::test]
async fn other_paths_methods_and_bodies_are_told_so() {
    let desk = Stub::of(region(BSN));
    assert_eq!(call(&desk, false, get("/portal/nowhere")).await.status, 404);
    assert_eq!(call(&desk, false, get("/portal")).await.status, 303);
    assert_eq!(call(&desk, false, get("/portal/overview")).await.status, 303, "a reload begins anew");
    assert_eq!(call(&desk, false, test::TestRequest::put().uri("/portal/overview")).await.status, 405);
    let long = "9".repeat(10_000);
    let page = call(&desk, false, signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", &long)]))).await;
    assert_eq!(page.status, 400);
    let no_form = signed_in(test::TestRequest::post().uri("/portal/overview").set_payload(BSN));
    let page = call(&desk, false, no_form).await;
    assert_eq!(page.status, 400);
    assert!(desk.asked.lock().unwrap().is_empty());
    let style = call(&desk, false, get("/portal/style.css")).await;
    assert_eq!(style.headers.get("content-type").unwrap(), "text/css; charset=utf-8");
}
