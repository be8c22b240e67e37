//! The closed question: read to the letter, decided by what the citizen chose, answered with a result per category.

use super::choices::{CATEGORIES, Choice, permits};
use super::fault::{Assertion, Fault};
use super::names::*;
use super::soap::{Envelope, answer, only};
use crate::xml::Element;

/// The most categories of one question.
const MOST: usize = 32;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub patient: String,
    pub holder: String,
    pub holder_kind: String,
    pub user: String,
    pub user_kind: String,
    pub role: String,
    pub professional: String,
    pub mandated: Option<String>,
    pub purpose: String,
    pub categories: Vec<String>,
}

/// One attribute: where it stands, what it is, whose it is, what it says.
struct Said {
    category: String,
    id: String,
    back: bool,
    system: String,
    value: String,
}

impl Question {
    /// Reads what an envelope asks.
    ///
    /// # Errors
    /// What is wrong with it, for the text of a fault.
    pub fn read(envelope: &Envelope) -> Result<Self, &'static str> {
        if !envelope.content.is(QUERY, "XACMLAuthzDecisionQuery") {
            return Err("no query of XACML");
        }
        let request = only(&envelope.content, XACML, "Request").ok_or("not one request")?;
        if ["ReturnPolicyIdList", "CombinedDecision"].iter().any(|name| request.attribute(name) != Some("false")) {
            return Err("the request does not say what is to come back");
        }
        let mut all = Vec::new();
        for block in request.elements() {
            if !block.is(XACML, "Attributes") {
                return Err("something beside attributes");
            }
            for attribute in block.elements() {
                all.push(said(block, attribute)?);
            }
        }
        let known = [PATIENT, HOLDER_KIND, HOLDER, EVENT, ROLE, PROFESSIONAL, MANDATED, USER, USER_KIND, PURPOSE];
        if all.iter().any(|said| !known.contains(&said.id.as_str())) {
            return Err("an attribute that is not known");
        }
        let one = |category: &str, id: &str, system: &str| -> Result<String, &'static str> {
            let mut found = all.iter().filter(|said| said.id == id);
            match (found.next(), found.next()) {
                (Some(said), None) if said.category == category && (system.is_empty() || said.system == system) => {
                    Ok(said.value.clone())
                }
                _ => Err("an attribute is missing, stands twice, or is another's"),
            }
        };
        let categories: Vec<&Said> = all.iter().filter(|said| said.id == EVENT).collect();
        let blocks = request.elements().filter(|block| block.attribute("Category") == Some(ACTION)).count();
        if categories.is_empty() || categories.len() > MOST || blocks != categories.len() {
            return Err("not one action per category, or too many");
        }
        if categories.iter().any(|said| said.category != ACTION || said.system != EVENT_OID) {
            return Err("a category of another system");
        }
        let back = [PATIENT, HOLDER, EVENT];
        if all.iter().any(|said| back.contains(&said.id.as_str()) && !said.back) {
            return Err("what identifies a result is not to come back");
        }
        Ok(Question {
            patient: one(RESOURCE, PATIENT, BSN_OID)?,
            holder: one(RESOURCE, HOLDER, URA_OID)?,
            holder_kind: one(RESOURCE, HOLDER_KIND, KIND_OID)?,
            user: one(SUBJECT, USER, URA_OID)?,
            user_kind: one(SUBJECT, USER_KIND, KIND_OID)?,
            role: one(SUBJECT, ROLE, ROLE_OID)?,
            professional: one(SUBJECT, PROFESSIONAL, "")?,
            mandated: one(SUBJECT, MANDATED, "").ok(),
            purpose: one(ENVIRONMENT, PURPOSE, PURPOSE_OID)?,
            categories: categories.iter().map(|said| said.value.clone()).collect(),
        })
    }

    /// The answer to a message, as well as it can be given with this fault.
    pub fn answer(&self, message_id: &str, choices: &[Choice], fault: &Fault) -> String {
        let mut results: Vec<String> =
            self.categories.iter().map(|category| self.result(category, choices, fault)).collect();
        match fault {
            Fault::MissingResult => drop(results.pop()),
            Fault::DuplicateResult => results.extend(results.first().cloned()),
            _ => {}
        }
        let relates_to = match fault {
            Fault::OtherMessage => format!("urn:uuid:{}", uuid::Uuid::new_v4()),
            _ => message_id.to_owned(),
        };
        let response = format!("<Response xmlns=\"{XACML}\">{}</Response>", results.concat());
        let body = match fault {
            Fault::Wrapped { assertion } => wrapped(&response, *assertion),
            _ => response,
        };
        answer(CLOSED_ANSWER, &relates_to, &body)
    }

    fn result(&self, category: &str, choices: &[Choice], fault: &Fault) -> String {
        let known = CATEGORIES.iter().any(|(code, _)| *code == category);
        let permitted = permits(choices, &self.patient, &self.holder_kind, category, &self.user_kind);
        let decision = match (fault, self.purpose.as_str()) {
            (Fault::Indeterminate, _) => "Indeterminate",
            (Fault::NotApplicable, _) => "NotApplicable",
            (Fault::Spaced, _) => "Permit ",
            (Fault::UnknownDecision, _) => "Allow",
            _ if !known => "Indeterminate",
            (_, "COC") => "Permit",
            (_, "TREAT") => {
                if permitted {
                    "Permit"
                } else {
                    "Deny"
                }
            }
            _ => "NotApplicable",
        };
        let patient = if *fault == Fault::OtherPatient { other(&self.patient) } else { &self.patient };
        let holder = if *fault == Fault::OtherHolder { "00000659" } else { &self.holder };
        let category = match fault {
            Fault::OtherCategory if category == "GGC013" => "GGC002",
            Fault::OtherCategory => "GGC013",
            _ => category,
        };
        let attribute = |id: &str, kind: &str, value: String| {
            format!(
                "<Attribute AttributeId=\"{id}\" IncludeInResult=\"true\"><AttributeValue DataType=\"{HL7}#{kind}\">\
                 {value}</AttributeValue></Attribute>"
            )
        };
        let identifier =
            |root: &str, extension: &str| format!("<v:InstanceIdentifier root=\"{root}\" extension=\"{extension}\"/>");
        format!(
            "<Result xmlns:v=\"{HL7}\"><Decision>{decision}</Decision><Status><StatusCode \
             Value=\"urn:oasis:names:tc:xacml:1.0:status:ok\"/></Status><Attributes Category=\"{RESOURCE}\">{}{}\
             </Attributes><Attributes Category=\"{ACTION}\">{}</Attributes></Result>",
            attribute(PATIENT, "II", identifier(BSN_OID, patient)),
            attribute(HOLDER, "II", identifier(URA_OID, holder)),
            attribute(EVENT, "CV", format!("<v:CodedValue code=\"{category}\" codeSystem=\"{EVENT_OID}\"/>")),
        )
    }
}

