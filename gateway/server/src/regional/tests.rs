//! Members and strangers at the region's index and pseudonym service, with every answer and the record that it leaves.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use exchange::ports::{BoxFuture, LogUnavailable, NoThrottle, Slot, SystemClock};
use exchange::record::{AccessRecord, OutcomeFacts};
use exchange::{BodyKind, Inbound};
use fhir::{FhirVersion, Method};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SanType};
use serde_json::{Value, json};
use store::state::{State, StateOptions};

use super::access::{Access, INDEX_AUDIENCE, PSEUDONYM_AUDIENCE};
use super::*;
use crate::http::testing::inbound;

const ONE: &str = "90000901";
const OTHER: &str = "90000902";
const STRANGER: &str = "90000999";
const NAME: &str = "ura:90000901";
const SCOPE: &str = "regionale-verwijsindex";
/// Two patients: blinded points of the published vectors (handbook: generic functions, 3.2.2), and their blind.
const POINT: &str = "NOjIqIIVDHzS0CgmHyT9MPCrRQcNWcw-6xFkuoLCsGk=";
const OTHER_POINT: &str = "4IJgmW_EhNCi-1JmNsE4hdcyF0dNpjbWGzJALWMn4ms=";
const BLIND_HEX: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";

/// A log that can be broken.
#[derive(Default)]
struct Log {
    records: Arc<Mutex<Vec<Vec<u8>>>>,
    broken: AtomicBool,
}

struct Place(Arc<Mutex<Vec<Vec<u8>>>>);

impl AccessLog for Log {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        if self.broken.load(Ordering::Relaxed) {
            Err(LogUnavailable)
        } else {
            Ok(Box::new(Place(self.records.clone())))
        }
    }
}

impl Slot for Place {
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        self.0.lock().unwrap().push(record);
        Box::pin(std::future::ready(Ok(())))
    }
    fn hand_over(self: Box<Self>, record: Vec<u8>) {
        self.0.lock().unwrap().push(record);
    }
}

/// A region of two members, kept by one node.
struct Region {
    regional: Regional,
    log: Arc<Log>,
    _folder: tempfile::TempDir,
}

fn certificate(ura: &str) -> Arc<[u8]> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-00000000");
    params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.as_str().into())));
    Arc::from(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().as_ref())
}

fn region() -> Region {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
    let kept = Arc::new(RegionalIndex::open(state, "regional-index", 3).unwrap());
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let recipient = Recipient::new(NAME, SCOPE, key.serialize_pem().as_bytes(), &[9; 32]).unwrap();
    let evaluator = Evaluator::new(&[7; 32]).unwrap();
    let evaluator = evaluator.with_recipient(NAME, SCOPE, key.public_key_pem().as_bytes()).unwrap();
    let members = [ONE, OTHER].map(|text| Ura::parse(text).unwrap());
    let log = Arc::new(Log::default());
    let regional = Regional {
        access: Access::new(members.clone().into(), vec![INDEX_AUDIENCE, PSEUDONYM_AUDIENCE]),
        index: Some(Index { recipient, kept }),
        evaluator: Some(evaluator),
        places: Semaphore::new(4),
        throttle: Arc::new(NoThrottle),
        log: log.clone(),
        clock: Arc::new(SystemClock),
        node: ONE.to_owned(),
        names: members.map(|ura| (ura, "Huisarts".to_owned())).into(),
    };
    Region { regional, log, _folder: folder }
}

fn asked(certificate: &Arc<[u8]>, token: &str, method: Method, path: &str, kind: BodyKind, body: &str) -> Inbound {
    let mut inbound = Inbound { body_kind: kind, ..inbound(FhirVersion::R4, method, path, "", body) };
    inbound.credentials.certificate = Some(certificate.clone());
    if !token.is_empty() {
        inbound.credentials.authorization = vec![format!("Bearer {token}")];
    }
    inbound
}

fn form(audience: &str, ura: &str, scope: &str) -> String {
    format!(
        "grant_type=client_credentials&target_audience={audience}&organization_id={ura}&source_id=EPD-1&scope={scope}"
    )
}

