//! Tokens from peers: asked for with a signed assertion, kept until shortly before they expire.
//!
//! A token speaks for one person, one patient, one use case and one treatment relation, and is used for no other.

use std::sync::Arc;
use std::time::Duration;

use exchange::ports::{BoxFuture, Clock, SourceFault};
use fhir::{Bsn, Ura};
use moka::sync::Cache;
use policy::{EmergencyReason, PatientScope, Permit, Person, TreatmentRelation, UseCaseId};
use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use tracing::warn;
use url::form_urlencoded;

use super::assertion::{Statement, sign};
use super::base::{HeldBases, REFERRAL, TRANSFER};
use super::bearer::is_token;
use super::dpop::ProofKey;
use super::{ASSERTION_TYPE, GRANT_TYPE};
use crate::http::{FetchFault, Fetched, HttpClient, Limits, WebAddress};
use crate::identity::node_key::NodeKey;
use crate::identity::nuts::{NutsWallet, Presenter};
use crate::identity::secret::Secret;
use crate::peers::{PeerConfig, Token, TokenSupplier};

/// The longest answer of a token endpoint that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;
/// The longest token that is taken, in bytes.
const MAX_TOKEN: usize = 4096;
/// How long before its end a token is renewed, in seconds; at most half of its life.
const MARGIN: i64 = 30;
/// The longest life of a token that is believed, in seconds.
const MAX_LIFE: i64 = 24 * 3600;
/// How many tokens are kept.
const TOKENS: u64 = 10_000;
/// How long a token that is not asked for is kept. Holds a BSN in memory, so not for long.
const IDLE: Duration = Duration::from_secs(600);
/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gets tokens from peers in the name of this node.
pub struct TokenClient {
    key: Arc<NodeKey>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    flights: Cache<Need, Flight>,
    /// What tokens are bound to where a peer is configured so; nothing when no key could be made.
    proof_key: Option<Arc<ProofKey>>,
    /// A Nuts node of our own, for peers that take presentations.
    wallet: Option<NutsWallet>,
    /// What others gave us to come back with.
    held: Option<Arc<dyn HeldBases>>,
    /// Or ourselves.
    presenter: Option<Arc<Presenter>>,
}

/// What a token is for. No `Debug`: it names a person and a patient.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Need {
    peer: Ura,
    use_case: UseCaseId,
    person: Option<(String, Option<String>, String)>,
    responsible: Option<(String, Option<String>, String)>,
    patient: Option<Bsn>,
    treatment_relation: Option<(String, String)>,
    emergency: Option<String>,
    /// The transfer whose authorization base brings patient and ground.
    transfer: Option<String>,
}

/// One request for a token, shared by all who wait for it. If whoever began it gives up, the next in line goes on.
type Flight = Arc<OnceCell<Result<Kept, SourceFault>>>;

#[derive(Clone)]
struct Kept {
    token: Arc<Token>,
    renew_at: OffsetDateTime,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: i64,
    scope: Option<String>,
}

impl TokenClient {
    /// `http` must show the certificate that `key` belongs to: the peer binds its tokens to it (RFC 8705).
    pub fn new(key: Arc<NodeKey>, http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        let flights = Cache::builder().max_capacity(TOKENS).time_to_idle(IDLE).build();
        TokenClient {
            key,
            http,
            clock,
            flights,
            proof_key: ProofKey::fresh().map(Arc::new),
            wallet: None,
            presenter: None,
            held: None,
        }
    }

    /// Also gets tokens by a Nuts node of our own.
    pub fn with_wallet(self, wallet: NutsWallet) -> Self {
        TokenClient { wallet: Some(wallet), ..self }
    }

    /// Also comes back with what others gave us in their notifications.
    pub fn with_held(self, held: Arc<dyn HeldBases>) -> Self {
        TokenClient { held: Some(held), ..self }
    }

    /// A token of nobody in particular, about no patient: for what this organisation tells the peer itself.
    ///
    /// # Errors
    /// As for every token.
    pub async fn of_ourselves(&self, peer: &PeerConfig, use_case: &UseCaseId) -> Result<Arc<Token>, SourceFault> {
        self.token_for(peer, Need::of_ourselves(peer, use_case)).await
    }

