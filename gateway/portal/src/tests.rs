//! The pages as a browser meets them, in front of a stub desk with the real stack behind it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::{App, test};
use exchange::Refusal;
use exchange::ports::{AuthenticationFault, BoxFuture, SourceFault};
use flows::testing::{Place, World, patient, region};
use policy::{Finding, NotFoundOut};

use crate::{Answered, Desk, Session, scope};

const BSN: &str = "999911120";
const CODE: &str = "sesam open u";
const SESSION: &str = "session-1";
const CSRF: &str = "a-form-token-of-this-session";

/// A desk with one user, in front of a world or of one answer.
struct Stub {
    world: World,
    refusal: Option<Refusal>,
    asked: Mutex<Vec<String>>,
    open: Mutex<bool>,
}

impl Stub {
    fn of(world: World) -> Arc<Self> {
        Arc::new(Stub { world, refusal: None, asked: Mutex::default(), open: Mutex::new(true) })
    }

    fn refusing(refusal: Refusal) -> Arc<Self> {
        let refusal = Some(refusal);
        Arc::new(Stub { world: region(BSN), refusal, asked: Mutex::default(), open: Mutex::new(true) })
    }
}

impl Desk for Stub {
    fn provider(&self) -> &str {
        "Ziekenhuis <Maasdal>"
    }
    fn sign_in(&self, code: &str) -> Option<String> {
        (code == CODE).then(|| SESSION.to_owned())
    }
    fn session(&self, id: &str) -> Option<Session> {
        let session = Session { name: "A. <b>Arts</b>".into(), role: "Cardioloog".into(), csrf: CSRF.into() };
        (id == SESSION && *self.open.lock().unwrap()).then_some(session)
    }
    fn sign_out(&self, id: &str) {
        assert_eq!(id, SESSION);
        *self.open.lock().unwrap() = false;
    }
    fn overview(&self, session: &str, bsn: &str, _remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        assert_eq!(session, SESSION);
        self.asked.lock().unwrap().push(bsn.to_owned());
        let (world, refusal, bsn) = (self.world.clone(), self.refusal.clone(), bsn.to_owned());
        Box::pin(async move {
            let result = match refusal {
                Some(refusal) => Err(refusal),
                None => world.overview(&bsn).await,
            };
            Answered { request_id: "req-7f3a".to_owned(), result }
        })
    }
}

/// A page as it came.
struct Page {
    status: u16,
    headers: header::HeaderMap,
    cookies: Vec<Cookie<'static>>,
    text: String,
}

impl Page {
    /// What a reader sees: the text without the tags.
    fn words(&self) -> String {
        let mut words = String::new();
        let mut inside = false;
        for c in self.text.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => words.push(c),
                _ => {}
            }
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The values of this attribute, on any element.
    fn attribute(&self, name: &str) -> Vec<&str> {
        let start = format!(" {name}=\"");
        self.text.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }
}

async fn call(desk: &Arc<Stub>, secure: bool, request: test::TestRequest) -> Page {
    let app = test::init_service(App::new().service(scope(desk.clone(), secure))).await;
    let response: ServiceResponse = test::call_service(&app, request.to_request()).await;
    let cookies = response.response().cookies().map(Cookie::into_owned).collect();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
    Page { status, headers, cookies, text }
}

fn signed_in(request: test::TestRequest) -> test::TestRequest {
    request.cookie(Cookie::new("zorgsluis-ziekenhuismaasdal-session", SESSION))
}

fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}

fn post(path: &str, form: &[(&str, &str)]) -> test::TestRequest {
    test::TestRequest::post().uri(path).set_form(form)
}

async fn overview(desk: &Arc<Stub>) -> Page {
    call(desk, false, signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]))).await
}

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
            assert_eq!(cookie.path(), Some("/portal"));
            assert_eq!(cookie.secure().unwrap_or(false), secure);
            assert_eq!(cookie.name().starts_with("__Secure-"), secure);
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
async fn the_overview_shows_patient_sources_and_lines_with_their_source() {
    let desk = Stub::of(region(BSN));
    let page = overview(&desk).await;
    assert_eq!(page.status, 200);
    let words = page.words();
    for expected in [
        "Johanna van den Berg",
        "Geboren12-03-1941",
        "Alle 4 gevonden zorgaanbieders hebben alles geleverd wat gedeeld mag worden.",
        "1 gegeven is afgeschermd",
        "Niet overal hetzelfde vastgelegd",
        "Amoxicilline Verschilt per bron",
        "Bron: Huisartsenpraktijk Beekzicht",
        "Niet vermeld bij: Apotheek De Brug, De Linde.",
        "148/86 mmHg",
        "Niet doen",
        "req-7f3a",
    ] {
        assert!(words.replace("Verschilt", " Verschilt").replace("  ", " ").contains(expected), "{expected}\n{words}");
    }
    assert!(!words.contains("Onvolledig"));
}

