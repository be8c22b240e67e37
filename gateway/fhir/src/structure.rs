//! Strict structural check of resources that someone wants to write: unknown elements are named, not dropped.
//!
//! The tables of [`crate::elements`] are walked over our own checked document, so that a fault names the element's
//! place and never repeats a value. Required elements, the one type of a choice, bindings, invariants and the
//! format of texts are the business of profiles.

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::elements::{self, Child, Form, TypeDef, TypeKind};
use crate::json::{Kind, Value};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// The resource has an element that its version does not know, or one of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the resource is not a well-formed {} {resource_type}: {what}", version.segment().to_uppercase())]
pub struct StructureFault {
    pub version: FhirVersion,
    pub resource_type: String,
    /// Names elements only, never values.
    pub what: String,
}

/// Checks a resource against the structure of its version: which elements exist, which repeat, and which JSON
/// form each takes (FHIR json.html).
pub fn check(version: FhirVersion, resource: &Resource) -> Result<(), StructureFault> {
    Walk { version }.resource(resource.root()).map_err(|wrong| StructureFault {
        version,
        resource_type: resource.resource_type().into_owned(),
        what: wrong.text(),
    })
}

/// Whether a resource was written by the rules of another version: it is well-formed in that one, and not in this. Many are
/// well-formed in both, and some in neither; nothing is said of those.
pub fn is_of_another(version: FhirVersion, resource: &Resource) -> bool {
    let fits = |version: FhirVersion| check(version, resource).is_ok();
    !fits(version) && FhirVersion::ALL.into_iter().any(|other| other != version && fits(other))
}

/// What is wrong, and the names from there up to the root.
struct Wrong {
    place: Vec<String>,
    what: &'static str,
}

impl Wrong {
    fn under(mut self, name: &str) -> Self {
        self.place.push(shown(name));
        self
    }

    fn text(mut self) -> String {
        if self.place.is_empty() {
            return self.what.to_owned();
        }
        self.place.reverse();
        format!("{} {}", self.place.join("."), self.what)
    }
}

fn wrong(what: &'static str) -> Result<(), Wrong> {
    Err(Wrong { place: Vec::new(), what })
}

struct Walk {
    version: FhirVersion,
}

impl Walk {
    /// A resource: the root, a contained one, or one in a Bundle or Parameters.
    fn resource(&self, value: Value<'_>) -> Result<(), Wrong> {
        let Some(name) = value.get("resourceType").and_then(|name| name.as_text()) else {
            return wrong("is not a resource");
        };
        match elements::type_of(self.version, &name) {
            Some(of) if of.kind == TypeKind::Resource && !of.is_abstract => self.elements(value, of),
            _ => wrong("is of a type that does not exist"),
        }
    }

    /// The members of an object of this type.
    fn elements(&self, value: Value<'_>, of: &'static TypeDef) -> Result<(), Wrong> {
        if value.kind() != Kind::Object {
            return wrong("is not an object");
        }
        let mut empty = true;
        for (name, member) in value.members() {
            empty = false;
            if of.kind == TypeKind::Resource && name == "resourceType" {
                continue;
            }
            self.member(value, of, &name, member).map_err(|wrong| wrong.under(&name))?;
        }
        if empty { wrong("is empty") } else { Ok(()) }
    }

    fn member(&self, object: Value<'_>, of: &'static TypeDef, name: &str, value: Value<'_>) -> Result<(), Wrong> {
        let (plain, is_shadow) = name.strip_prefix('_').map_or((name, false), |plain| (plain, true));
        let child = of.child(plain).filter(|child| child.element.max != Some(0));
        let Some(child) = child else { return wrong("is not an element") };
        // What XML writes as an attribute or as the narrative's own elements has no other half.
        if is_shadow && (!child.is_primitive() || child.form == Form::Xhtml || child.element.is_attribute) {
            return wrong("is not an element");
        }
        match (child.is_list(), value.kind()) {
            (true, Kind::List) if value.items().next().is_none() => wrong("is empty"),
            (true, Kind::List) => {
                let other = match (is_shadow, child.is_primitive()) {
                    (true, _) => object.get(plain),
                    (false, true) => object.get(&format!("_{plain}")),
                    (false, false) => None,
                };
                let mut others = other.iter().flat_map(Value::items);
                value.items().try_for_each(|item| {
                    // In lists of primitives a null keeps the place of an item that has only the other half.
                    let other = others.next().filter(|other| other.kind() != Kind::Null);
                    match item.kind() {
                        Kind::Null if child.is_primitive() && other.is_some() => Ok(()),
                        Kind::Null if child.is_primitive() => wrong("has an empty item"),
                        _ => self.item(item, child, is_shadow),
                    }
                })
            }
            (true, _) => wrong("is not a list"),
            (false, Kind::List) => wrong("is a list"),
            (false, _) => self.item(value, child, is_shadow),
        }
    }

    /// One occurrence of an element. `is_shadow`: the id and extensions of a primitive.
    fn item(&self, value: Value<'_>, child: &'static Child, is_shadow: bool) -> Result<(), Wrong> {
        match (child.form, child.type_def()) {
            (Form::Resource, _) => self.resource(value),
            (_, Some(_)) if is_shadow && value.get("value").is_some() => wrong("has a value beside its value"),
            (_, Some(of)) if is_shadow || child.form == Form::Complex => self.elements(value, of),
            (Form::Complex, None) => wrong("has elements that are not known"),
            (form, _) => primitive(value, form, child.type_name),
        }
    }
}

/// The value of a primitive.
fn primitive(value: Value<'_>, form: Form, of: &str) -> Result<(), Wrong> {
    let number = value.as_number();
    match (form, of) {
        (Form::Boolean, _) if value.kind() != Kind::Bool => wrong("is not a boolean"),
        (Form::Number, "decimal") if number.is_none() => wrong("is not a decimal"),
        (Form::Number, "decimal") | (Form::Boolean, _) => Ok(()),
        (Form::Number, of) => {
            let least = match of {
                "positiveInt" => 1,
                "unsignedInt" => 0,
                _ => i32::MIN,
            };
            match number.and_then(|digits| digits.parse::<i32>().ok()) {
                Some(integer) if integer >= least => Ok(()),
                Some(_) => wrong("is too small"),
                None => wrong("is not an integer"),
            }
        }
        _ if value.kind() != Kind::Text => wrong("is not a string"),
        _ if value.raw() == "\"\"" => wrong("is empty"),
        _ => Ok(()),
    }
}

/// An element's name as it may be repeated: such names are letters with at most two digits
/// (`valueBase64Binary`); anything else could be a value in disguise.
pub(crate) fn shown(name: &str) -> String {
    let plain = name.strip_prefix('_').unwrap_or(name);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let good = (1..=64).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) && digits <= 2;
    if good { name.to_owned() } else { "(a member)".to_owned() }
}
