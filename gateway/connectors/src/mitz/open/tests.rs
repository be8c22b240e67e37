use fhir::Bsn;
use policy::{Finding, NotFoundOut, Organisation, Person, Purpose};
use time::OffsetDateTime;

use super::*;
use crate::http::{HttpClient, HttpSettings, WebAddress};
use crate::mitz::categories::tests::categories;
use crate::mitz::envelope::EnvelopeFault;
use crate::mitz::names::*;
use crate::mitz::testing::{OTHER, PATIENT};
use crate::mitz::xml::Element;
use crate::mitz::{Mitz, MitzConfig};
use crate::sources::testing::stub::{Asked, Reply, Stub};

const MESSAGE: &str = "urn:uuid:7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d11";

fn with<T>(kind: Option<&str>, professional: Option<&str>, ask: impl FnOnce(&LocationQuestion<'_>) -> T) -> T {
    let patient = Bsn::parse(PATIENT).unwrap();
    let user = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: kind.map(str::to_owned) };
    let professional = professional.map(|id| Person { id: id.to_owned(), name: None, role: "01.015".to_owned() });
    ask(&LocationQuestion {
        patient: &patient,
        user: &user,
        professional: professional.as_ref(),
        mandated: None,
        purpose: Purpose::Treat,
        issuer: "urn:oid:2.999.1",
    })
}

fn question() -> OpenQuestion {
    with(Some("Z3"), Some("900100301"), |asked| OpenQuestion::of(asked, None).unwrap())
}

fn response(patient: &str, ura: &str) -> String {
    format!(
        "<PatientLocationResponse><HomeCommunityId>urn:oid:2.999.2</HomeCommunityId><CorrespondingPatientId \
         root=\"{BSN_OID}\" extension=\"{patient}\"/><RequestedPatientId root=\"{BSN_OID}\" extension=\"{patient}\"/>\
         <SourceId>urn:oid:2.999.3</SourceId><event-code code=\"GGC002\" codeSystem=\"{CATEGORY_OID}\"/>\
         <author-institution root=\"{URA_OID}\" extension=\"{ura}\"/></PatientLocationResponse>"
    )
}

fn answered(message_id: &str, responses: &[String]) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{SOAP}\" xmlns:a=\"{ADDRESSING}\"><s:Header><a:Action>{OPEN_ANSWER_ACTION}</a:Action>\
         <a:RelatesTo>{message_id}</a:RelatesTo></s:Header><s:Body><PatientLocationQueryResponse xmlns=\"{XCPD}\">{}\
         </PatientLocationQueryResponse></s:Body></s:Envelope>",
        responses.concat()
    )
}

#[test]
fn a_question_says_who_asks_in_an_assertion_for_mitz_alone_and_of_now() {
    let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
    let text = write(&question(), MESSAGE, "https://mitz.example/openautorisatievraag", now).unwrap();
    let root = Element::read(&text).unwrap();
    let header = root.only(SOAP, "Header").unwrap();
    for name in ["Action", "To"] {
        assert_eq!(header.only(ADDRESSING, name).unwrap().attribute_in(SOAP, "mustUnderstand"), Some("1"));
    }
    let assertion = header.only(SECURITY, "Security").unwrap().only(SAML, "Assertion").unwrap();
    assert_eq!(assertion.only(SAML, "Issuer").unwrap().plain_text(), Some("urn:oid:2.999.1"));
    let conditions = assertion.only(SAML, "Conditions").unwrap();
    assert_eq!(conditions.attribute("NotBefore"), Some("2026-09-21T14:13:20Z"));
    assert_eq!(conditions.attribute("NotOnOrAfter"), Some("2026-09-21T14:23:20Z"));
    let audience = conditions.only(SAML, "AudienceRestriction").unwrap().only(SAML, "Audience").unwrap();
    assert_eq!(audience.plain_text(), Some(AUDIENCE));
    let statement = assertion.only(SAML, "AttributeStatement").unwrap();
    let said: Vec<[&str; 2]> = statement
        .children()
        .iter()
        .map(|attribute| {
            let value = &attribute.only(SAML, "AttributeValue").unwrap().children()[0];
            let said = value.attribute("extension").or(value.attribute("code")).unwrap();
            [attribute.attribute("Name").unwrap(), said]
        })
        .collect();
    let expected =
        [[PROFESSIONAL, "900100301"], [ROLE, "01.015"], [USER, "90000902"], [USER_KIND, "Z3"], [PURPOSE, "TREAT"]];
    assert_eq!(said, expected);
    let body = root.only(SOAP, "Body").unwrap().only(XCPD, "PatientLocationQueryRequest").unwrap();
    let patient = body.only(XCPD, "RequestedPatientId").unwrap();
    assert_eq!((patient.attribute("root"), patient.attribute("extension")), (Some(BSN_OID), Some(PATIENT)));
}

