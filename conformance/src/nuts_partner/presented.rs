//! Whether a presentation of an X509Credential is right, as a stranger to its maker would find out (RFC021, RFC023).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use serde_json::Value;
use time::OffsetDateTime;

use crate::callers::{Wire, jwk_of, name_in};

/// What a right one says.
pub(super) struct Presented {
    pub(super) ura: String,
    pub(super) nonce: String,
}

/// A JWT, taken apart.
pub(crate) struct Jwt {
    header: Value,
    pub(crate) claims: Value,
    message: String,
    signature: String,
}

impl Jwt {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        let (header, claims) = (part(header)?, part(claims)?);
        Some(Jwt { header, claims, message: message.to_owned(), signature: signature.to_owned() })
    }

    /// Whether this key (JWK, P-256) signed it.
    pub(crate) fn is_by(&self, jwk: &Value) -> bool {
        let member = |name: &str| jwk[name].as_str().unwrap_or_default();
        let key = DecodingKey::from_ec_components(member("x"), member("y"));
        self.header["alg"] == "ES256"
            && key.is_ok_and(|key| {
                jsonwebtoken::crypto::verify(&self.signature, self.message.as_bytes(), &key, Algorithm::ES256)
                    .unwrap_or(false)
            })
    }
}

impl Presented {
    /// Holds a presentation against everything that can be looked up; says what is wrong.
    pub(super) async fn verify(text: &str, issuer: &str, authority: &[u8], wire: &Wire) -> Result<Self, &'static str> {
        let shown = Jwt::read(text).ok_or("it cannot be read")?;
        let claims = &shown.claims;
        let holder = claims["iss"].as_str().filter(|_| claims["sub"] == claims["iss"]).ok_or("iss and sub differ")?;
        let kid = shown.header["kid"].as_str().filter(|kid| kid.split('#').next() == Some(holder));
        let kid = kid.ok_or("its kid is of another")?;
        if claims["aud"] != issuer {
            return Err("it is meant for another");
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (from, until) = (claims["nbf"].as_i64().unwrap_or(i64::MAX), claims["exp"].as_i64().unwrap_or_default());
        if from > now + 5 || until + 5 < now || !(1..=5).contains(&until.saturating_sub(from)) {
            return Err("it is not of now");
        }
        let nonce = claims["nonce"].as_str().filter(|nonce| !nonce.is_empty()).ok_or("it has no nonce")?;
        let document = document_of(holder, wire).await.ok_or("there is no DID document")?;
        let named = |method: &&Value| method["id"] == kid && method["controller"] == holder;
        let method = document["verificationMethod"].as_array().and_then(|all| all.iter().find(named));
        let method = method.filter(|_| document["id"] == holder).ok_or("the DID document has no such key")?;
        let may = document["assertionMethod"].as_array().is_some_and(|all| all.iter().any(|one| *one == kid));
        if !may || !shown.is_by(&method["publicKeyJwk"]) {
            return Err("it is not signed by its holder");
        }
        let credentials = claims["vp"]["verifiableCredential"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [Value::String(credential)] = credentials else { return Err("it has not one credential") };
        let ura = credential_of(credential, holder, authority)?;
        Ok(Presented { ura, nonce: nonce.to_owned() })
    }
}

/// The URA that a credential says of its holder.
fn credential_of(text: &str, holder: &str, authority: &[u8]) -> Result<String, &'static str> {
    let credential = Jwt::read(text).ok_or("the credential cannot be read")?;
    let chain: Option<Vec<CertificateDer<'static>>> = credential.header["x5c"].as_array().and_then(|all| {
        all.iter().map(|one| Some(CertificateDer::from(STANDARD.decode(one.as_str()?).ok()?))).collect()
    });
    let chain = chain.ok_or("the credential has no chain")?;
    let (leaf, others) = chain.split_first().ok_or("the credential's chain is empty")?;
    if others.last().is_none_or(|last| last.as_ref() != authority) {
        return Err("the credential's chain does not end in the authority");
    }
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.to_vec())).map_err(|_| "the authority is none")?;
    let provider = rustls::crypto::aws_lc_rs::default_provider().into();
    let verifier = WebPkiClientVerifier::builder_with_provider(std::sync::Arc::new(roots), provider).build();
    let verifier = verifier.map_err(|_| "the authority is none")?;
    verifier.verify_client_cert(leaf, others, UnixTime::now()).map_err(|_| "the chain does not hold")?;
    let jwk = jwk_of(leaf).map_err(|_| "the certificate's key is of another kind")?;
    if !credential.is_by(&jwk) {
        return Err("the credential is not signed with the certificate");
    }
    let name = name_in(leaf).ok_or("the certificate names no organisation")?;
    let issuer = credential.claims["iss"].as_str().unwrap_or_default();
    let fingerprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, authority));
    let begins = format!("did:x509:0:sha256:{fingerprint}::san:otherName:{name}");
    if issuer.strip_prefix(&begins).is_none_or(|rest| !rest.is_empty() && !rest.starts_with("::subject:O:")) {
        return Err("the credential's issuer is not its certificate");
    }
    let vc = &credential.claims["vc"];
    let kinds = vc["type"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !kinds.iter().any(|kind| kind == "X509Credential") {
        return Err("the credential is of another type");
    }
    let subject = vc["credentialSubject"].get(0).unwrap_or(&vc["credentialSubject"]);
    if subject["id"] != holder || subject["san"]["otherName"] != name.as_str() {
        return Err("the credential is about another");
    }
    name.split('-').nth(4).map(str::to_owned).ok_or("the name has no URA")
}

/// The DID document at the address that a did:web with a path names.
async fn document_of(did: &str, wire: &Wire) -> Option<Value> {
    let name = did.strip_prefix("did:web:")?;
    let mut parts = name.split(':');
    let host = parts.next()?.replace("%3A", ":");
    let path: Vec<&str> = parts.collect();
    let answer = wire.get(&format!("https://{host}/{}/did.json", path.join("/"))).await.ok()?;
    if answer.status == 200 { answer.json() } else { None }
}