/// What the provider that asks calls itself in the demo region.
const ASKING: &str = "urn:oid:2.999.4";

/// A response in an assertion (SAML profile of XACML: XACMLAuthzDecisionStatement).
fn wrapped(response: &str, assertion: Assertion) -> String {
    let moment = |seconds: i64| {
        let moment = time::OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
    };
    let (from, until) = if assertion == Assertion::Expired { (-660, -60) } else { (-60, 540) };
    let audience = if assertion == Assertion::OtherAudience { "urn:oid:2.999.9" } else { ASKING };
    let signature = match assertion {
        Assertion::BadSignature => {
            format!("<Signature xmlns=\"{SIGNATURE}\"><SignedInfo/><SignatureValue>AAAA</SignatureValue></Signature>")
        }
        Assertion::Good | Assertion::Expired | Assertion::OtherAudience => String::new(),
    };
    format!(
        "<p:Response xmlns:p=\"{SAML_PROTOCOL}\" xmlns:a=\"{SAML}\" ID=\"_r\" Version=\"2.0\" IssueInstant=\"{now}\">\
         <p:Status><p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status><a:Assertion ID=\"_a\" \
         Version=\"2.0\" IssueInstant=\"{now}\"><a:Issuer>{AUDIENCE}</a:Issuer>{signature}<a:Conditions NotBefore=\"{}\" \
         NotOnOrAfter=\"{}\"><a:AudienceRestriction><a:Audience>{audience}</a:Audience></a:AudienceRestriction>\
         </a:Conditions><x:XACMLAuthzDecisionStatement xmlns:x=\"{STATEMENT}\">{response}</x:XACMLAuthzDecisionStatement>\
         </a:Assertion></p:Response>",
        moment(from),
        moment(until),
        now = moment(0),
    )
}

/// Another patient of the test range.
fn other(patient: &str) -> &'static str {
    if patient == "900203638" { "900203651" } else { "900203638" }
}

fn said(block: &Element, attribute: &Element) -> Result<Said, &'static str> {
    let value = only(attribute, XACML, "AttributeValue").ok_or("an attribute has not one value")?;
    let (identifier, code) = (only(value, HL7, "InstanceIdentifier"), only(value, HL7, "CodedValue"));
    let (kind, system, said) = match (identifier, code) {
        (Some(found), None) => ("II", found.attribute("root"), found.attribute("extension")),
        (None, Some(found)) => ("CV", found.attribute("codeSystem"), found.attribute("code")),
        _ => return Err("a value is neither an identifier nor a code"),
    };
    if value.attribute("DataType") != Some(&format!("{HL7}#{kind}")) {
        return Err("a value has another type than it says");
    }
    let text = |text: Option<&str>| text.filter(|text| plain(text)).map(str::to_owned).ok_or("a value is not plain");
    Ok(Said {
        category: block.attribute("Category").unwrap_or_default().to_owned(),
        id: attribute.attribute("AttributeId").unwrap_or_default().to_owned(),
        back: attribute.attribute("IncludeInResult") == Some("true"),
        system: text(system)?,
        value: text(said)?,
    })
}

fn plain(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}
