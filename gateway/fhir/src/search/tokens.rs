//! Token parameters: a code or identifier with its system (FHIR search, token).

use crate::json::{Kind, Value};

/// What a token says of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
enum System {
    /// `code`: whatever the system.
    Any,
    /// `|code`: an element without a system.
    None,
    /// `system|code` or `system|`.
    Is(String),
}

/// One alternative of a token parameter.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    system: System,
    /// Nothing: any code of the system.
    code: Option<String>,
}

/// The element is a plain code whose system only the definitions know: this token cannot be judged.
pub(super) struct SystemUnknown;

impl Token {
    /// Reads `code`, `system|code`, `system|` or `|code`; nothing when it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts = split(text);
        let (system, code) = match parts.as_slice() {
            [code] => (System::Any, code),
            [system, code] if system.is_empty() => (System::None, code),
            [system, code] => (System::Is(system.clone()), code),
            _ => return None,
        };
        let code = (!code.is_empty()).then(|| code.clone());
        if code.is_none() && !matches!(system, System::Is(_)) {
            return None;
        }
        Some(Token { system, code })
    }

    /// Whether the element is this token. An element is a boolean, a code, a Coding, a CodeableConcept, an
    /// Identifier or a ContactPoint.
    pub(super) fn accepts(&self, element: Value<'_>) -> Result<bool, SystemUnknown> {
        match element.kind() {
            Kind::Text => self.accepts_plain(&element.as_text().unwrap_or_default()),
            Kind::Bool | Kind::Number => self.accepts_plain(element.raw()),
            Kind::Object => Ok(self.accepts_object(element)),
            Kind::Null | Kind::List => Ok(false),
        }
    }

    fn accepts_plain(&self, code: &str) -> Result<bool, SystemUnknown> {
        match (&self.system, &self.code) {
            (System::Any | System::None, Some(wanted)) => Ok(wanted == code),
            (System::Is(_), Some(wanted)) if wanted != code => Ok(false),
            _ => Err(SystemUnknown),
        }
    }

    fn accepts_object(&self, element: Value<'_>) -> bool {
        if element.get("coding").is_some() {
            return element.all("coding").into_iter().any(|coding| self.accepts_pair(coding, "code"));
        }
        // An Identifier and a ContactPoint have a value, a Coding has a code.
        self.accepts_pair(element, if element.get("value").is_some() { "value" } else { "code" })
    }

    fn accepts_pair(&self, element: Value<'_>, code: &str) -> bool {
        let system = element.get("system").and_then(|system| system.as_text());
        let code = element.get(code).and_then(|code| code.as_text());
        let system_fits = match &self.system {
            System::Any => true,
            System::None => system.is_none(),
            System::Is(wanted) => system.as_deref() == Some(wanted),
        };
        system_fits && self.code.as_ref().is_none_or(|wanted| code.as_deref() == Some(wanted))
    }
}

/// Splits at bars that are not escaped, and undoes the escapes.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(last) = parts.last_mut() else { break };
        match character {
            '|' => parts.push(String::new()),
            '\\' => last.extend(characters.next()),
            other => last.push(other),
        }
    }
    parts
}
