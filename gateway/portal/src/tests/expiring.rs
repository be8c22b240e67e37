//! The page on certificates: for who supervises the node, and everything on it is text.

use time::macros::datetime;

use super::*;
use crate::{CertificateKind, CertificateRow};

fn desk(kind: Kind, shown: CertificatesShown) -> Arc<Stub> {
    let stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    Arc::new(Stub { certificates: shown, kind, ..stub })
}

fn shown() -> CertificatesShown {
    let row = |kind, name: &str, days| CertificateRow {
        kind,
        name: name.to_owned(),
        not_after: datetime!(2026-12-24 12:00 UTC),
        days,
    };
    CertificatesShown {
        rows: vec![
            row(CertificateKind::Partner, "De Linde <script>", -3),
            row(CertificateKind::Outer, "node.example", 29),
            row(CertificateKind::OuterAuthority, "Wortel", 30),
        ],
        unusable: true,
        revoked: 7,
        not_found_out: 8,
        handshakes: 9,
    }
}

#[actix_web::test]
async fn what_ends_within_thirty_days_stands_out() {
    let page = call(&desk(Kind::Auditor, shown()), false, signed_in(get("/portal/certificates"))).await;
    assert_eq!(page.status, 200);
    let words = page.words();
    for expected in [
        "2 certificaten lopen af binnen 30 dagen",
        "afgelopen",
        "29",
        "deze node, naar buiten",
        "niet bruikbaar",
        "7 keer",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert_eq!(page.text.matches("class=\"number qualified\"").count(), 2);
    assert!(!page.text.contains("<script"));
    let page = call(&desk(Kind::Auditor, shown()), false, signed_in(get("/portal/certificates?lang=en"))).await;
    assert!(page.words().contains("2 certificates end within 30 days"), "{}", page.words());
    let calm = CertificatesShown { rows: shown().rows.split_off(2), unusable: false, ..shown() };
    let page = call(&desk(Kind::Auditor, calm), false, signed_in(get("/portal/certificates"))).await;
    assert!(page.words().contains("Geen certificaat loopt af") && !page.words().contains("niet bruikbaar"));
}

#[actix_web::test]
async fn nobody_else_sees_it() {
    for (kind, status) in [(Kind::Practitioner, 403), (Kind::Patient, 403)] {
        let page = call(&desk(kind, shown()), false, signed_in(get("/portal/certificates"))).await;
        assert_eq!(page.status, status, "{kind:?}");
        assert!(!page.words().contains("node.example"));
    }
    let page = call(&desk(Kind::Auditor, shown()), false, get("/portal/certificates")).await;
    assert_eq!(page.status, 401);
    assert!(!page.words().contains("node.example"));
}
