use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::Value;
use x509_cert::der::{Decode, Encode};
use x509_ocsp::{BasicOcspResponse, CertStatus, OcspResponse, OcspResponseStatus};
use x509_parser::prelude::*;

use super::*;

/// Status and body of an answer; nothing when none came.
fn ask(handle: &AuthorityHandle, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(handle.address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let at = all.windows(4).position(|window| window == b"\r\n\r\n")?;
    let status = std::str::from_utf8(&all[9..12]).unwrap().parse().unwrap();
    Some((status, all[at + 4..].to_vec()))
}

fn started() -> AuthorityHandle {
    AuthorityServer::start("proef", (Ipv4Addr::LOCALHOST, 0).into()).unwrap()
}

fn issued(handle: &AuthorityHandle, order: &Value) -> Value {
    let (status, body) = ask(handle, "POST", "/_control/issue", order.to_string().as_bytes()).unwrap();
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

/// A question about the certificate with this serial number, as a client of OCSP asks it.
fn question(handle: &AuthorityHandle, serial: &str) -> Vec<u8> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    use x509_cert::der::asn1::{Null, OctetString};
    use x509_cert::serial_number::SerialNumber;
    use x509_cert::spki::AlgorithmIdentifierOwned;
    use x509_ocsp::{CertId, OcspRequest, Request, TbsRequest};
    let authority = handle.authority().unwrap();
    let sha1 = |bytes: &[u8]| OctetString::new(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref()).unwrap();
    let (_, pem) = parse_x509_pem(authority.certificate_pem().as_bytes()).unwrap();
    let root = pem.parse_x509().unwrap();
    let oid = "1.3.14.3.2.26".parse().unwrap();
    let req_cert = CertId {
        hash_algorithm: AlgorithmIdentifierOwned { oid, parameters: Some(Null.into()) },
        issuer_name_hash: sha1(root.subject().as_raw()),
        issuer_key_hash: sha1(&root.public_key().subject_public_key.data),
        serial_number: SerialNumber::new(&unhex(serial.as_bytes()).unwrap()).unwrap(),
    };
    let request_list = vec![Request { req_cert, single_request_extensions: None }];
    let tbs_request = TbsRequest { request_list, ..TbsRequest::default() };
    OcspRequest { tbs_request, optional_signature: None }.to_der().unwrap()
}

fn status(handle: &AuthorityHandle, serial: &str) -> CertStatus {
    let (status, body) = ask(handle, "POST", "/0/ocsp", &question(handle, serial)).unwrap();
    assert_eq!(status, 200);
    let response = OcspResponse::from_der(&body).unwrap();
    assert_eq!(response.response_status, OcspResponseStatus::Successful);
    let basic = BasicOcspResponse::from_der(response.response_bytes.unwrap().response.as_bytes()).unwrap();
    basic.tbs_response_data.responses[0].cert_status
}

fn listed(handle: &AuthorityHandle) -> Vec<Vec<u8>> {
    let (status, body) = ask(handle, "GET", "/0/list.crl", b"").unwrap();
    assert_eq!(status, 200);
    let (_, list) = CertificateRevocationList::from_der(&body).unwrap();
    assert!(list.next_update().unwrap() > list.last_update());
    list.iter_revoked_certificates().map(|entry| entry.raw_serial().to_vec()).collect()
}

#[test]
fn list_and_responder_say_the_same_of_what_was_revoked() {
    let handle = started();
    let order = json!({"profile": "uzi-server", "ura": "90010090", "name": "Kliniek"});
    let (kept, lost) = (issued(&handle, &order), issued(&handle, &order));
    let (kept, lost) = (kept["serial"].as_str().unwrap(), lost["serial"].as_str().unwrap());
    assert!(listed(&handle).is_empty());
    assert_eq!(ask(&handle, "POST", "/_control/revoke", lost.as_bytes()).unwrap().0, 204);
    assert_eq!(listed(&handle), [unhex(lost.as_bytes()).unwrap()]);
    assert!(matches!(status(&handle, kept), CertStatus::Good(_)));
    assert!(matches!(status(&handle, lost), CertStatus::Revoked(_)));
    let (_, counts) = ask(&handle, "GET", "/_control/counts", b"").unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&counts).unwrap(), json!({"lists": 2, "answers": 2}));
}

