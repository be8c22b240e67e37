use std::path::PathBuf;

use bytes::Bytes;
use reqwest::Method;
use serde_json::json;

use super::names::*;
use super::*;
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{Answer, Wire};
use crate::xml::Element;

const BSN: &str = "999911120";

struct Running {
    mitz: MitzHandle,
    ours: Wire,
    _folder: tempfile::TempDir,
    authorities: PathBuf,
}

fn running(choices: Vec<Choice>) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let authority = CertificateAuthority::new("test").unwrap();
    authority.write(folder.path(), "ca").unwrap();
    let authorities = folder.path().join("ca.pem");
    let issue = |name| {
        let issued = authority.issue_server("90010001", &Subject { name, dns_names: &[] }).unwrap();
        issued.write(folder.path(), name).unwrap()
    };
    let (mitz, ours) = (issue("mitz"), issue("hospital"));
    let any = ([127, 0, 0, 1], 0).into();
    let options = MitzOptions {
        address: any,
        control: any,
        certificate: mitz.certificate,
        key: mitz.key,
        authorities: authorities.clone(),
    };
    let mitz = MitzServer::start(&options, choices).unwrap();
    let ours = Wire::new(Some(&authorities), Some((&ours.certificate, &ours.key))).unwrap();
    Running { mitz, ours, _folder: folder, authorities }
}

fn permit(category: Option<&str>, permit: bool) -> Choice {
    Choice { bsn: BSN.into(), holder_kind: None, category: category.map(str::to_owned), consulting: None, permit }
}

fn question(categories: &[&str]) -> String {
    let attribute = |id: &str, value: String| {
        format!(
            "<Attribute AttributeId=\"{id}\" IncludeInResult=\"true\"><AttributeValue {value}</AttributeValue></Attribute>"
        )
    };
    let ii = |root: &str, extension: &str| {
        format!("DataType=\"{HL7}#II\"><h:InstanceIdentifier root=\"{root}\" extension=\"{extension}\"/>")
    };
    let cv = |system: &str, code: &str| {
        format!("DataType=\"{HL7}#CV\"><h:CodedValue code=\"{code}\" codeSystem=\"{system}\"/>")
    };
    let block = |category: &str, content: String| format!("<Attributes Category=\"{category}\">{content}</Attributes>");
    let actions: String = categories.iter().map(|code| block(ACTION, attribute(EVENT, cv(EVENT_OID, code)))).collect();
    let resource = attribute(PATIENT, ii(BSN_OID, BSN))
        + &attribute(HOLDER_KIND, cv(KIND_OID, "V6"))
        + &attribute(HOLDER, ii(URA_OID, "90010001"));
    let subject = attribute(ROLE, cv(ROLE_OID, "01.015"))
        + &attribute(PROFESSIONAL, ii("2.999.1", "deboer"))
        + &attribute(USER, ii(URA_OID, "90010003"))
        + &attribute(USER_KIND, cv(KIND_OID, "Z3"));
    format!(
        "<e:Envelope xmlns:e=\"{SOAP}\" xmlns:w=\"{ADDRESSING}\"><e:Header><w:Action e:mustUnderstand=\"1\">{CLOSED_ACTION}</w:Action>\
         <w:MessageID>urn:uuid:7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d11</w:MessageID><w:To>https://localhost/mitz/geslotenautorisatievraag/xacml3</w:To>\
         <w:ReplyTo><w:Address>http://www.w3.org/2005/08/addressing/anonymous</w:Address></w:ReplyTo></e:Header><e:Body>\
         <q:XACMLAuthzDecisionQuery xmlns:q=\"{QUERY}\"><Request xmlns=\"{XACML}\" xmlns:h=\"{HL7}\" ReturnPolicyIdList=\"false\" CombinedDecision=\"false\">\
         {}{actions}{}{}</Request></q:XACMLAuthzDecisionQuery></e:Body></e:Envelope>",
        block(RESOURCE, resource),
        block(SUBJECT, subject),
        block(ENVIRONMENT, attribute(PURPOSE, cv(PURPOSE_OID, "TREAT"))),
    )
}

async fn post(running: &Running, wire: &Wire, body: String) -> Option<Answer> {
    let url = format!("{}/geslotenautorisatievraag/xacml3", running.mitz.base_url);
    let headers = [
        ("Content-Type", "application/soap+xml; charset=UTF-8"),
        ("X-Request-Id", "7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d11"),
    ];
    wire.raw(Method::POST, &url, &headers, Bytes::from(body)).await.ok()
}

