//! What was looked at to find out whether there is a treatment relation, and what became of it: "no" is not the same when there
//! was an appointment that was cancelled as when there was none.

use policy::NotFoundOut;
use serde::{Deserialize, Serialize};

/// One kind of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFacts {
    /// `provider-list`, or a kind of record in the provider's own sources: `appointment`, `encounter`, …
    pub kind: String,
    #[serde(flatten)]
    pub result: EvidenceResult,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum EvidenceResult {
    /// It establishes the relation.
    Counts {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        age_days: Option<u32>,
    },
    /// There is something, and it does not count; why, each reason once.
    DoesNotCount { because: Vec<Shortfall> },
    /// There is nothing of the kind.
    Nothing,
    /// It could not be found out whether there is.
    NotFoundOut { because: NotFoundOut },
}

/// Why something that was found is no evidence of a treatment relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortfall {
    /// The source gave another patient's.
    OtherPatient,
    Cancelled,
    EnteredInError,
    /// The patient did not come.
    NoShow,
    /// Proposed, waiting, suspended, or of a status that is not known.
    NotInForce,
    /// It says no day, so nobody knows how old it is.
    Undated,
    TooOld,
    /// It begins too far ahead.
    TooFarAhead,
    /// It is another organisation's, or does not name the one that asks.
    OtherOrganisation,
    /// It does not name the professional who asks.
    OtherProfessional,
}

impl Shortfall {
    /// As the record writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Shortfall::OtherPatient => "other-patient",
            Shortfall::Cancelled => "cancelled",
            Shortfall::EnteredInError => "entered-in-error",
            Shortfall::NoShow => "no-show",
            Shortfall::NotInForce => "not-in-force",
            Shortfall::Undated => "undated",
            Shortfall::TooOld => "too-old",
            Shortfall::TooFarAhead => "too-far-ahead",
            Shortfall::OtherOrganisation => "other-organisation",
            Shortfall::OtherProfessional => "other-professional",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_result_reads_as_it_is_written() {
        for (result, text) in [
            (EvidenceResult::Counts { age_days: Some(3) }, json!({"result": "counts", "age_days": 3})),
            (EvidenceResult::Counts { age_days: None }, json!({"result": "counts"})),
            (EvidenceResult::Nothing, json!({"result": "nothing"})),
            (
                EvidenceResult::DoesNotCount { because: vec![Shortfall::NoShow, Shortfall::TooOld] },
                json!({"result": "does-not-count", "because": ["no-show", "too-old"]}),
            ),
            (
                EvidenceResult::NotFoundOut { because: NotFoundOut::TimedOut },
                json!({"result": "not-found-out", "because": "timed-out"}),
            ),
        ] {
            let mut expected = text;
            expected["kind"] = json!("appointment");
            let facts = EvidenceFacts { kind: "appointment".to_owned(), result };
            assert_eq!(json!(facts), expected);
            assert_eq!(serde_json::from_value::<EvidenceFacts>(expected).unwrap(), facts);
        }
    }

    #[test]
    fn a_word_is_what_is_written() {
        use Shortfall::*;
        for one in [
            OtherPatient,
            Cancelled,
            EnteredInError,
            NoShow,
            NotInForce,
            Undated,
            TooOld,
            TooFarAhead,
            OtherOrganisation,
            OtherProfessional,
        ] {
            assert_eq!(json!(one), one.word());
        }
    }
}
