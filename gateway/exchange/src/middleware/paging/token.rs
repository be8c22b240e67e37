//! The name of a page in a link: a random number, a place and an end of life, sealed with a key of this process.
//!
//! Nothing of the request is in it, so nothing of it can leak by it; without the seal nobody can make one, and a seal
//! that is right says nothing yet about who may use it (`store`).

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::released::PageToken;

/// What the seal is for, so that no other use of a key like this could make one.
const PURPOSE: &[u8] = b"zorgsluis page 1";
/// Random number, place, end of life.
const CONTENT: usize = 16 + 4 + 8;
const SEALED: usize = CONTENT + 32;
/// The text is written in groups, so that no nine digits ever stand in a row: they could be read as a BSN.
const GROUP: usize = 8;

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Names the kept answer.
    pub answer: [u8; 16],
    /// The match that the page begins with, from zero.
    pub from: u32,
    /// Milliseconds since 1970, UTC.
    pub expires: i64,
}

/// Seals and opens. The key lives as long as the process.
pub(super) struct Seal {
    key: hmac::Key,
    random: SystemRandom,
}

impl Seal {
    /// Nothing when the machine has no randomness to give.
    pub fn new() -> Option<Self> {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        Some(Seal { key, random })
    }

    /// A name that nobody can guess.
    pub fn name(&self) -> Option<[u8; 16]> {
        let mut name = [0; 16];
        self.random.fill(&mut name).ok()?;
        Some(name)
    }

    pub fn close(&self, content: &Content) -> PageToken {
        let content = content.bytes();
        let tag = hmac::sign(&self.key, &[PURPOSE, &content].concat());
        let text = URL_SAFE_NO_PAD.encode([&content, tag.as_ref()].concat());
        let groups: Vec<&str> = text.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok()).collect();
        PageToken(groups.join("."))
    }

    /// What the token says, when it is one of ours. Compared in constant time.
    pub fn open(&self, token: &str) -> Option<Content> {
        if token.len() > SEALED * 2 || !token.split('.').all(|group| group.len() == GROUP) {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(token.replace('.', "")).ok().filter(|sealed| sealed.len() == SEALED)?;
        let (content, tag) = sealed.split_at_checked(CONTENT)?;
        hmac::verify(&self.key, &[PURPOSE, content].concat(), tag).ok()?;
        Content::read(content)
    }
}

impl Content {
    fn bytes(&self) -> [u8; CONTENT] {
        let mut bytes = [0; CONTENT];
        bytes[..16].copy_from_slice(&self.answer);
        bytes[16..20].copy_from_slice(&self.from.to_be_bytes());
        bytes[20..].copy_from_slice(&self.expires.to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (answer, rest) = bytes.split_first_chunk()?;
        let (from, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        rest.is_empty().then(|| Content {
            answer: *answer,
            from: u32::from_be_bytes(*from),
            expires: i64::from_be_bytes(*expires),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content() -> impl Strategy<Value = Content> {
        (any::<[u8; 16]>(), any::<u32>(), any::<i64>()).prop_map(|(answer, from, expires)| Content {
            answer,
            from,
            expires,
        })
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_with_the_same_key_and_with_no_other(content in content()) {
            let (seal, other) = (Seal::new().unwrap(), Seal::new().unwrap());
            let token = seal.close(&content);
            prop_assert_eq!(seal.open(token.as_str()), Some(content));
            prop_assert_eq!(other.open(token.as_str()), None);
        }

        #[test]
        fn a_token_that_was_changed_anywhere_does_not_open(content in content(), at in 0usize..80, by in 1u8..64) {
            const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let seal = Seal::new().unwrap();
            let mut bytes = seal.close(&content).as_str().as_bytes().to_vec();
            let at = at + at / GROUP;
            let place = ALPHABET.iter().position(|letter| *letter == bytes[at]).unwrap();
            bytes[at] = ALPHABET[(place + usize::from(by)) % 64];
            prop_assert_eq!(seal.open(std::str::from_utf8(&bytes).unwrap()), None);
        }

        #[test]
        fn no_token_has_nine_digits_in_a_row(content in content()) {
            let token = Seal::new().unwrap().close(&content);
            let longest = token.as_str().split(|c: char| !c.is_ascii_digit()).map(str::len).max();
            prop_assert!(longest.unwrap_or_default() < 9);
            let plain = token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            prop_assert!(plain, "it stands in a URL as it is");
        }

        #[test]
        fn rubbish_does_not_open(text in "\\PC{0,120}") {
            prop_assert_eq!(Seal::new().unwrap().open(&text), None);
        }
    }
}
