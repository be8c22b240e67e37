//! What the caller prefers to get back from a write (FHIR R4, http.html#ops: `Prefer: return=…`; RFC 7240).

use fhir::{IssueCode, Outcome, Resource, Severity};

use super::{Body, Made};

/// The `return` preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// Nothing: where it is now stands in the headers.
    Minimal,
    /// The resource, when the source gives it back.
    Representation,
    OperationOutcome,
    /// What is at hand.
    Unsaid,
}

impl Return {
    /// Reads a `Prefer` header. What is not understood is not preferred.
    pub fn of(prefer: Option<&str>) -> Self {
        let preferences = prefer.unwrap_or_default().split([',', ';']).map(str::trim);
        let mut values = preferences.filter_map(|preference| preference.strip_prefix("return="));
        match values.next().map(|value| value.trim_matches('"')) {
            Some("minimal") => Return::Minimal,
            Some("representation") => Return::Representation,
            Some("OperationOutcome") => Return::OperationOutcome,
            Some(_) | None => Return::Unsaid,
        }
    }

    /// What goes back after a create, an update or a patch.
    pub fn after_write(self, created: bool, given_back: Option<Resource>) -> Body {
        match self {
            Return::Minimal => Body::Nothing,
            Return::Representation | Return::Unsaid => given_back.map_or(Body::Nothing, Body::Resource),
            Return::OperationOutcome => done(if created { "It was created." } else { "It was updated." }),
        }
    }

    /// The answer to a delete.
    pub fn after_delete(self) -> Made {
        match self {
            Return::OperationOutcome => Made::new(200, done("It was deleted.")),
            Return::Minimal | Return::Representation | Return::Unsaid => Made::new(204, Body::Nothing),
        }
    }
}

fn done(what: &str) -> Body {
    Body::Resource(Outcome::one(Severity::Information, IssueCode::Informational, what).to_resource())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_read_among_others() {
        for (prefer, expected) in [
            ("return=minimal", Return::Minimal),
            ("return=representation", Return::Representation),
            ("return=OperationOutcome", Return::OperationOutcome),
            ("handling=strict, return=minimal", Return::Minimal),
            ("respond-async; return=\"representation\"", Return::Representation),
            ("return=everything", Return::Unsaid),
            ("handling=lenient", Return::Unsaid),
            ("", Return::Unsaid),
        ] {
            assert_eq!(Return::of(Some(prefer)), expected, "{prefer}");
        }
        assert_eq!(Return::of(None), Return::Unsaid);
    }

    #[test]
    fn what_goes_back_is_what_was_preferred() {
        let resource = || Outcome::one(Severity::Information, IssueCode::Informational, "x").to_resource();
        assert!(matches!(Return::Minimal.after_write(true, Some(resource())), Body::Nothing));
        assert!(matches!(Return::Representation.after_write(true, Some(resource())), Body::Resource(_)));
        assert!(matches!(Return::Representation.after_write(true, None), Body::Nothing));
        let Body::Resource(outcome) = Return::OperationOutcome.after_write(true, None) else { panic!("no outcome") };
        assert!(outcome.text().contains("created"));
        assert_eq!(Return::Unsaid.after_delete().status, 204);
        assert_eq!(Return::OperationOutcome.after_delete().status, 200);
    }
}
