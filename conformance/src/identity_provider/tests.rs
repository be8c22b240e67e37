use serde_json::json;
use url::Url;

use super::*;
use crate::ca::{CertificateAuthority, Subject};
use crate::callers::{Answer, Wire};

const BACK: &str = "http://127.0.0.1:1/back";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Running {
    provider: ProviderHandle,
    wire: Wire,
    _folder: tempfile::TempDir,
}

fn running() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let ca = CertificateAuthority::new("CA").unwrap();
    let files = ca.write(folder.path(), "ca").unwrap();
    let issued = ca.issue_without_ura(&Subject { name: "Dezi", dns_names: &[] }).unwrap();
    let employee = Employee {
        number: "900100101".into(),
        initials: "M.".into(),
        surname: "van Loon".into(),
        role: "01.032".into(),
        role_name: "Orthopedisch chirurg".into(),
        ura: "90010001".into(),
        provider: "Ziekenhuis Maasdal".into(),
    };
    let client = Client { id: "node".into(), redirect_uri: BACK.into(), key: decryption_key().unwrap().1 };
    let address = ([127, 0, 0, 1], 0).into();
    let provider =
        IdentityProvider::start(address, &issued.certificate_pem, &issued.key_pem, vec![employee], vec![client])
            .unwrap();
    Running { provider, wire: Wire::new(Some(&files.certificate), None).unwrap(), _folder: folder }
}

impl Running {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.provider.issuer)
    }

    async fn authorize(&self, changes: &[(&str, &str)]) -> Answer {
        let mut url = Url::parse(&self.at("/authorize")).unwrap();
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "node"),
            ("redirect_uri", BACK),
            ("scope", "openid"),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            let changed = changes.iter().find(|(known, _)| *known == name).map_or(value, |(_, value)| value);
            url.query_pairs_mut().append_pair(name, changed);
        }
        self.wire.get(url.as_str()).await.unwrap()
    }

    async fn code(&self) -> String {
        let page = self.authorize(&[]).await;
        let text = String::from_utf8_lossy(&page.body).into_owned();
        let log_in = text.split("name=\"log_in\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = [("log_in", log_in.as_str()), ("number", "900100101")];
        let sent = self.wire.post_form(&self.at("/authorize"), &form).await.unwrap();
        assert_eq!(sent.status, 303);
        let back = Url::parse(sent.header("location").unwrap()).unwrap();
        assert_eq!(&back[..url::Position::AfterPath], BACK);
        back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn token(&self, code: &str, verifier: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("client_id", "node"),
            ("code_verifier", verifier),
        ];
        self.wire.post_form(&self.at("/token"), &form).await.unwrap()
    }
}

#[actix_web::test]
async fn a_code_is_good_once_and_with_its_verifier_and_the_answer_is_encrypted() {
    let running = running();
    let code = running.code().await;
    let tokens = running.token(&code, VERIFIER).await.json().unwrap();
    assert_eq!(running.token(&code, VERIFIER).await.status, 400, "replayed");
    let code = running.code().await;
    assert_eq!(running.token(&code, "another-verifier").await.status, 400);
    let access = tokens["access_token"].as_str().unwrap();
    let info = running.wire.with_token(access).get(&running.at("/userinfo")).await.unwrap();
    assert_eq!((info.status, info.header("content-type")), (200, Some("application/jwt")));
    assert_eq!(String::from_utf8_lossy(&info.body).split('.').count(), 5);
    assert_eq!(running.wire.get(&running.at("/userinfo")).await.unwrap().status, 401);
    for path in ["/openid/connect/jwks.json", "/dezi/jwks.json"] {
        let keys = running.wire.get(&running.at(path)).await.unwrap().json().unwrap();
        assert_eq!(keys["keys"][0]["kty"], "RSA");
    }
}

#[actix_web::test]
async fn nobody_is_sent_to_a_place_that_is_not_registered_nor_without_what_protects_them() {
    let running = running();
    assert_eq!(running.authorize(&[]).await.status, 200);
    for change in [
        ("redirect_uri", "https://evil.example/back"),
        ("client_id", "other"),
        ("code_challenge_method", "plain"),
        ("code_challenge", ""),
        ("state", ""),
        ("nonce", ""),
        ("scope", "profile"),
        ("response_type", "token"),
    ] {
        assert_eq!(running.authorize(&[change]).await.status, 400, "{change:?}");
    }
}

#[actix_web::test]
async fn it_is_told_over_the_wire_what_to_do_wrong() {
    let running = running();
    let status = async || running.wire.get(&running.at("/status/v1/verklaring/v")).await.unwrap();
    assert_eq!(status().await.json().unwrap(), json!({"verklaringId": "v", "status": "actief"}));
    let order = format!("{}/fault", running.provider.control_url);
    let body = bytes::Bytes::from_static(br#"{"kind":"absent"}"#);
    let put = reqwest::Method::PUT;
    let told = running.wire.raw(put, &order, &[("content-type", "application/json")], body).await.unwrap();
    assert_eq!((told.status, status().await.status), (204, 503));
}
