//! Elements left out of a resource, so that the rest stays as it was written and nobody takes it for the whole: it carries
//! the security label REDACTED (v3 ObservationValue), and its narrative, which may repeat anything, goes too.
//!
//! What must be there and what changes the meaning of the rest is never left out: then the resource as a whole may not leave.

use crate::elements::{Child, Form, TypeDef, type_of};
use crate::json::{Kind, Limits, Node, Value, write_text};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// An element by its place: `Patient.contact.telecom`, `Observation.value[x]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementPath {
    resource_type: String,
    elements: Vec<String>,
}

/// Says that something was left out (v3 ObservationValue).
const CODE: &str = "REDACTED";

/// What became of a resource.
#[derive(Clone, Debug)]
pub enum Masked {
    /// It has none of them.
    Whole,
    /// The rest of it.
    Rest(Resource),
    /// One of them cannot be left out.
    Withhold,
}

/// Something that must be there would be missing.
struct Indispensable;

/// A value as it is written now; nothing when it is gone altogether.
type Rewritten = Option<String>;

impl ElementPath {
    /// Reads a path of a type and at least one element.
    pub fn parse(text: &str) -> Option<ElementPath> {
        let mut parts = text.split('.').map(str::to_owned);
        let resource_type = parts.next().filter(|name| !name.is_empty())?;
        let elements: Vec<String> = parts.collect();
        (!elements.is_empty() && elements.iter().all(|name| !name.is_empty()))
            .then_some(ElementPath { resource_type, elements })
    }

    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// Whether whoever looks at this place of the resource (`telecom`, `component.valueQuantity`, `$this` for all of it) learns
    /// something of this element: it is the same, lies within it or holds it.
    pub fn is_seen_at(&self, place: &str) -> bool {
        // What narrows a step (`telecom[system=phone]`) does not lead elsewhere.
        let steps = place.split('.').map(|step| step.split('[').next().unwrap_or_default());
        let mut of_both = self.elements.iter().zip(steps);
        place == "$this" || of_both.all(|(own, step)| is_step(own, step))
    }

    /// Whether this version has such an element.
    pub fn exists(&self, version: FhirVersion) -> bool {
        let Some(mut of) = type_of(version, &self.resource_type) else { return false };
        for (place, name) in self.elements.iter().enumerate() {
            if place + 1 == self.elements.len() && of.children().iter().any(|element| element.name == name) {
                return true;
            }
            let Some(child) = of.child(name) else { return false };
            match child.type_def() {
                Some(inner) => of = inner,
                None => return place + 1 == self.elements.len(),
            }
        }
        true
    }
}

/// Whether a resource says that something was left out of it, by whoever gave it.
pub fn is_redacted(resource: &Resource) -> bool {
    let labels = resource.root().all("meta.security.code");
    labels.into_iter().any(|code| code.as_text().is_some_and(|code| code == CODE))
}

/// Leaves these elements out, also of what the resource contains or bundles.
pub fn mask(version: FhirVersion, resource: &Resource, paths: &[ElementPath]) -> Masked {
    if paths.is_empty() {
        return Masked::Whole;
    }
    match (Masking { version, paths }).resource(resource.root(), true) {
        Err(Indispensable) => Masked::Withhold,
        Ok(None) => Masked::Whole,
        Ok(Some(text)) => match Resource::parse(text.into(), &Limits::OWN) {
            Ok(rest) => Masked::Rest(rest),
            // Our own writing that does not read is no reason to let the whole out.
            Err(_) => Masked::Withhold,
        },
    }
}

struct Masking<'m> {
    version: FhirVersion,
    paths: &'m [ElementPath],
}

