use reqwest::Method;
use serde_json::json;
use url::Url;

use super::*;
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{Answer, Wire};
use crate::region;

const BACK: &str = "http://127.0.0.1:1/back";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Running {
    epd: EpdHandle,
    wire: Wire,
    _folder: tempfile::TempDir,
}

fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let ca = CertificateAuthority::new("CA").unwrap();
    let files = ca.write(folder.path(), "ca").unwrap();
    let issued = ca.issue_without_ura(&Subject { name: "EPD", dns_names: &[] }).unwrap();
    let client =
        EpdClient { id: "node".into(), launch_url: "http://127.0.0.1:1/launch".into(), redirect_uri: BACK.into() };
    let resources = region::resources("hospital");
    let address = ([127, 0, 0, 1], 0).into();
    let epd = Epd::start(address, &issued.certificate_pem, &issued.key_pem, resources, client).unwrap();
    Running { wire: Wire::new(Some(&files.certificate), None).unwrap(), epd, _folder: folder }
}

impl Running {
    fn base(&self) -> &str {
        self.epd.iss.trim_end_matches("/fhir")
    }

    async fn control(&self, method: Method, what: &str, body: Value) -> Answer {
        let url = format!("{}/{what}", self.epd.control_url);
        let kind = [("content-type", "application/json")];
        self.wire.raw(method, &url, &kind, body.to_string().into()).await.unwrap()
    }

    async fn launch(&self) -> String {
        let wanted = json!({"practitioner": "okafor", "bsn": region::patients()[0].bsn});
        let told = self.control(Method::POST, "launch", wanted).await.json().unwrap();
        assert_eq!(told["iss"], self.epd.iss.as_str());
        told["launch"].as_str().unwrap().to_owned()
    }

    async fn authorize(&self, launch: &str, changed: Option<(&str, &str)>) -> Answer {
        let aud = self.epd.iss.clone();
        let mut url = Url::parse(&format!("{}/authorize", self.base())).unwrap();
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "node"),
            ("redirect_uri", BACK),
            ("launch", launch),
            ("scope", "launch openid fhirUser"),
            ("state", "s"),
            ("nonce", "n"),
            ("aud", &aud),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            let value = changed.filter(|(changed, _)| *changed == name).map_or(value, |(_, to)| to);
            url.query_pairs_mut().append_pair(name, value);
        }
        self.wire.get(url.as_str()).await.unwrap()
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("client_id", "node"),
            ("code_verifier", verifier),
        ];
        self.wire.post_form(&format!("{}/token", self.base()), &form).await.unwrap()
    }

    async fn code(&self) -> String {
        let answer = self.authorize(&self.launch().await, None).await;
        let back = Url::parse(answer.header("location").unwrap()).unwrap();
        back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }
}

#[actix_web::test]
async fn a_launch_gives_a_token_for_its_patient_and_user_and_for_no_other_patient() {
    let running = running();
    let code = running.code().await;
    let answer = running.redeem(&code, VERIFIER).await;
    let told = answer.json().unwrap();
    assert_eq!((answer.status, told["token_type"].as_str()), (200, Some("Bearer")));
    let wire = running.wire.with_token(told["access_token"].as_str().unwrap());
    let patient =
        wire.get(&format!("{}/Patient/{}", running.epd.iss, told["patient"].as_str().unwrap())).await.unwrap();
    assert!(patient.json().unwrap()["identifier"].to_string().contains(region::patients()[0].bsn));
    let roles =
        wire.get(&format!("{}/PractitionerRole?practitioner=Practitioner/okafor", running.epd.iss)).await.unwrap();
    assert_eq!(roles.json().unwrap()["entry"][0]["resource"]["specialty"][0]["coding"][0]["code"], "01.010");
    assert_eq!(wire.get(&format!("{}/Patient/another", running.epd.iss)).await.unwrap().status, 403);
    let bare = running.wire.get(&format!("{}/Practitioner/okafor", running.epd.iss)).await.unwrap();
    assert_eq!(bare.status, 401);
    assert_eq!(running.redeem(&code, VERIFIER).await.status, 400, "a code is good once");
    assert_eq!(running.redeem(&running.code().await, "another-verifier").await.status, 400);
}

#[actix_web::test]
async fn what_is_asked_otherwise_than_it_should_be_is_not_authorised() {
    let running = running();
    let launch = running.launch().await;
    for (name, value) in [
        ("client_id", "other"),
        ("redirect_uri", "http://evil.example/"),
        ("launch", "made-up"),
        ("scope", "launch"),
        ("aud", "https://evil.example/fhir"),
        ("code_challenge_method", "plain"),
        ("state", ""),
        ("nonce", ""),
    ] {
        assert_eq!(running.authorize(&launch, Some((name, value))).await.status, 400, "{name}");
    }
    assert_eq!(running.authorize(&launch, None).await.status, 303);
    let told = running.control(Method::PUT, "fault", json!({"kind": "other-issuer"})).await;
    assert_eq!(told.status, 204);
    let answer = running.authorize(&launch, None).await;
    assert!(answer.header("location").unwrap().ends_with("iss=https%3A%2F%2F127.0.0.2"));
}
