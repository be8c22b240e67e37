//! A decision without an exchange: an enforcement point of the provider's own asks whether what somebody asked it may be given,
//! and gives it itself (the policy decision point of the neighbouring implementation; handbook: generic functions, 1.4.2).
//!
//! The stages are those of an exchange up to the permit, so that the facts, the decider and the record are the same; there is no
//! stage behind them that could reach a source. Who asked is told by the enforcement point, which is configured and believed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fhir::{Bsn, LogicalId};
use policy::{Caller, Denial, DenialCode, Finding, InForce, PolicyVersion, Reason, UseCaseId};

use crate::handle::Handle;
use crate::inbound::{Credentials, Gate, Inbound};
use crate::middleware::authorisation::{Authorise, Permitted};
use crate::middleware::consent::FindConsent;
use crate::middleware::identification::Identification;
use crate::middleware::interaction::{NodeFacts, ReadInteraction};
use crate::middleware::nen7513::{Leaving, Nen7513, Opened, Recorded};
use crate::middleware::paging::{PageBounds, Pages};
use crate::middleware::treatment_relation::FindTreatmentRelation;
use crate::ports::{
    AccessLog, AuthenticationFault, Authenticator, BoxFuture, Clock, Consents, PatientIndex, Throttle,
    TreatmentRelations,
};
use crate::record::{DecisionFacts, OutcomeFacts};
use crate::refusal::Refusal;

/// Everything that a decision needs; nothing that could reach a source.
#[derive(Clone)]
pub struct DecisionWiring {
    pub node: NodeFacts,
    pub use_cases: Arc<InForce>,
    pub log: Arc<dyn AccessLog>,
    pub clock: Arc<dyn Clock>,
    pub throttle: Arc<dyn Throttle>,
    pub relations: Arc<dyn TreatmentRelations>,
    pub consents: Arc<dyn Consents>,
    /// How long a decision may take in all, and a register for one question of fact.
    pub patience: Duration,
    pub finding: Duration,
    pub pages: PageBounds,
}

/// What an enforcement point tells of the request that it holds back.
pub struct Told {
    /// The enforcement point, by the name of ours for it.
    pub enforcer: String,
    /// Whether it carries out what a permit obliges to; if not, a permit that obliges to anything is none.
    pub carries_out: bool,
    /// Who asks. The patient of a token is whom the enforcement point found the request to be about.
    pub caller: Caller,
    /// What is asked, as it came to the enforcement point. It stands at the outer gate: another provider asks for our data.
    pub inbound: Inbound,
}

/// A yes. It releases nothing here.
#[derive(Clone, Debug)]
pub struct Decided {
    pub use_case: UseCaseId,
    pub policy: PolicyVersion,
    pub obligations: Vec<policy::Obligation>,
}

impl Leaving for Decided {
    fn outcome(&self) -> OutcomeFacts {
        OutcomeFacts::Decided
    }
}

/// Decides; resolves when the record is durable.
///
/// # Errors
/// Every no, as of an exchange.
pub async fn decide(wiring: DecisionWiring, told: Told) -> Result<Recorded<Decided>, Refusal> {
    let Told { enforcer, carries_out, caller, inbound } = told;
    debug_assert_eq!(inbound.gate, Gate::Outer, "an enforcement point stands where others ask");
    let ura = wiring.node.holder.0.to_string();
    let index = Arc::new(ToldPatient { bsn: caller.patient.clone(), named: Mutex::default() });
    let pages = Arc::new(Pages::new(wiring.pages, wiring.clock.clone()));
    let authorisation = Authorise::new(wiring.use_cases.clone(), Conclude { carries_out });
    let consent = FindConsent::new(wiring.consents, wiring.finding, authorisation);
    let relation = FindTreatmentRelation::new(wiring.relations, wiring.finding, consent);
    let interaction = ReadInteraction::new(wiring.use_cases, index, pages, wiring.node, relation);
    let identification = Identification::new(Arc::new(ToldCaller(caller)), wiring.throttle, interaction);
    let named = Name { enforcer, next: identification };
    // How many decide at once is bounded by whoever takes the questions.
    Nen7513::new(wiring.log, wiring.clock, ura, wiring.patience, 1, named).handle(inbound).await
}

/// Writes down for whom it is decided.
struct Name<N> {
    enforcer: String,
    next: N,
}

impl<N: Handle<Opened>> Handle<Opened> for Name<N> {
    type Out = N::Out;

    async fn handle(&self, opened: Opened) -> Result<N::Out, Refusal> {
        opened.notes().note(|record| record.decided_for = Some(self.enforcer.clone()));
        self.next.handle(opened).await
    }
}

/// The caller as the enforcement point told it.
struct ToldCaller(Caller);

impl Authenticator for ToldCaller {
    fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// The one patient whom the enforcement point found the request to be about: whatever one id the request names is theirs, and
/// a second id is nobody's.
struct ToldPatient {
    bsn: Option<Bsn>,
    named: Mutex<Option<LogicalId>>,
}

impl PatientIndex for ToldPatient {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let first = named.get_or_insert_with(|| id.clone()) == id;
        let found = self.bsn.clone().filter(|_| first).map_or(Finding::Absent, Finding::Found);
        Box::pin(std::future::ready(found))
    }
}

/// The end of the stack: a permit becomes a yes, unless it obliges to what nobody would carry out.
struct Conclude {
    carries_out: bool,
}

impl Handle<Permitted> for Conclude {
    type Out = Decided;

    async fn handle(&self, permitted: Permitted) -> Result<Decided, Refusal> {
        let permit = permitted.permit();
        if !self.carries_out && !permit.obligations().is_empty() {
            let denial = Denial {
                code: DenialCode::PolicyDenied,
                reasons: vec![Reason {
                    code: "obligations".to_owned(),
                    description: "Part of the answer must be withheld, and the enforcement point does not do that."
                        .to_owned(),
                }],
                use_case: Some(permit.use_case().clone()),
                policy: Some(permit.policy().clone()),
                parameter: None,
            };
            permitted.notes().note(|record| record.decision = Some(DecisionFacts::from(&denial)));
            return Err(Refusal::Denied(denial));
        }
        Ok(Decided {
            use_case: permit.use_case().clone(),
            policy: permit.policy().clone(),
            obligations: permit.obligations().to_vec(),
        })
    }
}
