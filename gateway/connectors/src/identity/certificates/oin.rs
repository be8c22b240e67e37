//! The number by which national facilities know an organisation: the OIN (Organisatie-identificatienummer), in the
//! `serialNumber` of the subject of its PKIoverheid certificate. Source: handbook, generic functions, 0.4 and 1.2.1.

use std::fmt;

/// Twenty characters: eight digits, then eight letters or digits and `0000`, or nine and `000`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Oin(String);

impl Oin {
    /// Reads an OIN; nothing for any other text, for instance the serial number of an UZI certificate.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain {
            return None;
        }
        let (prefix, rest) = text.split_at(8);
        // Nine and three, or eight and four: what ends in four zeroes ends in three.
        (prefix.bytes().all(|byte| byte.is_ascii_digit()) && rest.ends_with("000")).then(|| Oin(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oin({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oin_is_twenty_characters_of_its_pattern() {
        for good in ["00000001123456780000", "00000004123456789000", "00000099ABCDEFGH0000"] {
            assert_eq!(Oin::parse(good).unwrap().as_str(), good);
        }
        for (case, bad) in [
            ("an UZI number", "990000901"),
            ("nineteen", "0000000112345678000"),
            ("twenty-one", "000000011234567800000"),
            ("a letter in front", "0000000A123456780000"),
            ("no zeroes behind", "00000001123456780001"),
            ("two zeroes behind", "00000001123456789100"),
            ("a sign", "00000001-23456780000"),
            ("letters of another alphabet", "00000001é23456780000"),
            ("nothing", ""),
        ] {
            assert_eq!(Oin::parse(bad), None, "{case}");
        }
    }
}
