//! Group B of the attack catalogue at the token endpoint: keys that are not the client's under names that are, names of others,
//! and forms that say a thing twice.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use jsonwebtoken::EncodingKey;
use reqwest::Method;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use url::form_urlencoded;

use super::assertions::{one_event_each, refused};
use super::outer_gate::{CLINIC, USE_CASE, acting};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{OuterCaller, thumbprint};

const NODE: &str = "hospital";
/// A node of the region, whose certificate every node believes.
const NEIGHBOUR: &str = "90010002";
/// DER of the SubjectPublicKeyInfo of a P-256 key, before its point (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("ATT-53: an assertion signed with the public key, in any of its forms, gets no token", |setting| {
            Box::pin(public_forms(setting))
        }),
        Check::new(
            "ATT-54: an unknown key under a known name, or a key under another's name, gets no token",
            |setting| Box::pin(names(setting)),
        ),
        Check::new("ATT-55: a key id that is longer than anything gets no token", |setting| {
            Box::pin(long_name(setting))
        }),
        Check::new("ATT-63: a scope that is said twice, or not as a text, gets no token", |setting| {
            Box::pin(scopes(setting))
        }),
    ]
}

/// The clinic with its certificate and its key.
struct Clinic {
    caller: OuterCaller,
    certificate_pem: String,
    certificate: Vec<u8>,
    /// The point of its public key.
    point: Vec<u8>,
}

impl Clinic {
    fn of(setting: &Setting) -> Result<Self, Flaw> {
        let missing = || Flaw::NotRun("the clinic has no certificate and key".to_owned());
        let files = setting.ready.organisation(CLINIC).ok_or_else(missing)?;
        let (Some(certificate), Some(key)) = (&files.certificate_file, &files.key_file) else { return Err(missing()) };
        let certificate_pem = std::fs::read_to_string(certificate).map_err(|_| missing())?;
        let der = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(|_| missing())?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|_| missing())?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_der()).map_err(|_| missing())?;
        Ok(Clinic {
            caller: setting.organisation(CLINIC, NODE)?,
            certificate: der.to_vec(),
            certificate_pem,
            point: pair.public_key().as_ref().to_vec(),
        })
    }
}

async fn public_forms(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let info = [&P256[..], &clinic.point].concat();
    let (x, y) = clinic.point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
        .to_string();
    let begin = ["-----BEGIN ", "PUBLIC KEY-----"].concat();
    let pem = format!("{begin}\n{}\n{}\n", STANDARD.encode(&info), begin.replace("BEGIN", "END"));
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let secrets: [&[u8]; 7] = [
        clinic.certificate_pem.as_bytes(),
        &clinic.certificate,
        &clinic.point,
        &info,
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        jwk.as_bytes(),
    ];
    for secret in secrets {
        let assertion = clinic.caller.assertion(Some(&acting(SHOWCASE)));
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some(assertion.key_id.clone());
        let signed =
            jsonwebtoken::encode(&header, &assertion.claims, &EncodingKey::from_secret(secret)).map_err(cannot)?;
        refused(&clinic.caller.present(&signed, USE_CASE).await?, "invalid_client")?;
    }
    one_event_each(setting, events, secrets.len()).await?;
    setting.no_source_was_asked(&mark).await
}

async fn names(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let neighbour = setting.ready.organisation(NEIGHBOUR).and_then(|one| one.certificate_file.clone());
    let neighbour = neighbour.ok_or_else(|| Flaw::NotRun("the neighbour has no certificate".to_owned()))?;
    let neighbour = CertificateDer::from_pem_file(neighbour).map_err(cannot)?;
    let stranger = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(cannot)?;
    let stranger = EncodingKey::from_ec_pem(stranger.serialize_pem().as_bytes()).map_err(cannot)?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    // Signed by nobody we know, under the clinic's name.
    let good = clinic.caller.assertion(Some(&acting(SHOWCASE)));
    refused(&clinic.caller.present(&good.sign(&stranger)?, USE_CASE).await?, "invalid_client")?;
    // Signed by the clinic, under the name of another whom the node believes.
    let mut other = clinic.caller.assertion(Some(&acting(SHOWCASE)));
    other.key_id = thumbprint(&neighbour);
    refused(&clinic.caller.request_token(&other, USE_CASE).await?, "invalid_client")?;
    other.claims.insert("cnf".to_owned(), json!({"x5t#S256": other.key_id}));
    refused(&clinic.caller.request_token(&other, USE_CASE).await?, "invalid_client")?;
    one_event_each(setting, events, 3).await?;
    setting.no_source_was_asked(&mark).await
}

async fn long_name(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let mut assertion = clinic.caller.assertion(Some(&acting(SHOWCASE)));
    assertion.key_id = "a".repeat(64 * 1024);
    let answer = clinic.caller.request_token(&assertion, USE_CASE).await?;
    ensure(matches!(answer.status, 400 | 401 | 413) && answer.body.len() < 1024, || {
        format!("it answers {} with {} bytes", answer.status, answer.body.len())
    })?;
    ensure(answer.json().is_some_and(|said| said.get("access_token").is_none()), || {
        "it is no error of OAuth".to_owned()
    })?;
    one_event_each(setting, events, 1).await?;
    setting.no_source_was_asked(&mark).await
}

async fn scopes(setting: &Setting) -> Judgement {
    let clinic = Clinic::of(setting)?;
    let mark = setting.mark(NODE).await?;
    let events = setting.refused_token_requests(NODE).await?;
    let ways: [(&[(&str, &str)], &str); 3] = [
        (&[("scope", USE_CASE), ("scope", USE_CASE)], "invalid_request"),
        (&[("scope", USE_CASE), ("scope", "development-try")], "invalid_request"),
        (&[("scope", "[\"health-overview\"]")], "invalid_scope"),
    ];
    for (scopes, error) in ways {
        let assertion = clinic.caller.signed_assertion(Some(&acting(SHOWCASE)))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .extend_pairs(scopes)
            .finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let caller = &clinic.caller;
        let answer = caller.raw(Method::POST, caller.token_endpoint(), &kind, Bytes::from(form)).await?;
        refused(&answer, error)?;
    }
    one_event_each(setting, events, ways.len()).await?;
    setting.no_source_was_asked(&mark).await
}

fn cannot(fault: impl std::fmt::Display) -> Flaw {
    Flaw::NotRun(fault.to_string())
}
