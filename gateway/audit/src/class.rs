//! How an exchange ended, in the few classes that people tell apart.

use std::collections::HashSet;

use exchange::record::{AccessRecord, OutcomeFacts};
use policy::{Finding, NotFoundOut};

/// The end of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Data left, or something was written.
    Released,
    /// Everyone answered, and there is nothing.
    Nothing,
    /// Data left, or none was there, and not every source answered.
    Incomplete,
    /// The caller has it already.
    NotModified,
    /// An enforcement point was told that it may release it.
    Decided,
    /// Decided against.
    Denied,
    /// The caller could not show who it is.
    Unidentified,
    /// The request cannot be taken as it is.
    NotUnderstood,
    /// Not there, or not any more.
    NotThere,
    /// It conflicts with what the source holds, or the source rejects it.
    Conflict,
    /// The source gave no usable answer.
    SourceFailed,
    /// The node could not serve now: too busy, too slow, a service or the log away.
    Unavailable,
    /// A defect.
    Failed,
    /// The caller went away, or the handling broke off.
    Interrupted,
}

impl Class {
    pub const ALL: [Class; 14] = [
        Class::Released,
        Class::Nothing,
        Class::Incomplete,
        Class::NotModified,
        Class::Decided,
        Class::Denied,
        Class::Unidentified,
        Class::NotUnderstood,
        Class::NotThere,
        Class::Conflict,
        Class::SourceFailed,
        Class::Unavailable,
        Class::Failed,
        Class::Interrupted,
    ];

    /// The class of a record.
    pub fn of(record: &AccessRecord) -> Class {
        match &record.outcome {
            OutcomeFacts::NotModified => Class::NotModified,
            OutcomeFacts::Decided => Class::Decided,
            OutcomeFacts::Interrupted => Class::Interrupted,
            OutcomeFacts::Refused { status, reason } => Class::refused(*status, reason),
            OutcomeFacts::Released => Class::released(record),
        }
    }

    fn released(record: &AccessRecord) -> Class {
        if !is_complete(record) {
            Class::Incomplete
        } else if record.sources.iter().all(|source| source.disclosed.is_empty() && source.written.is_empty())
            && !writes(record)
        {
            Class::Nothing
        } else {
            Class::Released
        }
    }

    /// By the codes of `exchange::refusal`'s table; one that is not known goes by its status.
    fn refused(status: u16, reason: &str) -> Class {
        match reason {
            "no-certificate"
            | "certificate-not-trusted"
            | "certificate-revoked"
            | "unknown-organisation"
            | "no-token"
            | "ambiguous-authentication"
            | "token-not-accepted"
            | "token-of-another-client" => Class::Unidentified,
            "certificate-status-unknown"
            | "identification-unavailable"
            | "timed-out"
            | "overloaded"
            | "log-unavailable" => Class::Unavailable,
            "not-found" | "gone" | "page-gone" => Class::NotThere,
            "conflict" | "precondition-failed" | "rejected" => Class::Conflict,
            "source-not-supported" => Class::SourceFailed,
            _ if reason.starts_with("denied") => Class::Denied,
            _ if reason.starts_with("source-") => Class::SourceFailed,
            _ => match status {
                401 => Class::Unidentified,
                403 => Class::Denied,
                410 => Class::NotThere,
                409 | 412 => Class::Conflict,
                502 => Class::SourceFailed,
                503 | 504 => Class::Unavailable,
                400..=499 => Class::NotUnderstood,
                _ => Class::Failed,
            },
        }
    }

    /// Whether the caller got what it asked for, as far as there was any.
    pub fn is_granted(self) -> bool {
        matches!(self, Class::Released | Class::Nothing | Class::Incomplete | Class::NotModified | Class::Decided)
    }

    /// For an index or a counter.
    pub const fn code(self) -> &'static str {
        match self {
            Class::Released => "released",
            Class::Nothing => "nothing",
            Class::Incomplete => "incomplete",
            Class::NotModified => "not-modified",
            Class::Decided => "decided",
            Class::Denied => "denied",
            Class::Unidentified => "unidentified",
            Class::NotUnderstood => "not-understood",
            Class::NotThere => "not-there",
            Class::Conflict => "conflict",
            Class::SourceFailed => "source-failed",
            Class::Unavailable => "unavailable",
            Class::Failed => "failed",
            Class::Interrupted => "interrupted",
        }
    }
}

