//! Reads a patient token: what stands in the subject of a record or the parameter of a search.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use time::OffsetDateTime;

use super::group::{Pseudonym, unblind};
use super::jwe::RecipientKey;
use super::{RECIPIENT, SCOPE, prs};

/// The pseudonym that a token stands for. None: it is no token for this recipient, or not of now.
pub fn open(key: &RecipientKey, token: &str) -> Option<Pseudonym> {
    let token: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let content = key.open(token["evaluated_output"].as_str()?)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    if content["aud"] != RECIPIENT || content["scope"] != SCOPE || content["exp"].as_i64()? < now {
        return None;
    }
    let point = content["subject"].as_str()?.strip_prefix("pseudonym:eval:")?;
    unblind(&prs::bytes(point)?, &prs::bytes(token["blind_factor"].as_str()?)?)
}