impl Region {
    fn token(&self, certificate: &Arc<[u8]>, audience: &str, ura: &str, scope: &str) -> String {
        let body = form(audience, ura, scope);
        let reply = self.regional.token(&asked(certificate, "", Method::Post, "", BodyKind::Form, &body));
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        reply.body.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    /// A patient token, as a client makes it of an evaluated point.
    fn patient(&self, certificate: &Arc<[u8]>, ura: &str, point: &str) -> String {
        let token = self.token(certificate, PSEUDONYM_AUDIENCE, ura, "prs:read");
        let body = json!({"encryptedPersonalId": point, "recipientOrganization": NAME, "recipientScope": SCOPE});
        let inbound = asked(certificate, &token, Method::Post, "", BodyKind::Json, &body.to_string());
        let jwe = self.regional.evaluate(&inbound).body.unwrap()["jwe"].clone();
        base64url(&json!({"evaluated_output": jwe, "blind_factor": base64url_of(&bytes(BLIND_HEX))}).to_string())
    }

    async fn ask(
        &self,
        member: &Member<'_>,
        scope: &str,
        method: Method,
        path: &str,
        body: &str,
    ) -> (u16, Value, AccessRecord) {
        let token = self.token(member.certificate, INDEX_AUDIENCE, member.ura, scope);
        let kind = if path.ends_with("_search") { BodyKind::Form } else { BodyKind::Json };
        self.put(&asked(member.certificate, &token, method, path, kind, body)).await
    }

    /// The answer, and the one record that it left.
    async fn put(&self, inbound: &Inbound) -> (u16, Value, AccessRecord) {
        let before = self.log.records.lock().unwrap().len();
        let reply = self.regional.list(inbound).await;
        let records = self.log.records.lock().unwrap().clone();
        assert_eq!(records.len(), before + 1, "one record each");
        (reply.status, reply.body.unwrap_or_default(), AccessRecord::read(records.last().unwrap()).unwrap())
    }
}

struct Member<'a> {
    certificate: &'a Arc<[u8]>,
    ura: &'a str,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn base64url(text: &str) -> String {
    base64url_of(text.as_bytes())
}

/// Without a library for it: base64url without padding (RFC 4648, section 5).
fn base64url_of(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let whole = part.iter().chain([0, 0].iter()).take(3).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        for place in 0..=part.len() {
            text.push(char::from(ALPHABET[whole >> (18 - 6 * place) & 63]));
        }
    }
    text
}

fn list(ura: &str, source: &str, category: &str, patient: &str) -> String {
    let known =
        store::regional_index::Registration { member: ura.into(), category: category.into(), source: source.into() };
    let mut list = list::write("x", &known);
    list["subject"] = json!({"identifier": {
        "system": "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier", "value": patient}});
    list.to_string()
}

fn search(patient: &str) -> String {
    let system = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("subject:identifier", &format!("{system}|{patient}"));
    form.finish()
}