#[actix_web::test]
async fn an_incomplete_overview_says_who_is_missing_and_never_that_it_is_complete() {
    let table: [(&str, World, &str); 6] = [
        (
            "unreachable",
            region(BSN).changed("Apotheek De Brug", |place| place.fails(SourceFault::Unreachable)),
            "Apotheek De Brug is niet bereikbaar.",
        ),
        (
            "slow",
            region(BSN).changed("De Linde", |place| place.fails(SourceFault::TimedOut)),
            "De Linde antwoordde niet op tijd.",
        ),
        (
            "refused",
            region(BSN).changed("De Linde", |place| place.fails(SourceFault::Refused)),
            "De Linde deelt de gegevens niet",
        ),
        (
            "partly",
            region(BSN).changed("De Linde", |place| place.failing("Observation", SourceFault::TimedOut)),
            "De Linde leverde niet alles. Er kan ontbreken: metingen en uitslagen.",
        ),
        ("not asked", region(BSN).asking_at_most(3), "Apotheek De Brug is niet bevraagd."),
        (
            "index",
            region(BSN).index(Finding::NotFoundOut(NotFoundOut::TimedOut)),
            "Andere zorgaanbieders kunnen gegevens hebben",
        ),
    ];
    for (what, world, expected) in table {
        let page = overview(&Stub::of(world)).await;
        let words = page.words();
        assert_eq!(page.status, 200, "{what}");
        assert!(words.contains("Onvolledig") && words.contains(expected), "{what}: {words}");
        assert!(!words.contains("Volledig"), "{what}");
        assert!(page.text.contains("role=\"alert\""), "{what}");
    }
}

#[actix_web::test]
async fn a_bsn_is_in_no_url_no_hidden_field_and_no_cookie() {
    let pages = [
        overview(&Stub::of(region(BSN))).await,
        overview(&Stub::refusing(Refusal::NotFound)).await,
        overview(&Stub::refusing(Refusal::TimedOut)).await,
        overview(&Stub::of(region(BSN).without_relation())).await,
    ];
    for page in &pages {
        for attribute in ["href", "action", "value", "src", "content"] {
            assert!(page.attribute(attribute).iter().all(|value| !value.contains(BSN)), "{attribute} {}", page.status);
        }
        assert!(page.cookies.is_empty());
        assert!(page.headers.iter().all(|(_, value)| !value.to_str().unwrap_or_default().contains(BSN)));
        let title = page.text.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!title.contains(BSN) && !title.contains("Johanna"), "browsers keep titles");
    }
    assert!(pages[0].words().contains(BSN), "shown to the one who asked about this patient");
    assert!(pages[1..].iter().all(|page| !page.text.contains(BSN)));
}

#[actix_web::test]
async fn what_sources_and_users_write_is_text_and_never_markup() {
    let evil = "<script>alert(1)</script>";
    let place = Place::new("90000901", "<script>alert(1)</script>")
        .holds(&patient("1", BSN, evil, "<img src=x>", "<b>1950</b>"))
        .holds(
            r#"{"resourceType":"Condition","id":"c<script>","subject":{"reference":"Patient/1"},
            "clinicalStatus":{"coding":[{"code":"<script>alert(1)</script>"}]},"onsetString":"<script>alert(1)</script>",
            "code":{"text":"\" onmouseover=\"alert(1)<script>alert(1)</script>"},"note":[{"text":"<script>alert(1)</script>"}]}"#,
        )
        .holds(
            r#"{"resourceType":"DocumentReference","id":"d","subject":{"reference":"Patient/1"},"status":"current",
            "content":[{"attachment":{"url":"javascript:alert(1)","title":"<script>alert(1)</script>"}}]}"#,
        );
    let page = overview(&Stub::of(World::new("90000901").with(place))).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("&lt;script&gt;alert(1)"));
    assert!(!page.text.contains("<script") && !page.text.contains("<img") && !page.text.contains("<b>"));
    assert!(page.text.contains("&quot; onmouseover="));
    assert!(page.attribute("href").iter().all(|href| href.starts_with("/portal/") || href.starts_with('#')));

    let desk = Stub::refusing(Refusal::BsnInvalid);
    let typed = "\"><script>";
    let page = call(&desk, false, signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", typed)]))).await;
    assert!(!page.text.contains("<script"));
}

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
