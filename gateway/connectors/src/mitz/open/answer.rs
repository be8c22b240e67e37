//! Reads the answer to an open question: holders, each about the patient that was asked. One that is about another patient
//! spoils the whole answer.

use fhir::Ura;
use fhir::identifiers::Reader;

use super::{Located, OpenQuestion};
use crate::mitz::envelope::{self, EnvelopeFault, Expected};
use crate::mitz::names::*;
use crate::mitz::xml::Element;

/// The most holders of one answer.
const MOST: usize = 1_000;

/// Why an answer cannot be used. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mitz) enum LocationFault {
    Xml,
    Envelope(EnvelopeFault),
    /// The body holds no response of ITI-56, or too much of it.
    NotAResponse,
    OtherPatient,
    /// A holder that no URA names, or whose systems or category are missing.
    Holder,
}

impl LocationFault {
    /// A word for the log.
    pub(in crate::mitz) const fn word(self) -> &'static str {
        match self {
            LocationFault::Xml => "xml",
            LocationFault::Envelope(fault) => fault.word(),
            LocationFault::NotAResponse => "no-response",
            LocationFault::OtherPatient => "other-patient",
            LocationFault::Holder => "holder",
        }
    }
}

/// Reads an answer.
pub(in crate::mitz) fn read(
    text: &[u8],
    question: &OpenQuestion,
    message_id: &str,
) -> Result<Vec<Located>, LocationFault> {
    let root = Element::read(text).map_err(|_| LocationFault::Xml)?;
    let expected = Expected { message_id, action: OPEN_ANSWER_ACTION };
    let response = envelope::content(&root, &expected).map_err(LocationFault::Envelope)?;
    let all = response.children();
    if !response.is(XCPD, "PatientLocationQueryResponse") || all.len() > MOST {
        return Err(LocationFault::NotAResponse);
    }
    all.iter().map(|found| located(found, question)).collect()
}

fn located(found: &Element, question: &OpenQuestion) -> Result<Located, LocationFault> {
    if !found.is(XCPD, "PatientLocationResponse") {
        return Err(LocationFault::NotAResponse);
    }
    let requested = found.only(XCPD, "RequestedPatientId").ok_or(LocationFault::OtherPatient)?;
    let named = (requested.attribute("root"), requested.attribute("extension"));
    if named != (Some(BSN_OID), Some(question.patient.reveal_to(Reader::ConsentService))) {
        return Err(LocationFault::OtherPatient);
    }
    let said = |name| {
        let text = found.only(XCPD, name).and_then(Element::plain_text).map(str::trim);
        text.filter(|text| (1..=256).contains(&text.len())).map(str::to_owned).ok_or(LocationFault::Holder)
    };
    // Mitz's own additions to the profile stand in whatever namespace it gives them.
    let institution = found.only_named("author-institution").ok_or(LocationFault::Holder)?;
    let ura = institution.attribute("extension").filter(|_| institution.attribute("root") == Some(URA_OID));
    let event = found.only_named("event-code").ok_or(LocationFault::Holder)?;
    let category = event.attribute("code").or_else(|| event.plain_text().map(str::trim));
    let plain = |code: &&str| (1..=16).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Ok(Located {
        holder: ura.and_then(|ura| Ura::parse(ura).ok()).ok_or(LocationFault::Holder)?,
        category: category.filter(plain).ok_or(LocationFault::Holder)?.to_owned(),
        exchange_system: said("HomeCommunityId")?,
        source_system: said("SourceId")?,
    })
}
