//! Writes the open question.

use std::io;

use fhir::identifiers::Reader;
use quick_xml::events::BytesText;
use quick_xml::writer::Writer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::OpenQuestion;
use crate::mitz::closed::Identifier;
use crate::mitz::names::*;

type Xml = Writer<Vec<u8>>;

/// How long an assertion holds.
const HOLDS: time::Duration = time::Duration::minutes(10);

/// Writes the question. `to` is the endpoint, `message_id` a `urn:uuid:`.
///
/// # Errors
/// None that a buffer in memory can have; the writer's type has them.
pub(in crate::mitz) fn write(
    question: &OpenQuestion,
    message_id: &str,
    to: &str,
    now: OffsetDateTime,
) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::with_capacity(4_096));
    let spaces = [("xmlns:s", SOAP), ("xmlns:a", ADDRESSING), ("xmlns:w", SECURITY), ("xmlns:saml", SAML)];
    writer.create_element("s:Envelope").with_attributes(spaces).write_inner_content(|writer| {
        writer.create_element("s:Header").write_inner_content(|writer| {
            must_be_understood(writer, "a:Action", OPEN_ACTION)?;
            text(writer, "a:MessageID", message_id)?;
            must_be_understood(writer, "a:To", to)?;
            writer.create_element("a:ReplyTo").write_inner_content(|writer| text(writer, "a:Address", ANONYMOUS))?;
            let security = writer.create_element("w:Security").with_attribute(("s:mustUnderstand", "1"));
            security.write_inner_content(|writer| assertion(writer, question, now))?;
            Ok(())
        })?;
        writer.create_element("s:Body").write_inner_content(|writer| {
            let query = writer.create_element("l:PatientLocationQueryRequest").with_attribute(("xmlns:l", XCPD));
            query.write_inner_content(|writer| {
                let patient = question.patient.reveal_to(Reader::ConsentService);
                let named = [("root", BSN_OID), ("extension", patient), ("assigningAuthorityName", "NLMINBIZA")];
                writer.create_element("l:RequestedPatientId").with_attributes(named).write_empty()?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(writer.into_inner())
}

fn assertion(writer: &mut Xml, question: &OpenQuestion, now: OffsetDateTime) -> io::Result<()> {
    let moment = |moment: OffsetDateTime| {
        let seconds = moment.replace_nanosecond(0).unwrap_or(moment);
        seconds.format(&Rfc3339).map_err(io::Error::other)
    };
    let (from, until) = (moment(now)?, moment(now + HOLDS)?);
    let id = format!("_{}", Uuid::new_v4());
    let own = [("ID", id.as_str()), ("Version", "2.0"), ("IssueInstant", from.as_str())];
    writer.create_element("saml:Assertion").with_attributes(own).write_inner_content(|writer| {
        text(writer, "saml:Issuer", &question.issuer)?;
        writer.create_element("saml:Subject").write_inner_content(|writer| {
            let confirmation = writer.create_element("saml:SubjectConfirmation");
            confirmation.with_attribute(("Method", BEARER)).write_empty()?;
            Ok(())
        })?;
        let holds = [("NotBefore", from.as_str()), ("NotOnOrAfter", until.as_str())];
        writer.create_element("saml:Conditions").with_attributes(holds).write_inner_content(|writer| {
            let restriction = writer.create_element("saml:AudienceRestriction");
            restriction.write_inner_content(|writer| text(writer, "saml:Audience", AUDIENCE))?;
            Ok(())
        })?;
        let statement = writer.create_element("saml:AuthnStatement").with_attribute(("AuthnInstant", from.as_str()));
        statement.write_inner_content(|writer| {
            let context = writer.create_element("saml:AuthnContext");
            context.write_inner_content(|writer| text(writer, "saml:AuthnContextClassRef", BY_CERTIFICATE))?;
            Ok(())
        })?;
        writer.create_element("saml:AttributeStatement").write_inner_content(|writer| {
            identified(writer, PROFESSIONAL, &question.professional.root, &question.professional.extension)?;
            if let Some(Identifier { root, extension }) = &question.mandated {
                identified(writer, MANDATED, root, extension)?;
            }
            coded(writer, ROLE, ("Role", "CE"), ROLE_OID, &question.role)?;
            identified(writer, USER, URA_OID, question.user.as_str())?;
            coded(writer, USER_KIND, ("CodedValue", "CV"), KIND_OID, &question.user_kind)?;
            coded(writer, PURPOSE, ("CodedValue", "CE"), PURPOSE_OID, question.purpose)
        })?;
        Ok(())
    })?;
    Ok(())
}

fn text(writer: &mut Xml, name: &str, content: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(content))?;
    Ok(())
}

fn must_be_understood(writer: &mut Xml, name: &str, content: &str) -> io::Result<()> {
    let element = writer.create_element(name).with_attribute(("s:mustUnderstand", "1"));
    element.write_text_content(BytesText::new(content))?;
    Ok(())
}

fn identified(writer: &mut Xml, id: &str, root: &str, extension: &str) -> io::Result<()> {
    attribute(writer, id, ("InstanceIdentifier", "II"), [("root", root), ("extension", extension)])
}

fn coded(writer: &mut Xml, id: &str, value: (&str, &str), system: &str, code: &str) -> io::Result<()> {
    attribute(writer, id, value, [("code", code), ("codeSystem", system)])
}

fn attribute(writer: &mut Xml, id: &str, (name, kind): (&str, &str), says: [(&str, &str); 2]) -> io::Result<()> {
    writer.create_element("saml:Attribute").with_attribute(("Name", id)).write_inner_content(|writer| {
        writer.create_element("saml:AttributeValue").write_inner_content(|writer| {
            let typed = [("xmlns", HL7), ("xmlns:xsi", INSTANCE), ("xsi:type", kind)];
            writer.create_element(name).with_attributes(typed).with_attributes(says).write_empty()?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}
