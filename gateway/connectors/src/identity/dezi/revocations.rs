//! Dezi's list of statements that were withdrawn (`GET /revocatiecontrole/v1`: a signed JWT with `ververs_tijdstip` and
//! `revocaties[]`; handbook: generic functions, 6.6), beside the question for the status of one statement.
//!
//! Kept until it says that it is to be asked for anew, never longer than an hour. A list that could not be had, that is not
//! signed by Dezi, that is not of now, or in which one entry cannot be read, tells nothing, and nothing is no.

use std::collections::HashSet;

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::{Dezi, DeziFault};
use crate::http::Limits;
use crate::identity::oidc::Jws;

/// The largest list, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// Most statements on it.
const MOST: usize = 100_000;
/// Longest id of a statement.
const LONGEST_ID: usize = 64;
/// No list is used for longer than this, whatever it says.
const LIFE: Duration = Duration::hours(1);
/// None is asked for again sooner than this.
const BETWEEN: Duration = Duration::seconds(1);

const NOT_FOUND_OUT: DeziFault = DeziFault::Unavailable("revocations");

/// The list, as far as it is known.
#[derive(Default)]
pub(super) struct Revocations(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    withdrawn: HashSet<String>,
    until: Option<OffsetDateTime>,
    asked: Option<OffsetDateTime>,
}

#[derive(Deserialize)]
struct List {
    iss: Option<String>,
    ververs_tijdstip: Value,
    revocaties: Vec<Value>,
}

impl Revocations {
    /// Whether the list has this statement. Who waits for it shares it.
    pub(super) async fn has(&self, dezi: &Dezi, id: &str, now: OffsetDateTime) -> Result<bool, DeziFault> {
        let mut kept = self.0.lock().await;
        if kept.until.is_none_or(|until| until <= now) {
            if kept.asked.is_some_and(|asked| now - asked < BETWEEN) {
                return Err(NOT_FOUND_OUT);
            }
            kept.asked = Some(now);
            let (withdrawn, until) = dezi.revocation_list(now).await?;
            (kept.withdrawn, kept.until) = (withdrawn, Some(until));
        }
        Ok(kept.withdrawn.contains(id))
    }
}

impl Dezi {
    /// The list as it is now, and until when.
    async fn revocation_list(&self, now: OffsetDateTime) -> Result<(HashSet<String>, OffsetDateTime), DeziFault> {
        let place = self.config.issuer.below(["revocatiecontrole", "v1"]);
        let request = self.http.request(Method::GET, place).header(ACCEPT, "application/jwt");
        let limits = Limits { bytes: LARGEST, patience: self.patience() };
        let fetched = self.http.fetch(request, limits).await.map_err(|_| NOT_FOUND_OUT)?;
        let text = std::str::from_utf8(&fetched.body).map_err(|_| NOT_FOUND_OUT)?;
        if fetched.status != reqwest::StatusCode::OK {
            return Err(NOT_FOUND_OUT);
        }
        let jws = Jws::read_within(text.trim(), LARGEST).map_err(|_| NOT_FOUND_OUT)?;
        let list = self.signed_list(&jws, now).await.ok_or(NOT_FOUND_OUT)?;
        self.held(&list, now).ok_or(NOT_FOUND_OUT)
    }

    /// The list, if a key of the statements or of the issuer signed it: which of the two is not laid down.
    async fn signed_list(&self, jws: &Jws<'_>, now: OffsetDateTime) -> Option<List> {
        for keys in self.statement_keys.iter().chain([&self.issuer_keys]) {
            if jws.key_set.as_deref().is_some_and(|place| !keys.is_at(place)) {
                continue;
            }
            if let Ok(key) = self.key_of(keys, &jws.kid, now).await
                && let Some(list) = jws.claims(&key)
            {
                return Some(list);
            }
        }
        None
    }

    fn held(&self, list: &List, now: OffsetDateTime) -> Option<(HashSet<String>, OffsetDateTime)> {
        let ours = |iss: &String| *iss == self.issuer || self.config.statement_issuers.contains(iss);
        if !list.iss.as_ref().is_none_or(ours) || list.revocaties.len() > MOST {
            return None;
        }
        let until = moment(&list.ververs_tijdstip).filter(|until| now < *until)?;
        let withdrawn: Option<HashSet<String>> = list.revocaties.iter().map(statement_id).collect();
        Some((withdrawn?, until.min(now + LIFE)))
    }
}

/// A moment, as seconds since 1970 (RFC 7519) or as text (RFC 3339).
fn moment(value: &Value) -> Option<OffsetDateTime> {
    match value {
        Value::Number(seconds) => OffsetDateTime::from_unix_timestamp(seconds.as_i64()?).ok(),
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339).ok(),
        _ => None,
    }
}

/// The statement that an entry names: by its id, or in an object under one of the names that Dezi has for it elsewhere.
fn statement_id(entry: &Value) -> Option<String> {
    let id = match entry {
        Value::String(id) => id,
        Value::Object(members) => match (members.get("verklaring_id"), members.get("verklaringId")) {
            (Some(Value::String(id)), None) | (None, Some(Value::String(id))) => id,
            _ => return None,
        },
        _ => return None,
    };
    (1..=LONGEST_ID).contains(&id.len()).then(|| id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_names_one_statement_or_the_list_cannot_be_read() {
        for entry in [json!("v-1"), json!({"verklaring_id": "v-1"}), json!({"verklaringId": "v-1", "reden": "x"})] {
            assert_eq!(statement_id(&entry).as_deref(), Some("v-1"), "{entry}");
        }
        for entry in [
            json!(""),
            json!(1),
            json!(null),
            json!({}),
            json!({"id": "v-1"}),
            json!({"verklaring_id": 1}),
            json!({"verklaring_id": "v-1", "verklaringId": "v-2"}),
            json!("x".repeat(LONGEST_ID + 1)),
        ] {
            assert_eq!(statement_id(&entry), None, "{entry}");
        }
    }

    #[test]
    fn a_moment_is_a_number_of_seconds_or_a_text() {
        let expected = OffsetDateTime::from_unix_timestamp(1_790_000_000).ok();
        assert_eq!(moment(&json!(1_790_000_000)), expected);
        assert_eq!(moment(&json!("2026-09-21T14:13:20Z")), expected);
        for value in [json!("yesterday"), json!(1.5), json!(null), json!([]), json!(i64::MAX)] {
            assert_eq!(moment(&value), None, "{value}");
        }
    }
}
