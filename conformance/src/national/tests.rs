//! The group layer against published vectors, and the services over the wire as a stranger speaks to them.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use curve25519_dalek::scalar::Scalar;
use reqwest::Method;
use serde_json::{Value, json};

use super::group::{Secret, derive, hash_to_group, unblind};
use super::*;
use crate::ca::{CertificateAuthority, Profile, Subject, Validity};
use crate::callers::{Answer, Wire};

const BLIND: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
const KEY: &str = "5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e";
const PATIENT: &str = "999911120";
const OIN: &str = "00000099000000002000";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str) -> [u8; 32] {
    let pairs = text.as_bytes().chunks(2);
    let all: Vec<u8> = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
    all.try_into().unwrap()
}

fn blinded(input: &[u8]) -> [u8; 32] {
    let blind = Scalar::from_canonical_bytes(bytes(BLIND)).unwrap();
    (blind * hash_to_group(input).unwrap()).compress().to_bytes()
}

#[test]
fn the_published_vectors_come_out_to_the_byte() {
    let secret = Secret::of(bytes(KEY)).unwrap();
    let table = [
        (
            PATIENT,
            RECIPIENT,
            "19b3ff69c7b1f7c08442a64fdf9f4aa85d0559c19d9ab2c20b5f56cc466c9395",
            "34e8c8a882150c7cd2d028261f24fd30f0ab45070d59cc3eeb1164ba82c2b069",
            "7445b598980c352ddf3b9934165b701e1b47cb3716039c8454eb129a045ec576",
            "22dcfc14134bf145333fd33e0facf5458179e296095d3671025ee8e4f410c75b",
        ),
        (
            PATIENT,
            "ura:90000901",
            "c032756bacbffa9d9dca71479fa02522a193da817061324f55e1a171fafab454",
            "e08260996fc484d0a2fb526636c13885d73217474da636d61b32402d6327e26b",
            "babf332706388dad72cb0fcd9a7dac1018990f722afd174018d22fd0a8a8f756",
            "762aae964bce4f4f9ba72828b39c00fa6f5dee2e55c606620a5145a724cfc151",
        ),
        (
            "999940003",
            RECIPIENT,
            "bde50e7df60b66cc453a6680cef7cdb2e9bc8cf21f7a6fa5c263b8391c2c7d45",
            "b004a78e7f47851df0c747fd83a421656ebe76da0be5622ab79dc06295786e43",
            "9056b3916a4fc56b4d0a46b7438fa1b087649acbed8a80154899b2f961b79410",
            "26cc5081154e9b555660c8f9929d7b3a0b0f33449414166b73be1b02d2a3dc7a",
        ),
        (
            "999940003",
            "ura:90000901",
            "e96ce9a92e6b5fdf3ba6810b25c152c49c2969f6194e3e43fb050365a7104d9f",
            "caf84b17fbf3f11e42e8ee98dae36bb34428e3d44fa96499cfa51a1958075a4d",
            "38e35d74dc88d3a757214b066492f1bef5f64ac3570219bd4aa8e03cdced7a03",
            "8c4adb03201601f267d72eaa4ee55965e85479e99163ad09f90dff62e114093b",
        ),
    ];
    for (bsn, recipient, derived, point, evaluated, pseudonym) in table {
        let input = derive(bsn, recipient, SCOPE).unwrap();
        assert_eq!((hex(&input).as_str(), hex(&blinded(&input)).as_str()), (derived, point));
        let answer = secret.evaluate(&bytes(point)).unwrap();
        assert_eq!(hex(&answer), evaluated);
        assert_eq!(hex(&unblind(&answer, &bytes(BLIND)).unwrap()), pseudonym);
        assert_eq!(hex(&secret.pseudonym(bsn, recipient, SCOPE).unwrap()), pseudonym);
    }
    // RFC 9497, A.1.1, the first vector.
    let point = blinded(&[0]);
    assert_eq!(hex(&point), "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c");
    assert_eq!(
        hex(&secret.evaluate(&point).unwrap()),
        "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e"
    );
}

