//! What names a patient to the recipient of a pseudonym (handbook: generic functions, 3.2.4): the encrypted answer of the
//! service and the blind that takes it apart. Good for one message; whoever holds it and is the recipient can find out the
//! pseudonym, so it is wiped and never shown.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use super::oprf::Blinded;

/// The longest encrypted answer that is taken: some thousand characters are usual.
const LONGEST: usize = 8 << 10;

/// A patient token. Not to be copied; prints as `***`.
pub(crate) struct PatientToken(Zeroizing<String>);

impl PatientToken {
    /// Joins an answer with its blind. None: the answer is no encrypted message in compact form (RFC 7516, 7.1).
    pub(super) fn join(encrypted: &str, blinded: &Blinded) -> Option<Self> {
        let part = |part: &str| !part.is_empty() && URL_SAFE_NO_PAD.decode(part).is_ok();
        if encrypted.len() > LONGEST || encrypted.split('.').count() != 5 || !encrypted.split('.').all(part) {
            return None;
        }
        let blind = Zeroizing::new(URL_SAFE.encode(blinded.blind.as_slice()));
        let text = json!({"evaluated_output": encrypted, "blind_factor": blind.as_str()});
        let text = Zeroizing::new(text.to_string());
        Some(PatientToken(Zeroizing::new(URL_SAFE_NO_PAD.encode(text.as_bytes()))))
    }

    /// The text, for the recipient that it was made for.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PatientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientToken(***)")
    }
}
