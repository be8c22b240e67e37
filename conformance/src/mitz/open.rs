//! The open question (IHE ITI-56, with a SAML assertion of who asks): where is this patient known, with consent?

use super::choices::{CATEGORIES, Choice, permits};
use super::names::*;
use super::soap::{Envelope, answer, escaped, only, text_of};
use super::subscriptions::Subscription;

/// What is asked: a patient, and by which kind of care provider.
pub struct OpenQuestion {
    patient: String,
    user_kind: String,
}

impl OpenQuestion {
    /// Reads what an envelope asks.
    ///
    /// # Errors
    /// What is wrong with it, for the text of a fault.
    pub fn read(envelope: &Envelope) -> Result<Self, &'static str> {
        if !envelope.content.is(XCPD, "PatientLocationQueryRequest") {
            return Err("no patient location query");
        }
        let requested = only(&envelope.content, XCPD, "RequestedPatientId").ok_or("not one patient")?;
        if requested.attribute("root") != Some(BSN_OID) {
            return Err("the patient is not named by BSN");
        }
        let patient = requested.attribute("extension").unwrap_or_default().to_owned();
        let security = only(&envelope.header, SECURITY, "Security").ok_or("no security header")?;
        let assertion = only(security, SAML, "Assertion").ok_or("no assertion")?;
        let conditions = only(assertion, SAML, "Conditions").ok_or("no conditions")?;
        let moment = |name| {
            let text = conditions.attribute(name).unwrap_or_default();
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
                .map_err(|_| "a moment is not one")
        };
        let now = time::OffsetDateTime::now_utc();
        if moment("NotBefore")? > now || moment("NotOnOrAfter")? <= now {
            return Err("the assertion is not of now");
        }
        let audience = only(conditions, SAML, "AudienceRestriction").and_then(|found| only(found, SAML, "Audience"));
        if audience.map(text_of).as_deref() != Some(AUDIENCE) {
            return Err("the assertion is for another audience");
        }
        let statement = only(assertion, SAML, "AttributeStatement").ok_or("no attributes")?;
        let said = |name: &str, part: &str| {
            let attribute = statement.elements().find(|found| found.attribute("Name") == Some(name))?;
            let value = only(attribute, SAML, "AttributeValue")?.elements().next()?;
            value.attribute(part).map(str::to_owned)
        };
        for (name, part) in [(PROFESSIONAL, "extension"), (ROLE, "code"), (USER, "extension"), (PURPOSE, "code")] {
            if said(name, part).is_none() {
                return Err("an attribute of the assertion is missing");
            }
        }
        Ok(OpenQuestion { patient, user_kind: said(USER_KIND, "code").ok_or("the kind of care provider is missing")? })
    }

    /// The holders that subscribed to this patient and whose data may be consulted.
    pub fn answer(&self, message_id: &str, choices: &[Choice], subscriptions: &[Subscription]) -> String {
        let mut found = String::new();
        for known in subscriptions.iter().filter(|known| known.patient == self.patient) {
            for (category, _) in CATEGORIES {
                if !permits(choices, &self.patient, &known.provider_kind, category, &self.user_kind) {
                    continue;
                }
                let patient = format!("root=\"{BSN_OID}\" extension=\"{}\"", escaped(&self.patient));
                found.push_str(&format!(
                    "<PatientLocationResponse><HomeCommunityId>{}</HomeCommunityId><CorrespondingPatientId {patient}/>\
                     <RequestedPatientId {patient}/><SourceId>{}</SourceId><event-code code=\"{category}\" \
                     codeSystem=\"{EVENT_OID}\"/><author-institution root=\"{URA_OID}\" extension=\"{}\"/>\
                     </PatientLocationResponse>",
                    escaped(&known.gateway_system),
                    escaped(&known.source_system),
                    escaped(&known.provider)
                ));
            }
        }
        let body = format!("<PatientLocationQueryResponse xmlns=\"{XCPD}\">{found}</PatientLocationQueryResponse>");
        answer(OPEN_ANSWER, message_id, &body)
    }
}
