//! What the overview page shows, and what it never does.

use super::*;

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
    let table: [(&str, World, &str); 7] = [
        ("not placed", region(BSN).index(Finding::Found(5)), "Het landelijke register noemt nog 2 zorgaanbieders"),
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
async fn a_register_that_is_ill_one_that_was_not_asked_and_one_that_knows_nobody_are_told_apart() {
    use NotFoundOut::{Incomplete, NobodyToAsk, NotAsked, TimedOut, Unreachable, Unusable};
    let alone = || World::new("90000901").with(Place::new("90000901", "Eigen"));
    let table = [
        (Finding::Absent, "Volledig", "Volgens het register heeft geen andere zorgaanbieder gegevens"),
        (Finding::Found(0), "Volledig", "De enige gevonden zorgaanbieder"),
        (Finding::NotFoundOut(TimedOut), "Onvolledig", "het landelijke register antwoordde niet op tijd"),
        (Finding::NotFoundOut(Unreachable), "Onvolledig", "het landelijke register is niet bereikbaar"),
        (Finding::NotFoundOut(Unusable), "Onvolledig", "het landelijke register gaf een onbruikbaar antwoord"),
        (Finding::NotFoundOut(NobodyToAsk), "Onvolledig", "er is geen register ingesteld"),
        (Finding::NotFoundOut(Incomplete), "Onvolledig", "het landelijke register kon niet worden bevraagd"),
        (Finding::NotFoundOut(NotAsked), "Onvolledig", "het landelijke register is niet bevraagd"),
    ];
    for (index, heading, expected) in table {
        let words = overview(&Stub::of(alone().index(index.clone()))).await.words();
        assert!(words.contains(heading) && words.contains(expected), "{index:?}: {words}");
        let nowhere = words.contains("Volgens het register heeft geen");
        assert_eq!(nowhere, index == Finding::Absent, "{index:?}");
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
async fn what_a_source_left_out_for_this_role_is_said_beside_what_it_gave() {
    let label = r#""meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}]}"#;
    let redacted = |place: Place| {
        place.holds(&format!(
            r#"{{"resourceType":"Condition","id":"r1",{label},"subject":{{"reference":"Patient/1"}},"code":{{"text":"Astma"}}}}"#
        ))
    };
    let plain = overview(&Stub::of(region(BSN))).await;
    let page = overview(&Stub::of(region(BSN).changed("Ziekenhuis Maasdal", redacted))).await;
    let says = "Een deel is door de bron weggelaten, omdat het niet voor uw rol is.";
    assert!(!plain.words().contains(says) && page.words().contains(says), "{}", page.words());
}