#[test]
fn what_is_issued_says_where_to_ask_and_is_what_was_ordered() {
    let handle = started();
    let person =
        json!({"profile": "uzi-person", "ura": "90010090", "pass": "Z", "number": "900000017", "role": "01.015"});
    for (order, holds) in [
        (person, "900000017-Z-90010090-01.015"),
        (json!({"profile": "pki-overheid", "oin": "00000001123456780000"}), "00000001123456780000"),
    ] {
        let made = issued(&handle, &order);
        let (_, pem) = parse_x509_pem(made["certificate"].as_str().unwrap().as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&pem.contents).into_owned();
        assert!(text.contains(holds) && text.contains(&format!("{}/0/ocsp", handle.base_url)), "{holds}");
        assert!(text.contains(&format!("{}/0/list.crl", handle.base_url)));
    }
    let elsewhere = json!({"profile": "uzi-server", "ura": "90010001", "list": "another"});
    let made = issued(&handle, &elsewhere);
    let (_, pem) = parse_x509_pem(made["certificate"].as_str().unwrap().as_bytes()).unwrap();
    let text = String::from_utf8_lossy(&pem.contents).into_owned();
    assert!(text.contains(&format!("{}/0/another.crl", handle.base_url)) && !text.contains("/0/list.crl"));
    let (status, list) = ask(&handle, "GET", "/0/another.crl", b"").unwrap();
    assert!(status == 200 && String::from_utf8_lossy(&list).contains("/0/another.crl"), "it says which one it is");
    let unusable: [&[u8]; 3] = [b"", br#"{"profile": "none"}"#, br#"{"profile": "uzi-server", "ura": "1"}"#];
    for order in unusable {
        assert_eq!(ask(&handle, "POST", "/_control/issue", order).unwrap().0, 400);
    }
}

#[test]
fn it_fails_as_it_is_told_and_only_there() {
    let handle = started();
    let fault = |fault: Value| ask(&handle, "PUT", "/_control/fault", fault.to_string().as_bytes()).unwrap().0;
    assert_eq!(fault(json!({"kind": "down", "only": "list"})), 204);
    assert_eq!(ask(&handle, "GET", "/0/list.crl", b""), None);
    assert!(matches!(status(&handle, "41"), CertStatus::Good(_)));
    assert_eq!(fault(json!({"kind": "absent"})), 204);
    assert_eq!(ask(&handle, "GET", "/0/list.crl", b"").unwrap().0, 404);
    assert_eq!(fault(json!({"kind": "unknown"})), 204);
    assert!(matches!(status(&handle, "41"), CertStatus::Unknown(_)));
    assert_eq!(fault(json!({"kind": "no such"})), 400);
    assert_eq!(fault(json!({})), 204);
    assert!(listed(&handle).is_empty());
}

#[test]
fn a_new_root_issues_and_the_old_one_goes_on_to_answer() {
    let handle = started();
    let before = handle.authority().unwrap().certificate_pem().to_owned();
    assert_eq!(ask(&handle, "POST", "/_control/rollover", b"").unwrap().0, 200);
    assert_ne!(handle.authority().unwrap().certificate_pem(), before);
    assert_eq!(ask(&handle, "GET", "/0/list.crl", b"").unwrap().0, 200);
    assert_eq!(ask(&handle, "GET", "/1/list.crl", b"").unwrap().0, 200);
    assert_eq!(ask(&handle, "GET", "/2/list.crl", b"").unwrap().0, 404);
}
