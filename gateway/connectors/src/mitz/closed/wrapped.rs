//! An answer wrapped in an assertion of SAML 2.0, as the SAML profile of XACML has it (version 2.0, XACMLAuthzDecisionStatement;
//! handbook: generic functions, 2.3: a variant with an assertion exists beside the plain answer).
//!
//! The assertion has to be of now and for us. A signature is not verified here, for there is no well-kept library for XML
//! signatures without C; mutual TLS says who answers. An answer that is signed all the same is not believed.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::mitz::names::{SAML, SAML_PROTOCOL, SIGNATURE, XACML, XACML_STATEMENT};
use crate::mitz::xml::Element;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Why an assertion is not believed. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mitz) enum WrapFault {
    /// Not one assertion with one statement that holds one response.
    Shape,
    /// It says that it did not succeed.
    Status,
    /// Without the time in which it holds, before it or after it.
    Time,
    /// For somebody else, or for nobody who can be told.
    Audience,
    /// With a condition that is not known here.
    Condition,
    /// With a signature, which is not verified here.
    Signed,
}

impl WrapFault {
    /// A word for the log and the metrics.
    pub(in crate::mitz) const fn word(self) -> &'static str {
        match self {
            WrapFault::Shape => "assertion-shape",
            WrapFault::Status => "assertion-status",
            WrapFault::Time => "assertion-not-of-now",
            WrapFault::Audience => "assertion-audience",
            WrapFault::Condition => "assertion-condition",
            WrapFault::Signed => "assertion-signature",
        }
    }
}

/// The response of XACML in what stands in the body: the body's content itself, or what an assertion holds. `ourselves`: what
/// we call ourselves towards Mitz.
pub(super) fn response<'e>(
    content: &'e Element,
    ourselves: Option<&str>,
    now: OffsetDateTime,
) -> Result<&'e Element, WrapFault> {
    if !content.is(SAML_PROTOCOL, "Response") {
        return Ok(content);
    }
    let status = content.only(SAML_PROTOCOL, "Status").and_then(|status| status.only(SAML_PROTOCOL, "StatusCode"));
    if status.and_then(|code| code.attribute("Value")) != Some(SUCCESS) {
        return Err(WrapFault::Status);
    }
    let assertion = content.only(SAML, "Assertion").ok_or(WrapFault::Shape)?;
    if [content, assertion].iter().any(|signed| signed.all(SIGNATURE, "Signature").next().is_some()) {
        return Err(WrapFault::Signed);
    }
    conditions(assertion, ourselves, now)?;
    let statement = assertion.only(XACML_STATEMENT, "XACMLAuthzDecisionStatement").ok_or(WrapFault::Shape)?;
    statement.only(XACML, "Response").ok_or(WrapFault::Shape)
}

fn conditions(assertion: &Element, ourselves: Option<&str>, now: OffsetDateTime) -> Result<(), WrapFault> {
    let conditions = assertion.only(SAML, "Conditions").ok_or(WrapFault::Time)?;
    let moment = |name| {
        let text = conditions.attribute(name).ok_or(WrapFault::Time)?;
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| WrapFault::Time)
    };
    if moment("NotBefore")? > now || moment("NotOnOrAfter")? <= now {
        return Err(WrapFault::Time);
    }
    for condition in conditions.children() {
        if !condition.is(SAML, "AudienceRestriction") {
            return Err(WrapFault::Condition);
        }
        let mut audiences = condition.all(SAML, "Audience").filter_map(Element::plain_text).map(str::trim);
        if !audiences.any(|audience| Some(audience) == ourselves) {
            return Err(WrapFault::Audience);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const US: &str = "urn:oid:2.999.4";

    /// An answer of noon, with this in it.
    fn wrapped(conditions: &str, inside: &str) -> String {
        format!(
            "<p:Response xmlns:p=\"{SAML_PROTOCOL}\" xmlns:a=\"{SAML}\" xmlns:x=\"{XACML_STATEMENT}\" \
             xmlns:d=\"{SIGNATURE}\"><p:Status><p:StatusCode Value=\"{SUCCESS}\"/></p:Status><a:Assertion>{conditions}\
             {inside}</a:Assertion></p:Response>"
        )
    }

    fn of_noon(audience: &str) -> String {
        format!(
            "<a:Conditions NotBefore=\"2026-11-22T11:59:00Z\" NotOnOrAfter=\"2026-11-22T12:05:00Z\">{audience}</a:Conditions>"
        )
    }

    #[test]
    fn an_assertion_of_now_and_for_us_is_opened_and_no_other() {
        let statement =
            format!("<x:XACMLAuthzDecisionStatement><Response xmlns=\"{XACML}\"/></x:XACMLAuthzDecisionStatement>");
        let audience =
            |who: &str| format!("<a:AudienceRestriction><a:Audience>{who}</a:Audience></a:AudienceRestriction>");
        let good = wrapped(&of_noon(&audience(US)), &statement);
        let table = [
            (good.clone(), Ok(())),
            (wrapped(&of_noon(""), &statement), Ok(())),
            (good.replace("12:05", "12:00"), Err(WrapFault::Time)),
            (good.replace("11:59", "12:01"), Err(WrapFault::Time)),
            (good.replace("NotOnOrAfter", "Until"), Err(WrapFault::Time)),
            (good.replace("2026-11-22T11:59:00Z", "today"), Err(WrapFault::Time)),
            (wrapped("", &statement), Err(WrapFault::Time)),
            (wrapped(&of_noon(&audience("urn:oid:2.999.5")), &statement), Err(WrapFault::Audience)),
            (wrapped(&of_noon("<a:AudienceRestriction/>"), &statement), Err(WrapFault::Audience)),
            (wrapped(&of_noon("<a:OneTimeUse/>"), &statement), Err(WrapFault::Condition)),
            (wrapped(&of_noon(""), &format!("<d:Signature/>{statement}")), Err(WrapFault::Signed)),
            (good.replace(":Success", ":Responder"), Err(WrapFault::Status)),
            (wrapped(&of_noon(""), ""), Err(WrapFault::Shape)),
            (wrapped(&of_noon(""), &statement.repeat(2)), Err(WrapFault::Shape)),
        ];
        for (text, expected) in table {
            let root = Element::read(text.as_bytes()).unwrap();
            let found = response(&root, Some(US), datetime!(2026-11-22 12:00 UTC));
            assert_eq!(found.map(|response| assert!(response.is(XACML, "Response"))), expected, "{text}");
        }
        let root = Element::read(good.as_bytes()).unwrap();
        let nameless = response(&root, None, datetime!(2026-11-22 12:00 UTC));
        assert_eq!(nameless.err(), Some(WrapFault::Audience), "who has no name is nobody's audience");
    }
}
