//! Who may ask: tokens over mutual TLS, for client credentials and for client assertions, and their check at each service as
//! the national verifier makes it (the organisation number in the token is that of the certificate).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;
use uuid::Uuid;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;

use super::{INDEX_AUDIENCE, PSEUDONYM_AUDIENCE};

const LIFE: Duration = Duration::from_secs(300);
/// The attribute of a subject that holds the organisation number.
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
const SCOPES: [&str; 5] = ["nvi:create", "nvi:delete", "nvi:read", "nvi:localize", "prs:read"];

/// Somebody whom the services know: by the organisation number in its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    pub oin: String,
    pub ura: String,
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    oin: String,
    pub ura: String,
    audience: String,
    scope: String,
    /// The source system that was named.
    pub source_id: Option<String>,
    until: Instant,
}

/// The tokens that were given, and assertions that were seen.
#[derive(Default)]
pub struct Access {
    grants: HashMap<String, Grant>,
    seen: Vec<String>,
}

/// The organisation number in a certificate (DER).
pub fn oin(certificate: &[u8]) -> Option<String> {
    let read = Certificate::from_der(certificate).ok()?;
    let mut attributes = read.tbs_certificate.subject.0.iter().flat_map(|one| one.0.iter());
    let serial = attributes.find(|attribute| attribute.oid == SERIAL_NUMBER)?;
    String::from_utf8(serial.value.value().to_vec()).ok()
}

impl Access {
    /// Answers the token endpoint: a status and a body.
    pub fn grant(
        &mut self,
        organisations: &[Organisation],
        endpoint: &str,
        certificate: &[u8],
        form: &[u8],
    ) -> (u16, Value) {
        match self.granted(organisations, endpoint, certificate, form) {
            Ok(answer) => (200, answer),
            Err(error) => (if error == "invalid_client" { 401 } else { 400 }, json!({"error": error})),
        }
    }

    fn granted(
        &mut self,
        organisations: &[Organisation],
        endpoint: &str,
        certificate: &[u8],
        form: &[u8],
    ) -> Result<Value, &'static str> {
        let form: Vec<(String, String)> = form_urlencoded::parse(form).into_owned().collect();
        let named = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let shown = oin(certificate).ok_or("invalid_client")?;
        let organisation = organisations.iter().find(|known| known.oin == shown).ok_or("invalid_client")?;
        if named("grant_type").as_deref() != Some("client_credentials") {
            return Err("unsupported_grant_type");
        }
        let (scope, audience, source_id) = match named("client_assertion") {
            Some(assertion) => {
                let claims = self.asserted(organisation, endpoint, certificate, &assertion)?;
                let text = |name: &str| claims[name].as_str().map(str::to_owned);
                (text("scope"), text("target_audience"), Some("epd".to_owned()))
            }
            None => {
                let whom = named("organization_id").ok_or("invalid_request")?;
                let expected = match named("target_audience").as_deref() {
                    Some(INDEX_AUDIENCE) => &organisation.ura,
                    Some(PSEUDONYM_AUDIENCE) => &organisation.oin,
                    _ => return Err("invalid_target"),
                };
                if whom != *expected {
                    return Err("invalid_client");
                }
                (named("scope"), named("target_audience"), named("source_id"))
            }
        };
        let (scope, audience) = (scope.ok_or("invalid_scope")?, audience.ok_or("invalid_target")?);
        if !scope.split(' ').all(|one| SCOPES.contains(&one)) {
            return Err("invalid_scope");
        }
        let token = Uuid::new_v4().simple().to_string();
        self.grants.retain(|_, grant| grant.until > Instant::now());
        let grant = Grant {
            oin: organisation.oin.clone(),
            ura: organisation.ura.clone(),
            audience,
            scope: scope.clone(),
            source_id,
            until: Instant::now() + LIFE,
        };
        self.grants.insert(token.clone(), grant);
        Ok(json!({"access_token": token, "token_type": "Bearer", "expires_in": LIFE.as_secs(), "scope": scope}))
    }

    /// The claims of an assertion that holds (RFC 7523).
    fn asserted(
        &mut self,
        organisation: &Organisation,
        endpoint: &str,
        certificate: &[u8],
        assertion: &str,
    ) -> Result<Value, &'static str> {
        let (text, signature) = assertion.rsplit_once('.').ok_or("invalid_client")?;
        let (header, claims) = text.split_once('.').ok_or("invalid_client")?;
        let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let (header, claims) = (json(header).ok_or("invalid_client")?, json(claims).ok_or("invalid_client")?);
        let algorithm: &dyn VerificationAlgorithm = match header["alg"].as_str() {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("ES256") => &ECDSA_P256_SHA256_FIXED,
            _ => return Err("invalid_client"),
        };
        let read = Certificate::from_der(certificate).map_err(|_| "invalid_client")?;
        let key = read.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "invalid_client")?;
        UnparsedPublicKey::new(algorithm, key).verify(text.as_bytes(), &signature).map_err(|_| "invalid_client")?;
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate));
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let jti = claims["jti"].as_str().ok_or("invalid_client")?.to_owned();
        let right = header["kid"] == thumbprint
            && claims["cnf"]["x5t#S256"] == thumbprint
            && claims["iss"] == organisation.ura
            && claims["sub"] == organisation.ura
            && claims["aud"] == json!([endpoint])
            && claims["exp"].as_i64().is_some_and(|until| until > now && until <= now + 60)
            && !self.seen.contains(&jti);
        self.seen.push(jti);
        if right { Ok(claims) } else { Err("invalid_client") }
    }

    /// Whose token it is that came with a certificate to a service, and whether it holds one of these scopes; otherwise the
    /// status to refuse with.
    pub fn admit(
        &self,
        authorization: Option<&str>,
        certificate: Option<&[u8]>,
        audience: &str,
        scopes: &[&str],
    ) -> Result<Grant, u16> {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).ok_or(401_u16)?;
        let grant = self.grants.get(token).filter(|grant| grant.until > Instant::now()).ok_or(401_u16)?;
        if certificate.and_then(oin).as_deref() != Some(&grant.oin) {
            return Err(400);
        }
        let scoped = grant.scope.split(' ').any(|scope| scopes.contains(&scope));
        if grant.audience == audience && scoped { Ok(grant.clone()) } else { Err(403) }
    }
}
