//! A document is PDF/A by its own account and by that of the library that wrote it, holds every word, and says what it lacks.

use flows::eoverdracht::readable::Readable;
use time::OffsetDateTime;

use super::*;
use crate::flowing::{Flow, Kind, Look, MARGIN, MOST_PAGES, WIDTH};
use crate::fonts::{Fonts, Weight};

const LOOK: Look = Look { size: 9.0, weight: Weight::Regular, soft: false };

fn about() -> About<'static> {
    let made = OffsetDateTime::from_unix_timestamp(1_795_000_000).unwrap();
    About { id: "urn:uuid:00000000-0000-4000-8000-000000000001", made, from: "Ziekenhuis Noord", to: "De Linde" }
}

fn resources(rows: usize) -> Vec<fhir::Resource> {
    let long = "Een lange toelichting met veel woorden die over meer dan één regel loopt. ".repeat(8);
    let mut all = vec![
        r#"{"resourceType":"Composition","id":"c","subject":{"reference":"Patient/p"},"date":"2026-11-28","section":[
            {"code":{"coding":[{"code":"371524004"}]},"section":[{"code":{"coding":[{"code":"52870002"}]},"entry":[
            {"reference":"Condition/k0"},{"reference":"Condition/gone","display":"Diabetes"}]},{"code":{"coding":[{"code":"9"}],"text":"Nieuw"}}]}]}"#
            .to_owned(),
        r#"{"resourceType":"Patient","id":"p","name":[{"text":"Ján Żółć Ω ☃ 漢字"}],"birthDate":"1941-02-03"}"#.to_owned(),
    ];
    for at in 0..rows {
        all.push(format!(
            r#"{{"resourceType":"Condition","id":"k{at}","code":{{"text":"Probleem nummer {at}"}},"note":[{{"text":"{long}\nTweede regel."}}]}}"#
        ));
    }
    all.iter().map(|text| fhir::Resource::from_node(&fhir::json::Node::read(text).unwrap())).collect()
}

#[test]
fn a_handoff_is_written_as_pdf_a_of_its_own_account_the_same_each_time() {
    let readable = Readable::of(&resources(40)).unwrap();
    let pdf = handoff(&readable, &about()).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    assert!(pdf.trim_ascii_end().ends_with(b"%%EOF"));
    let text = String::from_utf8_lossy(&pdf);
    // What a validator asks first: the part and level of the standard, fonts within, an intent for colours, structure.
    for expected in ["pdfaid:part", "pdfaid:conformance", "/OutputIntents", "/FontFile", "/StructTreeRoot", "/Lang"] {
        assert!(text.contains(expected), "{expected}");
    }
    for forbidden in ["/Encrypt", "/JavaScript", "/Launch", "/URI", "/EmbeddedFile"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    assert!(text.matches("/Type /Page").count() + text.matches("/Type/Page").count() > 4, "more than one page");
    assert_eq!(handoff(&readable, &about()).unwrap(), pdf);
    assert!(!text.contains("Probleem nummer"), "its text is packed");
}

#[test]
fn what_the_fonts_cannot_write_is_written_as_its_code_point() {
    let fonts = Fonts::load().unwrap();
    assert_eq!(fonts.writable("Ján Żółć Ω", Weight::Regular), "Ján Żółć Ω");
    assert_eq!(fonts.writable("漢\u{1F9D1}", Weight::Bold), "[U+6F22][U+1F9D1]");
    assert_eq!(fonts.writable("a\tb\u{0}c\nd", Weight::Regular), "a b c\nd");
}

#[test]
fn no_line_is_wider_than_its_column_and_no_word_is_lost() {
    let fonts = Fonts::load().unwrap();
    let mut flow = Flow::new(&fonts);
    let text = format!("Kort {} en nog iets\nnieuwe regel", "x".repeat(300));
    flow.row("Een naam die zelf ook niet op één regel past in de smalle kolom", &text, LOOK, MARGIN + 70.0).unwrap();
    flow.paragraph(Kind::Text, LOOK, MARGIN, &text).unwrap();
    for placed in &flow.placed {
        let end = placed.x + fonts.width(placed.text.trim_end(), placed.look.weight, placed.look.size);
        assert!(end <= WIDTH - MARGIN + 0.5, "{placed:?} ends at {end}");
    }
    let all: String = flow.placed.iter().filter(|one| one.paragraph == 1).map(|one| one.text.as_str()).collect();
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    assert_eq!(bare(&all), bare(&text));
}

#[test]
fn a_heading_stands_on_the_page_of_what_it_is_above_and_there_is_an_end_to_pages() {
    let fonts = Fonts::load().unwrap();
    let mut flow = Flow::new(&fonts);
    for _ in 0..400 {
        flow.paragraph(Kind::Heading(2), LOOK, MARGIN, "Kop").unwrap();
        flow.paragraph(Kind::Text, LOOK, MARGIN, "Tekst").unwrap();
    }
    for pair in flow.placed.chunks(2) {
        assert_eq!(pair[0].page, pair[1].page);
    }
    let endless = "regel\n".repeat(200_000);
    assert_eq!(flow.paragraph(Kind::Text, LOOK, MARGIN, &endless), Err(PrintFault::TooLong(MOST_PAGES)));
}
