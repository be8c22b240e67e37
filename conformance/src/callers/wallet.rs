//! A holder of credentials, as Nuts has them: a DID at an address of its own, a key there, and an X509Credential made of
//! the organisation's certificate. It presents itself right or wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use actix_web::dev::ServerHandle;
use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::CallError;
use super::proof::ProofKey;
use super::wire::certificates;
use crate::site;

/// How the name in a certificate of the demo begins (`ca`).
const NAME_BEGINS: &[u8] = b"2.16.528.1.1007.99.2110-1-";
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// The holder; its address answers for as long as it lives.
pub struct Wallet {
    did: String,
    key: ProofKey,
    certificate_key: EncodingKey,
    chain: Vec<CertificateDer<'static>>,
    other_name: String,
    server: ServerHandle,
}

/// What is presented, before it is signed.
#[derive(Clone)]
pub struct Presented {
    pub header: Value,
    /// Without the credential, which is put into it when it is signed.
    pub claims: Value,
    pub credential_header: Value,
    pub credential: Value,
    pub submission: Value,
}

impl Wallet {
    /// A wallet for whom this certificate and key are; `ca_file` holds the authority that issued it.
    ///
    /// # Errors
    /// A file cannot be used, or no address is free.
    pub fn open(ca_file: &Path, certificate_file: &Path, key_file: &Path) -> Result<Self, CallError> {
        let mut chain = certificates(certificate_file)?;
        chain.truncate(1);
        chain.extend(certificates(ca_file)?.into_iter().take(1));
        let wrong = |what: &str| CallError::Certificate(what.to_owned());
        let leaf = chain.first().ok_or_else(|| wrong("no certificate"))?;
        let other_name = name_in(leaf).ok_or_else(|| wrong("the certificate names no organisation"))?;
        let key = ProofKey::fresh()?;
        let (port, server) = serve(chain.clone(), key_file, &key.jwk())?;
        Ok(Wallet {
            did: did(port),
            key,
            certificate_key: EncodingKey::from_ec_pem(&std::fs::read(key_file)?)?,
            chain,
            other_name,
            server,
        })
    }

    /// A right presentation of now for this authorization server.
    pub fn presents(&self, audience: &str) -> Presented {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let issuer = self.issuer();
        let chain: Vec<String> = self.chain.iter().map(|der| STANDARD.encode(der)).collect();
        Presented {
            header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{}#0", self.did)}),
            claims: json!({"iss": self.did, "sub": self.did, "aud": audience, "nbf": now, "exp": now + 5,
                "nonce": Uuid::new_v4().to_string(), "jti": Uuid::new_v4().to_string(),
                "vp": {"@context": [CONTEXT], "type": ["VerifiablePresentation"]}}),
            credential_header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{issuer}#0"), "x5c": chain}),
            credential: json!({"iss": issuer, "sub": self.did, "nbf": now - 60, "jti": format!("{issuer}#{now}"),
                "vc": {"@context": [CONTEXT], "type": ["VerifiableCredential", "X509Credential"],
                    "credentialSubject": [{"id": self.did, "san": {"otherName": self.other_name}}]}}),
            submission: json!({"id": Uuid::new_v4().to_string(), "definition_id": "", "descriptor_map": []}),
        }
    }

    /// Signs what is presented as it stands.
    ///
    /// # Errors
    /// A key cannot sign.
    pub fn sign(&self, presented: &Presented) -> Result<String, CallError> {
        let message = format!("{}.{}", part(&presented.credential_header), part(&presented.credential));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.certificate_key, Algorithm::ES256)?;
        let mut claims = presented.claims.clone();
        claims["vp"]["verifiableCredential"] = json!([format!("{message}.{signature}")]);
        let message = format!("{}.{}", part(&presented.header), part(&claims));
        Ok(format!("{message}.{}", self.key.signature(message.as_bytes())?))
    }
}

impl Wallet {
    /// Who issues the credential: the certificate, as a DID.
    pub fn issuer(&self) -> String {
        let authority = self.chain.last().map(|der| URL_SAFE_NO_PAD.encode(digest(&SHA256, der))).unwrap_or_default();
        format!("did:x509:0:sha256:{authority}::san:otherName:{}", self.other_name)
    }

    /// Signs any statement of the issuer as it stands.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn issue(&self, claims: &Value) -> Result<String, CallError> {
        let chain: Vec<String> = self.chain.iter().map(|der| STANDARD.encode(der)).collect();
        let header = json!({"typ": "JWT", "alg": "ES256", "kid": format!("{}#0", self.issuer()), "x5c": chain});
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.certificate_key, Algorithm::ES256)?;
        Ok(format!("{message}.{signature}"))
    }
}

impl Presented {
    /// Answers this definition: one credential for its one descriptor.
    #[must_use]
    pub fn answering(mut self, definition: &Value) -> Self {
        self.submission["definition_id"] = definition["id"].clone();
        self.submission["descriptor_map"] = json!([{"id": definition["input_descriptors"][0]["id"],
            "format": "jwt_vc", "path": "$.verifiableCredential[0]"}]);
        self
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        // The server's thread ends when it is told; nobody waits for that.
        drop(self.server.stop(false));
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// The name that says which organisation it is, as it stands in the certificate.
pub(crate) fn name_in(der: &[u8]) -> Option<String> {
    let begins = der.windows(NAME_BEGINS.len()).position(|window| window == NAME_BEGINS)?;
    // A short text in DER has its length before it.
    let length = usize::from(*der.get(begins.checked_sub(1)?)?);
    let name = der.get(begins..begins + length)?.to_vec();
    String::from_utf8(name).ok()
}

/// Serves the DID document over TLS, on a thread of its own.
fn serve(chain: Vec<CertificateDer<'static>>, key_file: &Path, jwk: &Value) -> Result<(u16, ServerHandle), CallError> {
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|fault| CallError::Certificate(fault.to_string()))?;
    let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    let document = did_document(&did(port), jwk);
    let handle = site::serve(listener, chain, key, move |app| {
        let document = document.clone();
        let answer = move || {
            let answer = HttpResponse::Ok().json(&document);
            async move { answer }
        };
        app.route("/.well-known/did.json", web::get().to(answer));
    })?;
    Ok((port, handle))
}

/// A DID document with one key, for statements.
pub(crate) fn did_document(did: &str, jwk: &Value) -> Value {
    let method = json!({"id": format!("{did}#0"), "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk});
    json!({"@context": ["https://www.w3.org/ns/did/v1"], "id": did, "verificationMethod": [method],
        "assertionMethod": [format!("{did}#0")]})
}
