//! The administrator's pages: for nobody else, and no way to what is of patients.

use super::*;
use crate::{AccessShown, AnySession, LockedOut};

fn desk(kind: Kind) -> Arc<Stub> {
    let mut stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    let at = time::OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
    let session = |handle: &str, this| AnySession {
        handle: handle.to_owned(),
        name: "B. <i>Smit</i>".to_owned(),
        way: "Met Dezi",
        started: at,
        last_used: at,
        this,
    };
    let wait = Duration::from_secs(90);
    let locked = LockedOut { key: "person:9".to_owned(), is_person: true, who: "9<b>".to_owned(), wait };
    stub.kind = kind;
    stub.access =
        AccessShown { locked: vec![locked], sessions: vec![session("mine", true), session("theirs", false)], more: 3 };
    Arc::new(stub)
}

fn forms() -> [(&'static str, (&'static str, &'static str), &'static str); 2] {
    [
        ("/portal/access/unlock", ("key", "person:9"), "unlock person:9"),
        ("/portal/access/end", ("handle", "theirs"), "end theirs"),
    ]
}

#[actix_web::test]
async fn an_administrator_sees_who_waits_and_who_is_in_and_ends_either() {
    let desk = desk(Kind::Administrator);
    let page = call(&desk, false, signed_in(get("/portal/access"))).await;
    assert_eq!(page.status, 200);
    assert!(page.words().contains("Persoon 9&lt;b&gt;, nog 90 s") && page.words().contains("En 3 aanmeldingen"));
    assert!(!page.text.contains("<i>Smit"));
    let values = page.attribute("value");
    assert!(values.contains(&"theirs") && values.contains(&"person:9") && !values.contains(&"mine"));
    for (path, field, done) in forms() {
        let sent = call(&desk, false, signed_in(post(path, &[("csrf", CSRF), field]))).await;
        assert_eq!(sent.headers.get("location").unwrap().to_str().unwrap(), "/portal/access");
        assert_eq!(desk.asked.lock().unwrap().pop().unwrap(), done);
        let forged = call(&desk, false, signed_in(post(path, &[("csrf", "x"), field]))).await;
        assert_eq!((forged.status, desk.asked.lock().unwrap().len()), (403, 0), "{path}");
    }
    let page = call(&desk, false, signed_in(get("/portal/configuration"))).await;
    assert!(page.status == 200 && page.words().contains("mode = &quot;production&quot;"), "{}", page.words());
    assert_eq!(call(&desk, false, signed_in(get("/portal/certificates"))).await.status, 200);
    assert_eq!(call(&desk, false, signed_in(get("/portal/quality"))).await.status, 200);
}

#[actix_web::test]
async fn nobody_else_sees_or_does_what_an_administrator_does() {
    for kind in [Kind::Practitioner, Kind::Auditor, Kind::Patient] {
        let desk = desk(kind);
        for path in ["/portal/access", "/portal/configuration"] {
            let page = call(&desk, false, signed_in(get(path))).await;
            assert_eq!(page.status, 403, "{path} for {kind:?}");
            assert!(!page.text.contains("Smit") && !page.text.contains("production"), "{path} for {kind:?}");
            assert_eq!(call(&desk, false, get(path)).await.status, 401, "{path}");
        }
        for (path, field, _) in forms() {
            let sent = call(&desk, false, signed_in(post(path, &[("csrf", CSRF), field]))).await;
            assert_eq!(sent.status, 403, "{path} for {kind:?}");
            assert_eq!(call(&desk, false, post(path, &[("csrf", CSRF), field])).await.status, 401, "{path}");
        }
        assert!(desk.asked.lock().unwrap().is_empty(), "{kind:?}");
    }
}

#[actix_web::test]
async fn an_administrator_sees_no_health_data_and_nothing_of_the_log() {
    let desk = desk(Kind::Administrator);
    for request in [
        post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]),
        post("/portal/emergency", &[("csrf", CSRF), ("bsn", BSN), ("reason", "Bewusteloos binnengebracht.")]),
        get("/portal/log"),
        post("/portal/log", &[("csrf", CSRF), ("person", "x")]),
        get("/portal/log/record/0"),
        get("/portal/log/review"),
        get("/portal/log/hints"),
        get("/portal/log/proof"),
        get("/portal/my-log"),
    ] {
        let page = call(&desk, false, signed_in(request)).await;
        assert_eq!(page.status, 403);
    }
    let start = call(&desk, false, signed_in(get("/portal/"))).await;
    assert_eq!(start.headers.get("location").unwrap().to_str().unwrap(), "/portal/access");
    assert_eq!(call(&desk, false, signed_in(get("/portal/overview"))).await.status, 303, "back to the start");
    assert!(desk.asked.lock().unwrap().is_empty(), "nothing was asked of anybody");
}
