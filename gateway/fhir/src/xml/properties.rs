//! Any resource that the tables allow survives XML, and no bytes make the reader do more than refuse.

use proptest::prelude::*;

use super::*;
use crate::FhirVersion;
use crate::definitions::resource_types;
use crate::elements::{self, Child, Form, TypeDef};
use crate::json::{Limits, Node};
use crate::resource::Resource;

/// Choices taken from bytes that proptest makes and shrinks; zeros when they run out.
struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl Choices<'_> {
    fn below(&mut self, most: usize) -> usize {
        let high = self.bytes.next().copied().map_or(0, usize::from);
        let low = self.bytes.next().copied().map_or(0, usize::from);
        (high << 8 | low) % most.max(1)
    }

    fn one_of<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

const TEXTS: [&str; 9] =
    ["a", " b\n\tc\r\n ", "<&>\"'", "é😀\u{fffd}", "\\u0041\\", "&amp;#10;]]>", "1.50", "\u{85}\u{2028}", ""];
const NUMBERS: [&str; 6] = ["0", "-1", "1.50", "0.000", "1e5", "123456789012345678901234567890.10"];
const DIVS: [&str; 3] = [
    r#"<div xmlns="http://www.w3.org/1999/xhtml"/>"#,
    "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang='nl'>\r\n<p>a &lt; b &#233; <b>x</b></p><!-- c --> <![CDATA[<]]></div>",
    r#"<x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p/></x:div>"#,
];

fn resource(version: FhirVersion, choices: &mut Choices<'_>, depth: usize) -> Node {
    let name = choices.one_of(resource_types(version));
    let mut node = Node::Object(vec![("resourceType".to_owned(), Node::text(name))]);
    fill(&mut node, version, elements::type_of(version, name).unwrap(), choices, depth);
    node
}

/// Gives an object some of the members that its type may have.
fn fill(node: &mut Node, version: FhirVersion, of: &'static TypeDef, choices: &mut Choices<'_>, depth: usize) {
    let count = if depth > 6 { 0 } else { choices.below(if depth == 0 { 12 } else { 4 }) };
    for _ in 0..count {
        let Some(child) = of.names().get(choices.below(of.names().len())) else { continue };
        if node.get(child.name).is_some() || node.get(&format!("_{}", child.name)).is_some() {
            continue;
        }
        member(node, version, child, choices, depth);
    }
    if choices.below(8) == 1 {
        let value = match choices.below(3) {
            0 => Node::text(choices.one_of(&TEXTS)),
            1 => Node::List(vec![Node::text("1"), Node::text("2")]),
            _ => Node::Object(vec![("alsoNew".to_owned(), Node::text("x"))]),
        };
        node.set("notInTheStandard", value);
    }
}

fn member(node: &mut Node, version: FhirVersion, child: &'static Child, choices: &mut Choices<'_>, depth: usize) {
    let complex = |choices: &mut Choices<'_>| {
        let mut inner = Node::Object(Vec::new());
        match child.form {
            Form::Resource => resource(version, choices, depth + 1),
            _ => {
                fill(&mut inner, version, child.type_def().unwrap(), choices, depth + 1);
                inner
            }
        }
    };
    let repetitions = if child.is_list() { 1 + choices.below(3) } else { 1 };
    let list = |mut items: Vec<Node>| if child.is_list() { Node::List(items) } else { items.remove(0) };
    if !child.is_primitive() {
        node.set(child.name, list((0..repetitions).map(|_| complex(choices)).collect()));
        return;
    }
    let (mut values, mut shadows) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let alone = child.form == Form::Xhtml || child.element.is_attribute;
        let which = if alone { 0 } else { choices.below(4) };
        let value = match child.form {
            Form::Number => Node::Number(choices.one_of(&NUMBERS).to_owned()),
            Form::Boolean => Node::Bool(choices.below(2) == 1),
            Form::Xhtml => Node::text(choices.one_of(&DIVS)),
            _ => Node::text(choices.one_of(&TEXTS)),
        };
        // The value alone mostly; both; only the rest.
        values.push(if which == 3 { Node::Null } else { value });
        let mut rest = Node::Object(vec![("id".to_owned(), Node::text("i"))]);
        if which >= 2 && depth < 6 {
            fill(&mut rest, version, child.type_def().unwrap(), choices, depth + 1);
        }
        shadows.push(if which >= 2 { rest } else { Node::Null });
    }
    if values.iter().any(|value| *value != Node::Null) {
        node.set(child.name, list(values));
    }
    if shadows.iter().any(|shadow| *shadow != Node::Null) {
        node.set(&format!("_{}", child.name), list(shadows));
    }
}

/// The node with members in order of name: XML has an order of its own.
fn sorted(node: &Node) -> Node {
    match node {
        Node::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Node::Object(members)
        }
        Node::List(items) => Node::List(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Pieces of which broken documents are made.
const PIECES: [&str; 24] = [
    "<Patient xmlns=\"http://hl7.org/fhir\">",
    "</Patient>",
    "<name>",
    "</name>",
    "<given value=\"x\"/>",
    "<given value='",
    "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">",
    "</div></text>",
    "<p:a xmlns:p='",
    "http://hl7.org/fhir",
    "<contained>",
    "<Basic/>",
    "</contained>",
    "&amp;",
    "&#x",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "<!DOCTYPE",
    ">",
    "\"",
    "é\u{ffff}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_resource_of_the_tables_survives_xml(bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
        let mut choices = Choices { bytes: bytes.iter() };
        for version in FhirVersion::ALL {
            let node = resource(version, &mut choices, 0);
            let before = Resource::from_node(&node);
            let xml = write(version, &before).map_err(|fault| TestCaseError::fail(format!("{fault}: {}", before.text())))?;
            let after = read(version, &xml, &Limits::default())
                .map_err(|fault| TestCaseError::fail(format!("{fault}: {}", String::from_utf8_lossy(&xml))))?;
            prop_assert!(
                sorted(&after.to_node()) == sorted(&node),
                "{}\n{}\n{}", before.text(), String::from_utf8_lossy(&xml), after.text()
            );
            prop_assert_eq!(&write(version, &after).unwrap(), &xml, "what is read is written the same");
        }
    }

    #[test]
    fn no_bytes_do_more_than_be_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(FhirVersion::R4, &bytes, &Limits::default());
    }

    #[test]
    fn no_row_of_pieces_does_more_than_be_refused_or_read(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30)
    ) {
        let text = format!("<Patient xmlns=\"http://hl7.org/fhir\">{}</Patient>", pieces.concat());
        for text in [pieces.concat(), text] {
            if let Ok(resource) = read(FhirVersion::R4, text.as_bytes(), &Limits::default()) {
                let xml = write(FhirVersion::R4, &resource).unwrap();
                let again = read(FhirVersion::R4, &xml, &Limits::default()).unwrap();
                prop_assert!(sorted(&again.to_node()) == sorted(&resource.to_node()), "{}", text);
            }
        }
    }

    #[test]
    fn no_narrative_breaks_out_of_its_place(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)
    ) {
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", pieces.concat());
        let text = Node::Object(vec![("div".to_owned(), Node::text(&div))]);
        let patient = Node::Object(vec![("resourceType".to_owned(), Node::text("Patient")), ("text".to_owned(), text)]);
        let before = Resource::from_node(&patient);
        if let Ok(xml) = write(FhirVersion::R4, &before) {
            let after = read(FhirVersion::R4, &xml, &Limits::default()).unwrap();
            prop_assert_eq!(after.text(), before.text());
        }
    }
}
