//! What every text of a record passes before it leaves the node in a message that names no patient: some texts are chosen by
//! callers, and could be, or hold, a patient's number. Where the message goes is not known here.

use exchange::record::AccessRecord;
use fhir::Bsn;
use fhir::identifiers::Reader;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ascii;

/// Longest text that is taken over, in octets as it is written; a longer one is left out, and that is said.
const LONGEST_TEXT: usize = 64;
/// Digits of a BSN.
const DIGITS: usize = 9;

/// A moment to the microsecond: nine digits behind the point could be taken for a BSN.
pub(crate) fn moment(text: &str) -> Option<String> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    moment.replace_nanosecond(moment.microsecond() * 1_000).ok()?.format(&Rfc3339).ok()
}

/// What a text has to pass: some are chosen by callers, and could be, or hold, a patient's number.
pub(crate) struct Sieve<'r> {
    patient: Option<&'r Bsn>,
    left_out: Vec<&'static str>,
}

impl<'r> Sieve<'r> {
    pub(crate) fn of(record: &'r AccessRecord) -> Self {
        Sieve { patient: record.patient.as_ref(), left_out: Vec::new() }
    }

    /// What did not pass, by name.
    pub(crate) fn left_out(self) -> Vec<&'static str> {
        self.left_out
    }

    /// A text that has no reason to look like a BSN of anybody.
    pub(crate) fn word<'t>(&mut self, name: &'static str, text: &'t str) -> Option<&'t str> {
        let any = text.as_bytes().windows(DIGITS).any(|window| {
            std::str::from_utf8(window)
                .is_ok_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()) && Bsn::parse(digits).is_ok())
        });
        if any { self.leave_out(name) } else { self.id(name, text) }
    }

    /// An id of people or organisations. UZI numbers are of nine digits too, and some pass for a BSN; that of the patient
    /// itself it must not be.
    pub(crate) fn id<'t>(&mut self, name: &'static str, text: &'t str) -> Option<&'t str> {
        let whole = self.patient.map(|bsn| bsn.reveal_to(Reader::AccessLog));
        // Some write it without its leading zero.
        let of_patient = whole.is_some_and(|digits| text.contains(digits.strip_prefix('0').unwrap_or(digits)));
        let quoted = LONGEST_TEXT + 2;
        let fits = ascii::write(&text).is_ok_and(|written| written.len() <= quoted);
        if of_patient || !fits { self.leave_out(name) } else { Some(text) }
    }

    fn leave_out<'t>(&mut self, name: &'static str) -> Option<&'t str> {
        self.left_out.push(name);
        None
    }
}
