//! Text that someone made to do harm, or that is broken.

use super::*;

#[test]
fn text_that_is_not_well_formed_is_refused() {
    let lols = (0..20).map(|at| format!("<!ENTITY l{} \"&l{at};&l{at};\">", at + 1)).collect::<String>();
    let laughs = format!("<!DOCTYPE Patient [<!ENTITY l0 \"lol\">{lols}]>{}", patient(r#"<gender value="&l20;"/>"#));
    let bomb = format!(r#"<!DOCTYPE x SYSTEM "file:///etc/passwd">{}"#, patient(""));
    let cases: Vec<(String, &str)> = vec![
        (laughs, "a document type declaration"),
        (bomb, "a document type declaration"),
        (format!("<?xml-stylesheet href=\"a\"?>{}", patient("")), "the XML declaration is not of XML 1.0 in UTF-8"),
        (format!("<?php x?>{}", patient("")), "a processing instruction"),
        (patient("<?x y?>"), "a processing instruction"),
        (patient("<?xml version=\"1.0\"?>"), "a processing instruction"),
        (format!(" {DECLARATION}{}", patient("")), "a processing instruction"),
        (format!("<?xml version=\"1.1\"?>{}", patient("")), "the XML declaration is not of XML 1.0 in UTF-8"),
        (
            format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", patient("")),
            "the XML declaration is not of XML 1.0 in UTF-8",
        ),
        (patient(r#"<gender value="a & b"/>"#), "an unknown reference or a bare &"),
        (patient(r#"<gender value="&nbsp;"/>"#), "an unknown reference or a bare &"),
        (patient(r#"<gender value="&#0;"/>"#), "an unknown reference or a bare &"),
        (patient(r#"<gender value="&#xD800;"/>"#), "an unknown reference or a bare &"),
        (patient(r#"<gender value="&#+65;"/>"#), "an unknown reference or a bare &"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml">&nbsp;</div>"#), "an unknown reference or a bare &"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml">a & b</div>"#), "a bare &"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml">]]></div>"#), "]]> in a text"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><!-- a -- b --></div>"#), "-- in a comment"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p a="1"b="2"/></div>"#), "unexpected text in a tag"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p a=1/></div>"#), "an attribute without quotes"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p a/></div>"#), "an attribute without a value"),
        (
            narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p></b></p></div>"#),
            "a tag that closes no open element",
        ),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><1/></div>"#), "a malformed name"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><q:p/></div>"#), "an undeclared prefix"),
        (narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p q:a="x"/></div>"#), "an undeclared prefix"),
        (patient(r#"<gender value="<"/>"#), "a bare < in an attribute"),
        (patient(r#"<gender value="a" value="a"/>"#), "an attribute occurs twice"),
        (
            patient(
                r#"<gender xmlns:a="http://www.w3.org/2001/XMLSchema-instance" xmlns:b="http://www.w3.org/2001/XMLSchema-instance" a:c="" b:c=""/>"#,
            ),
            "an attribute occurs twice",
        ),
        (
            patient(&format!("<gender{}/>", (0..1000).map(|at| format!(" a{at}=\"\"")).collect::<String>())),
            "too many attributes",
        ),
        (
            patient(&format!("<gender{}/>", (0..64).map(|at| format!(" xmlns:a{at}=\"u:{at}\"")).collect::<String>())),
            "too many namespaces",
        ),
        (patient(r#"<gender xmlns:xml="urn:x"/>"#), "a reserved namespace is declared"),
        (patient(r#"<gender xmlns:a=""/>"#), "a prefix is declared without a namespace"),
        (patient("<gender value=\"\u{1}\"/>"), "a character that XML does not allow"),
        (patient("<gender value=\"\u{ffff}\"/>"), "a character that XML does not allow"),
        (format!("{}{}", patient(""), patient("")), "a second root"),
        (format!("{}x", patient("")), "text outside the root"),
        (format!("<![CDATA[x]]>{}", patient("")), "text outside the root"),
        (String::new(), "there is no element"),
        ("<!-- -->".to_owned(), "there is no element"),
        ("<Patient xmlns=\"http://hl7.org/fhir\">".to_owned(), "the text ends before its elements do"),
        ("<Patient xmlns=\"http://hl7.org/fhir\"><gen".to_owned(), "markup that does not end"),
        ("<Patient xmlns=\"http://hl7.org/fhir\"><!-- ".to_owned(), "markup that does not end"),
    ];
    for (text, expected) in cases {
        match read_text(&text) {
            Err(XmlFault::Syntax { what, .. }) => assert_eq!(what, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(read(R4, b"<Patient\xff/>", &Limits::default()).unwrap_err(), XmlFault::NotUtf8 { offset: 8 });
}

#[test]
fn every_beginning_of_a_document_is_refused() {
    let text = narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">x &amp; y<!-- z --></p></div>"#);
    assert!(read_text(&text).is_ok());
    for end in 0..text.len() {
        assert!(read_text(&text[..end]).is_err(), "{end}");
    }
}

#[test]
fn limits_bound_bytes_depth_and_elements() {
    let deep = |levels: usize| {
        let (open, close) = (r#"<extension url="u">"#.repeat(levels), "</extension>".repeat(levels));
        patient(&format!("{open}{close}"))
    };
    assert!(read_text(&deep(48)).is_ok());
    assert!(matches!(read_text(&deep(60)), Err(XmlFault::Resource(_))), "the JSON is deeper than the XML");
    assert_eq!(read_text(&deep(100_000)).unwrap_err(), XmlFault::TooDeep { limit: 100 });
    let anything = Limits { depth: usize::MAX, ..Limits::default() };
    assert_eq!(read_with(&deep(100_000), &anything).unwrap_err(), XmlFault::TooDeep { limit: 512 });
    let divs = format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{}"#, "<div>".repeat(1000));
    assert_eq!(read_text(&narrative(&divs)).unwrap_err(), XmlFault::TooDeep { limit: 100 });
    let few = Limits { nodes: 10, ..Limits::default() };
    assert_eq!(read_with(&patient(&"<name/>".repeat(10)), &few).unwrap_err(), XmlFault::TooMany { limit: 10 });
    let small = Limits { bytes: 20, ..Limits::default() };
    assert_eq!(read_with(&patient(""), &small).unwrap_err(), XmlFault::TooLarge { limit: 20 });
    // Scattered repetitions cost no more than others.
    let scattered = patient(&r#"<name/><telecom/><x/>"#.repeat(100_000));
    assert!(read_text(&scattered).unwrap().len() > 300_000);
}

#[test]
fn a_fault_repeats_no_value() {
    for text in [
        patient(r#"<active value="999911120"/>"#),
        patient(r#"<name>999911120</name>"#),
        patient(r#"<a999911120 b=""/>"#),
        patient(r#"<name 999911120="a"/>"#),
        patient(r#"<name></x999911120>"#),
        patient(r#"<gender value="&999911120;"/>"#),
        r#"<P999911120 xmlns="http://hl7.org/fhir"/>"#.to_owned(),
    ] {
        let fault = read_text(&text).unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("999911120"), "{fault}");
    }
    for json in [r#""active":999911120"#, r#""999911120":null"#, r#""gender":"\u0001999911120""#] {
        let fault = write_text(&format!(r#"{{"resourceType":"Patient",{json}}}"#)).unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("999911120"), "{fault}");
    }
}
