//! Both sides of the OPRF (RFC 9497, ristretto255-SHA512, without its last step), written here from the RFCs and not taken
//! from any gateway, so that a slip in one is seen by the other.

use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;

/// The byte after the dash is the mode: OPRF.
const DST: &[u8] = b"HashToGroup-OPRFV1-\x00-ristretto255-SHA512";

/// A pseudonym: a point, compressed.
pub type Pseudonym = [u8; 32];

/// The secret of the pseudonym service.
pub struct Secret(Scalar);

impl Secret {
    /// A new one. None: there is no randomness.
    pub fn fresh() -> Option<Self> {
        let mut bytes = [0; 64];
        rand::fill(&mut bytes).ok()?;
        Some(Secret(Scalar::from_bytes_mod_order_wide(&bytes)))
    }

    #[cfg(test)]
    pub fn of(bytes: [u8; 32]) -> Option<Self> {
        Option::from(Scalar::from_canonical_bytes(bytes)).map(Secret)
    }

    /// Evaluates a blinded point. None: it is no point, or the identity.
    pub fn evaluate(&self, blinded: &[u8]) -> Option<Pseudonym> {
        let point = point(blinded)?;
        Some((self.0 * point).compress().to_bytes())
    }

    /// The pseudonym of a BSN at a recipient, without anybody in between.
    pub fn pseudonym(&self, bsn: &str, recipient: &str, scope: &str) -> Option<Pseudonym> {
        Some((self.0 * hash_to_group(&derive(bsn, recipient, scope)?)?).compress().to_bytes())
    }
}

/// What a client sends of a patient, and the blind that it keeps: a new one each time. None: there is no randomness.
pub fn blinded(bsn: &str, recipient: &str, scope: &str) -> Option<(Pseudonym, [u8; 32])> {
    let mut bytes = [0; 64];
    rand::fill(&mut bytes).ok()?;
    let blind = Scalar::from_bytes_mod_order_wide(&bytes);
    let point = blind * hash_to_group(&derive(bsn, recipient, scope)?)?;
    Some((point.compress().to_bytes(), blind.to_bytes()))
}

/// Takes the blind off an evaluated point.
pub fn unblind(evaluated: &[u8], blind: &[u8]) -> Option<Pseudonym> {
    let blind: Option<Scalar> = Scalar::from_canonical_bytes(blind.try_into().ok()?).into();
    let blind = blind.filter(|blind| *blind != Scalar::ZERO)?;
    Some((blind.invert() * point(evaluated)?).compress().to_bytes())
}

/// What is hashed to the group.
pub fn derive(bsn: &str, recipient: &str, scope: &str) -> Option<[u8; 32]> {
    let identifier = format!("{{\"landCode\":\"NL\",\"type\":\"BSN\",\"value\":\"{bsn}\"}}");
    let info = format!("{recipient}|{scope}|v1");
    let mut derived = [0; 32];
    let key = Salt::new(HKDF_SHA256, &[]).extract(identifier.as_bytes());
    key.expand(&[info.as_bytes()], HKDF_SHA256).ok()?.fill(&mut derived).ok()?;
    Some(derived)
}

/// RFC 9380, appendix B, over expand_message_xmd (5.3.1) for 64 bytes, which is one block of SHA-512.
pub fn hash_to_group(input: &[u8]) -> Option<RistrettoPoint> {
    let suffix = [DST, &[u8::try_from(DST.len()).ok()?]].concat();
    // Z_pad (128 bytes), the message, l_i_b_str, 0, DST_prime.
    let first = digest(&SHA512, &[&[0; 128][..], input, &[0, 64, 0], &suffix].concat());
    let block = digest(&SHA512, &[first.as_ref(), &[1], &suffix].concat());
    Some(RistrettoPoint::from_uniform_bytes(block.as_ref().try_into().ok()?))
}

fn point(bytes: &[u8]) -> Option<RistrettoPoint> {
    let point = CompressedRistretto::from_slice(bytes).ok()?.decompress()?;
    (point != RistrettoPoint::default()).then_some(point)
}