/// As the stack tells it of an answer: everyone who could hold data was asked and answered in full, and nothing had to
/// be left out that should not have been there.
fn is_complete(record: &AccessRecord) -> bool {
    let others: HashSet<&str> = record.sources.iter().map(|source| source.holder.as_str()).collect();
    let others = others.into_iter().filter(|holder| *holder != record.node).count();
    let index_known = match &record.localisation {
        Some(Finding::Found(named)) => others >= *named,
        None | Some(Finding::Absent | Finding::NotFoundOut(NotFoundOut::NotAsked)) => true,
        Some(Finding::NotFoundOut(_)) => false,
    };
    index_known && record.sources.iter().all(|source| source.status.is_complete() && source.mistrusted == 0)
}

/// Whether the exchange was to change something: a deletion leaves no reference behind.
fn writes(record: &AccessRecord) -> bool {
    let interaction = record.asked.as_ref().map(|asked| asked.interaction.as_ref());
    matches!(interaction, Some("create" | "update" | "patch" | "delete" | "transaction"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{record, refused};

    #[test]
    fn every_refusal_of_the_table_has_its_class() {
        for (status, reason, expected) in [
            (401, "no-certificate", Class::Unidentified),
            (403, "unknown-organisation", Class::Unidentified),
            (401, "certificate-revoked", Class::Unidentified),
            (401, "certificate-not-trusted", Class::Unidentified),
            (503, "certificate-status-unknown", Class::Unavailable),
            (503, "identification-unavailable", Class::Unavailable),
            (403, "denied: policy", Class::Denied),
            (403, "denied: patient-binding", Class::Denied),
            (400, "search-parameter", Class::NotUnderstood),
            (404, "unknown-type", Class::NotUnderstood),
            (404, "not-served", Class::NotUnderstood),
            (404, "not-found", Class::NotThere),
            (410, "page-gone", Class::NotThere),
            (412, "precondition-failed", Class::Conflict),
            (422, "rejected", Class::Conflict),
            (422, "body-structure", Class::NotUnderstood),
            (502, "source-unreachable", Class::SourceFailed),
            (504, "source-timed-out", Class::SourceFailed),
            (501, "source-not-supported", Class::SourceFailed),
            (504, "timed-out", Class::Unavailable),
            (503, "log-unavailable", Class::Unavailable),
            (500, "defect", Class::Failed),
            (451, "a code of a later version", Class::NotUnderstood),
        ] {
            assert_eq!(Class::of(&refused("read", status, reason)), expected, "{reason}");
        }
    }

    #[test]
    fn a_release_is_whole_or_empty_or_incomplete() {
        let source = |status: &str, disclosed: &str| {
            format!(r#"[{{"holder":"90000901","status":"{status}","disclosed":[{disclosed}],"withheld":0}}]"#)
        };
        for (interaction, sources, expected) in [
            ("search-type", source("answered", r#""Condition/1""#), Class::Released),
            ("search-type", source("nothing-there", ""), Class::Nothing),
            ("search-type", source("answered", ""), Class::Nothing),
            ("search-type", source("partly", r#""Condition/1""#), Class::Incomplete),
            ("search-type", source("timed-out", ""), Class::Incomplete),
            ("search-type", source("not-asked", ""), Class::Incomplete),
            ("delete", source("answered", ""), Class::Released),
        ] {
            assert_eq!(Class::of(&record(interaction, &[("sources", &sources)])), expected, "{sources}");
        }
    }

    #[test]
    fn an_index_that_did_not_answer_or_named_more_than_were_asked_leaves_an_answer_incomplete() {
        for (localisation, expected) in [
            (r#"{"finding":"absent"}"#, Class::Released),
            (r#"{"finding":"found","detail":0}"#, Class::Released),
            (r#"{"finding":"found","detail":1}"#, Class::Incomplete),
            (r#"{"finding":"not-found-out","detail":"not-asked"}"#, Class::Released),
            (r#"{"finding":"not-found-out","detail":"timed-out"}"#, Class::Incomplete),
        ] {
            assert_eq!(
                Class::of(&record("search-type", &[("localisation", localisation)])),
                expected,
                "{localisation}"
            );
        }
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<&str> = Class::ALL.iter().map(|class| class.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Class::ALL.len());
    }
}
