//! The callers against a listener that demands a certificate of our own authority, as a
//! node's outer one does.

use super::*;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};

use crate::ca::{CertificateAuthority, Files, Subject};
use crate::source_server::{FhirVersion, SourceServer};

const HOSPITAL: Subject<'_> = Subject { name: "Ziekenhuis Maasdal", dns_names: &[] };

/// Tells back what it was asked: the form, the token, the protocol.
async fn echo(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let form: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), json!(value))).collect();
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    HttpResponse::Ok().json(json!({
        "access_token": "given", "form": form, "authorization": authorization,
        "protocol": format!("{:?}", request.version()), "method": request.method().as_str(),
    }))
}

fn listening(ca: &Path, files: &Files) -> u16 {
    let mut roots = RootCertStore::empty();
    for root in wire::certificates(ca).unwrap() {
        roots.add(root).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider)).build().unwrap();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(wire::certificates(&files.certificate).unwrap(), key)
        .unwrap();
    let server = HttpServer::new(|| App::new().default_service(web::to(echo)))
        .workers(1)
        .disable_signals()
        .bind_rustls_0_23(("127.0.0.1", 0), config)
        .unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    port
}

fn acting() -> Acting {
    Acting {
        user: User { id: "deboer".into(), name: "I. de Boer".into(), role: "01.015".into() },
        patient: "999911120".into(),
        treatment_relation: TreatmentRelation { kind: "general-practice".into(), reference: "brink0093".into() },
    }
}

#[actix_web::test]
async fn an_outer_caller_signs_in_with_its_certificate_and_speaks_http_2() {
    let folder = tempfile::tempdir().unwrap();
    let ca = CertificateAuthority::new("echt").unwrap();
    let root = ca.write(folder.path(), "ca").unwrap().certificate;
    let files = ca.issue_server("90010001", &HOSPITAL).unwrap().write(folder.path(), "hospital").unwrap();
    let endpoint = format!("https://localhost:{}/oauth/token", listening(&root, &files));
    let caller = OuterCaller::new(&root, &files.certificate, &files.key, "90010001", &endpoint).unwrap();

    let answer = caller.request_token(&caller.assertion(Some(&acting())), "overview").await.unwrap();
    let told = answer.json().unwrap();
    assert_eq!((answer.status, told["protocol"].as_str()), (200, Some("HTTP/2.0")));
    assert_eq!(
        (told["form"]["grant_type"].as_str(), told["form"]["scope"].as_str()),
        (Some("client_credentials"), Some("overview"))
    );

    let assertion = told["form"]["client_assertion"].as_str().unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&std::fs::read(&files.certificate).unwrap()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let key = DecodingKey::from_ec_der(&certificate.public_key().subject_public_key.data);
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[&endpoint]);
    let claims = decode::<Value>(assertion, &key, &validation).unwrap().claims;
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("90010001"), Some("90010001")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(claims["user"]["role"], "01.015");
    assert_eq!(claims["treatment_relation"]["kind"], "general-practice");
    let header = decode_header(assertion).unwrap();
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    assert_eq!(header.kid.as_deref(), claims["cnf"]["x5t#S256"].as_str());
    assert_eq!(header.kid.unwrap(), thumbprint(&pem.contents));

    let wire = caller.signed_in("overview", None).await.unwrap();
    let told = wire.get(&endpoint).await.unwrap().json().unwrap();
    assert_eq!(told["authorization"], "Bearer given");
    let other = wire.raw(reqwest::Method::PUT, &endpoint, &[("authorization", "Basic x")], "y".into()).await.unwrap();
    assert_eq!(other.json().unwrap()["authorization"], "Basic x");
    assert_ne!(caller.assertion(None).claims["jti"], caller.assertion(None).claims["jti"]);
}

#[actix_web::test]
async fn a_rogue_or_expired_certificate_does_not_get_through() {
    let folder = tempfile::tempdir().unwrap();
    let ca = CertificateAuthority::new("echt").unwrap();
    let root = ca.write(folder.path(), "ca").unwrap().certificate;
    let server = ca.issue_server("90010001", &HOSPITAL).unwrap().write(folder.path(), "server").unwrap();
    let endpoint = format!("https://localhost:{}/", listening(&root, &server));
    let rogue = CertificateAuthority::new("vals").unwrap();
    let cases = [
        ("rogue", rogue.issue_server("90010001", &HOSPITAL).unwrap(), false),
        ("expired", ca.issue_expired("90010001", &HOSPITAL).unwrap(), false),
        ("without-ura", ca.issue_without_ura(&HOSPITAL).unwrap(), true),
    ];
    for (name, issued, through) in cases {
        let files = issued.write(folder.path(), name).unwrap();
        let caller = OuterCaller::new(&root, &files.certificate, &files.key, "90010001", &endpoint).unwrap();
        assert_eq!(caller.get(&endpoint).await.is_ok(), through, "{name}");
    }
    let nobody = Wire::new(Some(&root), None).unwrap();
    assert!(nobody.get(&endpoint).await.is_err());
}

#[actix_web::test]
async fn an_inner_caller_shows_its_token_and_waits_no_longer_than_it_must() {
    let source = SourceServer::start(FhirVersion::R4, vec![], ([127, 0, 0, 1], 0).into()).unwrap();
    let caller = InnerCaller::new(None, "secret").unwrap();
    let answer = caller.get(&format!("{}/metadata", source.base_url)).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().contains("fhirVersion=4.0"));
    let seen = source.requests();
    assert_eq!(seen[0].headers["authorization"], "Bearer");

    source.set_fault(crate::source_server::Fault::Slow { ms: 60_000 });
    let url = format!("{}/Patient?identifier=999911120", source.base_url);
    let call = tokio::time::timeout(Duration::from_millis(100), caller.get(&url));
    assert!(call.await.is_err(), "the source is slow");
    source.set_fault(crate::source_server::Fault::Dead);
    let error = caller.get(&url).await.err().unwrap();
    assert!(!format!("{error} {error:?}").contains("999911120"), "{error:?}");
}
