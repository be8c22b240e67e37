//! Token parameters: a code or identifier with its system (FHIR search, token).

use crate::json::{Kind, Value};

/// What a token says of the system.
#[derive(Clone, PartialEq, Eq)]
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
    /// Reads `code`, `system|code`, `system|` or `|code`; nothing when it is neither. White space around the parts
    /// is not theirs: published scripts have it in their lists.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts = split(text);
        let parts: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
        let (system, code) = match parts.as_slice() {
            [code] => (System::Any, *code),
            ["", code] => (System::None, *code),
            [system, code] => (System::Is((*system).to_owned()), *code),
            _ => return None,
        };
        let code = (!code.is_empty()).then(|| code.to_owned());
        if code.is_none() && !matches!(system, System::Is(_)) {
            return None;
        }
        Some(Token { system, code })
    }

    /// One code of a system.
    pub(super) fn of(system: String, code: String) -> Self {
        Token { system: System::Is(system), code: Some(code) }
    }

    /// Whether the element is this token. An element is a boolean, a code, a Coding, a CodeableConcept, an
    /// Identifier or a ContactPoint; `systems` are the ones of plain codes, separated by commas.
    pub(super) fn accepts(&self, element: Value<'_>, systems: &str) -> Result<bool, SystemUnknown> {
        match element.kind() {
            Kind::Text => self.accepts_plain(&element.as_text().unwrap_or_default(), systems),
            Kind::Bool | Kind::Number => self.accepts_plain(element.raw(), systems),
            Kind::Object => Ok(self.accepts_object(element)),
            Kind::Null | Kind::List => Ok(false),
        }
    }

    fn accepts_plain(&self, code: &str, systems: &str) -> Result<bool, SystemUnknown> {
        let code_fits = self.code.as_ref().is_none_or(|wanted| wanted == code);
        match &self.system {
            _ if !code_fits => Ok(false),
            System::Any | System::None => Ok(true),
            System::Is(_) if systems.is_empty() => Err(SystemUnknown),
            System::Is(wanted) => Ok(systems.split(',').any(|system| system == wanted)),
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

/// `:of-type`: an identifier with this type, as `system|code|value` (FHIR R4 search, token).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct OfType {
    kind: Token,
    value: String,
}

impl OfType {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match split(text).as_slice() {
            [system, code, value] if ![system, code, value].iter().any(|part| part.trim().is_empty()) => {
                let kind = Token::of(system.trim().to_owned(), code.trim().to_owned());
                Some(OfType { kind, value: value.trim().to_owned() })
            }
            _ => None,
        }
    }

    pub(super) fn accepts(&self, identifier: Value<'_>) -> bool {
        let value = identifier.get("value").and_then(|value| value.as_text());
        value.is_some_and(|value| value == self.value)
            && identifier.get("type").is_some_and(|kind| self.kind.accepts_object(kind))
    }
}

/// The words that go with a token, for `:text`: of a CodeableConcept, a Coding, or an Identifier's type.
pub(super) fn words<'d>(element: Value<'d>) -> impl Iterator<Item = Value<'d>> {
    const WORDS: [&str; 5] = ["text", "coding.display", "display", "type.text", "type.coding.display"];
    WORDS.into_iter().flat_map(move |path| element.all(path))
}

/// Splits at bars that are not escaped, and undoes the escapes.
pub(super) fn split(text: &str) -> Vec<String> {
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
