//! One status list: a credential of its own, whose subject is a bit for every credential that its issuer gave out.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use time::OffsetDateTime;
use url::Url;

use super::super::credential::{CredentialFault, Signed, has};
use super::super::trust::CredentialTrust;
use super::Purpose;

const TYPES: [&str; 2] = ["BitstringStatusListCredential", "StatusList2021Credential"];
const LISTS: [&str; 2] = ["BitstringStatusList", "StatusList2021"];
/// The shortest list, in bytes: so that an index tells nothing about anybody (Bitstring Status List 1.0, section 6.1).
const SHORTEST: usize = 16 << 10;
/// The longest list that is unpacked, in bytes: eight million credentials.
const LONGEST: usize = 1 << 20;

/// A list that its issuer signed.
#[derive(Debug)]
pub(super) struct StatusList {
    bits: Vec<u8>,
    purposes: Vec<Purpose>,
    ends: Option<i64>,
}

impl StatusList {
    /// Reads a list from this place, signed by this issuer.
    pub(super) async fn verify(
        text: &str,
        place: &Url,
        issuer: &str,
        trust: &CredentialTrust,
        now: OffsetDateTime,
    ) -> Result<Self, CredentialFault> {
        let signed = Signed::read(text, &TYPES)?;
        if signed.claims.iss != issuer {
            return Err(CredentialFault::IssuerNotTrusted);
        }
        signed.is_by(&trust.key_of_issuer(&signed, now).await?)?;
        let ends = signed.valid(i64::MIN, now.unix_timestamp())?;
        // A list that was signed for another place is another list.
        if signed.id().is_some_and(|id| Url::parse(id).ok().as_ref() != Some(place)) {
            return Err(CredentialFault::Subject);
        }
        let subject = signed.subject()?;
        let member = |name: &str| subject.get(name).ok_or(CredentialFault::Malformed);
        if !LISTS.iter().any(|kind| subject.get("type").is_some_and(|stated| has(stated, kind))) {
            return Err(CredentialFault::Type);
        }
        let stated = member("statusPurpose")?;
        let purposes = [Purpose::Revocation, Purpose::Suspension];
        let purposes = purposes.into_iter().filter(|purpose| has(stated, purpose.name())).collect();
        let encoded = member("encodedList")?;
        let bits = unpack(encoded.as_str().unwrap_or_default()).ok_or(CredentialFault::Malformed)?;
        Ok(StatusList { bits, purposes, ends })
    }

    /// Whether this place is set. The first place is the leftmost bit.
    pub(super) fn is_set(&self, index: usize, purpose: Purpose, now: i64) -> Result<bool, CredentialFault> {
        if self.ends.is_some_and(|end| end <= now) || !self.purposes.contains(&purpose) {
            return Err(CredentialFault::StatusNotFoundOut);
        }
        let byte = self.bits.get(index / 8).ok_or(CredentialFault::StatusNotFoundOut)?;
        Ok(byte & (0x80 >> (index % 8)) != 0)
    }
}

/// `encodedList`: gzip in base64url, with the `u` of multibase before it (Bitstring Status List) or without (StatusList2021).
/// What is packed begins with `H`, so that the two cannot be taken for one another.
fn unpack(encoded: &str) -> Option<Vec<u8>> {
    let packed = encoded.strip_prefix('u').unwrap_or(encoded).trim_end_matches('=');
    let packed = URL_SAFE_NO_PAD.decode(packed).ok()?;
    let mut bits = Vec::new();
    // One byte more than may be, so that a longer list is noticed and nothing near as long as it could be is made.
    let limit = u64::try_from(LONGEST).ok()?.saturating_add(1);
    GzDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut bits).ok()?;
    (SHORTEST..=LONGEST).contains(&bits.len()).then_some(bits)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(bits: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bits).unwrap();
        URL_SAFE_NO_PAD.encode(encoder.finish().unwrap())
    }

    fn list(bits: Vec<u8>) -> StatusList {
        StatusList { bits, purposes: vec![Purpose::Revocation], ends: Some(100) }
    }

    #[test]
    fn the_example_of_the_specification_is_a_list_of_131072_places_of_which_none_is_set() {
        // Bitstring Status List 1.0, example 2.
        const ENCODED: &str = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
        let bits = unpack(ENCODED).unwrap();
        assert_eq!(bits.len(), SHORTEST);
        assert!(bits.iter().all(|byte| *byte == 0));
        assert_eq!(unpack(&ENCODED[1..]), Some(bits), "as StatusList2021 writes it");
    }

    #[test]
    fn a_list_that_is_too_short_too_long_or_no_list_is_none() {
        for (case, text) in [
            ("nothing", String::new()),
            ("no base64", "u%%%".to_owned()),
            ("not packed", URL_SAFE_NO_PAD.encode([0; SHORTEST])),
            ("too short", packed(&[0; SHORTEST - 1])),
            ("too long", packed(&vec![0; LONGEST + 1])),
            ("torn", packed(&[7; SHORTEST])[..20].to_owned()),
            // As it stands in GFI-003, which shortened it.
            ("an example", "H4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAPgG6AAB".to_owned()),
        ] {
            assert_eq!(unpack(&text), None, "{case}");
        }
        assert!(unpack(&packed(&vec![0; LONGEST])).is_some());
    }

    #[test]
    fn a_list_answers_for_its_purpose_and_its_time_and_its_places_only() {
        let mut bits = vec![0; SHORTEST];
        bits[0] = 0b0100_0000;
        bits[SHORTEST - 1] = 1;
        let list = list(bits);
        let last = SHORTEST * 8 - 1;
        for (index, set) in [(0, false), (1, true), (2, false), (8, false), (last - 1, false), (last, true)] {
            assert_eq!(list.is_set(index, Purpose::Revocation, 99), Ok(set), "{index}");
        }
        let unknown = Err(CredentialFault::StatusNotFoundOut);
        assert_eq!(list.is_set(last + 1, Purpose::Revocation, 99), unknown, "a place that is not there");
        assert_eq!(list.is_set(usize::MAX, Purpose::Revocation, 99), unknown);
        assert_eq!(list.is_set(1, Purpose::Suspension, 99), unknown, "a list for something else");
        assert_eq!(list.is_set(1, Purpose::Revocation, 100), unknown, "a list that is over");
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked_and_each_place_is_its_own(set in 0_usize..SHORTEST * 8, other in 0_usize..SHORTEST * 8) {
            let mut bits = vec![0; SHORTEST];
            bits[set / 8] |= 0x80 >> (set % 8);
            let list = list(unpack(&packed(&bits)).unwrap());
            prop_assert_eq!(list.is_set(set, Purpose::Revocation, 0), Ok(true));
            prop_assert_eq!(list.is_set(other, Purpose::Revocation, 0), Ok(other == set));
        }

        #[test]
        fn no_text_makes_it_fall_over(text in ".{0,200}") {
            let _ = unpack(&text);
        }
    }
}
