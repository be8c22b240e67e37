//! The page on directories: for who supervises the node, and everything on it is text.

use super::*;

fn desk(kind: Kind) -> Arc<Stub> {
    let stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    Arc::new(Stub { kind, ..stub })
}

#[actix_web::test]
async fn it_says_how_old_what_is_known_is_and_why_somebody_is_not_found() {
    let page = call(&desk(Kind::Auditor), false, signed_in(get("/portal/directory"))).await;
    assert_eq!(page.status, 200);
    let words = page.words();
    assert!(words.contains("Adresboek nu niet bijgewerkt") && words.contains("Niet elk adresboek"), "{words}");
    assert!(!words.contains("Niet gevonden."));
    let page = call(&desk(Kind::Auditor), false, signed_in(get("/portal/directory?ura=90010002&lang=en"))).await;
    let words = page.words();
    for expected in ["Yes: bekend", "No:", "Niet gevonden.", "Look up"] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(page.text.contains("value=\"90010002\"") && !page.text.contains("<b>uit"), "{}", page.text);
}

#[actix_web::test]
async fn nobody_else_sees_it() {
    for (kind, status) in [(Kind::Practitioner, 403), (Kind::Patient, 403)] {
        let page = call(&desk(kind), false, signed_in(get("/portal/directory?ura=90010002"))).await;
        assert_eq!(page.status, status, "{kind:?}");
        assert!(!page.words().contains("bekend"));
    }
    assert_eq!(call(&desk(Kind::Auditor), false, get("/portal/directory")).await.status, 401);
}
