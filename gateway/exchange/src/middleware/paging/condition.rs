//! Conditional reads (FHIR RESTful API, conditional read; RFC 9110, 13.1.2 and 13.1.3): whether the caller has the
//! resource already.

use fhir::Resource;
use time::format_description::well_known::{Rfc2822, Rfc3339};
use time::{OffsetDateTime, UtcOffset};

use crate::inbound::Conditions;

/// Whether the caller has this version. `If-None-Match` is looked at alone when it is there; what cannot be read is
/// no condition.
pub(super) fn not_modified(conditions: &Conditions, resource: &Resource) -> bool {
    if let Some(tags) = &conditions.if_none_match {
        let Some(version) = resource.version_id() else { return tags.trim() == "*" };
        return tags.split(',').map(str::trim).any(|tag| tag == "*" || opaque(tag) == Some(&version));
    }
    let since = conditions.if_modified_since.as_deref().and_then(http_date);
    let changed = resource.last_updated().and_then(|moment| OffsetDateTime::parse(&moment, &Rfc3339).ok());
    match (since, changed) {
        // An HTTP date has no fraction of a second.
        (Some(since), Some(changed)) => changed.unix_timestamp() <= since.unix_timestamp(),
        _ => false,
    }
}

/// What stands in an entity tag, weak or strong: reads are compared weakly (RFC 9110, 8.8.3.2).
fn opaque(tag: &str) -> Option<&str> {
    tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')
}

/// An HTTP date in its preferred form (RFC 9110, 5.6.7): `Sun, 22 Nov 2026 20:03:04 GMT`.
fn http_date(text: &str) -> Option<OffsetDateTime> {
    let moment = text.trim().strip_suffix(" GMT")?;
    let moment = OffsetDateTime::parse(&format!("{moment} +0000"), &Rfc2822).ok()?;
    Some(moment.to_offset(UtcOffset::UTC))
}

#[cfg(test)]
mod tests {
    use fhir::json::Limits;

    use super::*;

    #[test]
    fn what_the_caller_has_is_not_sent_again_and_everything_else_is() {
        let text =
            r#"{"resourceType":"Condition","meta":{"versionId":"2","lastUpdated":"2026-11-22T21:03:04.500+01:00"}}"#;
        let resource = Resource::parse(text.into(), &Limits::default()).unwrap();
        let bare = Resource::parse(r#"{"resourceType":"Condition"}"#.into(), &Limits::default()).unwrap();
        let (at, before, after) =
            ("Sun, 22 Nov 2026 20:03:04 GMT", "Sun, 22 Nov 2026 20:03:03 GMT", "Mon, 23 Nov 2026 00:00:00 GMT");
        for (tags, since, known, known_bare) in [
            (None, None, false, false),
            (Some("W/\"2\""), None, true, false),
            (Some("\"2\""), None, true, false),
            (Some("W/\"1\", W/\"2\""), None, true, false),
            (Some("*"), None, true, true),
            (Some("W/\"1\""), None, false, false),
            (Some("2"), None, false, false),
            (Some(""), None, false, false),
            (Some("\"\""), None, false, false),
            (None, Some(at), true, false),
            (None, Some(after), true, false),
            (None, Some(before), false, false),
            (None, Some("yesterday"), false, false),
            (None, Some("2026-11-23"), false, false),
            // The tag decides when there is one.
            (Some("W/\"1\""), Some(after), false, false),
            (Some("W/\"2\""), Some(before), true, false),
        ] {
            let conditions = Conditions {
                if_none_match: tags.map(str::to_owned),
                if_modified_since: since.map(str::to_owned),
                ..Conditions::default()
            };
            assert_eq!(not_modified(&conditions, &resource), known, "{tags:?} {since:?}");
            assert_eq!(not_modified(&conditions, &bare), known_bare, "{tags:?} {since:?}, without a version");
        }
    }
}
