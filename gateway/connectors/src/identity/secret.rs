//! Secrets that we hand out: made at random, kept by digest only, never shown.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, Zeroizing};

/// A token or session id in the clear: on its way to the one who may have it. Prints as `***`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// The SHA-256 of a secret. Lookups go by it, so their timing says nothing about a secret's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Digest([u8; 32]);

impl Secret {
    /// A secret that somebody else made.
    pub fn new(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }

    /// 256 random bits, base64url; nothing when the machine has no randomness to give.
    pub fn fresh() -> Option<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).ok()?;
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Some(secret)
    }

    /// The text, for the party it was made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Digest {
    pub(crate) fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        Digest(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (place, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *place = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Digest(bytes))
    }

    /// The first 16 hexadecimal digits: enough to find a token's uses in the log, too little to use it.
    pub(crate) fn token_id(&self) -> String {
        self.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_carry_256_bits_and_print_as_stars() {
        let (one, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(URL_SAFE_NO_PAD.decode(one.reveal()).unwrap().len(), 32);
        assert_eq!(format!("{one:?}"), "Secret(***)");
    }

    #[test]
    fn a_digest_reads_from_hex_and_gives_a_short_id() {
        // SHA-256 of the empty text.
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(Digest::parse_hex(hex) == Some(Digest::of("")));
        assert_eq!(Digest::of("").token_id(), "e3b0c44298fc1c14");
        for bad in ["", "e3b0", &hex.replace('e', "g"), &format!("{hex}0")] {
            assert!(Digest::parse_hex(bad).is_none(), "{bad}");
        }
    }
}