    /// Forgets such a token that the peer refuses: it may have started anew since.
    pub fn drop_of_ourselves(&self, peer: &PeerConfig, use_case: &UseCaseId, token: &Token) {
        self.drop_for(&Need::of_ourselves(peer, use_case), token);
    }

    fn drop_for(&self, need: &Need, token: &Token) {
        self.forget(need, |flight| matches!(flight.get(), Some(Ok(kept)) if kept.token.secret() == token.secret()));
    }

    /// Also presents the provider's own credential, where there is no Nuts node for it.
    pub fn with_presenter(self, presenter: Arc<Presenter>) -> Self {
        TokenClient { presenter: Some(presenter), ..self }
    }

    async fn token_for(&self, peer: &PeerConfig, need: Need) -> Result<Arc<Token>, SourceFault> {
        loop {
            let flight = self.flights.get_with_by_ref(&need, Flight::default);
            let asked_now = !flight.initialized();
            match flight.get_or_init(|| self.fetch(peer, &need)).await {
                // One just asked for is used even if it lives too short to be kept.
                Ok(kept) if asked_now || self.clock.now() < kept.renew_at => return Ok(kept.token.clone()),
                Ok(_) => self.forget(&need, |current| Arc::ptr_eq(current, &flight)),
                Err(fault) => {
                    self.forget(&need, |current| Arc::ptr_eq(current, &flight));
                    return Err(fault.clone());
                }
            }
        }
    }

    /// Forgets what is kept for this need, if it is still what the caller saw.
    fn forget(&self, need: &Need, same: impl FnOnce(&Flight) -> bool) {
        use moka::ops::compute::Op;
        self.flights.entry_by_ref(need).and_compute_with(|entry| match entry {
            Some(entry) if same(entry.value()) => Op::Remove,
            Some(_) | None => Op::Nop,
        });
    }

    async fn fetch(&self, peer: &PeerConfig, need: &Need) -> Result<Kept, SourceFault> {
        let mut answer = self.ask(peer, need).await;
        if matches!(answer, Err(Trouble::Lost)) {
            // A connection that is kept may end in the moment that it is used. What is asked is asked anew, with another
            // assertion: one counts once.
            answer = self.ask(peer, need).await;
        }
        let answer = answer.map_err(SourceFault::from);
        if let Err(fault) = &answer {
            warn!(peer.ura = %need.peer, use_case = %need.use_case, ?fault, "no token from the peer");
        }
        answer
    }

