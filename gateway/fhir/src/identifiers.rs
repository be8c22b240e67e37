//! Identifiers of patients and organisations, and the systems they belong to.
//!
//! A BSN never shows itself: it prints as `***` and leaves only through [`Bsn::reveal_to`], which names
//! who will read it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroize;

/// FHIR systems of the identifiers we act on (handbook: generic functions, 0.4).
pub mod systems {
    pub const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
    /// The same system as an OID, as some sources still write it.
    pub const BSN_OID: &str = "urn:oid:2.16.840.1.113883.2.4.6.3";
    pub const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
    pub const UZI_PERSON: &str = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers";
    pub const AGB: &str = "http://fhir.nl/fhir/NamingSystem/agb-z";
}

/// The citizen service number (burgerservicenummer): nine digits that pass the eleven-test.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bsn([u8; 9]);

/// Who is about to read a BSN. Naming the reader keeps every disclosure findable in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The provider's own source system.
    Source,
    /// Another provider's node, over mutual TLS.
    Peer,
    /// The provider's own registers: consents, treatment relations, localisation.
    OwnRegister,
    /// The national consent register (Mitz), in its own question, over mutual TLS.
    ConsentService,
    /// The blinding of a question to the pseudonym service, in this process: what leaves tells nothing of the number.
    Blinding,
    /// The NEN 7513 access log, where it is the required object identifier (7.4.3).
    AccessLog,
    /// The policy engine, in this process.
    Policy,
    /// The practitioner who asked about this very patient.
    Asker,
}

/// Why a text is no BSN. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BsnFault {
    #[error("a BSN has nine digits")]
    NotNineDigits,
    #[error("the BSN fails the eleven-test")]
    ElevenTest,
}

impl Bsn {
    /// Reads nine digits and applies the eleven-test: weights 9, 8, 7, 6, 5, 4, 3, 2 and −1, sum divisible by 11.
    pub fn parse(text: &str) -> Result<Self, BsnFault> {
        let digits: [u8; 9] = text.as_bytes().try_into().map_err(|_| BsnFault::NotNineDigits)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BsnFault::NotNineDigits);
        }
        let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
        let sum: i32 = digits.iter().zip(weights).map(|(digit, weight)| i32::from(digit - b'0') * weight).sum();
        if sum % 11 != 0 || digits == *b"000000000" {
            return Err(BsnFault::ElevenTest);
        }
        Ok(Bsn(digits))
    }

    /// The nine digits, for a reader who is entitled to them.
    pub fn reveal_to(&self, _reader: Reader) -> &str {
        // Only ASCII digits are ever stored, so this cannot fail.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Drop for Bsn {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bsn(***)")
    }
}

impl fmt::Display for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The UZI register subscriber number (UZI-register abonneenummer) of an organisation: eight digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ura([u8; 8]);

/// The text is not eight digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a URA has eight digits")]
pub struct UraFault;

impl Ura {
    /// Reads exactly eight ASCII digits; `00000000` is refused.
    pub fn parse(text: &str) -> Result<Self, UraFault> {
        let digits: [u8; 8] = text.as_bytes().try_into().map_err(|_| UraFault)?;
        if !digits.iter().all(u8::is_ascii_digit) || digits == *b"00000000" {
            return Err(UraFault);
        }
        Ok(Ura(digits))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Ura {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ura({})", self.as_str())
    }
}

impl fmt::Display for Ura {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Ura {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Ura {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ura::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_numbers_pass_and_the_known_bad_sample_fails() {
        for good in ["999911120", "900203638", "900203651", "999910930", "900184590", "172642863", "123456782"] {
            assert!(Bsn::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Bsn::parse("999940003"), Err(BsnFault::ElevenTest));
        assert_eq!(Bsn::parse("000000000"), Err(BsnFault::ElevenTest));
        for bad in ["", "99991112", "9999111200", "99991112a", "٩٩٩٩١١١٢٠", " 999911120"] {
            assert_eq!(Bsn::parse(bad), Err(BsnFault::NotNineDigits), "{bad}");
        }
    }

    #[test]
    fn a_bsn_prints_as_stars() {
        let bsn = Bsn::parse("999911120").unwrap();
        assert_eq!(format!("{bsn} {bsn:?}"), "*** Bsn(***)");
    }

    #[test]
    fn a_ura_is_eight_ascii_digits() {
        assert!(Ura::parse("90000901").is_ok());
        for bad in ["", "9000090", "900009011", "9000090a", "00000000", "９0000901"] {
            assert!(Ura::parse(bad).is_err(), "{bad}");
        }
    }
}
