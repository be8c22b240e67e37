//! The illnesses of a source, as a test orders them. Data only; `serve` acts them out.

use serde::{Deserialize, Serialize};

/// What goes wrong with every answer under the FHIR base until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Well.
    #[default]
    None,
    /// Answers rightly, but only after so many milliseconds.
    Slow { ms: u64 },
    /// Takes the request and closes the connection without a byte.
    Dead,
    /// Says 200 and then something that is not FHIR.
    Rubbish {
        #[serde(default, rename = "as")]
        form: Rubbish,
    },
    /// Answers with this HTTP status and an OperationOutcome.
    Status { code: u16 },
    /// Mixes another patient's resources into every read and search.
    WrongPatient,
    /// Announces the whole body, sends half, and closes.
    Truncated,
    /// Sends a valid Bundle of about so many bytes.
    Huge {
        #[serde(default = "huge")]
        bytes: u64,
    },
}

/// The kind of rubbish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rubbish {
    /// An error page of some proxy, as `text/html`.
    #[default]
    Html,
    /// JSON that breaks off, under the FHIR media type.
    Json,
}

fn huge() -> u64 {
    64 * 1024 * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_control_interface_are_read() {
        let cases = [
            (r#"{"kind":"none"}"#, Fault::None),
            (r#"{"kind":"slow","ms":250}"#, Fault::Slow { ms: 250 }),
            (r#"{"kind":"dead"}"#, Fault::Dead),
            (r#"{"kind":"rubbish"}"#, Fault::Rubbish { form: Rubbish::Html }),
            (r#"{"kind":"rubbish","as":"json"}"#, Fault::Rubbish { form: Rubbish::Json }),
            (r#"{"kind":"status","code":503}"#, Fault::Status { code: 503 }),
            (r#"{"kind":"wrong-patient"}"#, Fault::WrongPatient),
            (r#"{"kind":"truncated"}"#, Fault::Truncated),
            (r#"{"kind":"huge"}"#, Fault::Huge { bytes: 64 * 1024 * 1024 }),
        ];
        for (text, fault) in cases {
            assert_eq!(serde_json::from_str::<Fault>(text).unwrap(), fault, "{text}");
        }
        for wrong in [r#"{"kind":"tired"}"#, r#"{"kind":"slow"}"#, r#"{"kind":"slow","ms":1,"x":2}"#] {
            assert!(serde_json::from_str::<Fault>(wrong).is_err(), "{wrong}");
        }
    }
}
