//! How each source fared, as OperationOutcome: one per source, with sentences for people and codes for machines.

use exchange::{Part, Released, SourceStatus};
use fhir::json::Node;
use fhir::{IssueCode, Resource, Severity};
use policy::{NotFoundOut, Permit};

use super::view::{Index, in_order, index, is_complete, unasked, unplaced};

/// One issue: its weight, its code, a word that a program can rely on and a sentence.
struct Said {
    severity: Severity,
    code: IssueCode,
    word: &'static str,
    sentence: String,
}

/// What is to be known of one source. The resource's id names the holder by URA.
pub(super) fn of_source(permit: &Permit, part: &Part, id: String) -> Resource {
    let in_version = part.other_version().map(|version| format!(", asked in FHIR {}", version.full()));
    let who = format!("{} (URA {}{})", part.name(), part.holder().0, in_version.unwrap_or_default());
    let items = part.items().len();
    let mut said = vec![status(part.status(), &who, items)];
    if !part.failed().is_empty() {
        said.push(Said {
            severity: Severity::Warning,
            code: IssueCode::Incomplete,
            word: "failed-types",
            sentence: format!("{who} did not answer for, or not all of: {}.", named(part.failed())),
        });
    }
    let unasked = unasked(permit, part);
    if !unasked.is_empty() {
        said.push(Said {
            severity: Severity::Information,
            code: IssueCode::NotSupported,
            word: "not-asked-types",
            sentence: format!(
                "{who} was not asked for, because its FHIR version does not say the same: {}.",
                named(&unasked)
            ),
        });
    }
    if part.withheld() > 0 {
        said.push(Said {
            severity: Severity::Information,
            code: IssueCode::Suppressed,
            word: "withheld",
            sentence: format!("{} of the resources of {who} may not be shown and were kept back.", part.withheld()),
        });
    }
    if part.mistrusted() > 0 {
        said.push(Said {
            severity: Severity::Warning,
            code: IssueCode::Processing,
            word: "mistrusted",
            sentence: format!(
                "{who} answered with {} resources that are not about this patient; they were dropped.",
                part.mistrusted()
            ),
        });
    }
    outcome(id, &said)
}

/// What is to be known of every source and of the index.
pub(crate) fn all(released: &Released) -> Vec<Resource> {
    let of_part = |(at, part): (usize, &Part)| of_source(released.permit(), part, format!("source-{}", at + 1));
    of_localisation(released).into_iter().chain(in_order(released).into_iter().enumerate().map(of_part)).collect()
}

fn status(status: SourceStatus, who: &str, items: usize) -> Said {
    let (severity, code, word, sentence) = match status {
        SourceStatus::Answered => (
            Severity::Information,
            IssueCode::Informational,
            "answered",
            format!("{who} answered; {items} resources of it are in this Bundle."),
        ),
        SourceStatus::NothingThere => (
            Severity::Information,
            IssueCode::Informational,
            "nothing-there",
            format!("{who} answered and has nothing about this patient."),
        ),
        SourceStatus::Partly => (
            Severity::Warning,
            IssueCode::Incomplete,
            "partly",
            format!("{who} answered in part; {items} resources of it are in this Bundle and more may exist."),
        ),
        SourceStatus::Refused => {
            (Severity::Warning, IssueCode::Forbidden, "refused", format!("{who} refused; what it has is missing here."))
        }
        SourceStatus::TimedOut => (
            Severity::Warning,
            IssueCode::Timeout,
            "timed-out",
            format!("{who} did not answer in time; what it has is missing here."),
        ),
        SourceStatus::Unreachable => (
            Severity::Warning,
            IssueCode::Transient,
            "unreachable",
            format!("{who} could not be reached; what it has is missing here."),
        ),
        SourceStatus::Failed => (
            Severity::Warning,
            IssueCode::Exception,
            "failed",
            format!("{who} gave an answer that cannot be used; what it has is missing here."),
        ),
        SourceStatus::NotAsked => (
            Severity::Warning,
            IssueCode::Incomplete,
            "not-asked",
            format!("{who} was not asked; what it has is missing here."),
        ),
    };
    Said { severity, code, word, sentence }
}

/// What is to be known of the search for sources itself, if anything.
pub(super) fn of_localisation(released: &Released) -> Option<Resource> {
    let said = match index(released) {
        Index::NotFoundOut(why) => Said {
            severity: Severity::Warning,
            code: IssueCode::Incomplete,
            word: if is_down(why) { "index-unavailable" } else { "localisation-not-found-out" },
            sentence: format!(
                "Which providers know this patient could not be found out ({}); others may hold data that is missing here.",
                reason(why)
            ),
        },
        Index::Nowhere => Said {
            severity: Severity::Information,
            code: IssueCode::Informational,
            word: "known-nowhere",
            sentence: "Nobody registered that they have data about this patient.".to_owned(),
        },
        Index::Known(_) if unplaced(released) > 0 => Said {
            severity: Severity::Warning,
            code: IssueCode::Incomplete,
            word: "not-placed",
            sentence: format!(
                "The index names {} more providers whose address is not known; what they have is missing here.",
                unplaced(released)
            ),
        },
        Index::Known(_) if is_complete(released) && nothing_at_all(released) => Said {
            severity: Severity::Information,
            code: IssueCode::Informational,
            word: "nothing-found",
            sentence: "No provider that could be found has anything about this patient.".to_owned(),
        },
        Index::Known(_) => return None,
    };
    Some(outcome("localisation".to_owned(), &[said]))
}

fn nothing_at_all(released: &Released) -> bool {
    released.parts().iter().all(|part| part.items().is_empty() && part.withheld() == 0)
}

/// Whether there is an index, and it is ill.
const fn is_down(why: NotFoundOut) -> bool {
    matches!(why, NotFoundOut::TimedOut | NotFoundOut::Unreachable | NotFoundOut::Unusable)
}

fn reason(why: NotFoundOut) -> &'static str {
    match why {
        NotFoundOut::TimedOut => "the index did not answer in time",
        NotFoundOut::Unreachable => "the index could not be reached",
        NotFoundOut::Unusable => "the index gave an answer that cannot be used",
        NotFoundOut::NobodyToAsk => "no index is configured",
        NotFoundOut::Incomplete => "the index could not be asked",
        NotFoundOut::NotAsked => "the index was not asked",
    }
}

fn named(types: &[String]) -> String {
    let named = |name: &String| if name.is_empty() { "a question without type".to_owned() } else { name.clone() };
    types.iter().map(named).collect::<Vec<_>>().join(", ")
}

fn outcome(id: String, said: &[Said]) -> Resource {
    let issues = said.iter().map(|one| {
        Node::Object(vec![
            ("severity".into(), Node::text(one.severity.code())),
            ("code".into(), Node::text(one.code.code())),
            ("details".into(), Node::Object(vec![("text".into(), Node::text(one.word))])),
            ("diagnostics".into(), Node::text(&one.sentence)),
        ])
    });
    Resource::from_node(&Node::Object(vec![
        ("resourceType".into(), Node::text("OperationOutcome")),
        ("id".into(), Node::text(id)),
        ("issue".into(), Node::List(issues.collect())),
    ]))
}
