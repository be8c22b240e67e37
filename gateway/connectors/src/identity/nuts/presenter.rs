//! Ourselves as holder: an X509Credential that we make of our own certificate (RFC023), presented under a did:web that this
//! node serves, to partners that take presentations (RFC021). No Nuts node is needed for it.
//!
//! One key does it all, that of the certificate: there is no second secret to keep, and a replaced certificate replaces
//! credential and DID document in the same moment.

mod asking;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use super::x509::{X509Authorities, X509Header, did_of};
use crate::http::WebAddress;
use crate::identity::IdentityFault;
use crate::identity::certificates::Certificate;
use crate::identity::jose::{JwkMembers, write_part};
use crate::identity::node_key::{NodeKey, Signer};
use crate::identity::secret::Secret;

/// How long a credential is good, in seconds: it is made for one presentation.
const CREDENTIAL_LIFE: i64 = 300;
/// The longest life of a presentation (RFC021, section 4).
const PRESENTATION_LIFE: i64 = 5;
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// The holder, and what stands behind its certificate.
pub struct Presenter {
    key: Arc<NodeKey>,
    /// From the issuer of the certificate upwards; the last is the authority that our did:x509 names.
    behind: Vec<CertificateDer<'static>>,
    authorities: X509Authorities,
    did: String,
}

impl Presenter {
    /// `base` is where this node is reached, and `/did.json` below it answers with [`Presenter::document`]. Refuses a chain
    /// that does not bear our certificate out: nobody else would believe it either.
    pub fn new(
        key: Arc<NodeKey>,
        behind: Vec<CertificateDer<'static>>,
        base: &WebAddress,
        now: OffsetDateTime,
    ) -> Result<Self, IdentityFault> {
        let fault = |what: &str| IdentityFault(format!("nuts.own_chain_file: {what}"));
        let anchor = behind.last().ok_or_else(|| fault("it holds no certificate"))?;
        let authorities = X509Authorities::new(std::slice::from_ref(anchor))?;
        let did = did_web(base.url()).ok_or_else(|| fault("our public base makes no did:web"))?;
        let presenter = Presenter { key, behind, authorities, did };
        match presenter.issuer(&presenter.key.signer(), now) {
            Some(_) => Ok(presenter),
            None => Err(fault("our own certificate is not borne out by it")),
        }
    }

    /// Our name as holder.
    pub fn did(&self) -> &str {
        &self.did
    }

    /// Our DID document, with the key of now; nothing when that key is of a kind that has no JWK.
    pub fn document(&self) -> Option<Value> {
        let signer = self.key.signer();
        let (did, kid) = (&self.did, self.kid(&signer));
        let jwk = JwkMembers::of_certificate(signer.leaf())?.to_json();
        let method = json!({"id": kid, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk});
        Some(json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
            "id": did, "verificationMethod": [method], "authentication": [kid], "assertionMethod": [kid],
        }))
    }

    /// A presentation for this authorization server, good for a moment and once.
    pub(crate) fn present(&self, audience: &str, now: OffsetDateTime) -> Option<Secret> {
        let signer = self.key.signer();
        let credential = self.credential(&signer, now)?;
        let (did, seconds) = (&self.did, now.unix_timestamp());
        let header = json!({"typ": "JWT", "alg": signer.algorithm_name()?, "kid": self.kid(&signer)});
        let claims = json!({
            "iss": did, "sub": did, "aud": audience, "nbf": seconds, "exp": seconds.checked_add(PRESENTATION_LIFE)?,
            "nonce": uuid::Uuid::new_v4().to_string(), "jti": format!("{did}#{}", uuid::Uuid::new_v4()),
            "vp": {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": [credential]},
        });
        signed(&signer, &header, &claims).map(Secret::new)
    }

    /// Our X509Credential, with the certificate of now.
    fn credential(&self, signer: &Signer, now: OffsetDateTime) -> Option<String> {
        let (issuer, header) = self.issuer(signer, now)?;
        let certificate = Certificate::read(signer.leaf()).ok()?;
        let seconds = now.unix_timestamp();
        let ends = seconds.checked_add(CREDENTIAL_LIFE)?.min(certificate.not_after.unix_timestamp());
        let mut subject = json!({"id": self.did});
        for (group, key, value) in issuer.properties() {
            subject[group][key] = json!(value);
        }
        let did = &issuer.did;
        let header =
            json!({"typ": "JWT", "alg": signer.algorithm_name()?, "kid": format!("{did}#0"), "x5c": header.x5c});
        let claims = json!({
            "iss": did, "sub": self.did, "nbf": seconds, "exp": ends, "jti": format!("{did}#{}", uuid::Uuid::new_v4()),
            "vc": {"@context": [CONTEXT], "type": ["VerifiableCredential", "X509Credential"],
                "credentialSubject": [subject]},
        });
        signed(signer, &header, &claims)
    }

    /// Our did:x509 and the chain that bears it out, by the same rules as we read others'.
    fn issuer(&self, signer: &Signer, now: OffsetDateTime) -> Option<(Issuer, X509Header)> {
        let (did, policies) = did_of(signer.leaf(), self.behind.last()?)?;
        let chain = std::iter::once(signer.leaf()).chain(self.behind.iter().map(AsRef::as_ref));
        let header = X509Header::of(chain.map(|der| STANDARD.encode(der)).collect());
        let resolved = self.authorities.resolve(&did, &header, now).ok()?;
        (resolved.certificate.ura.as_ref() == Some(self.key.ura())).then_some((Issuer { did, policies }, header))
    }

    fn kid(&self, signer: &Signer) -> String {
        format!("{}#{}", self.did, signer.thumbprint())
    }
}

/// Our name as issuer, and what it says of the certificate.
struct Issuer {
    did: String,
    policies: super::x509::Policies,
}

impl Issuer {
    fn properties(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        self.policies.all()
    }
}

fn signed(signer: &Signer, header: &Value, claims: &Value) -> Option<String> {
    let message = format!("{}.{}", write_part(header), write_part(claims));
    let signature = signer.sign(message.as_bytes())?;
    Some(format!("{message}.{signature}"))
}

/// The did:web of an address: `https://host:port/a/b` is `did:web:host%3Aport:a:b` (W3C did:web, "Create"). Only one with a
/// path: the name of a host alone would be found elsewhere, below `.well-known`.
fn did_web(base: &Url) -> Option<String> {
    let host = base.host_str().filter(|_| base.scheme() == "https")?;
    let port = base.port().map(|port| format!("%3A{port}")).unwrap_or_default();
    let segments: Vec<&str> = base.path_segments()?.filter(|segment| !segment.is_empty()).collect();
    let plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let good = !segments.is_empty() && plain(&host) && segments.iter().all(plain);
    good.then(|| format!("did:web:{host}{port}:{}", segments.join(":")))
}
