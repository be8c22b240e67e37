//! The gates' doorman: certificate, token and session to an identified caller (port `Authenticator`).
//!
//! Says who asks and with which use cases; never what may be released.

use std::sync::Arc;

use exchange::inbound::{Credentials, Gate};
use exchange::ports::{AuthenticationFault, Authenticator, BoxFuture, Clock};
use moka::sync::Cache;
use policy::{Caller, UseCaseId};
use time::OffsetDateTime;

use super::certificates::{Certificate, Thumbprint};
use super::inner_callers::InnerCallers;
use super::jose::Jkt;
use super::nuts::Introspector;
use super::oauth::dpop::{Brought, Expected, ProofFault, ProofVerifier, Recent};
use super::oauth::{Shown, TokenIssuer};
use super::partners::{PartnerConfig, Partners};
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
    /// How callers know the outer gate, without a slash at the end.
    outer_base: String,
    proofs: ProofVerifier,
    recent: Recent,
    /// A Nuts node of ours, whose tokens are taken too.
    nuts_node: Option<Introspector>,
}

/// Who says whether a certificate that was shown can still be believed, at each gate.
pub struct Vets {
    pub outer: Arc<dyn Vet>,
    /// Where the inner listener has TLS. Without it nobody shows a certificate there.
    pub inner: Option<Arc<dyn Vet>>,
}

/// What a token that was shown comes to.
struct Held {
    caller: Caller,
    jkt: Option<Jkt>,
    /// Whether the token may be older than this process.
    outlives_us: bool,
}

impl NodeAuthenticator {
    /// `outer_base` is the public base URL of the outer gate: what proofs of possession must name.
    pub fn new(
        outer_base: String,
        partners: Arc<Partners>,
        issuer: Arc<TokenIssuer>,
        inner: Arc<InnerCallers>,
        sessions: Arc<Sessions>,
        clock: Arc<dyn Clock>,
        vets: Vets,
    ) -> Self {
        let recent = Recent::new(clock.now().unix_timestamp());
        NodeAuthenticator {
            partners,
            issuer,
            inner,
            sessions,
            clock,
            vets,
            certificates: Cache::new(CERTIFICATES),
            outer_base,
            proofs: ProofVerifier::default(),
            recent,
            nuts_node: None,
        }
    }

    /// Also takes tokens that a Nuts node of ours gave.
    pub fn with_nuts_node(self, introspector: Introspector) -> Self {
        NodeAuthenticator { nuts_node: Some(introspector), ..self }
    }

    /// Another provider's node: its certificate, and a token of ours that is bound to it (RFC 8705, section 3), and where
    /// the token is also bound to a key, a fresh proof of that key (RFC 9449, section 7).
    async fn outer(&self, credentials: &Credentials) -> Result<Caller, AuthenticationFault> {
        let now = self.clock.now();
        let der = credentials.certificate.as_deref().ok_or(AuthenticationFault::NoCertificate)?;
        let certificate = self.read(der).ok_or(AuthenticationFault::UnknownOrganisation)?;
        if !certificate.valid_at(now) || !certificate.for_clients {
            // The TLS session outlived it, or it is no client's.
            return Err(AuthenticationFault::NoCertificate);
        }
        let partner = certificate.ura.as_ref().and_then(|ura| self.partners.get(ura));
        let partner = partner.ok_or(AuthenticationFault::UnknownOrganisation)?;
        // The handshake verified it against the authorities of then; a session may be resumed, or live, for long.
        self.vetted(&self.vets.outer, der, credentials).await?;
        let (token, proven) = match shown(credentials)? {
            Shown::Bearer(token) => (token, false),
            Shown::Dpop(token) => (token, true),
            Shown::Nothing | Shown::Other => return Err(AuthenticationFault::NoToken),
        };
        if credentials.session.is_some() {
            return Err(AuthenticationFault::Ambiguous);
        }
        let (unknown, of_another) = if proven {
            (AuthenticationFault::DpopTokenNotAccepted, AuthenticationFault::DpopTokenOfAnotherClient)
        } else {
            (AuthenticationFault::TokenNotAccepted, AuthenticationFault::TokenOfAnotherClient)
        };
        let held = match self.issuer.grant(token, now) {
            Some(grant) if grant.thumbprint != certificate.thumbprint => return Err(of_another),
            Some(grant) => {
                let caller = self.issuer.caller_of(&grant).await.map_err(|_| AuthenticationFault::Unavailable)?;
                Held { caller: caller.ok_or(unknown)?, jkt: grant.jkt, outlives_us: false }
            }
            None => self.given_by_nuts_node(token, partner, now, of_another).await?.ok_or(unknown)?,
        };
        match (held.jkt, proven) {
            (None, false) => {}
            (None, true) => return Err(unknown),
            (Some(_), false) => return Err(AuthenticationFault::ProofMissing),
            (Some(jkt), true) => self
                .prove(credentials, token, jkt, &held)
                .map_err(|fault| AuthenticationFault::ProofNotAccepted(fault.code()))?,
        }
        Ok(held.caller)
    }

