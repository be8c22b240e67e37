//! Reads the answer to a closed question. A `Permit` counts only when it is well formed, answers our message, and is
//! about the patient, the holder and a category that were asked, once each.

use std::collections::BTreeMap;

use fhir::identifiers::Reader;
use time::OffsetDateTime;

use super::question::ClosedQuestion;
use super::wrapped::{self, WrapFault};
use crate::mitz::categories::Category;
use crate::mitz::envelope::{self, EnvelopeFault, Expected};
use crate::mitz::names::*;
use crate::mitz::xml::Element;

/// What Mitz says about one category (XACML 3.0, section 5.53).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Permit,
    Deny,
    /// It could not be evaluated: not consent, and an alarm.
    Indeterminate,
    /// It is not defined for this question: not consent, and an alarm.
    NotApplicable,
}

/// Why an answer cannot be used. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mitz) enum AnswerFault {
    Xml,
    Envelope(EnvelopeFault),
    /// The assertion around the answer is not believed.
    Wrapped(WrapFault),
    /// The body holds no response of XACML.
    NotAResponse,
    /// A decision that is none of the four.
    UnknownDecision,
    /// What was to come back did not, or not once.
    Echo,
    OtherPatient,
    OtherHolder,
    /// About a category that was not asked.
    OtherCategory,
    /// About a category twice.
    Twice,
    /// Not about every category that was asked.
    Missing,
}

/// Who reads an answer, and when.
pub(in crate::mitz) struct Receiver<'a> {
    /// What we call ourselves towards Mitz.
    pub(in crate::mitz) ourselves: Option<&'a str>,
    pub(in crate::mitz) now: OffsetDateTime,
}

/// Reads an answer, plain or wrapped in an assertion: a decision for each category that was asked.
pub(in crate::mitz) fn read(
    text: &[u8],
    question: &ClosedQuestion,
    message_id: &str,
    receiver: &Receiver<'_>,
) -> Result<BTreeMap<Category, Decision>, AnswerFault> {
    let root = Element::read(text).map_err(|_| AnswerFault::Xml)?;
    let expected = Expected { message_id, action: CLOSED_ANSWER_ACTION };
    let content = envelope::content(&root, &expected).map_err(AnswerFault::Envelope)?;
    let response = wrapped::response(content, receiver.ourselves, receiver.now).map_err(AnswerFault::Wrapped)?;
    if !response.is(XACML, "Response") || response.children().iter().any(|child| !child.is(XACML, "Result")) {
        return Err(AnswerFault::NotAResponse);
    }
    let mut decisions = BTreeMap::new();
    for result in response.children() {
        let (category, decision) = read_result(result, question)?;
        if decisions.insert(category, decision).is_some() {
            return Err(AnswerFault::Twice);
        }
    }
    if decisions.len() == question.categories.len() { Ok(decisions) } else { Err(AnswerFault::Missing) }
}

fn read_result(result: &Element, question: &ClosedQuestion) -> Result<(Category, Decision), AnswerFault> {
    let decision = result.only(XACML, "Decision").and_then(Element::plain_text);
    // To the letter: a word with a space around it is another word.
    let decision = match decision {
        Some("Permit") => Decision::Permit,
        Some("Deny") => Decision::Deny,
        Some("Indeterminate") => Decision::Indeterminate,
        Some("NotApplicable") => Decision::NotApplicable,
        Some(_) | None => return Err(AnswerFault::UnknownDecision),
    };
    let patient = echoed(result, RESOURCE, PATIENT, II, "InstanceIdentifier", ["root", "extension"])?;
    if patient != [BSN_OID, question.patient.reveal_to(Reader::ConsentService)] {
        return Err(AnswerFault::OtherPatient);
    }
    let holder = echoed(result, RESOURCE, HOLDER, II, "InstanceIdentifier", ["root", "extension"])?;
    if holder != [URA_OID, question.holder.as_str()] {
        return Err(AnswerFault::OtherHolder);
    }
    let [code, system] = echoed(result, ACTION, CATEGORY, CV, "CodedValue", ["code", "codeSystem"])?;
    let category = question.categories.iter().find(|asked| asked.code() == code && system == CATEGORY_OID);
    Ok((category.ok_or(AnswerFault::OtherCategory)?.clone(), decision))
}

/// The one value of an attribute that was to come back, in its own category and nowhere else.
fn echoed<'e>(
    result: &'e Element,
    category: &str,
    id: &str,
    data_type: &str,
    value: &str,
    parts: [&str; 2],
) -> Result<[&'e str; 2], AnswerFault> {
    let mut found = None;
    for block in result.all(XACML, "Attributes") {
        for attribute in block.all(XACML, "Attribute").filter(|known| known.attribute("AttributeId") == Some(id)) {
            if found.is_some() || block.attribute("Category") != Some(category) {
                return Err(AnswerFault::Echo);
            }
            found = Some(attribute);
        }
    }
    let [held] = found.ok_or(AnswerFault::Echo)?.children() else { return Err(AnswerFault::Echo) };
    if !held.is(XACML, "AttributeValue") || held.attribute("DataType") != Some(data_type) {
        return Err(AnswerFault::Echo);
    }
    let [written] = held.children() else { return Err(AnswerFault::Echo) };
    let [first, second] = parts.map(|part| written.attribute(part));
    match (written.is(HL7, value), first, second) {
        (true, Some(first), Some(second)) => Ok([first, second]),
        _ => Err(AnswerFault::Echo),
    }
}

impl AnswerFault {
    /// A word for the log and the metrics.
    pub(in crate::mitz) const fn word(self) -> &'static str {
        match self {
            AnswerFault::Xml => "xml",
            AnswerFault::Envelope(fault) => fault.word(),
            AnswerFault::Wrapped(fault) => fault.word(),
            AnswerFault::NotAResponse => "no-response",
            AnswerFault::UnknownDecision => "unknown-decision",
            AnswerFault::Echo => "no-echo",
            AnswerFault::OtherPatient => "other-patient",
            AnswerFault::OtherHolder => "other-holder",
            AnswerFault::OtherCategory => "other-category",
            AnswerFault::Twice => "category-twice",
            AnswerFault::Missing => "category-missing",
        }
    }
}
