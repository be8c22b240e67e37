//! Writes the closed question: SOAP 1.2, WS-Addressing, XACML 3.0.
//!
//! The patient, the holder and the data category are asked to come back in the result, so that an answer can be held
//! against its question.

use std::io;

use fhir::identifiers::Reader;
use quick_xml::events::BytesText;
use quick_xml::writer::Writer;

use super::question::{ClosedQuestion, Identifier};
use crate::mitz::names::*;

/// Writes the question. `to` is the endpoint, `message_id` a `urn:uuid:`.
///
/// # Errors
/// None that a buffer in memory can have; the writer's type has them.
pub(in crate::mitz) fn write(question: &ClosedQuestion, message_id: &str, to: &str) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::with_capacity(4_096));
    writer
        .create_element("s:Envelope")
        .with_attributes([("xmlns:s", SOAP), ("xmlns:a", ADDRESSING)])
        .write_inner_content(|writer| {
            writer.create_element("s:Header").write_inner_content(|writer| header(writer, message_id, to))?;
            writer.create_element("s:Body").write_inner_content(|writer| body(writer, question))?;
            Ok(())
        })?;
    Ok(writer.into_inner())
}

fn header(writer: &mut Writer<Vec<u8>>, message_id: &str, to: &str) -> io::Result<()> {
    let action = writer.create_element("a:Action").with_attribute(("s:mustUnderstand", "1"));
    action.write_text_content(BytesText::new(CLOSED_ACTION))?;
    writer.create_element("a:MessageID").write_text_content(BytesText::new(message_id))?;
    writer.create_element("a:To").write_text_content(BytesText::new(to))?;
    writer.create_element("a:ReplyTo").write_inner_content(|writer| {
        writer.create_element("a:Address").write_text_content(BytesText::new(ANONYMOUS))?;
        Ok(())
    })?;
    Ok(())
}

fn body(writer: &mut Writer<Vec<u8>>, question: &ClosedQuestion) -> io::Result<()> {
    writer.create_element("q:XACMLAuthzDecisionQuery").with_attribute(("xmlns:q", XACML_QUERY)).write_inner_content(
        |writer| {
            writer
                .create_element("x:Request")
                .with_attributes([
                    ("xmlns:x", XACML),
                    ("xmlns:h", HL7),
                    ("ReturnPolicyIdList", "false"),
                    ("CombinedDecision", "false"),
                ])
                .write_inner_content(|writer| request(writer, question))?;
            Ok(())
        },
    )?;
    Ok(())
}

fn request(writer: &mut Writer<Vec<u8>>, question: &ClosedQuestion) -> io::Result<()> {
    block(writer, RESOURCE, |writer| {
        identified(writer, PATIENT, true, BSN_OID, question.patient.reveal_to(Reader::ConsentService))?;
        coded(writer, HOLDER_KIND, false, KIND_OID, &question.holder_kind)?;
        identified(writer, HOLDER, true, URA_OID, question.holder.as_str())
    })?;
    for category in &question.categories {
        block(writer, ACTION, |writer| coded(writer, CATEGORY, true, CATEGORY_OID, category.code()))?;
    }
    block(writer, SUBJECT, |writer| {
        coded(writer, ROLE, false, ROLE_OID, &question.role)?;
        let Identifier { root, extension } = &question.professional;
        identified(writer, PROFESSIONAL, false, root, extension)?;
        if let Some(Identifier { root, extension }) = &question.mandated {
            identified(writer, MANDATED, false, root, extension)?;
        }
        identified(writer, USER, false, URA_OID, question.user.as_str())?;
        coded(writer, USER_KIND, false, KIND_OID, &question.user_kind)
    })?;
    block(writer, ENVIRONMENT, |writer| coded(writer, PURPOSE, false, PURPOSE_OID, question.purpose))
}

fn block(
    writer: &mut Writer<Vec<u8>>,
    category: &str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    writer.create_element("x:Attributes").with_attribute(("Category", category)).write_inner_content(content)?;
    Ok(())
}

fn identified(writer: &mut Writer<Vec<u8>>, id: &str, back: bool, root: &str, extension: &str) -> io::Result<()> {
    attribute(writer, id, back, II, "h:InstanceIdentifier", [("root", root), ("extension", extension)])
}

fn coded(writer: &mut Writer<Vec<u8>>, id: &str, back: bool, system: &str, code: &str) -> io::Result<()> {
    attribute(writer, id, back, CV, "h:CodedValue", [("code", code), ("codeSystem", system)])
}

fn attribute(
    writer: &mut Writer<Vec<u8>>,
    id: &str,
    back: bool,
    data_type: &str,
    value: &str,
    says: [(&str, &str); 2],
) -> io::Result<()> {
    let back = if back { "true" } else { "false" };
    writer
        .create_element("x:Attribute")
        .with_attributes([("AttributeId", id), ("IncludeInResult", back)])
        .write_inner_content(|writer| {
            writer.create_element("x:AttributeValue").with_attribute(("DataType", data_type)).write_inner_content(
                |writer| {
                    writer.create_element(value).with_attributes(says).write_empty()?;
                    Ok(())
                },
            )?;
            Ok(())
        })?;
    Ok(())
}
