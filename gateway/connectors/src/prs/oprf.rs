//! The client's half of the function (handbook: generic functions, 3.2.1): from a BSN and a recipient to a blinded point.
//! RFC 9497, mode OPRF, suite ristretto255-SHA512, without its last step: the recipient unblinds, and the point itself is the
//! pseudonym.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use fhir::Bsn;
use fhir::identifiers::Reader;
use rand_core::{CryptoRng, RngCore};
use voprf::{OprfClient, Ristretto255};
use zeroize::{Zeroize, Zeroizing};

/// A blinded point, which tells nothing, and the scalar that takes the blind off again.
pub(super) struct Blinded {
    pub(super) point: [u8; 32],
    pub(super) blind: Zeroizing<[u8; 32]>,
}

/// Blinds a patient for a recipient, with a scalar of this random source. None: there is no randomness.
pub(super) fn blind<R: RngCore + CryptoRng>(
    patient: &Bsn,
    recipient: &str,
    scope: &str,
    random: &mut R,
) -> Option<Blinded> {
    let input = input(patient, recipient, scope)?;
    let blinded = OprfClient::<Ristretto255>::blind(input.as_slice(), random).ok()?;
    // The client's state is its blind and nothing else.
    let mut state = blinded.state.serialize();
    let blind = state.as_slice().try_into().ok().map(Zeroizing::new);
    state.as_mut_slice().zeroize();
    let blind = blind?;
    Some(Blinded { point: blinded.message.serialize().into(), blind })
}

/// What is hashed to the group: bound to the recipient, so that two of them cannot put theirs side by side.
fn input(patient: &Bsn, recipient: &str, scope: &str) -> Option<Zeroizing<[u8; 32]>> {
    // These exact bytes: the canonical form of RFC 8785.
    let identifier = Zeroizing::new(format!(
        r#"{{"landCode":"NL","type":"BSN","value":"{}"}}"#,
        patient.reveal_to(Reader::Blinding)
    ));
    let info = format!("{recipient}|{scope}|v1");
    let mut input = Zeroizing::new([0; 32]);
    let key = Salt::new(HKDF_SHA256, &[]).extract(identifier.as_bytes());
    key.expand(&[info.as_bytes()], HKDF_SHA256).ok()?.fill(input.as_mut_slice()).ok()?;
    Some(input)
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};
    use rand_core::OsRng;

    use super::*;

    const SCOPE: &str = "nationale-verwijsindex";
    const OIN: &str = "oin:00000099000000001000";
    const URA: &str = "ura:90000901";
    /// The blind of the published vectors.
    const BLIND: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";

    /// A source of randomness that gives this scalar, and then zeros.
    struct Fixed(Vec<u8>);

    impl RngCore for Fixed {
        fn next_u32(&mut self) -> u32 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
        fn fill_bytes(&mut self, into: &mut [u8]) {
            for place in into {
                *place = if self.0.is_empty() { 0 } else { self.0.remove(0) };
            }
        }
        fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(into);
            Ok(())
        }
    }

    impl CryptoRng for Fixed {}

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn bytes(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn bsn(text: &str) -> Bsn {
        Bsn::parse(text).unwrap()
    }

    #[test]
    fn the_published_vectors_come_out_to_the_byte() {
        for (recipient, derived, point) in [
            (
                OIN,
                "19b3ff69c7b1f7c08442a64fdf9f4aa85d0559c19d9ab2c20b5f56cc466c9395",
                "34e8c8a882150c7cd2d028261f24fd30f0ab45070d59cc3eeb1164ba82c2b069",
            ),
            (
                URA,
                "c032756bacbffa9d9dca71479fa02522a193da817061324f55e1a171fafab454",
                "e08260996fc484d0a2fb526636c13885d73217474da636d61b32402d6327e26b",
            ),
        ] {
            let patient = bsn("999911120");
            assert_eq!(hex(input(&patient, recipient, SCOPE).unwrap().as_slice()), derived);
            let blinded = blind(&patient, recipient, SCOPE, &mut Fixed(bytes(BLIND))).unwrap();
            assert_eq!((hex(&blinded.point).as_str(), hex(blinded.blind.as_slice()).as_str()), (point, BLIND));
        }
    }

    #[test]
    fn the_sample_of_the_guide_is_no_bsn_and_is_never_blinded() {
        assert!(Bsn::parse("999940003").is_err());
    }

    #[test]
    fn the_group_layer_is_that_of_rfc_9497() {
        // A.1.1, the first vector: input 00, and its blind.
        let blinded = OprfClient::<Ristretto255>::blind(&[0], &mut Fixed(bytes(BLIND))).unwrap();
        let point = hex(&blinded.message.serialize());
        assert_eq!(point, "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c");
    }

    proptest! {
        /// Each question has a blind of its own, so that no two look alike; and the same patient is another at another
        /// recipient, whatever the blind.
        #[test]
        fn no_two_questions_look_alike_and_recipients_do_not_share_pseudonyms(other in "[a-z0-9:]{1,20}") {
            let patient = bsn("999911120");
            let one = blind(&patient, OIN, SCOPE, &mut OsRng).unwrap();
            let two = blind(&patient, OIN, SCOPE, &mut OsRng).unwrap();
            prop_assert!(one.point != two.point && *one.blind != *two.blind);
            if other != OIN {
                prop_assert!(*input(&patient, OIN, SCOPE).unwrap() != *input(&patient, &other, SCOPE).unwrap());
                let same_blind = |recipient: &str| {
                    blind(&patient, recipient, SCOPE, &mut Fixed(bytes(BLIND))).unwrap().point
                };
                prop_assert!(same_blind(OIN) != same_blind(&other));
            }
        }
    }
}
