//! Resources made from the element tables: well-formed, and with nothing in them that means anything.

use fhir::elements::{self, Child, Form, TypeDef};

use super::super::rows::{self, How};
use super::*;

/// Chooses, the same for the same seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Chance(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Makes resources of a version, the way they are to go.
pub(super) struct Making {
    pub way: Way,
    pub chance: Chance,
    /// One of so many optional elements is there.
    pub sparse: usize,
}

impl Making {
    /// A resource of this type. `with` is there; so is what the version requires.
    pub(super) fn resource(&mut self, kind: &str, with: Option<&str>) -> Node {
        let of = elements::type_of(self.way.from(), kind).unwrap();
        let mut made = self.object(of, with, 3);
        let Node::Object(members) = &mut made else { panic!() };
        members.insert(0, ("resourceType".to_owned(), Node::text(kind)));
        if kind == "Consent" && self.way == Way::ToStu3 {
            made.set(
                "scope",
                Node::read(
                    r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"adr"}]}"#,
                )
                .unwrap(),
            );
        }
        if kind == "Consent" {
            made.set(
                "category",
                Node::read(r#"[{"coding":[{"system":"http://snomed.info/sct","code":"11341000146107"}]}]"#).unwrap(),
            );
        }
        made
    }

    fn object(&mut self, of: &'static TypeDef, with: Option<&str>, depth: usize) -> Node {
        let mut members = Vec::new();
        for element in of.children() {
            let names: Vec<&'static Child> =
                of.names().iter().filter(|child| child.element.name == element.name).collect();
            let wanted = names.iter().find(|child| Some(child.name) == with).copied();
            let never = ["modifierExtension", "implicitRules", "contained", "scope", "meta", "extension", "id"];
            let optional =
                depth > 0 && with.is_none() && !never.contains(&element.name) && self.chance.below(self.sparse) == 0;
            let asked = names.iter().find(|child| self.is_asked(of, child)).copied();
            if element.max == Some(0) || wanted.or(asked).is_none() && element.min == 0 && !optional {
                continue;
            }
            let child = wanted.or(asked).unwrap_or_else(|| names[self.chance.below(names.len())]);
            if child.form == Form::Resource {
                continue;
            }
            self.member(of, child, depth, &mut members);
        }
        if members.is_empty() {
            let any = of.names().iter().find(|child| child.is_primitive() && child.name != "id");
            match any {
                Some(child) => self.member(of, child, depth, &mut members),
                None => {
                    // A backbone element of objects alone.
                    let child = of.names().iter().find(|child| {
                        child.name != "extension" && child.form == Form::Complex && child.name != "modifierExtension"
                    });
                    self.member(of, child.unwrap(), depth, &mut members);
                }
            }
        }
        Node::Object(members)
    }

    /// Whether the other version requires it.
    fn is_asked(&self, of: &TypeDef, child: &Child) -> bool {
        let (on, there) = self.names(of);
        let row = rows::of_type(&on).map(|row| self.way.of(row.names)).find(|(name, _)| *name == child.name);
        let other = elements::type_of(self.way.to(), &there);
        other
            .and_then(|other| other.child(row.map_or(child.name, |(_, name)| name)))
            .is_some_and(|other| other.element.min > 0)
    }

    /// A type as it is called in R4, and in the other version.
    fn names(&self, of: &TypeDef) -> (String, String) {
        let root = of.name.split('.').next().unwrap();
        let known = rows::types().find(|pair| self.way.of(*pair).0 == root);
        let pair: (&str, &str) = known.map_or((root, root), |(r4, stu3)| (r4, stu3));
        (of.name.replacen(root, pair.0, 1), of.name.replacen(root, self.way.of(pair).1, 1))
    }

    fn member(&mut self, of: &'static TypeDef, child: &'static Child, depth: usize, members: &mut Vec<(String, Node)>) {
        let count = if child.is_list() { 1 + self.chance.below(2) * usize::from(self.chance.below(4) == 0) } else { 1 };
        let made: Vec<Node> = (0..count).map(|_| self.value(of, child, depth)).collect();
        let beside = child.is_primitive()
            && child.form != Form::Xhtml
            && !child.element.is_attribute
            && self.chance.below(8) == 0;
        let besides = |one: &mut Self| (0..count).map(|_| one.beside()).collect::<Vec<Node>>();
        let besides = beside.then(|| besides(self));
        let whole = |mut all: Vec<Node>| if child.is_list() { Node::List(all) } else { all.remove(0) };
        members.push((child.name.to_owned(), whole(made)));
        members.extend(besides.map(|besides| (format!("_{}", child.name), whole(besides))));
    }

    /// The id and extension of a primitive.
    fn beside(&mut self) -> Node {
        let extension = r#"{"id":"x1","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#;
        Node::read(extension).unwrap()
    }

    fn value(&mut self, of: &'static TypeDef, child: &'static Child, depth: usize) -> Node {
        if let Some(said) = self.by_row(of, child) {
            return said;
        }
        match child.type_name {
            "Reference" => return self.reference(child),
            "Extension" => return self.extension(),
            "Coding" => return self.coding(),
            _ => {}
        }
        match (child.form, child.type_def()) {
            (Form::Complex, Some(inner)) => self.object(inner, None, depth.saturating_sub(1)),
            (Form::Boolean, _) => Node::Bool(self.chance.below(2) == 0),
            (Form::Number, _) => match child.type_name {
                "decimal" => Node::read("1.50").unwrap(),
                _ => Node::number(1 + i64::try_from(self.chance.below(5)).unwrap()),
            },
            (Form::Xhtml, _) => Node::text(r#"<div xmlns="http://www.w3.org/1999/xhtml">x</div>"#),
            _ => Node::text(match child.type_name {
                "date" => "2026-11-20",
                "dateTime" | "instant" => "2026-11-20T10:00:00Z",
                "time" => "10:00:00",
                "base64Binary" => "eA==",
                "uri" | "url" | "canonical" => "urn:example:x",
                "oid" => "urn:oid:1.2.3",
                "uuid" => "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
                _ => "x",
            }),
        }
    }

    /// What a row asks for.
    fn by_row(&mut self, of: &'static TypeDef, child: &'static Child) -> Option<Node> {
        let here = self.way.of(("r4", "stu3")).0;
        let (on, _) = self.names(of);
        let row = rows::of_type(&on).find(|row| self.way.of(row.names).0 == child.name && child.name != "extension");
        let said = match row.map(|row| row.how) {
            Some(How::Codes(pairs)) => Node::text(self.way.of(self.chance.pick(pairs)).0),
            Some(How::Concept(system, codes)) if here == "r4" => {
                let code = self.chance.pick(codes);
                let rest = self.chance.pick(&["", r#",{"system":"http://snomed.info/sct","code":"1"}"#]);
                let display = self.chance.pick(&["", r#","display":"x""#]);
                let text = self.chance.pick(&["", r#","text":"x""#]);
                let concept = format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"{display}}}{rest}]{text}}}"#);
                Node::read(&concept).unwrap()
            }
            Some(How::Concept(_, codes)) => Node::text(self.chance.pick(codes)),
            Some(How::SaidInR4(said) | How::SaidInStu3(said)) => Node::read(said).unwrap(),
            Some(How::Holding("text")) if here == "r4" => Node::read(r#"{"text":"x"}"#).unwrap(),
            Some(How::Holding("value")) if here == "r4" => Node::read(r#"{"value":"x"}"#).unwrap(),
            _ => match (of.name, child.name) {
                ("Goal", "lifecycleStatus") => Node::text("active"),
                ("Goal", "status") => Node::text("in-progress"),
                ("Observation.related", "type") => Node::text(self.chance.pick(&["has-member", "derived-from"])),
                ("Meta", "profile") => Node::text("http://nictiz.nl/fhir/StructureDefinition/zib-Problem"),
                _ => return None,
            },
        };
        Some(said)
    }

    fn reference(&mut self, child: &Child) -> Node {
        let targets = &child.element.targets;
        let kind = if targets.is_empty() { "Patient" } else { self.chance.pick(targets) };
        let kind = if kind == "Resource" { "Patient" } else { kind };
        Node::read(&format!(r#"{{"reference":"{kind}/a","display":"x"}}"#)).unwrap()
    }

    fn extension(&mut self) -> Node {
        let known = self
            .way
            .of((
                "http://nictiz.nl/fhir/StructureDefinition/ext-Comment",
                "http://nictiz.nl/fhir/StructureDefinition/Comment",
            ))
            .0;
        Node::read(&format!(r#"{{"url":"{known}","valueString":"x"}}"#)).unwrap()
    }

    fn coding(&mut self) -> Node {
        let known =
            self.way.of(("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "http://hl7.org/fhir/v3/NullFlavor")).0;
        let system = self.chance.pick(&[known, "http://snomed.info/sct"]);
        Node::read(&format!(r#"{{"system":"{system}","code":"UNK","display":"x"}}"#)).unwrap()
    }
}
