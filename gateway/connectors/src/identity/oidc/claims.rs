//! What is the same in the tokens of every party: for whom they are, and when.

use serde::Deserialize;
use time::{Duration, OffsetDateTime};

/// How far clocks may differ.
const SKEW: Duration = Duration::seconds(30);
/// A token that was made longer ago than this is not from this log-in.
const FRESH: Duration = Duration::minutes(10);

/// The audience of a token: one name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::identity) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(in crate::identity) fn is_only(&self, client: &str) -> bool {
        match self {
            Audience::One(named) => named == client,
            Audience::Several(named) => matches!(named.as_slice(), [only] if only == client),
        }
    }
}

/// When something ends that is in force now: has begun, where it says so, and is not over.
pub(in crate::identity) fn until(exp: i64, nbf: Option<i64>, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let until = OffsetDateTime::from_unix_timestamp(exp).ok()?;
    let from = nbf.map(OffsetDateTime::from_unix_timestamp).transpose().ok()?;
    (from.is_none_or(|from| from <= now + SKEW) && now < until).then_some(until)
}

/// Whether something was made just now.
pub(in crate::identity) fn is_fresh(iat: i64, now: OffsetDateTime) -> bool {
    OffsetDateTime::from_unix_timestamp(iat).is_ok_and(|iat| iat <= now + SKEW && now - iat <= FRESH)
}
