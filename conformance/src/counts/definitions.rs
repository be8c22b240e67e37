//! What the published definitions say of elements, as far as turning XML into JSON needs it: which elements are lists
//! and of what type they are. Read at run time from the definitions beside the fixtures.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use crate::xml::Element;

/// The elements of one FHIR version.
#[derive(Default)]
pub struct Definitions {
    elements: HashMap<String, Shape>,
    /// Per place: choice elements without their `[x]`.
    choices: HashMap<String, Vec<String>>,
    /// Places that have elements of their own.
    places: HashSet<String>,
    primitives: HashSet<String>,
}

struct Shape {
    many: bool,
    kinds: Vec<String>,
    /// `contentReference`: the place whose elements it has.
    like: Option<String>,
}

/// An element as it is known at its place.
struct Known<'d> {
    shape: &'d Shape,
    kind: &'d str,
    /// Where its own elements are found.
    place: String,
}

impl Definitions {
    /// Reads `StructureDefinition.ndjson.gz`.
    ///
    /// # Errors
    /// A sentence with the file's name.
    pub fn read(file: &Path) -> Result<Self, String> {
        let fault = |what: String| format!("{}: {what}", file.display());
        let packed = File::open(file).map_err(|error| fault(error.to_string()))?;
        let mut definitions = Definitions::default();
        for line in BufReader::new(GzDecoder::new(packed)).lines() {
            let line = line.map_err(|error| fault(error.to_string()))?;
            let definition: Value = serde_json::from_str(&line).map_err(|error| fault(error.to_string()))?;
            if definition["derivation"] == "constraint" {
                continue;
            }
            if definition["kind"] == "primitive-type" {
                definitions.primitives.extend(definition["name"].as_str().map(str::to_owned));
                definitions.primitives.extend(definition["id"].as_str().map(str::to_owned));
            }
            for element in definition["snapshot"]["element"].as_array().into_iter().flatten() {
                definitions.add(element);
            }
        }
        Ok(definitions)
    }

    fn add(&mut self, element: &Value) {
        let Some(path) = element["path"].as_str() else { return };
        let Some((place, name)) = path.rsplit_once('.') else { return };
        self.places.insert(place.to_owned());
        if let Some(stem) = name.strip_suffix("[x]") {
            self.choices.entry(place.to_owned()).or_default().push(stem.to_owned());
        }
        let kinds = element["type"].as_array().into_iter().flatten();
        // R4 gives ids and URLs a type of its path language.
        let plain = |code: &str| if code.starts_with("http://hl7.org/fhirpath/") { "string" } else { code }.to_owned();
        let kinds = kinds.filter_map(|kind| kind["code"].as_str()).map(plain).collect();
        let like = element["contentReference"].as_str();
        let like = like.and_then(|like| like.rsplit('#').next()).map(str::to_owned);
        self.elements.insert(path.to_owned(), Shape { many: element["max"] != "1", kinds, like });
    }

