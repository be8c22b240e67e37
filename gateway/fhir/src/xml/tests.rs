mod hostile;

use super::*;
use crate::FhirVersion;
use crate::json::{Limits, Node};
use crate::resource::Resource;

const R4: FhirVersion = FhirVersion::R4;

fn read_with(text: &str, limits: &Limits) -> Result<String, XmlFault> {
    read(R4, text.as_bytes(), limits).map(|resource| resource.text().to_owned())
}

fn read_text(text: &str) -> Result<String, XmlFault> {
    read_with(text, &Limits::default())
}

fn write_text(json: &str) -> Result<String, XmlFault> {
    let resource = Resource::parse(json.to_owned().into(), &Limits::default()).unwrap();
    write(R4, &resource).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

/// A patient with this inside.
fn patient(inside: &str) -> String {
    format!(r#"<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>"#)
}

fn narrative(div: &str) -> String {
    patient(&format!(r#"<text><status value="generated"/>{div}</text>"#))
}

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

#[test]
fn what_is_written_reads_the_same_and_the_other_way_round() {
    // JSON, and what stands inside the patient in XML.
    let cases = [
        (r#""id":"a""#, r#"<id value="a"/>"#),
        (r#""active":true,"birthDate":"2000""#, r#"<active value="true"/><birthDate value="2000"/>"#),
        (r#""_birthDate":{"id":"b"}"#, r#"<birthDate id="b"/>"#),
        (
            r#""birthDate":"2000","_birthDate":{"id":"b","extension":[{"url":"http://a.example","valueDecimal":1.50}]}"#,
            concat!(
                r#"<birthDate value="2000" id="b"><extension url="http://a.example">"#,
                r#"<valueDecimal value="1.50"/></extension></birthDate>"#
            ),
        ),
        (
            r#""name":[{"given":["A",null,"C"],"_given":[null,{"id":"x"},null]},{"id":"n"}]"#,
            r#"<name><given value="A"/><given id="x"/><given value="C"/></name><name id="n"/>"#,
        ),
        (r#""name":[{"_given":[{"id":"x"}]}]"#, r#"<name><given id="x"/></name>"#),
        (r#""name":[{"given":["A",null]}]"#, r#"<name><given value="A"/><given/></name>"#),
        (r#""_active":{}"#, r#"<active/>"#),
        (r#""name":[{}]"#, r#"<name/>"#),
        (
            r#""contained":[{"resourceType":"Organization","id":"o","name":"x"},{"resourceType":"Basic"}]"#,
            r#"<contained><Organization><id value="o"/><name value="x"/></Organization></contained><contained><Basic/></contained>"#,
        ),
        (r#""gender":"a\"'<>&\t\n\r\u00e9\ud83d\ude00""#, "<gender value=\"a&quot;'&lt;&gt;&amp;&#9;&#10;&#13;é😀\"/>"),
        (r#""multipleBirthInteger":-0"#, r#"<multipleBirthInteger value="-0"/>"#),
        (
            r#""text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p a='1'>x &amp; <![CDATA[y]]><!-- z --><br /></p>\n</div>"}"#,
            "<text><div xmlns=\"http://www.w3.org/1999/xhtml\"><p a='1'>x &amp; <![CDATA[y]]><!-- z --><br /></p>\n</div></text>",
        ),
        // What the standard does not know stays, last.
        (r#""birthDate":"2000","new":"1""#, r#"<birthDate value="2000"/><new value="1"/>"#),
        (
            r#""new":["1","2"],"_new":[null,{"id":"x"}],"old":{"id":"i","more":"y"}"#,
            r#"<new value="1"/><new value="2" id="x"/><old id="i"><more value="y"/></old>"#,
        ),
        (r#""new":[{"a":"1"},{"b":"2"}]"#, r#"<new><a value="1"/></new><new><b value="2"/></new>"#),
    ];
    for (json, xml) in cases {
        let json = format!(r#"{{"resourceType":"Patient",{json}}}"#);
        let xml = patient(xml);
        let written = write_text(&json).unwrap_or_else(|fault| panic!("{json}: {fault}"));
        assert_eq!(written, format!("{DECLARATION}{xml}"));
        let again = Node::read(&read_text(&written).unwrap()).unwrap();
        assert!(again == Node::read(&json).unwrap(), "{xml}: {}", again.write());
    }
    let empty = r#"{"resourceType":"Patient"}"#;
    assert_eq!(write_text(empty).unwrap(), format!(r#"{DECLARATION}<Patient xmlns="http://hl7.org/fhir"/>"#));
    assert_eq!(read_text(r#"<Patient xmlns="http://hl7.org/fhir"/>"#).unwrap(), empty);
}

#[test]
fn elements_are_written_in_the_order_of_the_standard_and_read_in_any() {
    let json = concat!(
        r#"{"zzz":"u","birthDate":"2000","name":[{"given":["A"],"family":"B"}],"#,
        r#""resourceType":"Patient","identifier":[{"value":"1"}],"id":"a"}"#
    );
    let ordered = patient(concat!(
        r#"<id value="a"/><identifier><value value="1"/></identifier><name><family value="B"/><given value="A"/></name>"#,
        r#"<birthDate value="2000"/><zzz value="u"/>"#
    ));
    assert_eq!(write_text(json).unwrap(), format!("{DECLARATION}{ordered}"));
    let scattered = patient(concat!(
        r#"<name><given value="A"/></name><new value="1"/><birthDate value="2000"/><name><given value="B"/></name>"#,
        r#"<new value="2"/><name/>"#
    ));
    assert_eq!(
        read_text(&scattered).unwrap(),
        concat!(
            r#"{"resourceType":"Patient","name":[{"given":["A"]},{"given":["B"]},{}],"#,
            r#""new":["1","2"],"birthDate":"2000"}"#
        )
    );
}

#[test]
fn what_only_surrounds_the_content_is_read_past() {
    let plain = r#"{"resourceType":"Patient","active":true}"#;
    for text in [
        "\u{feff}<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Patient xmlns='http://hl7.org/fhir'><active value='true'/></Patient>\n",
        "<!-- a --><f:Patient xmlns:f=\"http://hl7.org/fhir\"> <!-- b & c --> <f:active value = \"true\" ></f:active >\t</f:Patient><!-- d -->",
        "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"><active value=\"&#116;r&#x75;e\"/></Patient>",
        "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:unused=\"urn:x\"><q:active xmlns:q=\"http://hl7.org/fhir\" value=\"true\"/></Patient>",
    ] {
        assert_eq!(read_text(text).unwrap(), plain, "{text}");
    }
    // White space in an attribute is spaces unless written as references.
    let text = patient("<gender value=\"a\r\nb\tc&#10;&quot;\"/>");
    assert_eq!(read_text(&text).unwrap(), r#"{"resourceType":"Patient","gender":"a b c\n\""}"#);
}

#[test]
fn a_narrative_that_leans_on_what_surrounds_it_gets_its_own_declaration() {
    let expected = |div: &str| format!(r#"{{"resourceType":"Patient","text":{{"div":{}}}}}"#, Node::text(div).write());
    let own = r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>"#;
    let cases = [
        r#"<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml"><f:text><div><p>x</p></div></f:text></f:Patient>"#,
        r#"<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><text><h:div><h:p>x</h:p></h:div></text></Patient>"#,
    ];
    for text in cases {
        assert_eq!(read_text(text).unwrap(), expected(own), "{text}");
    }
    let kept = r#"<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p xml:lang="nl">x</h:p></h:div>"#;
    assert_eq!(read_text(&patient(&format!("<text>{kept}</text>"))).unwrap(), expected(kept));
    let mixed = concat!(
        r#"<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><text>"#,
        r#"<h:div><p xmlns="http://www.w3.org/1999/xhtml">x</p></h:div></text></Patient>"#
    );
    assert!(matches!(read_text(mixed), Err(XmlFault::Element { path, .. }) if path == "Patient.text.div"));
}

#[test]
fn elements_that_are_not_fhir_are_named() {
    let cases = [
        (patient(r#"<name><given value="a"/>x</name>"#), "Patient.name", "has text"),
        (patient(r#"<active value="true"><![CDATA[]]></active>"#), "Patient.active", "has text"),
        (patient(r#"<active value="1"/>"#), "Patient.active", "is not a boolean"),
        (patient(r#"<multipleBirthInteger value="01"/>"#), "Patient.multipleBirthInteger", "is not a number"),
        (patient(r#"<multipleBirthInteger value="+1"/>"#), "Patient.multipleBirthInteger", "is not a number"),
        (patient(r#"<multipleBirthInteger value=" 1"/>"#), "Patient.multipleBirthInteger", "is not a number"),
        (patient(r#"<multipleBirthInteger value=""/>"#), "Patient.multipleBirthInteger", "is not a number"),
        (patient(r#"<birthDate value="1"/><birthDate value="2"/>"#), "Patient.birthDate", "occurs twice"),
        (patient(r#"<birthDate/><active/><birthDate/>"#), "Patient.birthDate", "occurs twice"),
        (patient(r#"<name value="x"/>"#), "Patient.name", "has an unknown attribute"),
        (patient(r#"<name url="x"/>"#), "Patient.name", "has an unknown attribute"),
        (patient(r#"<name xml:lang="nl"/>"#), "Patient.name", "has an unknown attribute"),
        (patient(r#"<name><id value="x"/></name>"#), "Patient.name.id", "is not an attribute"),
        (patient(r#"<extension><url value="x"/></extension>"#), "Patient.extension.url", "is not an attribute"),
        (patient(r#"<_birthDate id="x"/>"#), "Patient._birthDate", "is not an element"),
        (patient(r#"<resourceType value="x"/>"#), "Patient.resourceType", "is not an element"),
        (patient(r#"<contained/>"#), "Patient.contained", "is not a resource"),
        (patient("<contained><Basic/><Basic/></contained>"), "Patient.contained.Basic", "holds more than one resource"),
        (
            patient("<contained><Basic><code><x y=''/></code></Basic></contained>"),
            "Patient.contained.code.x",
            "has an unknown attribute",
        ),
        (patient(r#"<contained id="x"><Basic/></contained>"#), "Patient.contained", "has an unknown attribute"),
        (
            patient("<contained><HumanName/></contained>"),
            "Patient.contained.HumanName",
            "is of a type that does not exist",
        ),
        (patient(r#"<name xmlns="http://hl7.org/fhir/x"/>"#), "Patient.name", "is not in the namespace of FHIR"),
        (patient(r#"<name xmlns=""/>"#), "Patient.name", "is not in the namespace of FHIR"),
        (patient(r#"<p xmlns="http://www.w3.org/1999/xhtml"/>"#), "Patient.p", "is not in the namespace of FHIR"),
        ("<Patient/>".to_owned(), "Patient", "is not in the namespace of FHIR"),
        (r#"<Patient xmlns="urn:x"/>"#.to_owned(), "Patient", "is not in the namespace of FHIR"),
        (
            r#"<ReferralRequest xmlns="http://hl7.org/fhir"/>"#.to_owned(),
            "ReferralRequest",
            "is of a type that does not exist",
        ),
        (
            r#"<DomainResource xmlns="http://hl7.org/fhir"/>"#.to_owned(),
            "DomainResource",
            "is of a type that does not exist",
        ),
        (narrative("<div/>"), "Patient.text.div", "is not XHTML"),
        (
            narrative(r#"<div xmlns="http://www.w3.org/1999/xhtml"><p xmlns="urn:x"/></div>"#),
            "Patient.text.div",
            "is not XHTML",
        ),
        (patient(r#"<a9991112 x="y"/>"#), "Patient.(a member)", "has an unknown attribute"),
    ];
    for (text, place, expected) in cases {
        match read_text(&text) {
            Err(XmlFault::Element { path, what, offset }) => {
                assert_eq!((path.as_str(), what), (place, expected), "{text}");
                assert!(offset < text.len());
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let many = (0..65).map(|at| format!("<x{at}/>")).collect::<String>();
    assert!(matches!(read_text(&patient(&many)), Err(XmlFault::Element { .. })));
}

#[test]
fn what_xml_cannot_say_is_named() {
    let div = |div: &str| format!(r#""text":{{"div":{}}}"#, Node::text(div).write());
    let cases = [
        (r#""active":"true""#.to_owned(), "Patient.active", "is not a boolean"),
        (r#""multipleBirthInteger":"1""#.to_owned(), "Patient.multipleBirthInteger", "is not a number"),
        (r#""birthDate":2000"#.to_owned(), "Patient.birthDate", "is not a string"),
        (r#""birthDate":null"#.to_owned(), "Patient.birthDate", "is null"),
        (r#""birthDate":["2000"]"#.to_owned(), "Patient.birthDate", "is a list"),
        (r#""name":{"family":"x"}"#.to_owned(), "Patient.name", "is not a list"),
        (r#""name":[]"#.to_owned(), "Patient.name", "is empty"),
        (r#""name":[null]"#.to_owned(), "Patient.name", "is not an object"),
        (r#""name":["x"]"#.to_owned(), "Patient.name", "is not an object"),
        (r#""name":[{}],"_name":[{}]"#.to_owned(), "Patient.name", "is not a primitive"),
        (r#""_name":[{}]"#.to_owned(), "Patient.name", "is not a primitive"),
        (r#""_birthDate":"x""#.to_owned(), "Patient.birthDate", "is not an object"),
        (r#""name":[{"id":1}]"#.to_owned(), "Patient.name.id", "is not a text alone"),
        (r#""name":[{"id":"a","_id":{}}]"#.to_owned(), "Patient.name.id", "is not a text alone"),
        (r#""extension":[{"_url":{}}]"#.to_owned(), "Patient.extension.url", "is not a text alone"),
        (r#""contained":[{"id":"x"}]"#.to_owned(), "Patient.contained", "is not a resource"),
        (
            r#""contained":[{"resourceType":"Sequence"}]"#.to_owned(),
            "Patient.contained",
            "is of a type that does not exist",
        ),
        (
            r#""name":[{"family":"\u0008"}]"#.to_owned(),
            "Patient.name.family",
            "has a character that XML does not allow",
        ),
        (
            r#""name":[{"family":"\uffff"}]"#.to_owned(),
            "Patient.name.family",
            "has a character that XML does not allow",
        ),
        (r#""a b":"x""#.to_owned(), "Patient.(a member)", "is not a name in XML"),
        (r#""a/><b":"x""#.to_owned(), "Patient.(a member)", "is not a name in XML"),
        (r#""new":null"#.to_owned(), "Patient.new", "is null"),
        (r#""new":[[]]"#.to_owned(), "Patient.new", "is a list in a list"),
        (r#""_new":{"id":"x"}"#.to_owned(), "Patient.new", "has no value"),
        (div("<div>x</div>"), "Patient.text.div", "is not XHTML"),
        (div("<p xmlns=\"http://www.w3.org/1999/xhtml\"/>"), "Patient.text.div", "is not a div"),
        (div("<div xmlns=\"urn:x\"/>"), "Patient.text.div", "is not XHTML"),
        (div("x"), "Patient.text.div", "is not well-formed XHTML"),
        (div(""), "Patient.text.div", "is not well-formed XHTML"),
        (
            div("<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br>b</div>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (
            div("<div xmlns=\"http://www.w3.org/1999/xhtml\">&nbsp;</div>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (
            div("<div xmlns=\"http://www.w3.org/1999/xhtml\"/></text><active value=\"true\"/><text>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (
            div("<div xmlns=\"http://www.w3.org/1999/xhtml\"></div><div xmlns=\"http://www.w3.org/1999/xhtml\"></div>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (
            div("<!DOCTYPE div><div xmlns=\"http://www.w3.org/1999/xhtml\"/>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (
            div("<?xml version=\"1.0\"?><div xmlns=\"http://www.w3.org/1999/xhtml\"/>"),
            "Patient.text.div",
            "is not well-formed XHTML",
        ),
        (r#""text":{"_div":{"id":"x"}}"#.to_owned(), "Patient.text.div", "has more than its text"),
    ];
    for (json, place, expected) in cases {
        match write_text(&format!(r#"{{"resourceType":"Patient",{json}}}"#)) {
            Err(XmlFault::NotWritable { path, what }) => assert_eq!((path.as_str(), what), (place, expected), "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    assert!(write_text(r#"{"resourceType":"ReferralRequest"}"#).is_err());
}

#[test]
fn the_versions_differ_in_what_they_know() {
    let xml = br#"<Observation xmlns="http://hl7.org/fhir"><context><reference value="x"/></context></Observation>"#;
    for version in FhirVersion::ALL {
        let read = read(version, xml, &Limits::default()).unwrap();
        assert_eq!(read.text(), r#"{"resourceType":"Observation","context":{"reference":"x"}}"#);
        assert!(write(version, &read).unwrap().ends_with(&xml[..]));
        assert_eq!(crate::structure::check(version, &read).is_ok(), version == FhirVersion::Stu3);
    }
}
