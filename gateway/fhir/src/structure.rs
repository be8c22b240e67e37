//! Strict structural check of R4 resources that someone wants to write: unknown elements are named, not dropped.
//!
//! The tables of elements are fhirbolt's. They are walked here over our own checked document, so that a fault
//! names the element's place and never repeats a value, and no second parser reads what a peer sent. Required
//! elements, bindings and invariants are the business of profiles.

#[cfg(test)]
mod tests;

use fhirbolt_shared::element_map::{ElementSet, r4::ELEMENT_MAP};
use fhirbolt_shared::type_hints::r4::TYPE_HINTS;
use thiserror::Error;

use crate::json::{Kind, Value};
use crate::resource::Resource;

/// The resource has an element that R4 does not know, or one of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the resource is not a well-formed R4 {resource_type}: {what}")]
pub struct StructureFault {
    pub resource_type: String,
    /// Names elements only, never values.
    pub what: String,
}

/// Checks an R4 resource against the release's structure: which elements exist, which repeat, and which JSON
/// form each takes (FHIR R4, json.html).
pub fn check_r4(resource: &Resource) -> Result<(), StructureFault> {
    let mut walk = Walk { place: Vec::new() };
    walk.resource(resource.root()).map_err(|wrong| {
        let place = walk.place.join(".");
        let what = if place.is_empty() { wrong.to_owned() } else { format!("{place} {wrong}") };
        StructureFault { resource_type: resource.resource_type().into_owned(), what }
    })
}

/// What is wrong at the place reached.
type Wrong = &'static str;

struct Walk {
    /// The names of the elements from the root to here. After a fault: where it is.
    place: Vec<String>,
}

impl Walk {
    /// A resource: the root, a contained one, or one in a Bundle or Parameters.
    fn resource(&mut self, value: Value<'_>) -> Result<(), Wrong> {
        let name = value.get("resourceType").and_then(|name| name.as_text()).ok_or("is not a resource")?;
        if !crate::definitions::resource_types(crate::version::FhirVersion::R4).contains(&name.as_ref()) {
            return Err("is of a type that does not exist");
        }
        self.elements(value, &name, true)
    }

    /// The members of an object of this type: a resource, a data type, or a backbone element by its path.
    fn elements(&mut self, value: Value<'_>, of: &str, is_resource: bool) -> Result<(), Wrong> {
        if value.kind() != Kind::Object {
            return Err("is not an object");
        }
        let known: &ElementSet = ELEMENT_MAP.get(of).copied().ok_or("has elements that are not known")?;
        let mut empty = true;
        for (name, member) in value.members() {
            empty = false;
            if is_resource && name == "resourceType" {
                continue;
            }
            let (plain, shadow) = match name.strip_prefix('_') {
                Some(plain) => (plain, true),
                None => (name.as_ref(), false),
            };
            self.place.push(shown(&name));
            if !known.contains(plain) {
                return Err("is not an element");
            }
            self.element(member, &Element::new(of, plain, is_resource), shadow)?;
            self.place.pop();
        }
        if empty { Err("is empty") } else { Ok(()) }
    }

    /// One element with all its repetitions. `shadow`: the member that holds ids and extensions of a primitive.
    fn element(&mut self, value: Value<'_>, element: &Element, shadow: bool) -> Result<(), Wrong> {
        let primitive = matches!(element.form, Form::Primitive(_));
        if shadow && !primitive {
            return Err("is not an element");
        }
        match (element.repeats, value.kind()) {
            (true, Kind::List) => {}
            (true, _) => return Err("is not a list"),
            (false, Kind::List) => return Err("is a list"),
            (false, _) => {}
        }
        if value.kind() == Kind::List && value.items().next().is_none() {
            return Err("is empty");
        }
        for item in value.each() {
            match &element.form {
                // In lists of primitives a null keeps the place of an item that has only the other half.
                _ if item.kind() == Kind::Null && primitive && element.repeats => {}
                Form::Primitive(_) if shadow => self.primitive_element(item)?,
                Form::Primitive(primitive) => primitive.check(item)?,
                Form::Resource => self.resource(item)?,
                Form::Complex(of) => self.elements(item, of, false)?,
            }
        }
        Ok(())
    }

