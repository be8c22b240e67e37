//! The signature of a message (Standard Webhooks, "Signature scheme", symmetric): HMAC-SHA256 over id, moment and body. While a secret
//! is replaced both sign, and the receiver believes whichever it knows.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Octets of a secret.
const OCTETS: std::ops::RangeInclusive<usize> = 24..=64;
/// More than so many at once are no rollover.
const MOST: usize = 4;

/// Why these are no secrets; a sentence for the operator. Says nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretFault {
    #[error("holds no secret")]
    None,
    #[error("holds more than {MOST} secrets")]
    TooMany,
    #[error("a secret is `{PREFIX}` and base64, one a line")]
    Form,
    #[error("a secret is of 24 to 64 octets")]
    Length,
}

/// What messages are signed with. Debug does not show it.
pub struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Reads a text of one secret a line.
    ///
    /// # Errors
    /// When a line is none, or there are none or too many.
    pub fn parse(text: &str) -> Result<Self, SecretFault> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(key).collect::<Result<Vec<_>, _>>()?;
        match keys.len() {
            0 => Err(SecretFault::None),
            1..=MOST => Ok(Secrets(keys)),
            _ => Err(SecretFault::TooMany),
        }
    }

    /// The value of `webhook-signature`: a signature for each secret. `moment` is in seconds since 1970.
    pub(super) fn sign(&self, id: &str, moment: i64, body: &str) -> String {
        let text = format!("{id}.{moment}.{body}");
        let signed = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, text.as_bytes())));
        self.0.iter().map(signed).collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Result<hmac::Key, SecretFault> {
    let encoded = line.strip_prefix(PREFIX).ok_or(SecretFault::Form)?;
    let octets = STANDARD.decode(encoded).map(Zeroizing::new).map_err(|_| SecretFault::Form)?;
    if !OCTETS.contains(&octets.len()) {
        return Err(SecretFault::Length);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &octets))
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}