fn decisions(answer: &Answer) -> Vec<String> {
    let root = Element::read(std::str::from_utf8(&answer.body).unwrap()).unwrap();
    let response = root.first("Body").unwrap().first("Response").unwrap();
    response.all("Result").map(|result| soap::text_of(result.first("Decision").unwrap())).collect()
}

#[actix_web::test]
async fn a_choice_decides_and_a_later_one_decides_anew() {
    let running = running(vec![permit(None, true), permit(Some("GGC013"), false)]);
    let ask = || post(&running, &running.ours, question(&["GGC002", "GGC013"]));
    assert_eq!(decisions(&ask().await.unwrap()), ["Permit", "Deny"]);
    let plain = Wire::new(None, None).unwrap();
    let url = format!("{}/choice", running.mitz.control_url);
    for (choice, expected) in
        [(permit(Some("GGC013"), true), ["Permit", "Permit"]), (permit(None, false), ["Deny", "Deny"])]
    {
        let body = serde_json::to_vec(&choice).unwrap();
        let changed = plain.raw(Method::PUT, &url, &[], body.into()).await.unwrap();
        assert_eq!(changed.json(), Some(json!({"notified": []})));
        assert_eq!(decisions(&ask().await.unwrap()), expected, "{choice:?}");
    }
    let page = plain.get(&running.mitz.page_url).await.unwrap();
    assert!(String::from_utf8_lossy(&page.body).contains("Gekozen"));
    let asked = plain.get(&format!("{}/requests", running.mitz.control_url)).await.unwrap().json().unwrap();
    assert_eq!((asked[0]["request_id_fits"].as_bool(), asked[0]["wrong"].is_null()), (Some(true), true));
}

#[actix_web::test]
async fn whoever_shows_no_certificate_or_asks_wrongly_is_not_answered() {
    let running = running(vec![permit(None, true)]);
    let stranger = Wire::new(Some(&running.authorities), None).unwrap();
    assert!(post(&running, &stranger, question(&["GGC002"])).await.is_none());
    let whole = question(&["GGC002"]);
    for (from, to) in [
        (BSN_OID, URA_OID),
        ("e:mustUnderstand=\"1\"", ""),
        (CLOSED_ACTION, OPEN_ACTION),
        ("urn:uuid:7a", "7a"),
        (HL7, "urn:x"),
        (PROFESSIONAL, ROLE),
        ("IncludeInResult=\"true\"", "IncludeInResult=\"false\""),
        ("</e:Body>", ""),
    ] {
        let answer = post(&running, &running.ours, whole.replacen(from, to, 1)).await.unwrap();
        assert_eq!(answer.status, 400, "{from} for {to}");
        assert!(String::from_utf8_lossy(&answer.body).contains("Sender"));
    }
}

fn open_question(until: &str, audience: &str) -> String {
    let said = |name: &str, value: &str| {
        format!(
            "<s:Attribute Name=\"{name}\"><s:AttributeValue><V xmlns=\"{HL7}\" {value}/></s:AttributeValue></s:Attribute>"
        )
    };
    let attributes = said(PROFESSIONAL, "root=\"2.999.1\" extension=\"deboer\"")
        + &said(ROLE, "code=\"01.015\"")
        + &said(USER, "root=\"2.999\" extension=\"90010003\"")
        + &said(USER_KIND, "code=\"Z3\"")
        + &said(PURPOSE, "code=\"TREAT\"");
    format!(
        "<e:Envelope xmlns:e=\"{SOAP}\" xmlns:w=\"{ADDRESSING}\"><e:Header><w:Action e:mustUnderstand=\"1\">{OPEN_ACTION}</w:Action>\
         <w:MessageID>urn:uuid:7a0c2f0e-6d0e-4c37-9a39-0d0c2a1f6d11</w:MessageID><w:To>https://localhost/mitz/openautorisatievraag</w:To>\
         <w:ReplyTo><w:Address>http://www.w3.org/2005/08/addressing/anonymous</w:Address></w:ReplyTo><x:Security xmlns:x=\"{SECURITY}\">\
         <s:Assertion xmlns:s=\"{SAML}\"><s:Conditions NotBefore=\"2026-01-01T00:00:00Z\" NotOnOrAfter=\"{until}\"><s:AudienceRestriction>\
         <s:Audience>{audience}</s:Audience></s:AudienceRestriction></s:Conditions><s:AttributeStatement>{attributes}</s:AttributeStatement>\
         </s:Assertion></x:Security></e:Header><e:Body><PatientLocationQueryRequest xmlns=\"{XCPD}\"><RequestedPatientId root=\"{BSN_OID}\" \
         extension=\"{BSN}\"/></PatientLocationQueryRequest></e:Body></e:Envelope>"
    )
}