    async fn ask(&self, peer: &PeerConfig, need: &Need) -> Result<Kept, Trouble> {
        let (endpoint, form) = match (&peer.nuts_authorization_server, &self.presenter) {
            (Some(server), Some(presenter)) => {
                if server.is_plain_off_loopback() {
                    return Err(SourceFault::Unusable("the peer's authorization server is plain HTTP").into());
                }
                let asks = presenter.asks(&self.http, server, need.use_case.as_str(), || self.clock.now()).await?;
                (asks.token_endpoint, asks.form)
            }
            (Some(server), None) => return Ok(self.ask_wallet(server, need).await?),
            (None, _) => {
                if peer.token_endpoint.is_plain_off_loopback() {
                    return Err(SourceFault::Unusable("the peer's token endpoint is plain HTTP").into());
                }
                let form = self.form(peer, need, self.clock.now());
                let form = form.ok_or(SourceFault::Unusable("no assertion can be signed"))?;
                (peer.token_endpoint.url().clone(), Secret::new(form))
            }
        };
        let asked = self.clock.now();
        let bound_to = match (peer.dpop, &self.proof_key) {
            (false, _) => None,
            (true, Some(key)) => Some(key.clone()),
            (true, None) => return Err(SourceFault::Unusable("there is no key to bind a token to").into()),
        };
        let mut request = self
            .http
            .request(Method::POST, endpoint.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(CACHE_CONTROL, "no-store")
            .body(form.reveal().to_owned());
        if let Some(key) = &bound_to {
            let proof = key.prove("POST", endpoint.as_str(), None, asked);
            request = request.header("dpop", proof.ok_or(SourceFault::Unusable("no proof can be signed"))?);
        }
        let limits = Limits { bytes: MAX_ANSWER, patience: PATIENCE };
        let fetched = match self.http.fetch(request, limits).await {
            Err(FetchFault::Dropped) => return Err(Trouble::Lost),
            other => other.map_err(no_answer)?,
        };
        Ok(kept(&fetched, need, asked, bound_to)?)
    }

    async fn ask_wallet(&self, server: &WebAddress, need: &Need) -> Result<Kept, SourceFault> {
        let wallet = self.wallet.as_ref().ok_or(SourceFault::Unusable("there is no Nuts node to get a token by"))?;
        let asked = self.clock.now();
        let request = wallet.request(server, need.use_case.as_str());
        let request = request.ok_or(SourceFault::Unusable("the Nuts node cannot be asked"))?;
        let limits = Limits { bytes: MAX_ANSWER, patience: PATIENCE };
        let fetched = wallet.http().fetch(request, limits).await.map_err(no_answer)?;
        kept(&fetched, need, asked, None)
    }

    fn form(&self, peer: &PeerConfig, need: &Need, now: OffsetDateTime) -> Option<String> {
        let of = |(id, name, role)| Person { id, name, role };
        let (person, responsible) = (need.person.clone().map(of), need.responsible.clone().map(of));
        let emergency = need.emergency.as_deref().and_then(EmergencyReason::parse);
        let relation = need.treatment_relation.clone().map(|(kind, reference)| TreatmentRelation {
            kind,
            reference,
            age_days: None,
        });
        let audience = peer.token_endpoint.to_string();
        let statement = Statement {
            audience: &audience,
            person: person.as_ref(),
            responsible: responsible.as_ref(),
            patient: need.patient.as_ref(),
            treatment_relation: relation.as_ref(),
            emergency: emergency.as_ref(),
        };
        let assertion = sign(&self.key, &statement, now)?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", assertion.reveal())
            .append_pair("scope", need.use_case.as_str());
        if let Some(transfer) = &need.transfer {
            let base = self.held.as_ref()?.held(transfer)?;
            form.append_pair("authorization_base", base.reveal());
        }
        Some(form.finish())
    }
}

impl TokenSupplier for TokenClient {
    fn token<'a>(&'a self, peer: &'a PeerConfig, permit: &'a Permit) -> BoxFuture<'a, Result<Arc<Token>, SourceFault>> {
        Box::pin(async move {
            let need = Need::of(peer, permit).ok_or(SourceFault::NotSupported)?;
            self.token_for(peer, need).await
        })
    }

    fn drop_token(&self, peer: &PeerConfig, permit: &Permit, token: &Token) {
        if let Some(need) = Need::of(peer, permit) {
            self.drop_for(&need, token);
        }
    }
}

impl Need {
    fn of_ourselves(peer: &PeerConfig, use_case: &UseCaseId) -> Self {
        Need {
            peer: peer.ura.clone(),
            use_case: use_case.clone(),
            person: None,
            responsible: None,
            patient: None,
            treatment_relation: None,
            emergency: None,
            transfer: None,
        }
    }

