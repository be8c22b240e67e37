//! The gates' doorman: certificate, token and session to an identified caller (port `Authenticator`).
//!
//! Says who asks and with which use cases; never what may be released.

use std::sync::Arc;

use exchange::inbound::{Credentials, Gate};
use exchange::ports::{AuthenticationFault, Authenticator, BoxFuture, Clock};
use moka::sync::Cache;
use policy::Caller;

use super::certificates::{Certificate, Thumbprint};
use super::inner_callers::InnerCallers;
use super::oauth::{TokenIssuer, bearer};
use super::partners::Partners;
use super::secret::Digest;
use super::sessions::Sessions;
use super::vetting::{Part, Vet};

/// How many certificates are kept as read. A node has few clients, and each comes with every request.
const CERTIFICATES: u64 = 1024;

/// Identifies callers at both gates.
pub struct NodeAuthenticator {
    partners: Arc<Partners>,
    issuer: Arc<TokenIssuer>,
    inner: Arc<InnerCallers>,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
    vets: Vets,
    certificates: Cache<Thumbprint, Arc<Certificate>>,
}

/// Who says whether a certificate that was shown can still be believed, at each gate.
pub struct Vets {
    pub outer: Arc<dyn Vet>,
    /// Where the inner listener has TLS. Without it nobody shows a certificate there.
    pub inner: Option<Arc<dyn Vet>>,
}

/// What the `Authorization` headers of a request come to.
enum Shown<'a> {
    Nothing,
    Bearer(&'a str),
    /// A header that is no bearer token.
    Other,
}

impl NodeAuthenticator {
    pub fn new(
        partners: Arc<Partners>,
        issuer: Arc<TokenIssuer>,
        inner: Arc<InnerCallers>,
        sessions: Arc<Sessions>,
        clock: Arc<dyn Clock>,
        vets: Vets,
    ) -> Self {
        NodeAuthenticator { partners, issuer, inner, sessions, clock, vets, certificates: Cache::new(CERTIFICATES) }
    }

    /// Another provider's node: its certificate, and a token of ours that is bound to it (RFC 8705, section 3).
    async fn outer(&self, credentials: &Credentials) -> Result<Caller, AuthenticationFault> {
        let now = self.clock.now();
        let der = credentials.certificate.as_deref().ok_or(AuthenticationFault::NoCertificate)?;
        let certificate = self.read(der).ok_or(AuthenticationFault::UnknownOrganisation)?;
        if !certificate.valid_at(now) || !certificate.for_clients {
            // The TLS session outlived it, or it is no client's.
            return Err(AuthenticationFault::NoCertificate);
        }
        let known = certificate.ura.as_ref().is_some_and(|ura| self.partners.get(ura).is_some());
        if !known {
            return Err(AuthenticationFault::UnknownOrganisation);
        }
        // The handshake verified it against the authorities of then; a session may be resumed, or live, for long.
        self.vetted(&self.vets.outer, der, credentials).await?;
        let token = match shown(credentials)? {
            Shown::Bearer(token) => token,
            Shown::Nothing | Shown::Other => return Err(AuthenticationFault::NoToken),
        };
        if credentials.session.is_some() {
            return Err(AuthenticationFault::Ambiguous);
        }
        let grant = self.issuer.grant(token, now).ok_or(AuthenticationFault::TokenNotAccepted)?;
        if grant.thumbprint != certificate.thumbprint {
            return Err(AuthenticationFault::TokenOfAnotherClient);
        }
        Ok(grant.caller.clone())
    }

    /// The provider's own: a session, a configured token, or a configured certificate.
    ///
    /// A certificate may come along with one of the others, as long as it is not that of another caller.
    async fn inner(&self, credentials: &Credentials) -> Result<Caller, AuthenticationFault> {
        let now = self.clock.now();
        let by_certificate = match credentials.certificate.as_deref() {
            Some(der) => self.inner_by_certificate(der, credentials).await?,
            None => None,
        };
        let caller = match (shown(credentials)?, credentials.session.as_deref()) {
            (Shown::Nothing, None) => {
                return by_certificate.map(|caller| Caller::clone(&caller)).ok_or(AuthenticationFault::NoToken);
            }
            (Shown::Other, None) => return Err(AuthenticationFault::NoToken),
            (Shown::Bearer(token), None) => {
                let digest = Digest::of(token);
                let caller = self.inner.by_token(&digest).ok_or(AuthenticationFault::TokenNotAccepted)?;
                Caller { token_id: Some(digest.token_id()), ..Caller::clone(caller) }
            }
            (Shown::Nothing, Some(session)) => {
                let live = self.sessions.lookup(session, now).ok_or(AuthenticationFault::TokenNotAccepted)?;
                Caller { token_id: Some(live.handle), ..Caller::clone(&live.caller) }
            }
            (Shown::Bearer(_) | Shown::Other, Some(_)) => return Err(AuthenticationFault::Ambiguous),
        };
        match by_certificate {
            Some(other) if other.client_id != caller.client_id => Err(AuthenticationFault::Ambiguous),
            _ => Ok(caller),
        }
    }

    async fn inner_by_certificate(
        &self,
        der: &[u8],
        credentials: &Credentials,
    ) -> Result<Option<Arc<Caller>>, AuthenticationFault> {
        let Some(caller) = self.inner.by_certificate(&Thumbprint::of(der)) else {
            return Ok(None);
        };
        let valid = self.read(der).is_some_and(|certificate| certificate.valid_at(self.clock.now()));
        if !valid {
            return Err(AuthenticationFault::NoCertificate);
        }
        let vet = self.vets.inner.as_ref().ok_or(AuthenticationFault::CertificateNotTrusted)?;
        self.vetted(vet, der, credentials).await?;
        Ok(Some(caller.clone()))
    }

    async fn vetted(
        &self,
        vet: &Arc<dyn Vet>,
        der: &[u8],
        credentials: &Credentials,
    ) -> Result<(), AuthenticationFault> {
        vet.vet(Part::Client, der, &credentials.issuers).await.fault().map_or(Ok(()), Err)
    }

    fn read(&self, der: &[u8]) -> Option<Arc<Certificate>> {
        let thumbprint = Thumbprint::of(der);
        if let Some(known) = self.certificates.get(&thumbprint) {
            return Some(known);
        }
        let certificate = Arc::new(Certificate::read(der).ok()?);
        self.certificates.insert(thumbprint, certificate.clone());
        Some(certificate)
    }
}

impl Authenticator for NodeAuthenticator {
    fn identify<'a>(
        &'a self,
        gate: Gate,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        Box::pin(async move {
            match gate {
                Gate::Outer => self.outer(credentials).await,
                Gate::Inner => self.inner(credentials).await,
            }
        })
    }
}

fn shown(credentials: &Credentials) -> Result<Shown<'_>, AuthenticationFault> {
    match credentials.authorization.as_slice() {
        [] => Ok(Shown::Nothing),
        [only] => Ok(bearer(only).map_or(Shown::Other, Shown::Bearer)),
        _ => Err(AuthenticationFault::Ambiguous),
    }
}

#[cfg(test)]
mod tests;