    /// What a token stands for that a Nuts node of ours gave to this partner, as far as it is offered that here.
    async fn given_by_nuts_node(
        &self,
        token: &str,
        partner: &PartnerConfig,
        now: OffsetDateTime,
        of_another: AuthenticationFault,
    ) -> Result<Option<Held>, AuthenticationFault> {
        let Some(node) = &self.nuts_node else { return Ok(None) };
        let answer = node.introspect(token, now).await.map_err(|fault| {
            tracing::warn!(nuts.fault = %fault, "a token cannot be introspected");
            AuthenticationFault::Unavailable
        })?;
        let Some(told) = answer else { return Ok(None) };
        // It is bound to the organisation that the client certificate names.
        if told.organisation != partner.ura {
            return Err(of_another);
        }
        let named = told.scopes.iter().filter_map(|scope| UseCaseId::parse(scope));
        let use_cases: Vec<UseCaseId> = named.filter(|id| partner.use_cases.contains(id)).collect();
        if use_cases.is_empty() {
            return Ok(None);
        }
        let caller = Caller {
            client_id: partner.ura.as_str().to_owned(),
            organisation: partner.organisation(),
            person: told.person.clone(),
            use_cases,
            patient: None,
            treatment_relation: None,
            responsible: None,
            emergency: None,
            token_id: Some(Digest::of(token).token_id()),
        };
        Ok(Some(Held { caller, jkt: told.jkt, outlives_us: true }))
    }

    /// Holds unless the request proves that it holds the key of this token (RFC 9449, section 4.3).
    fn prove(&self, credentials: &Credentials, token: &str, jkt: Jkt, held: &Held) -> Result<(), ProofFault> {
        let shown = credentials.possession.as_deref().ok_or(ProofFault::NotOne)?;
        let now = self.clock.now().unix_timestamp();
        let url = format!("{}{}", self.outer_base, shown.path);
        let expected = Expected { method: &shown.method, url: &url, token: Some(token), now };
        let proof = self.proofs.verify(&shown.proofs, &expected)?;
        if proof.jkt != jkt {
            return Err(ProofFault::OtherKey);
        }
        let brought = Brought { client: &held.caller.client_id, request: &shown.request_id };
        self.recent.accept(&brought, &proof, held.outlives_us, now)
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
            // No token of the inner gate is bound to a key.
            (Shown::Dpop(_) | Shown::Other, None) => return Err(AuthenticationFault::NoToken),
            (Shown::Bearer(token), None) => {
                let digest = Digest::of(token);
                let caller = self.inner.by_token(&digest).ok_or(AuthenticationFault::TokenNotAccepted)?;
                Caller { token_id: Some(digest.token_id()), ..Caller::clone(caller) }
            }
            (Shown::Nothing, Some(session)) => {
                let live = self.sessions.lookup(session, now).ok_or(AuthenticationFault::TokenNotAccepted)?;
                Caller { token_id: Some(live.handle), ..Caller::clone(&live.caller) }
            }
            (Shown::Bearer(_) | Shown::Dpop(_) | Shown::Other, Some(_)) => return Err(AuthenticationFault::Ambiguous),
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
        [only] => Ok(Shown::read(only)),
        _ => Err(AuthenticationFault::Ambiguous),
    }
}

#[cfg(test)]
mod tests;