#[test]
fn what_is_no_point_is_not_evaluated() {
    let secret = Secret::fresh().unwrap();
    for bad in [&[0xff; 32][..], &[0; 32], &[1; 31], &[]] {
        assert!(secret.evaluate(bad).is_none() && unblind(bad, &bytes(BLIND)).is_none());
    }
    assert!(unblind(&blinded(&[0]), &[0; 32]).is_none());
}

/// The services, and somebody whom they know.
struct Region {
    services: NationalHandle,
    wire: Wire,
    _folder: tempfile::TempDir,
}

impl Region {
    fn start(registered: &[Seeded]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = CertificateAuthority::new("Test").unwrap();
        authority.write(folder.path(), "ca").unwrap();
        let subject = Subject { name: "x", dns_names: &[] };
        let own = authority.issue_without_ura(&subject).unwrap().write(folder.path(), "national").unwrap();
        let profile = Profile::PkiOverheid { oin: OIN.to_owned() };
        let theirs = authority.issue(&profile, &subject, Validity::Now).unwrap().write(folder.path(), "x").unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let ca = folder.path().join("ca.pem");
        let options = NationalOptions {
            address: any,
            control: any,
            certificate: own.certificate,
            key: own.key,
            authorities: ca.clone(),
            organisations: vec![Organisation { oin: OIN.to_owned(), ura: "90000901".to_owned() }],
        };
        let services = NationalServer::start(&options, registered).unwrap();
        let wire = Wire::new(Some(&ca), Some((&theirs.certificate, &theirs.key))).unwrap();
        Region { services, wire, _folder: folder }
    }

    async fn access(&self, scope: &str, audience: &str) -> Wire {
        let organisation = if audience == "prs" { OIN } else { "90000901" };
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("target_audience", audience),
            ("organization_id", organisation),
            ("source_id", "EPD-1"),
        ];
        let answer = self.wire.post_form(&self.services.token_endpoint, &form).await.unwrap();
        self.wire.with_token(answer.json().unwrap()["access_token"].as_str().unwrap())
    }

    async fn evaluate(&self, recipient: &str, point: &str) -> Answer {
        let body = json!({"encryptedPersonalId": point, "recipientOrganization": recipient, "recipientScope": SCOPE});
        let url = format!("{}/oprf/eval", self.services.prs_url);
        let kind = [("Content-Type", "application/json")];
        let access = self.access("prs:read", "prs").await;
        access.raw(Method::POST, &url, &kind, body.to_string().into()).await.unwrap()
    }

    async fn token(&self) -> String {
        let point = URL_SAFE.encode(blinded(&derive(PATIENT, RECIPIENT, SCOPE).unwrap()));
        let answer = self.evaluate(RECIPIENT, &point).await.json().unwrap();
        let token = json!({"evaluated_output": answer["jwe"], "blind_factor": URL_SAFE.encode(bytes(BLIND))});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn list(&self) -> String {
        format!("{}/List", self.services.list_url)
    }
}

fn record(token: &str, holder: &str, system: &str) -> Value {
    json!({
        "resourceType": "List",
        "extension": [{
            "url": "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian",
            "valueReference": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": holder}}
        }],
        "subject": {"identifier": {
            "system": "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier", "value": token}},
        "source": {"identifier": {"system": system, "value": "EPD-1"}, "type": "Device"},
    })
}

fn by_patient(token: &str) -> String {
    let system = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("subject:identifier", &format!("{system}|{token}"))
        .finish()
}

