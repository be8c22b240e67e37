//! How far two blocks are known to be of one product. Only what both say is compared: codes of the same system, and where no code
//! decides, the names, for a name can hold a strength or a form that no code tells. That names differ proves nothing; it is told
//! so that somebody looks.

use super::because::Because;
use super::block::Block;

pub(super) const ATC: &str = "http://www.whocc.no/atc";
/// How long an ATC code is that names a substance; shorter ones name a group of them.
const OF_A_SUBSTANCE: usize = 7;

/// The systems of the G-standard whose codes name one product: prescription, generic.
pub(super) const OF_ONE_PRODUCT: [&str; 2] =
    ["urn:oid:2.16.840.1.113883.2.4.4.10", "urn:oid:2.16.840.1.113883.2.4.4.1"];
/// Those that name what is sold: the trade product and the article. That they differ is no difference of product.
pub(super) const OF_TRADE: [&str; 2] = ["urn:oid:2.16.840.1.113883.2.4.4.7", "urn:oid:2.16.840.1.113883.2.4.4.8"];

/// Whether a code means something to another system: not a system's own number, and in the ATC not a group.
pub(super) fn is_comparable(system: &str, code: &str) -> bool {
    // Numbers from 90.000.000 on are a system's own.
    let is_own = system != ATC && code.len() == 8 && code.starts_with("90");
    let is_group = system == ATC && code.len() != OF_A_SUBSTANCE;
    !is_own && !is_group
}

/// What both say in one system: nothing when one of them says nothing there, else whether they share a code.
fn shared(system: &str, one: &Block<'_>, other: &Block<'_>) -> Option<bool> {
    let codes = |block: &Block<'_>| -> Vec<String> {
        let of_it = block.product.iter().filter(|(own, code)| own == system && is_comparable(system, code));
        of_it.map(|(_, code)| code.to_string()).collect()
    };
    let (one, other) = (codes(one), codes(other));
    (!one.is_empty() && !other.is_empty()).then(|| one.iter().any(|code| other.contains(code)))
}

/// What must be said of two blocks that are taken for one product, at the level that is known; nothing when a code shows that they
/// are, when a code of one product shows that they are not (that is said of the whole treatment), and when nothing can be compared.
pub(super) fn unlike(one: &Block<'_>, other: &Block<'_>) -> Option<Because> {
    // Nearly always both say the same in the same words, and then nothing can differ.
    if one.product_name == other.product_name && one.product == other.product {
        return None;
    }
    let codes =
        |systems: &[&str]| -> Vec<bool> { systems.iter().filter_map(|system| shared(system, one, other)).collect() };
    if !codes(&OF_ONE_PRODUCT).is_empty() || codes(&OF_TRADE).contains(&true) {
        return None;
    }
    let substance = shared(ATC, one, other);
    if substance == Some(false) {
        return Some(Because::SubstancesDiffer);
    }
    let (one, other) = (words(one.product_name.as_deref()?), words(other.product_name.as_deref()?));
    if one.is_empty() || other.is_empty() || one == other {
        return None;
    }
    Some(if substance == Some(true) { Because::SameSubstanceOtherName } else { Because::NamesDiffer })
}

/// The words and numbers of a name, each once: their order, capitals, spaces and marks say nothing. `2,5 mg` and `2.5MG` are one.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let between = matches!(character, '.' | ',')
            && last.is_ascii_digit()
            && characters.peek().is_some_and(char::is_ascii_digit);
        let goes_on = |word: &String| {
            let number = word.ends_with(|end: char| end.is_ascii_digit() || end == '.');
            last != ' ' && number == (character.is_ascii_digit() || between)
        };
        if character.is_alphanumeric() || between {
            let part = if between { '.'.to_string() } else { character.to_lowercase().to_string() };
            match words.last_mut().filter(|word| goes_on(word)) {
                Some(word) => word.push_str(&part),
                None => words.push(part),
            }
            last = character;
        } else {
            last = ' ';
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::words;

    #[test]
    fn names_are_one_when_they_say_the_same_words_and_numbers() {
        for (one, other, alike) in [
            ("METOPROLOL TABLET MGA 50MG", "Metoprolol tablet mga 50 mg", true),
            ("metoprolol 50 mg tablet", "METOPROLOL TABLET 50MG", true),
            ("apixaban tablet 2,5 mg", "apixaban tablet 2.5mg", true),
            ("paracetamol, 500 mg.", "Paracetamol 500mg", true),
            ("metoprolol retard tablet 50 mg", "metoprolol retard tablet 100 mg", false),
            ("metoprolol tablet 50 mg", "metoprolol retard tablet 50 mg", false),
            ("apixaban 2,5 mg", "apixaban 25 mg", false),
            ("apixaban 2,5 mg", "apixaban 2 mg, 5", false),
        ] {
            assert_eq!(words(one) == words(other), alike, "{one} | {other}");
        }
        assert!(words(" - . ").is_empty());
    }

    proptest! {
        #[test]
        fn any_name_is_alike_to_itself_in_capitals(name in "[a-z0-9 ,.()/-]{0,40}") {
            prop_assert_eq!(words(&name), words(&name.to_uppercase()));
        }
    }
}
