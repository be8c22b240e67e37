//! A document is PDF/A by its own account and by that of the library that wrote it, holds every word, and says what it lacks.

use std::io::Write;
use std::process::Command;

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
        r#"{"resourceType":"Patient","id":"p","name":[{"text":"Ján Żółć-Ömerçélik Ω ☃ 漢字"}],"birthDate":"1941-02-03"}"#.to_owned(),
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
    // Nor does its metadata name the patient.
    for forbidden in ["/Encrypt", "/JavaScript", "/Launch", "/URI", "/EmbeddedFile", "Żółć", "1941"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    assert!(text.matches("/Type /Page").count() + text.matches("/Type/Page").count() > 4, "more than one page");
    assert_eq!(handoff(&readable, &about()).unwrap(), pdf);
}

#[test]
fn what_the_fonts_cannot_write_is_written_as_its_code_point() {
    let fonts = Fonts::load().unwrap();
    assert_eq!(fonts.writable("Ján Żółć Ω", Weight::Regular), "Ján Żółć Ω");
    assert_eq!(fonts.writable("漢\u{1F9D1}", Weight::Bold), "[U+6F22][U+1F9D1]");
    assert_eq!(fonts.writable("a\tb\u{0}c\nd", Weight::Regular), "a b c\nd");
    // What would come out backwards, turns the direction, cannot be seen, or means nothing to others.
    let unseen = "مرحبا\u{202E}\u{AD}\u{200B}\u{E000}\u{FEFF}";
    for weight in [Weight::Regular, Weight::Bold] {
        assert!(fonts.writable(unseen, weight).is_ascii());
    }
    let lacking = ["漢", unseen, "\u{202E}"].map(|text| fonts.lacks(text));
    let written = ["Ján Żółć\n\tΩ", "e\u{301}ë", ""].map(|text| fonts.lacks(text));
    assert_eq!((lacking, written), ([true; 3], [false; 3]));
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
        flow.begin_together(LOOK).unwrap();
        flow.paragraph(Kind::Text, LOOK, MARGIN, "Naam").unwrap();
        flow.row("Waarde", "Tekst", LOOK, MARGIN).unwrap();
    }
    for five in flow.placed.chunks(5) {
        assert_eq!((five[0].page, five[2].page), (five[1].page, five[3].page));
    }
    let endless = "regel\n".repeat(40_000);
    assert_eq!(flow.paragraph(Kind::Text, LOOK, MARGIN, &endless), Err(PrintFault::TooLong(MOST_PAGES)));
}

/// veraPDF: what it calls by, when it is here. `VERAPDF_CLASSPATH` names its jars (org.verapdf.apps:greenfield-apps and what that
/// needs), as Java wants them.
fn verapdf() -> Option<Command> {
    let mut command = match std::env::var_os("VERAPDF_CLASSPATH") {
        Some(jars) => {
            let mut java = Command::new("java");
            java.arg("-cp").arg(jars).arg("org.verapdf.apps.GreenfieldCliWrapper");
            java
        }
        None => Command::new("verapdf"),
    };
    let known = Command::new(command.get_program()).args(command.get_args()).arg("--version").output();
    command.args(["--flavour", "2a", "--format", "text"]);
    known.is_ok_and(|known| known.status.success()).then_some(command)
}

#[test]
fn an_independent_validator_finds_it_to_be_pdf_a() {
    let Some(mut verapdf) = verapdf() else {
        // Past the capture of the test's own output: a check that was not made is to be seen.
        let _ = writeln!(std::io::stderr(), "NOT CHECKED BY A VALIDATOR: no veraPDF on PATH or in VERAPDF_CLASSPATH");
        return;
    };
    let everything: String = (1..0x2E00).chain(0xF800..0x1_0000).filter_map(char::from_u32).collect();
    let odd = format!(
        r#"{{"resourceType":"Condition","id":"k0","code":{{"text":"Ján e\u0301 e\u0301\u0301 ﬁ fi ff ffi"}},"note":[{{"text":{}}}]}}"#,
        fhir::json::Node::text(&everything).write()
    );
    let mut documents = vec![resources(1), resources(100)];
    let mut with_odd = resources(0);
    with_odd.push(fhir::Resource::from_node(&fhir::json::Node::read(&odd).unwrap()));
    documents.push(with_odd);
    let folder = tempfile::tempdir().unwrap();
    for (at, resources) in documents.iter().enumerate() {
        let pdf = handoff(&Readable::of(resources).unwrap(), &about()).unwrap();
        let path = folder.path().join(format!("{at}.pdf"));
        std::fs::write(&path, pdf).unwrap();
        verapdf.arg(path);
    }
    let said = verapdf.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("PASS ")).count(), documents.len(), "{said}");
}
