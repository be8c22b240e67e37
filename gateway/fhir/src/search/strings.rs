//! String parameters: text compared without regard to case and accents (FHIR search, string).

use crate::json::{Kind, Value};

/// How a string is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Starts with, case and accents folded: the default.
    Start,
    /// `:contains`, case and accents folded.
    Inside,
    /// `:exact`.
    Exact,
}

/// One alternative of a string parameter.
pub(super) struct Wanted {
    text: String,
    comparison: Comparison,
}

impl Wanted {
    pub(super) fn new(text: &str, comparison: Comparison) -> Self {
        let text = if comparison == Comparison::Exact { text.to_owned() } else { fold(text) };
        Wanted { text, comparison }
    }

    /// Whether the element has this text: itself, or any part of a HumanName or an Address.
    pub(super) fn accepts(&self, element: Value<'_>) -> bool {
        // HumanName and Address (FHIR datatypes).
        const PARTS: [&str; 11] = [
            "text",
            "family",
            "given",
            "prefix",
            "suffix",
            "line",
            "city",
            "district",
            "state",
            "postalCode",
            "country",
        ];
        match element.kind() {
            Kind::Text => element.as_text().is_some_and(|text| self.accepts_text(&text)),
            Kind::Object => PARTS
                .iter()
                .flat_map(|part| element.all(part))
                .any(|part| part.as_text().is_some_and(|text| self.accepts_text(&text))),
            Kind::Null | Kind::Bool | Kind::Number | Kind::List => false,
        }
    }

    fn accepts_text(&self, text: &str) -> bool {
        match self.comparison {
            Comparison::Exact => text == self.text,
            Comparison::Start => fold(text).starts_with(&self.text),
            Comparison::Inside => fold(text).contains(&self.text),
        }
    }
}

/// Letters of the languages written in Latin script in Europe, in lower case, with what they are without accents.
/// Other scripts compare by case only.
const FOLDED: [(&str, &str); 26] = [
    ("àáâãäåāăąǎ", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęěẽ", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįıǐ", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŋ", "n"),
    ("òóôõöøōŏőǒ", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűųǔ", "u"),
    ("ŵẁẃẅ", "w"),
    ("ýÿŷỳ", "y"),
    ("źżž", "z"),
    // Typographic forms that keyboards replace.
    ("‘’ʼ", "'"),
    ("‐‑–", "-"),
];

/// Without case and accents.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            '\u{300}'..='\u{36f}' => {} // a combining accent
            plain if plain.is_ascii() => folded.push(plain),
            other => match FOLDED.iter().find(|(letters, _)| letters.contains(other)) {
                Some((_, plain)) => folded.push_str(plain),
                None => folded.push(other),
            },
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        for (text, folded) in [
            ("Müller", "muller"),
            ("MU\u{308}LLER", "muller"),
            ("Şahin-Özdemir", "sahin-ozdemir"),
            ("Dʼhondt", "d'hondt"),
            ("Łukasz Strauß", "lukasz strauss"),
            ("Ĳsbrand", "ijsbrand"),
            ("İnci", "inci"),
            ("Ελένη", "ελένη"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