#[tokio::test]
async fn a_record_is_made_found_by_another_token_and_taken_away_with_the_quirks_of_the_running_code() {
    let seeded = Seeded { bsn: PATIENT.to_owned(), ura: "90000902".to_owned(), source: "EPD-9".to_owned() };
    let region = Region::start(&[seeded]);
    let create = region.access("nvi:create", "nvi").await;
    let good = record(&region.token().await, "90000901", "urn:ietf:rfc:3986");
    let made = create.post_json(&region.list(), &good).await.unwrap();
    let body = made.json().unwrap();
    assert_eq!((made.status, body["subject"].is_null()), (201, true));
    assert_eq!(body["source"]["identifier"]["system"], "https://example.com/device");
    for (bad, status) in [
        (good.clone(), 409),
        (record(&region.token().await, "90000902", "urn:ietf:rfc:3986"), 403),
        (record(&region.token().await, "90000901", "http://other.example"), 400),
        (record("bm9uc2Vuc2U", "90000901", "urn:ietf:rfc:3986"), 400),
    ] {
        let answer = create.post_json(&region.list(), &bad).await.unwrap();
        assert_eq!(
            (answer.status, answer.json().unwrap()["resource_type"].as_str()),
            (status, Some("OperationOutcome"))
        );
    }
    let localize = region.access("nvi:localize", "nvi").await;
    let query = by_patient(&region.token().await);
    let found = localize.get(&format!("{}?{query}", region.list())).await.unwrap().json().unwrap();
    assert_eq!((found["total"].as_u64(), found["type"].as_str()), (Some(2), Some("searchset")));
    let coded = localize.get(&format!("{}?{query}&code=Condition", region.list())).await.unwrap();
    assert_eq!(coded.status, 422);
    let id = body["id"].as_str().unwrap();
    let delete = region.access("nvi:delete", "nvi").await;
    for status in [201, 404] {
        let answer = delete.raw(Method::DELETE, &format!("{}/{id}", region.list()), &[], Vec::new().into()).await;
        assert_eq!(answer.unwrap().status, status);
    }
    assert_eq!(create.get(&region.list()).await.unwrap().status, 403, "a token is for its scope");
    assert_eq!(region.wire.get(&region.list()).await.unwrap().status, 401);
}

#[tokio::test]
async fn the_pseudonym_service_refuses_as_the_running_one_does() {
    let region = Region::start(&[]);
    let point = URL_SAFE.encode(blinded(&[0]));
    for (recipient, point, status) in [
        (RECIPIENT, point.as_str(), 200),
        ("ura:90000901", &point, 422),
        ("oin:00000099000000009000", &point, 404),
        (RECIPIENT, "____________________________________________", 400),
    ] {
        assert_eq!(region.evaluate(recipient, point).await.status, status, "{recipient}");
    }
    let nobody = region.wire.post_json(&format!("{}/oprf/eval", region.services.prs_url), &json!({})).await.unwrap();
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn everything_that_was_told_can_be_looked_at_and_faults_are_acted_out() {
    let region = Region::start(&[]);
    let plain = Wire::new(None, None).unwrap();
    let token = region.token().await;
    let told = plain.get(&format!("{}/prs/requests", region.services.control_url)).await.unwrap().json().unwrap();
    assert!(told[0]["body"].as_str().unwrap().contains("encryptedPersonalId"));
    let localize = region.access("nvi:localize", "nvi").await;
    let url = format!("{}?{}", region.list(), by_patient(&token));
    for (fault, status) in [
        (Fault::Status { code: 503 }, Some(503)),
        (Fault::Redirect, Some(307)),
        (Fault::Absent, None),
        (Fault::Torn, None),
        (Fault::None, Some(200)),
    ] {
        let place = format!("{}/nvi/fault", region.services.control_url);
        let body = serde_json::to_vec(&fault).unwrap();
        assert_eq!(plain.raw(Method::PUT, &place, &[], body.into()).await.unwrap().status, 204);
        assert_eq!(localize.get(&url).await.ok().map(|answer| answer.status), status, "{fault:?}");
    }
    let reused = plain.get(&format!("{}/nvi/reused", region.services.control_url)).await.unwrap().json().unwrap();
    assert_eq!(reused, json!(1), "a token that comes again is noticed");
}