    fn known(&self, place: &str, name: &str) -> Option<Known<'_>> {
        let path = format!("{place}.{name}");
        if let Some(shape) = self.elements.get(&path) {
            let kind = shape.kinds.first().map_or("", String::as_str);
            let place = match &shape.like {
                Some(like) => like.clone(),
                None if self.places.contains(&path) => path,
                None => kind.to_owned(),
            };
            return Some(Known { shape, kind, place });
        }
        let stem = self.choices.get(place)?.iter().find(|stem| name.starts_with(stem.as_str()))?;
        let shape = self.elements.get(&format!("{place}.{stem}[x]"))?;
        let kind = shape.kinds.iter().find(|kind| capitalised(kind) == name[stem.len()..])?;
        Some(Known { shape, kind, place: kind.clone() })
    }

    /// A resource in JSON. `text` is the document that the element was read from.
    ///
    /// # Errors
    /// The element that the definitions do not know.
    pub fn resource(&self, element: &Element, text: &str) -> Result<Value, String> {
        let mut object = Map::new();
        object.insert("resourceType".to_owned(), json!(element.name));
        self.fill(&mut object, &element.name, element, text)?;
        Ok(Value::Object(object))
    }

    fn fill(&self, object: &mut Map<String, Value>, place: &str, element: &Element, text: &str) -> Result<(), String> {
        for name in ["id", "url"] {
            if let Some(value) = element.attribute(name) {
                object.insert(name.to_owned(), json!(value));
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for child in element.elements() {
            if !names.contains(&child.name.as_str()) {
                names.push(&child.name);
            }
        }
        for name in names {
            let known = self.known(place, name).ok_or_else(|| format!("{place} has no element {name}"))?;
            let mut values = Vec::new();
            let mut beside = Vec::new();
            for child in element.all(name) {
                let (value, extra) = self.one(&known, child, text)?;
                values.push(value);
                beside.push(extra);
            }
            let mut put = |name: String, mut values: Vec<Value>| {
                if values.iter().any(|value| !value.is_null()) {
                    let value = if known.shape.many { Value::Array(values) } else { values.swap_remove(0) };
                    object.insert(name, value);
                }
            };
            put(name.to_owned(), values);
            put(format!("_{name}"), beside);
        }
        Ok(())
    }

    /// An element's value, and what stands beside a primitive.
    fn one(&self, known: &Known<'_>, element: &Element, text: &str) -> Result<(Value, Value), String> {
        if known.kind == "xhtml" {
            return Ok((json!(text[element.place.clone()]), Value::Null));
        }
        if known.kind == "Resource" {
            let inner = element.elements().next().ok_or("an element that holds a resource is empty")?;
            return Ok((self.resource(inner, text)?, Value::Null));
        }
        let mut object = Map::new();
        if !self.primitives.contains(known.kind) {
            self.fill(&mut object, &known.place, element, text)?;
            return Ok((Value::Object(object), Value::Null));
        }
        let value = element.value().map_or(Ok(Value::Null), |value| match known.kind {
            "boolean" | "integer" | "positiveInt" | "unsignedInt" | "decimal" => {
                serde_json::from_str(value).map_err(|_| format!("a {} cannot be read", known.kind))
            }
            _ => Ok(json!(value)),
        })?;
        self.fill(&mut object, "Element", element, text)?;
        let beside = if object.is_empty() { Value::Null } else { Value::Object(object) };
        Ok((value, beside))
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions() -> Definitions {
        let mut definitions = Definitions::default();
        definitions.primitives.extend(["string", "boolean", "decimal", "code"].map(str::to_owned));
        let elements = [
            ("Element.extension", "*", vec!["Extension"]),
            ("Extension.url", "1", vec!["string"]),
            ("Extension.value[x]", "1", vec!["string", "Quantity"]),
            ("Quantity.value", "1", vec!["decimal"]),
            ("HumanName.given", "*", vec!["string"]),
            ("Patient.name", "*", vec!["HumanName"]),
            ("Patient.active", "1", vec!["boolean"]),
            ("Patient.text", "1", vec!["Narrative"]),
            ("Narrative.div", "1", vec!["xhtml"]),
            ("Patient.contained", "*", vec!["Resource"]),
            ("Patient.contact", "*", vec!["BackboneElement"]),
            ("Patient.contact.gender", "1", vec!["code"]),
            ("Patient.deceased[x]", "1", vec!["boolean", "Quantity"]),
        ];
        for (path, max, kinds) in elements {
            let kinds: Vec<_> = kinds.iter().map(|kind| json!({"code": kind})).collect();
            definitions.add(&json!({"path": path, "max": max, "type": kinds}));
        }
        definitions
    }

    #[test]
    fn a_resource_becomes_json_by_its_definitions() {
        let text = "<Patient xmlns='http://hl7.org/fhir'><text><div xmlns='x'>a<b/></div></text>\
                    <contained><Patient><active value='true'/></Patient></contained>\
                    <name><given value='A'/><given><extension url='u'><valueQuantity><value value='1.5'/></valueQuantity></extension></given></name>\
                    <contact id='c'><gender value='male'/></contact><deceasedBoolean value='false'/></Patient>";
        let read = definitions().resource(&Element::read(text).unwrap(), text).unwrap();
        let expected = json!({
            "resourceType": "Patient", "text": {"div": "<div xmlns='x'>a<b/></div>"},
            "contained": [{"resourceType": "Patient", "active": true}],
            "name": [{"given": ["A", null], "_given": [null, {"extension": [{"url": "u", "valueQuantity": {"value": 1.5}}]}]}],
            "contact": [{"id": "c", "gender": "male"}], "deceasedBoolean": false
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn an_element_that_nobody_defined_is_a_fault() {
        let text = "<Patient><colour value='red'/></Patient>";
        let fault = definitions().resource(&Element::read(text).unwrap(), text).unwrap_err();
        assert_eq!(fault, "Patient has no element colour");
    }
}
