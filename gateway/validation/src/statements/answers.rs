//! What the national test scripts ask of every resource of every answer, whatever its profile: a display beside a
//! reference, a system beside a code. Stated once (`profiles/zib/answers.json`), checked wherever the type occurs.

use fhir::elements::{self, Form, TypeDef};
use fhir::json::{Kind, Value};
use fhir::{FhirVersion, Resource};

use super::fault::{fault, text, texts};
use super::{StatementFault, parse};
use crate::finding::{Finding, FindingCode, Severity};

/// Most findings of one resource that are kept.
const MOST_FINDINGS: usize = 200;

/// The checks, read from their statement.
#[derive(Clone, Debug, Default)]
pub struct AnswerChecks {
    /// Elements that every resource has, as dotted paths, but for the types in `except`.
    every: Vec<String>,
    except: Vec<String>,
    types: Vec<TypeCheck>,
}

/// What is asked of a data type wherever it occurs.
#[derive(Clone, Debug, Default)]
struct TypeCheck {
    name: String,
    /// All of these, each a name or a dotted path.
    all: Vec<String>,
    /// At least one of these.
    any: Vec<String>,
    /// Unless the value has one of these extensions, by URL: what is absent was said to be absent.
    unless_extension: Vec<String>,
    /// Where `system` may not begin with this: identifiers of value sets, which are no code systems.
    not_a_system: Option<String>,
}

impl AnswerChecks {
    /// Reads the statement.
    ///
    /// # Errors
    /// Says where in the file what is wrong.
    pub fn read(statement: &str) -> Result<AnswerChecks, StatementFault> {
        let document = parse(statement)?;
        let mut checks = AnswerChecks::default();
        for (key, value) in document.root().members() {
            match &*key {
                "title" => drop(text(value, "title")?),
                "every" => checks.every = texts(value, "every")?,
                "except" => checks.except = texts(value, "except")?,
                "types" => {
                    for (name, value) in value.members() {
                        checks.types.push(type_check(&name, value)?);
                    }
                }
                other => return Err(fault(other, "is no key of the checks on answers")),
            }
        }
        Ok(checks)
    }

    /// What a resource lacks. Contained resources are looked into, and lack nothing of their own.
    pub fn check(&self, resource: &Resource, version: FhirVersion) -> Vec<Finding> {
        let kind = resource.resource_type();
        let mut findings = Vec::new();
        if !self.except.iter().any(|name| *name == *kind) {
            for path in &self.every {
                if resource.root().all(path).is_empty() {
                    missing(&mut findings, &kind, &kind, path);
                }
            }
        }
        if let Some(definition) = elements::type_of(version, &kind) {
            let walk = Walk { checks: self, version };
            walk.members(resource.root(), definition, &kind, &kind, &mut findings);
        }
        findings
    }
}

struct Walk<'c> {
    checks: &'c AnswerChecks,
    version: FhirVersion,
}

impl Walk<'_> {
    /// As deep as the resource, which its reader has bounded.
    fn members(&self, value: Value<'_>, holder: &TypeDef, path: &str, element: &str, findings: &mut Vec<Finding>) {
        for (name, member) in value.members() {
            let Some(child) = holder.child(&name) else { continue };
            let element = format!("{element}.{name}");
            for (number, item) in member.each().enumerate() {
                if findings.len() >= MOST_FINDINGS {
                    return;
                }
                let path = if child.is_list() { format!("{path}.{name}[{number}]") } else { format!("{path}.{name}") };
                let definition = match child.form {
                    Form::Complex => child.type_def(),
                    Form::Resource => item
                        .get("resourceType")
                        .and_then(|kind| elements::type_of(self.version, &kind.as_text().unwrap_or_default())),
                    Form::Text | Form::Number | Form::Boolean | Form::Xhtml => None,
                };
                let Some(definition) = definition.filter(|_| item.kind() == Kind::Object) else { continue };
                for check in self.checks.types.iter().filter(|check| check.name == child.type_name) {
                    check.hold(item, &path, &element, findings);
                }
                self.members(item, definition, &path, &element, findings);
            }
        }
    }
}

impl TypeCheck {
    fn hold(&self, value: Value<'_>, path: &str, element: &str, findings: &mut Vec<Finding>) {
        let excused = |extension: Value<'_>| {
            let url = extension.get("url").and_then(|url| url.as_text());
            url.is_some_and(|url| self.unless_extension.iter().any(|known| *known == url))
        };
        if value.all("extension").into_iter().any(excused) {
            return;
        }
        for wanted in &self.all {
            if !is_there(value, wanted) {
                missing(findings, path, element, wanted);
            }
        }
        if !self.any.is_empty() && !self.any.iter().any(|wanted| is_there(value, wanted)) {
            missing(findings, path, element, &self.any.join(" or "));
        }
        let system = value.get("system").and_then(|system| system.as_text());
        if let (Some(system), Some(refused)) = (system, &self.not_a_system)
            && system.starts_with(refused.as_str())
        {
            findings.push(Finding {
                severity: Severity::Error,
                code: FindingCode::Code,
                path: format!("{path}.system"),
                element: format!("{element}.system"),
                profile: None,
                message: "names a value set where a code system must stand".to_owned(),
            });
        }
    }
}

/// Whether something stands there: a value, or for a primitive the reason why none does.
fn is_there(value: Value<'_>, path: &str) -> bool {
    let (holder, name) = path.rsplit_once('.').map_or((vec![value], path), |(holder, name)| (value.all(holder), name));
    holder.iter().any(|holder| holder.get(name).is_some() || holder.get(&format!("_{name}")).is_some())
}

fn missing(findings: &mut Vec<Finding>, path: &str, element: &str, wanted: &str) {
    findings.push(Finding {
        severity: Severity::Error,
        code: FindingCode::Missing,
        path: path.to_owned(),
        element: element.to_owned(),
        profile: None,
        message: format!("has no {wanted}"),
    });
}

fn type_check(name: &str, value: Value<'_>) -> Result<TypeCheck, StatementFault> {
    let mut check = TypeCheck { name: name.to_owned(), ..TypeCheck::default() };
    for (key, value) in value.members() {
        let at = format!("{name}: {key}");
        match &*key {
            "all" => check.all = texts(value, &at)?,
            "any" => check.any = texts(value, &at)?,
            "unless-extension" => check.unless_extension = texts(value, &at)?,
            "not-a-system" => check.not_a_system = Some(text(value, &at)?),
            _ => return Err(fault(at, "is no key of a check")),
        }
    }
    if FhirVersion::ALL.iter().all(|version| elements::type_of(*version, name).is_none()) {
        return Err(fault(name, "is no type"));
    }
    Ok(check)
}
