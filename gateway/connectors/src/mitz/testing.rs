//! For tests: answers as Mitz gives them.

use super::names::*;

/// A patient, and another one.
pub(super) const PATIENT: &str = "999911120";
pub(super) const OTHER: &str = "900203638";

/// One result: a decision about a patient, holder and category.
pub(super) fn result(decision: &str, patient: &str, holder: &str, category: &str) -> String {
    let value = |kind: &str, value: String| format!("<AttributeValue DataType=\"{kind}\">{value}</AttributeValue>");
    let attribute = |id: &str, value: String| {
        format!("<Attribute AttributeId=\"{id}\" IncludeInResult=\"true\">{value}</Attribute>")
    };
    let identifier = |root: &str, extension: &str| {
        value(II, format!("<InstanceIdentifier xmlns=\"{HL7}\" root=\"{root}\" extension=\"{extension}\"/>"))
    };
    let code = value(CV, format!("<CodedValue xmlns=\"{HL7}\" code=\"{category}\" codeSystem=\"{CATEGORY_OID}\"/>"));
    format!(
        "<Result><Decision>{decision}</Decision><Attributes Category=\"{RESOURCE}\">{}{}</Attributes>\
         <Attributes Category=\"{ACTION}\">{}</Attributes></Result>",
        attribute(super::names::PATIENT, identifier(BSN_OID, patient)),
        attribute(HOLDER, identifier(URA_OID, holder)),
        attribute(CATEGORY, code),
    )
}

/// An answer to a message with these results.
pub(super) fn answered(message_id: &str, results: &[String]) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\"><s:Header><a:Action s:mustUnderstand=\"1\">\
         {CLOSED_ANSWER_ACTION}</a:Action><a:RelatesTo>{message_id}</a:RelatesTo></s:Header><s:Body>\
         <Response xmlns=\"{XACML}\">{}</Response></s:Body></s:Envelope>",
        results.concat()
    )
}
