//! One alternative of a filter's value, of any kind, and where it is looked for.

use super::composites::Composite;
use super::shelf::Shelf;
use super::strings::{self, Comparison};
use super::tokens::{OfType, Token};
use super::{SearchFault, dates, numbers, period_of_use, references, tokens, uris};
use crate::definitions::{SearchDefinition, SearchKind};
use crate::interaction::ResourceType;
use crate::json::Value;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Where a filter is evaluated: what references lead to, and which parameter is meant.
#[derive(Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) version: FhirVersion,
    pub(super) shelf: &'s dyn Shelf,
    pub(super) definition: &'static SearchDefinition,
}

/// What an element must be, for one alternative.
pub(super) enum Wanted {
    Token(Token),
    /// `:of-type`
    OfType(OfType),
    /// `:text`
    Words(strings::Wanted),
    Reference(references::Wanted),
    Date(dates::Wanted),
    PeriodOfUse(dates::Wanted),
    Number(numbers::Wanted),
    Text(strings::Wanted),
    Uri(uris::Wanted),
    Composite(Composite),
}

impl Wanted {
    /// Reads a value of a kind without a modifier. Nothing: this kind is not evaluated. Nothing inside: malformed.
    pub(super) fn plain(kind: SearchKind, text: &str) -> Option<Option<Self>> {
        Some(match kind {
            SearchKind::Token => Token::parse(text).map(Wanted::Token),
            SearchKind::Reference => {
                unescape(text).and_then(|text| references::Wanted::parse(&text, None)).map(Wanted::Reference)
            }
            SearchKind::Date => dates::Wanted::parse(text).map(Wanted::Date),
            SearchKind::Number => numbers::Wanted::number(text).map(Wanted::Number),
            SearchKind::Quantity => numbers::Wanted::quantity(text).map(Wanted::Number),
            SearchKind::Text => string(text, Comparison::Start),
            SearchKind::Uri => uri(text, uris::Comparison::Same),
            SearchKind::Composite | SearchKind::Special => return None,
        })
    }

    /// Reads a value of a parameter with its modifier (other than `:missing`, `:not` and those of value sets).
    pub(super) fn read(
        version: FhirVersion,
        definition: &SearchDefinition,
        modifier: Option<&str>,
        text: &str,
    ) -> Option<Option<Self>> {
        let token = definition.kind == SearchKind::Token;
        Some(match (definition.kind, modifier) {
            (SearchKind::Special, None) if definition.name == "period-of-use" => {
                dates::Wanted::parse(text).map(Wanted::PeriodOfUse)
            }
            (SearchKind::Composite, None) => {
                return Composite::parse(definition, text).map(|c| c.map(Wanted::Composite));
            }
            (kind, None) => return Wanted::plain(kind, text),
            (SearchKind::Token, Some("text")) => {
                unescape(text).map(|text| Wanted::Words(strings::Wanted::new(&text, Comparison::Start)))
            }
            (SearchKind::Token, Some("of-type")) if token && version == FhirVersion::R4 => {
                OfType::parse(text).map(Wanted::OfType)
            }
            (SearchKind::Reference, Some("identifier")) => {
                Token::parse(text).map(|token| Wanted::Reference(references::Wanted::Identifier(token)))
            }
            (SearchKind::Reference, Some(name)) => {
                let only = ResourceType::parse(version, name).filter(|only| may_name(definition, *only))?;
                unescape(text).and_then(|text| references::Wanted::parse(&text, Some(only))).map(Wanted::Reference)
            }
            (SearchKind::Text, Some("exact")) => string(text, Comparison::Exact),
            (SearchKind::Text, Some("contains")) => string(text, Comparison::Inside),
            (SearchKind::Uri, Some("below")) => uri(text, uris::Comparison::Below),
            (SearchKind::Uri, Some("above")) => uri(text, uris::Comparison::Above),
            _ => return None,
        })
    }

    /// Whether this element is what is wanted. A fault: nobody here can tell.
    pub(super) fn accepts(&self, element: Value<'_>, scene: &Scene<'_>) -> Result<bool, SearchFault> {
        let definition = scene.definition;
        Ok(match self {
            Wanted::Token(token) => {
                let systems = if definition.kind == SearchKind::Token { definition.more } else { "" };
                token.accepts(element, systems).map_err(|_| SearchFault::unsupported(definition.name))?
            }
            Wanted::OfType(wanted) => wanted.accepts(element),
            Wanted::Words(wanted) => tokens::words(element).any(|words| wanted.accepts(words)),
            Wanted::Reference(wanted) => wanted.accepts(element, definition.target, scene.version, scene.shelf),
            Wanted::Date(wanted) => wanted.accepts(element),
            Wanted::PeriodOfUse(wanted) => period_of_use::bounds(element).is_some_and(|bounds| wanted.relates(bounds)),
            Wanted::Number(wanted) => wanted.accepts(element),
            Wanted::Text(wanted) => wanted.accepts(element),
            Wanted::Uri(wanted) => element.as_text().is_some_and(|url| wanted.accepts(&url)),
            Wanted::Composite(wanted) => wanted.accepts(element, scene)?,
        })
    }
}

/// Whether a reference parameter may name this type.
pub(super) fn may_name(definition: &SearchDefinition, kind: ResourceType) -> bool {
    definition.more.is_empty() || definition.more.split(',').any(|name| name == kind.name())
}

/// Where a resource's text is: what its clones share and an equal one does not.
pub(super) fn identity(resource: &Resource) -> *const str {
    std::ptr::from_ref(resource.text())
}

fn string(text: &str, comparison: Comparison) -> Option<Wanted> {
    unescape(text).map(|text| Wanted::Text(strings::Wanted::new(&text, comparison)))
}

fn uri(text: &str, comparison: uris::Comparison) -> Option<Wanted> {
    unescape(text).and_then(|text| uris::Wanted::new(&text, comparison)).map(Wanted::Uri)
}

/// The text of an alternative with its escapes undone; nothing when it is empty.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    (!plain.is_empty()).then_some(plain)
}