#[actix_web::test]
async fn the_open_question_finds_who_subscribed_where_the_citizen_permits_it() {
    let running = running(vec![permit(Some("GGC013"), true)]);
    let ask = |until: &'static str, audience: &'static str| {
        let url = format!("{}/openautorisatievraag", running.mitz.base_url);
        let ours = running.ours.clone();
        async move { ours.raw(Method::POST, &url, &[], Bytes::from(open_question(until, audience))).await.unwrap() }
    };
    let found = |answer: &Answer| {
        let root = Element::read(std::str::from_utf8(&answer.body).unwrap()).unwrap();
        let response = root.first("Body").unwrap().first("PatientLocationQueryResponse").unwrap();
        response.all("PatientLocationResponse").count()
    };
    assert_eq!(found(&ask("2999-01-01T00:00:00Z", AUDIENCE).await), 0, "nobody subscribed");
    let url = format!("{}/abonnementen/fhir/Subscription", running.mitz.base_url);
    let taken = running.ours.raw(Method::POST, &url, &[], Bytes::from(subscription().to_string())).await.unwrap();
    assert!(taken.status == 202 && taken.header("location").is_some());
    let answer = ask("2999-01-01T00:00:00Z", AUDIENCE).await;
    assert_eq!(found(&answer), 1, "of the one category that is permitted");
    for (until, audience) in [("2026-01-02T00:00:00Z", AUDIENCE), ("2999-01-01T00:00:00Z", "urn:oid:2.999")] {
        assert_eq!(ask(until, audience).await.status, 400);
    }
}

fn subscription() -> serde_json::Value {
    json!({
        "resourceType": "Subscription", "status": "requested", "reason": "OTV",
        "extension": [
            {"url": "http://fhir.nl/StructureDefinition/GatewaySystem", "valueOid": "urn:oid:2.999.1"},
            {"url": "http://fhir.nl/StructureDefinition/SourceSystem", "valueOid": "urn:oid:2.999.2"}],
        "criteria": format!("Consent?_query=otv&patientid={BSN}&providerid=90010001&providertype=V6"),
        "channel": {"type": "rest-hook", "endpoint": "https://node/mitz/notify", "payload": "application/fhir+json"}})
}

#[test]
fn a_subscription_is_read_to_the_letter() {
    let whole = subscription();
    let read = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = whole.clone();
        change(&mut value);
        subscriptions::Subscription::read(value.to_string().as_bytes()).map_err(|(status, _)| status)
    };
    let good = read(&|_| {}).unwrap();
    assert_eq!((good.provider_kind.as_str(), good.source_system.as_str()), ("V6", "urn:oid:2.999.2"));
    let changes: [&dyn Fn(&mut serde_json::Value); 4] = [
        &|value| value["status"] = json!("active"),
        &|value| value["criteria"] = json!("Consent?_query=otv"),
        &|value| value["channel"]["endpoint"] = json!("http://node"),
        &|value| value["extension"] = json!([]),
    ];
    for change in changes {
        assert_eq!(read(change), Err(422));
    }
    let bundle = notification::bundle(&good, &[permit(None, true), permit(Some("GGC013"), false)]);
    let root = Element::read(&bundle).unwrap();
    assert_eq!(root.all("entry").count(), 3 + 2);
}

#[test]
fn every_word_of_the_control_interface_is_read() {
    for (text, fault) in [
        (r#"{"kind":"none"}"#, Fault::None),
        (r#"{"kind":"slow","ms":30000}"#, Fault::Slow { ms: 30_000 }),
        (r#"{"kind":"soap-fault","sender":true}"#, Fault::SoapFault { sender: true }),
        (r#"{"kind":"other-patient"}"#, Fault::OtherPatient),
    ] {
        assert_eq!(serde_json::from_str::<Fault>(text).unwrap(), fault);
    }
    assert!(serde_json::from_str::<Fault>(r#"{"kind":"tired"}"#).is_err());
}