#[tokio::test]
async fn a_member_registers_others_find_it_and_nobody_else_takes_it_away() {
    let region = region();
    let (one, other) = (certificate(ONE), certificate(OTHER));
    let (one, other) = (Member { certificate: &one, ura: ONE }, Member { certificate: &other, ura: OTHER });
    let patient = || region.patient(one.certificate, ONE, POINT);
    let (status, made, record) =
        region.ask(&one, "nvi:create", Method::Post, "List", &list(ONE, "EPD-1", "Condition", &patient())).await;
    assert_eq!((status, &made["code"]["coding"][0]["code"]), (201, &json!("Condition")));
    assert!(made["subject"].is_null(), "whom it is about is never told");
    let id = made["id"].as_str().unwrap().to_owned();
    let noted = record.asked.unwrap();
    assert_eq!((noted.interaction.as_ref(), noted.resource), ("create", Some(format!("List/{id}"))));
    assert_eq!(record.caller.unwrap().organisation, ONE);
    // The same patient again, with another evaluation: known already.
    let again = list(ONE, "EPD-1", "Condition", &patient());
    assert_eq!(region.ask(&one, "nvi:create", Method::Post, "List", &again).await.0, 409);
    // The other finds it under the same pseudonym; of another patient there is nothing.
    let query = search(&region.patient(other.certificate, OTHER, POINT));
    let (status, found, record) = region.ask(&other, "nvi:localize", Method::Post, "List/_search", &query).await;
    assert_eq!((status, &found["total"], &found["entry"][0]["resource"]["id"]), (200, &json!(1), &json!(id)));
    let asked_for = record.asked.unwrap().query.unwrap();
    assert_eq!(Some(asked_for), noted.query, "one patient has one pseudonym in the log");
    assert_eq!((record.outcome, record.patient), (OutcomeFacts::Released, None));
    let nobody = search(&region.patient(other.certificate, OTHER, OTHER_POINT));
    let (_, found, _) = region.ask(&other, "nvi:localize", Method::Post, "List/_search", &nobody).await;
    assert_eq!(found["total"], 0);
    // Its own are read and deleted by itself only.
    let path = format!("List/{id}");
    assert_eq!(region.ask(&other, "nvi:read", Method::Get, &path, "").await.0, 404);
    assert_eq!(region.ask(&other, "nvi:delete", Method::Delete, &path, "").await.0, 404);
    assert_eq!(region.ask(&one, "nvi:read", Method::Get, &path, "").await.0, 200);
    assert_eq!(region.ask(&one, "nvi:read", Method::Get, "List", "").await.1["total"], 1);
    assert_eq!(region.ask(&other, "nvi:read", Method::Get, "List", "").await.1["total"], 0);
    assert_eq!(region.ask(&one, "nvi:delete", Method::Delete, &path, "").await.0, 204);
    assert_eq!(region.ask(&one, "nvi:delete", Method::Delete, &path, "").await.0, 404);
}

