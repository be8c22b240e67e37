//! The other half of the function, for a region without a national service: evaluates a blinded point under this node's
//! secret and encrypts the outcome to the recipient (handbook: generic functions, 3.2.1 and 3.2.3). What comes in tells
//! nothing of whom it is about, and nothing of it is kept.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use voprf::{BlindedElement, OprfServer, Ristretto255};

use super::KeyFault;
use super::message::Writer;

/// Padded or not: both are seen.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
/// How long an evaluation may be used, in seconds.
const GOOD_FOR: i64 = 300;
/// What stands in front of the point in a message.
pub(super) const SUBJECT: &str = "pseudonym:eval:";
/// What sets this use of a secret apart from any other (RFC 9497, 3.2.1).
const INFO: &[u8] = b"zorgsluis/regional-pseudonyms/1";

/// Evaluates points for the recipients that it knows.
pub struct Evaluator {
    secret: OprfServer<Ristretto255>,
    recipients: Vec<(String, String, Writer)>,
}

/// Why nothing was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEvaluated {
    /// The body is not of the call.
    Malformed,
    UnknownRecipient,
    /// It is no point of the group.
    NoPoint,
    /// The cryptography failed.
    Defect,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    encrypted_personal_id: String,
    recipient_organization: String,
    recipient_scope: String,
}

/// Bytes of either alphabet: clients write both.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_LENIENT.decode(text).or_else(|_| STANDARD_LENIENT.decode(text)).ok()
}

impl Evaluator {
    /// With a secret of 32 bytes, from which the scalar is derived (RFC 9497, DeriveKeyPair).
    ///
    /// # Errors
    /// It cannot serve.
    pub fn new(secret: &[u8; 32]) -> Result<Self, KeyFault> {
        let secret = OprfServer::new_from_seed(secret, INFO).map_err(|_| KeyFault::NoSecret)?;
        Ok(Evaluator { secret, recipients: Vec::new() })
    }

    /// With the scalar itself, as the published vectors name it.
    #[cfg(test)]
    pub(super) fn with_scalar(scalar: &[u8; 32]) -> Self {
        Evaluator { secret: OprfServer::new_with_key(scalar).unwrap(), recipients: Vec::new() }
    }

    /// Evaluates for this recipient as well: its name, the scope, and its public key (PEM).
    ///
    /// # Errors
    /// The key cannot serve.
    pub fn with_recipient(mut self, name: &str, scope: &str, key: &[u8]) -> Result<Self, KeyFault> {
        self.recipients.push((name.to_owned(), scope.to_owned(), Writer::new(key)?));
        Ok(self)
    }

    /// Answers the body of `POST /oprf/eval`: the encrypted evaluation.
    ///
    /// # Errors
    /// Why there is none.
    pub fn evaluate(&self, body: &[u8], now: OffsetDateTime) -> Result<String, NotEvaluated> {
        let asked: Question = serde_json::from_slice(body).map_err(|_| NotEvaluated::Malformed)?;
        let (recipient, scope) = (&asked.recipient_organization, &asked.recipient_scope);
        let known = self.recipients.iter().find(|(name, of, _)| name == recipient && of == scope);
        let (_, _, writer) = known.ok_or(NotEvaluated::UnknownRecipient)?;
        let point = bytes(&asked.encrypted_personal_id).ok_or(NotEvaluated::NoPoint)?;
        let blinded = BlindedElement::<Ristretto255>::deserialize(&point).map_err(|_| NotEvaluated::NoPoint)?;
        // Bytes behind the point would be read over.
        if blinded.serialize().as_slice() != point.as_slice() {
            return Err(NotEvaluated::NoPoint);
        }
        let evaluated = self.secret.blind_evaluate(&blinded).serialize();
        let issued = now.unix_timestamp();
        let content = json!({
            "subject": format!("{SUBJECT}{}", URL_SAFE.encode(evaluated)),
            "aud": recipient,
            "scope": scope,
            "version": "1.1",
            "iat": issued,
            "exp": issued + GOOD_FOR,
            "extra_versions": {},
        });
        writer.write(&content).ok_or(NotEvaluated::Defect)
    }
}