    /// The id and extensions of a primitive.
    fn primitive_element(&mut self, value: Value<'_>) -> Result<(), Wrong> {
        if value.get("value").is_some() {
            return Err("has a value beside its value");
        }
        self.elements(value, "string", false)
    }
}

/// What the tables say of one element.
struct Element {
    form: Form,
    repeats: bool,
}

enum Form {
    Primitive(Primitive),
    /// A data type, or a backbone element by its path.
    Complex(String),
    Resource,
}

impl Element {
    /// The element `name` of the type `of`. What every resource and element has stands in no table.
    fn new(of: &str, name: &str, in_resource: bool) -> Self {
        let complex = |of: &str, repeats| Element { form: Form::Complex(of.to_owned()), repeats };
        match name {
            "extension" | "modifierExtension" => return complex("Extension", true),
            "meta" if in_resource => return complex("Meta", false),
            "text" if in_resource => return complex("Narrative", false),
            "contained" if in_resource => return Element { form: Form::Resource, repeats: true },
            "id" => return Element { form: Form::Primitive(Primitive::Text), repeats: false },
            "implicitRules" | "language" if in_resource => {
                return Element { form: Form::Primitive(Primitive::Text), repeats: false };
            }
            "url" if of == "Extension" => return Element { form: Form::Primitive(Primitive::Text), repeats: false },
            _ => {}
        }
        let path = format!("{of}.{name}");
        let repeats = TYPE_HINTS.array_paths.contains(path.as_str());
        let form = if let Some(primitive) = Primitive::of(&path) {
            Form::Primitive(primitive)
        } else {
            match TYPE_HINTS.type_paths.get(path.as_str()).or(TYPE_HINTS.content_reference_paths.get(path.as_str())) {
                Some(&"Resource") => Form::Resource,
                Some(of) => Form::Complex((*of).to_owned()),
                None => Form::Complex(path),
            }
        };
        Element { form, repeats }
    }
}

#[derive(Clone, Copy)]
enum Primitive {
    Bool,
    Integer { least: i64 },
    Decimal,
    Text,
}

impl Primitive {
    fn of(path: &str) -> Option<Self> {
        let hints = &TYPE_HINTS;
        if !hints.all_primitives_paths.contains(path) {
            return None;
        }
        Some(if hints.boolean_paths.contains(path) {
            Primitive::Bool
        } else if hints.integer_paths.contains(path) {
            Primitive::Integer { least: i64::from(i32::MIN) }
        } else if hints.unsigned_integer_paths.contains(path) {
            Primitive::Integer { least: 0 }
        } else if hints.positive_integer_paths.contains(path) {
            Primitive::Integer { least: 1 }
        } else if hints.decimal_paths.contains(path) {
            Primitive::Decimal
        } else {
            Primitive::Text
        })
    }

    fn check(self, value: Value<'_>) -> Result<(), Wrong> {
        let number = value.as_number();
        match self {
            Primitive::Bool if value.kind() != Kind::Bool => Err("is not a boolean"),
            Primitive::Decimal if number.is_none() => Err("is not a decimal"),
            Primitive::Integer { least } => {
                let integer = number.and_then(|digits| digits.parse::<i32>().ok());
                match integer {
                    Some(integer) if i64::from(integer) >= least => Ok(()),
                    Some(_) => Err("is too small"),
                    None => Err("is not an integer"),
                }
            }
            Primitive::Text if value.kind() != Kind::Text => Err("is not a string"),
            Primitive::Text if value.raw() == "\"\"" => Err("is empty"),
            Primitive::Bool | Primitive::Decimal | Primitive::Text => Ok(()),
        }
    }
}

/// A member's name as it may be repeated: element names are letters with at most two digits in a row
/// (`valueBase64Binary`); anything else could be a value in disguise.
fn shown(name: &str) -> String {
    let plain = name.strip_prefix('_').unwrap_or(name);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let good = (1..=64).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) && digits <= 2;
    if good { name.to_owned() } else { "(a member)".to_owned() }
}