#[tokio::test]
async fn whatever_is_not_as_it_must_be_is_refused_and_recorded() {
    let region = region();
    let own = certificate(ONE);
    let one = Member { certificate: &own, ura: ONE };
    let patient = || region.patient(&own, ONE, POINT);
    let bad_search = search("bm90aGluZw");
    let twice = format!("{0}&{0}", search(&patient()));
    for (what, scope, method, path, body, status) in [
        ("for somebody else", "nvi:create", Method::Post, "List", list(OTHER, "EPD-1", "Alert", &patient()), 403),
        ("of another source", "nvi:create", Method::Post, "List", list(ONE, "EPD-2", "Alert", &patient()), 403),
        ("a token of nobody", "nvi:create", Method::Post, "List", list(ONE, "EPD-1", "Alert", "x"), 400),
        ("no JSON", "nvi:create", Method::Post, "List", "{".to_owned(), 400),
        ("no List", "nvi:create", Method::Post, "List", "{}".to_owned(), 422),
        ("without the scope", "nvi:read", Method::Post, "List", list(ONE, "EPD-1", "Alert", &patient()), 403),
        ("a search without the scope", "nvi:read", Method::Post, "List/_search", search(&patient()), 403),
        ("a search for nobody", "nvi:localize", Method::Post, "List/_search", bad_search, 400),
        ("two patients", "nvi:localize", Method::Post, "List/_search", twice, 400),
        ("an unknown parameter", "nvi:localize", Method::Post, "List/_search", "status=current".to_owned(), 400),
        ("an id that is none", "nvi:read", Method::Get, "List/x", String::new(), 404),
        ("another type", "nvi:read", Method::Get, "Patient", String::new(), 404),
        ("an update", "nvi:create", Method::Put, "List/x", list(ONE, "EPD-1", "Alert", &patient()), 404),
    ] {
        let (said, body, record) = region.ask(&one, scope, method, path, &body).await;
        assert_eq!((said, &body["resourceType"]), (status, &json!("OperationOutcome")), "{what}");
        assert!(matches!(record.outcome, OutcomeFacts::Refused { status: noted, .. } if noted == status), "{what}");
        assert_eq!(record.caller.unwrap().organisation, ONE, "{what}");
    }
    // A patient in a URL, a body that broke off.
    let token = region.token(&own, INDEX_AUDIENCE, ONE, "nvi:localize");
    let mut in_url = asked(&own, &token, Method::Get, "List", BodyKind::None, "");
    in_url.query = search(&patient());
    assert_eq!(region.put(&in_url).await.0, 400);
    let token = region.token(&own, INDEX_AUDIENCE, ONE, "nvi:create");
    let mut large = asked(&own, &token, Method::Post, "List", BodyKind::Json, "{}");
    large.unreadable = Some(exchange::Unreadable::BodyTooLarge);
    assert_eq!(region.put(&large).await.0, 413);
    // A member has so much room and no more.
    for (category, status) in [("A", 201), ("B", 201), ("C", 201), ("D", 507)] {
        let body = list(ONE, "EPD-1", category, &patient());
        assert_eq!(region.ask(&one, "nvi:create", Method::Post, "List", &body).await.0, status);
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_certificate_its_service_and_its_member_only() {
    let region = region();
    let (own, renewed, stranger) = (certificate(ONE), certificate(ONE), certificate(STRANGER));
    let issue = |certificate: &Arc<[u8]>, body: &str| {
        let reply = region.regional.token(&asked(certificate, "", Method::Post, "", BodyKind::Form, body));
        (reply.status, reply.body.unwrap()["error"].as_str().unwrap_or_default().to_owned())
    };
    let good = form(INDEX_AUDIENCE, ONE, "nvi:read");
    for (certificate, body, status, error) in [
        (&own, good.clone(), 200, ""),
        (&stranger, form(INDEX_AUDIENCE, STRANGER, "nvi:read"), 401, "invalid_client"),
        (&own, form(INDEX_AUDIENCE, OTHER, "nvi:read"), 400, "invalid_request"),
        (&own, form("nvi", ONE, "nvi:read"), 400, "invalid_target"),
        (&own, form(INDEX_AUDIENCE, ONE, "prs:read"), 400, "invalid_scope"),
        (&own, form(PSEUDONYM_AUDIENCE, ONE, "nvi:read"), 400, "invalid_scope"),
        (&own, form(INDEX_AUDIENCE, ONE, ""), 400, "invalid_scope"),
        (&own, good.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (&own, good.replace("EPD-1", "a%20b"), 400, "invalid_request"),
        (&own, format!("{good}&scope=nvi:read"), 400, "invalid_request"),
        (&own, String::new(), 400, "invalid_request"),
    ] {
        assert_eq!(issue(certificate, &body), (status, error.to_owned()), "{body}");
    }
    let token = region.token(&own, INDEX_AUDIENCE, ONE, "nvi:read");
    let pseudonyms = region.token(&own, PSEUDONYM_AUDIENCE, ONE, "prs:read");
    for (what, certificate, token, status) in [
        ("its own", &own, token.as_str(), 200),
        ("none", &own, "", 401),
        ("one that is not known", &own, "x", 401),
        ("with another certificate of the member", &renewed, token.as_str(), 401),
        ("with a stranger's certificate", &stranger, token.as_str(), 401),
        ("of the other service", &own, pseudonyms.as_str(), 401),
    ] {
        let (said, ..) = region.put(&asked(certificate, token, Method::Get, "List", BodyKind::None, "")).await;
        assert_eq!(said, status, "{what}");
    }
    let body =
        json!({"encryptedPersonalId": POINT, "recipientOrganization": NAME, "recipientScope": SCOPE}).to_string();
    let evaluate = |token: &str, body: &str| {
        region.regional.evaluate(&asked(&own, token, Method::Post, "", BodyKind::Json, body)).status
    };
    assert_eq!(evaluate(&pseudonyms, &body), 200);
    assert_eq!(evaluate(&token, &body), 401);
    assert_eq!(evaluate(&pseudonyms, &body.replace(NAME, "ura:90000902")), 404);
    assert_eq!(evaluate(&pseudonyms, &body.replace(POINT, "AAAA")), 400);
    assert_eq!(evaluate(&pseudonyms, "{}"), 422);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered_and_nobody_waits_in_a_queue() {
    let region = region();
    let own = certificate(ONE);
    let token = region.token(&own, INDEX_AUDIENCE, ONE, "nvi:read");
    let inbound = asked(&own, &token, Method::Get, "List", BodyKind::None, "");
    region.log.broken.store(true, Ordering::Relaxed);
    assert_eq!(region.regional.list(&inbound).await.status, 503);
    region.log.broken.store(false, Ordering::Relaxed);
    let _all = region.regional.places.acquire_many(4).await.unwrap();
    let busy = region.regional.list(&inbound).await;
    assert_eq!((busy.status, busy.wait), (503, Some(5)));
}