    /// Nothing for a permit about any patient: a token speaks for one patient or for none.
    fn of(peer: &PeerConfig, permit: &Permit) -> Option<Self> {
        let patient = match permit.patient() {
            PatientScope::One(bsn) => Some(bsn.clone()),
            PatientScope::Nobody | PatientScope::Told | PatientScope::Unnamed => None,
            PatientScope::Any => return None,
        };
        // A presentation is of an organisation: its token is the same for every person and patient.
        if peer.nuts_authorization_server.is_some() {
            return Some(Need::of_ourselves(peer, peer.scope(permit)));
        }
        let caller = &permit.request().caller;
        let of = |person: &Person| (person.id.clone(), person.name.clone(), person.role.clone());
        let ground =
            caller.treatment_relation.as_ref().filter(|ground| [TRANSFER, REFERRAL].contains(&ground.kind.as_str()));
        if let Some(ground) = ground {
            // Patient and ground are the sender's to say, by what it gave us.
            return Some(Need {
                person: caller.person.as_ref().map(of),
                responsible: caller.responsible.as_ref().map(of),
                transfer: Some(ground.reference.clone()),
                ..Need::of_ourselves(peer, peer.scope(permit))
            });
        }
        // A relation is one with this patient, and is not told without.
        let relation = patient.as_ref().and_then(|_| permit.treatment_relation());
        Some(Need {
            peer: peer.ura.clone(),
            use_case: peer.scope(permit).clone(),
            person: caller.person.as_ref().map(of),
            responsible: caller.responsible.as_ref().map(of),
            treatment_relation: relation.map(|relation| (relation.kind.clone(), relation.reference.clone())),
            emergency: permit.emergency().map(|reason| reason.as_str().to_owned()),
            transfer: None,
            patient,
        })
    }
}

/// Reads the answer of a token endpoint (RFC 6749, section 5.1), believing no more than it must say.
fn kept(
    fetched: &Fetched,
    need: &Need,
    asked: OffsetDateTime,
    bound_to: Option<Arc<ProofKey>>,
) -> Result<Kept, SourceFault> {
    match fetched.status.as_u16() {
        200 => {}
        400 | 401 | 403 => return Err(SourceFault::Refused),
        404 => return Err(SourceFault::Unusable("the peer has no such token endpoint")),
        500.. => return Err(SourceFault::Unreachable),
        _ => return Err(SourceFault::Unusable("the token endpoint answers with an unexpected status")),
    }
    let body = fetched.body_as(&["application/json"]).map_err(no_answer)?;
    let answer: Answer =
        serde_json::from_slice(&body).map_err(|_| SourceFault::Unusable("the token answer cannot be read"))?;
    let token = Token::new(answer.access_token, asked.saturating_add(time::Duration::seconds(answer.expires_in)));
    let token = match bound_to {
        Some(key) => token.bound_to(key),
        None => token,
    };
    // A token that is not bound as it was asked for is not used: whoever found it could use it too.
    if !answer.token_type.eq_ignore_ascii_case(token.scheme()) {
        return Err(SourceFault::Unusable("the token is of another type than was asked for"));
    }
    if !(1..=MAX_LIFE).contains(&answer.expires_in) {
        return Err(SourceFault::Unusable("the token's life is not between a second and a day"));
    }
    if token.secret().len() > MAX_TOKEN || !is_token(token.secret()) {
        return Err(SourceFault::Unusable("the token is no token"));
    }
    // When the scope is not told, it is the one that was asked for (section 5.1).
    if answer.scope.is_some_and(|scope| !scope.split(' ').any(|granted| granted == need.use_case.as_str())) {
        return Err(SourceFault::Refused);
    }
    let margin = MARGIN.min(answer.expires_in / 2);
    let renew_at = token.expires() - time::Duration::seconds(margin);
    Ok(Kept { token: Arc::new(token), renew_at })
}

/// Why there is no token.
enum Trouble {
    /// The connection was lost before an answer. Whether the peer made a token is not known, and does no harm.
    Lost,
    Fault(SourceFault),
}

impl From<SourceFault> for Trouble {
    fn from(fault: SourceFault) -> Self {
        Trouble::Fault(fault)
    }
}

impl From<Trouble> for SourceFault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost => no_answer(FetchFault::Dropped),
            Trouble::Fault(fault) => fault,
        }
    }
}

fn no_answer(fault: FetchFault) -> SourceFault {
    match fault {
        FetchFault::TimedOut => SourceFault::TimedOut,
        FetchFault::Unreachable | FetchFault::Dropped => SourceFault::Unreachable,
        FetchFault::BrokenOff => SourceFault::Unusable("the token answer broke off"),
        FetchFault::TooLarge { .. } => SourceFault::TooLarge,
        FetchFault::MediaType => SourceFault::Unusable("the token answer is not JSON"),
        FetchFault::Request => SourceFault::Unusable("the token request cannot be made"),
    }
}

#[cfg(test)]
mod tests;