#[test]
fn an_answer_names_holders_of_this_patient_or_is_none() {
    let good = answered(MESSAGE, &[response(PATIENT, "90010001"), response(PATIENT, "90010003")]);
    let found = read(good.as_bytes(), &question(), MESSAGE).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[1].holder.as_str(), found[0].category.as_str()), ("90010003", "GGC002"));
    assert_eq!(read(answered(MESSAGE, &[]).as_bytes(), &question(), MESSAGE), Ok(Vec::new()));
    let edited = |from: &str, to: &str| good.replacen(from, to, 1);
    for (answer, fault) in [
        (answered(MESSAGE, &[response(PATIENT, "90010001"), response(OTHER, "90010003")]), LocationFault::OtherPatient),
        (answered(MESSAGE, &[response(PATIENT, "1")]), LocationFault::Holder),
        (edited(URA_OID, "2.999"), LocationFault::Holder),
        (edited("event-code", "event"), LocationFault::Holder),
        (edited("<SourceId>urn:oid:2.999.3</SourceId>", ""), LocationFault::Holder),
        (edited(MESSAGE, "urn:uuid:x"), LocationFault::Envelope(EnvelopeFault::RelatesTo)),
        (edited(OPEN_ANSWER_ACTION, CLOSED_ANSWER_ACTION), LocationFault::Envelope(EnvelopeFault::Action)),
        (answered(MESSAGE, &vec![response(PATIENT, "90010001"); 1_001]), LocationFault::NotAResponse),
        (format!("<!DOCTYPE x>{good}"), LocationFault::Xml),
    ] {
        assert_eq!(read(answer.as_bytes(), &question(), MESSAGE), Err(fault));
    }
}

fn soap(body: String) -> Reply {
    Reply::Full { status: 200, headers: vec![("content-type", "application/soap+xml".to_owned())], body }
}

#[tokio::test]
async fn holders_are_found_nobody_is_found_or_it_is_not_found_out() {
    type Script = fn(&Asked, &str) -> Reply;
    let table: [(Script, Result<usize, NotFoundOut>); 5] = [
        (|_, id| soap(answered(id, &[response(PATIENT, "90010001")])), Ok(1)),
        (|_, id| soap(answered(id, &[])), Ok(0)),
        (|_, id| soap(answered(id, &[response(OTHER, "90010001")])), Err(NotFoundOut::Unusable)),
        (|_, _| Reply::Hang, Err(NotFoundOut::TimedOut)),
        (|_, _| Reply::status(503), Err(NotFoundOut::Unreachable)),
    ];
    for (script, expected) in table {
        let stub = Stub::start(move |asked| {
            let (_, rest) = asked.body.split_once("<a:MessageID>").unwrap();
            script(asked, rest.split_once('<').unwrap().0)
        })
        .await;
        let mut config = MitzConfig::new(WebAddress::parse(&stub.address).unwrap(), Default::default());
        config.deadline_ms = 200;
        let mitz = Mitz::new(&config, categories(), HttpClient::new(HttpSettings::default()).unwrap());
        let patient = Bsn::parse(PATIENT).unwrap();
        let user = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: Some("Z3".to_owned()) };
        let professional = Person { id: "900100301".to_owned(), name: None, role: "01.015".to_owned() };
        let asked = LocationQuestion {
            patient: &patient,
            user: &user,
            professional: Some(&professional),
            mandated: None,
            purpose: Purpose::Treat,
            issuer: "urn:oid:2.999.1",
        };
        let found = match mitz.locate(&asked).await {
            Finding::Found(found) => Ok(found.len()),
            Finding::Absent => Ok(0),
            Finding::NotFoundOut(why) => Err(why),
        };
        assert_eq!(found, expected);
        assert_eq!(stub.lines(), ["POST /openautorisatievraag"]);
        let nobody = LocationQuestion { professional: None, ..asked };
        assert_eq!(mitz.locate(&nobody).await, Finding::NotFoundOut(NotFoundOut::Incomplete));
        assert_eq!(stub.asked().len(), 1, "what cannot be asked reaches nobody");
    }
}