impl Masking<'_> {
    /// A resource without what is masked of it; nothing when it has nothing of that. `labelled`: it may carry a label of
    /// its own, which a contained one may not.
    fn resource(&self, value: Value<'_>, labelled: bool) -> Result<Option<String>, Indispensable> {
        let kind = value.get("resourceType").and_then(|kind| kind.as_text()).unwrap_or_default();
        let own = self.paths.iter().filter(|path| path.resource_type == kind);
        let own: Vec<&[String]> = own.map(|path| path.elements.as_slice()).collect();
        let bundles = matches!(kind.as_ref(), "Bundle" | "Parameters");
        let Some(mut members) = self.members(type_of(self.version, &kind), value, &own, bundles)? else {
            return Ok(None);
        };
        members.retain(|(name, _)| name != "text" && name != "_text");
        if labelled {
            let meta = label(self.version, value.get("meta")).write();
            match members.iter_mut().find(|(name, _)| name == "meta") {
                Some((_, place)) => *place = meta,
                None => members.push(("meta".to_owned(), meta)),
            }
        }
        Ok(Some(written(&members)))
    }

    /// The members of an object that stay, each as it is written now; nothing when all stay as they were.
    fn members(
        &self,
        of: Option<&TypeDef>,
        value: Value<'_>,
        masked: &[&[String]],
        bundles: bool,
    ) -> Result<Option<Vec<(String, String)>>, Indispensable> {
        let mut changed = false;
        let mut members = Vec::new();
        for (name, inner) in value.members() {
            let plain = name.strip_prefix('_').unwrap_or(&name);
            let child = of.and_then(|of| of.child(plain));
            let here = masked.iter().filter(|path| path.first().is_some_and(|wanted| names(wanted, plain, child)));
            let rest: Vec<&[String]> = here.filter_map(|path| path.get(1..)).collect();
            let now = if rest.iter().any(|rest| rest.is_empty()) {
                Some(None)
            } else {
                self.value(child, inner, &rest, bundles)?
            };
            match now {
                None => members.push((name.into_owned(), inner.raw().to_owned())),
                Some(now) => {
                    changed = true;
                    match now {
                        Some(text) => members.push((name.into_owned(), text)),
                        None if is_indispensable(child) => return Err(Indispensable),
                        None => {}
                    }
                }
            }
        }
        Ok(changed.then_some(members))
    }

    /// A value without what is masked of it; the outer nothing when it stays as it was.
    fn value(
        &self,
        child: Option<&Child>,
        value: Value<'_>,
        masked: &[&[String]],
        bundles: bool,
    ) -> Result<Option<Rewritten>, Indispensable> {
        let is_resource = child.is_some_and(|child| child.form == Form::Resource);
        if masked.is_empty() && !is_resource && !bundles {
            return Ok(None);
        }
        match value.kind() {
            Kind::List => {
                let mut changed = false;
                let mut items = Vec::new();
                for item in value.items() {
                    match self.value(child, item, masked, bundles)? {
                        None => items.push(item.raw().to_owned()),
                        Some(now) => {
                            changed = true;
                            items.extend(now);
                        }
                    }
                }
                let now = (!items.is_empty()).then(|| format!("[{}]", items.join(",")));
                Ok(changed.then_some(now))
            }
            Kind::Object if value.get("resourceType").is_some() => {
                let contained = child.is_some_and(|child| child.name == "contained");
                Ok(self.resource(value, !contained)?.map(Some))
            }
            Kind::Object => {
                let of = child.and_then(Child::type_def);
                let members = self.members(of, value, masked, bundles)?;
                Ok(members.map(|members| (!members.is_empty()).then(|| written(&members))))
            }
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text => Ok(None),
        }
    }
}

/// Whether a step of a path is this element; `value[x]` is each of its types.
fn is_step(element: &str, step: &str) -> bool {
    let Some(choice) = element.strip_suffix("[x]") else {
        // An element that is named by one of its types is seen by whoever looks at all of them.
        return element == step || element.strip_prefix(step).is_some_and(|rest| rest.starts_with(char::is_uppercase));
    };
    step.strip_prefix(choice).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_uppercase))
}

fn names(wanted: &str, plain: &str, child: Option<&Child>) -> bool {
    wanted == plain || child.is_some_and(|child| child.element.name == wanted)
}

/// What must be there or changes the meaning of the rest. What is not known may be either.
fn is_indispensable(child: Option<&Child>) -> bool {
    child.is_none_or(|child| child.element.min > 0 || child.element.is_modifier)
}

fn written(members: &[(String, String)]) -> String {
    let mut out = String::from("{");
    for (place, (name, value)) in members.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(name, &mut out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    out
}

/// `meta` with the label that says that something was left out (FHIR security labels; the code system by its URL of the
/// version).
fn label(version: FhirVersion, meta: Option<Value<'_>>) -> Node {
    let system = match version {
        FhirVersion::Stu3 => "http://hl7.org/fhir/v3/ObservationValue",
        FhirVersion::R4 => "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    };
    let mut meta = meta.map_or_else(|| Node::Object(Vec::new()), |meta| meta.to_node());
    let mut labels = match meta.get("security") {
        Some(Node::List(labels)) => labels.clone(),
        _ => Vec::new(),
    };
    let own = Node::Object(vec![("system".to_owned(), Node::text(system)), ("code".to_owned(), Node::text(CODE))]);
    if !labels.contains(&own) {
        labels.push(own);
    }
    meta.set("security", Node::List(labels));
    meta
}

#[cfg(test)]
mod tests;
