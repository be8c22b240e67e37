//! The recipient of pseudonyms: takes a patient token apart and the blind off. What is left is the same for the same patient,
//! whoever asks, and never leaves as it is: it is kept under a key of the recipient's own.

use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use serde::Deserialize;
use time::OffsetDateTime;
use voprf::{Group, Ristretto255};
use zeroize::{Zeroize, Zeroizing};

use super::KeyFault;
use super::evaluator::{SUBJECT, bytes};
use super::message::Reader;

/// The longest token that is read, in characters.
const LONGEST: usize = 16 << 10;

/// How long a message may still hold when it comes, and is remembered. Those of the service hold for five minutes.
const HOLDS: Duration = Duration::from_secs(600);
/// The most messages that are remembered; several times what an index is asked in that time.
const REMEMBERED: u64 = 200_000;

/// Whom pseudonyms are made for: the index of a region.
pub struct Recipient {
    name: String,
    scope: String,
    key: Reader,
    keeping: hmac::Key,
    /// The digests of messages that came: each is good for one question, so that whoever saw it cannot ask with it.
    spent: Cache<[u8; 32], ()>,
}

#[derive(Deserialize)]
struct Token {
    evaluated_output: String,
    blind_factor: String,
}

#[derive(Deserialize)]
struct Content {
    subject: String,
    aud: String,
    scope: String,
    exp: i64,
}

impl Recipient {
    /// As whom it is known to the service, for what, its private key (PEM), and the secret under which pseudonyms are kept.
    ///
    /// # Errors
    /// The key cannot serve.
    pub fn new(name: &str, scope: &str, key: &[u8], keeping: &[u8; 32]) -> Result<Self, KeyFault> {
        let keeping = hmac::Key::new(hmac::HMAC_SHA256, keeping);
        let spent = Cache::builder().max_capacity(REMEMBERED).time_to_live(HOLDS).build();
        Ok(Recipient { name: name.to_owned(), scope: scope.to_owned(), key: Reader::new(key)?, keeping, spent })
    }

    /// The pseudonym of a token, as it is kept. None: it is no token for this recipient, not of now, or one that came before.
    pub fn pseudonym(&self, token: &str, now: OffsetDateTime) -> Option<[u8; 32]> {
        if token.len() > LONGEST {
            return None;
        }
        let token = Zeroizing::new(URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok()?);
        let Token { evaluated_output, blind_factor } = serde_json::from_slice(&token).ok()?;
        let content: Content = serde_json::from_value(self.key.read(&evaluated_output)?).ok()?;
        let of_now = now.unix_timestamp()..=(now + HOLDS).unix_timestamp();
        if content.aud != self.name || content.scope != self.scope || !of_now.contains(&content.exp) {
            return None;
        }
        let message = digest::digest(&digest::SHA256, evaluated_output.as_bytes()).as_ref().try_into().ok()?;
        if !self.spent.entry(message).or_insert(()).is_fresh() {
            return None;
        }
        let (subject, blind_factor) = (Zeroizing::new(content.subject), Zeroizing::new(blind_factor));
        let evaluated = Zeroizing::new(bytes(subject.strip_prefix(SUBJECT)?)?);
        let blind = Zeroizing::new(bytes(&blind_factor)?);
        let mut point = unblind(&evaluated, &blind)?;
        let kept = hmac::sign(&self.keeping, &point);
        point.zeroize();
        kept.as_ref().try_into().ok()
    }
}

/// `r⁻¹ · evaluated`; no finalisation (handbook: generic functions, 3.2.1).
pub(super) fn unblind(evaluated: &[u8], blind: &[u8]) -> Option<[u8; 32]> {
    let exact = evaluated.len() == 32 && blind.len() == 32;
    let mut evaluated = <Ristretto255 as Group>::deserialize_elem(exact.then_some(evaluated)?).ok()?;
    let mut blind = <Ristretto255 as Group>::deserialize_scalar(blind).ok()?;
    let mut inverse = <Ristretto255 as Group>::invert_scalar(blind);
    let mut point = evaluated * inverse;
    let bytes = <Ristretto255 as Group>::serialize_elem(point).into();
    for scalar in [&mut blind, &mut inverse] {
        scalar.zeroize();
    }
    for element in [&mut evaluated, &mut point] {
        element.zeroize();
    }
    Some(bytes)
}
