//! One request, start to finish. The whole stack stands on this page.
//!
//! `Inbound → Opened → Identified → Asked → Related → Found → Permitted → Located×n → Answered → Part×n → Gathered →
//! Released → Recorded`. Each arrow is one stage; each stage makes the evidence that the next one asks for, and nobody
//! else can: a stack with a stage left out does not compile (`proofs`).
//!
//! No web framework and no HTTP client in here: what is outside comes in through [`ports`].

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic: that is how they fail")
)]

pub mod decision;
pub mod explanation;
pub mod handle;
pub mod inbound;
pub mod middleware;
pub mod notice;
pub mod ports;
#[cfg(doctest)]
mod proofs;
pub mod record;
pub mod refusal;
pub mod replay;
pub mod trail;

use std::sync::Arc;
use std::time::Duration;

use policy::InForce;

pub use handle::Handle;
pub use inbound::{BodyKind, Conditions, Credentials, Gate, Inbound, Possession, Unreadable};
pub use middleware::access_log::{Disclosed, Form as DisclosedForm};
pub use middleware::explaining::Explaining;
pub use middleware::interaction::NodeFacts;
pub use middleware::localisation::Fanout;
pub use middleware::minimisation::{Part, ReleasedItem, SourceStatus};
pub use middleware::nen7513::{Leaving, Recorded};
pub use middleware::paging::{NotModified, Page, PageBounds, PageToken, Pages, Released};
pub use refusal::Refusal;

use middleware::access_log::ReadLog;
use middleware::authorisation::Authorise;
use middleware::consent::FindConsent;
use middleware::identification::Identification;
use middleware::interaction::ReadInteraction;
use middleware::localisation::Localise;
use middleware::minimisation::Minimise;
use middleware::nen7513::Nen7513;
use middleware::paging::Paginate;
use middleware::source::AskSource;
use middleware::treatment_relation::FindTreatmentRelation;

/// Bounds on one exchange and on all of them together.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long an exchange may take in all.
    pub exchange: Duration,
    /// How many exchanges run at once.
    pub at_once: usize,
    /// How long a register or service has to answer one question of fact.
    pub finding: Duration,
    pub fanout: Fanout,
    /// How many questions one source gets side by side within one exchange.
    pub questions_at_once: usize,
    pub pages: PageBounds,
}

/// Everything outside that an exchange needs.
#[derive(Clone)]
pub struct Wiring {
    pub node: NodeFacts,
    pub use_cases: Arc<InForce>,
    pub log: Arc<dyn ports::AccessLog>,
    pub clock: Arc<dyn ports::Clock>,
    pub authenticator: Arc<dyn ports::Authenticator>,
    pub throttle: Arc<dyn ports::Throttle>,
    pub patients: Arc<dyn ports::PatientIndex>,
    pub relations: Arc<dyn ports::TreatmentRelations>,
    pub consents: Arc<dyn ports::Consents>,
    pub localisation: Arc<dyn ports::Localisation>,
    pub value_sets: Arc<dyn ports::ValueSets>,
    pub bounds: Bounds,
}

/// The stack, outermost first.
pub type Stack = Nen7513<
    Identification<
        ReadInteraction<FindTreatmentRelation<FindConsent<Authorise<Paginate<Localise<Minimise<AskSource>>>>>>>,
    >,
>;

/// The other stack: the node's own access log, for those who may look into it. The same stages up to the decision.
pub type LogStack = Nen7513<Identification<ReadInteraction<FindTreatmentRelation<FindConsent<Authorise<ReadLog>>>>>>;

/// Puts the stages of the access log's stack together, innermost first.
/// `own_consents` are those that the provider knows itself: an explanation asks nobody else.
pub fn log_stack(
    wiring: Wiring,
    reader: Arc<dyn ports::LogReader>,
    own_consents: Arc<dyn ports::Consents>,
) -> LogStack {
    let Wiring { node, use_cases, log, clock, authenticator, throttle, patients, relations, consents, bounds, .. } =
        wiring;
    let ura = node.holder.0.to_string();
    let pages = Arc::new(Pages::new(bounds.pages, clock.clone()));
    let explaining = Explaining {
        node: node.clone(),
        use_cases: use_cases.clone(),
        relations: relations.clone(),
        consents: own_consents,
        patience: bounds.finding,
    };
    let reading = ReadLog::new(reader, pages.clone(), explaining);
    let authorisation = Authorise::new(use_cases.clone(), reading);
    let consent = FindConsent::new(consents, bounds.finding, authorisation);
    let treatment_relation = FindTreatmentRelation::new(relations, bounds.finding, consent);
    let interaction = ReadInteraction::of_the_log(use_cases, patients, pages, node, treatment_relation);
    let identification = Identification::new(authenticator, throttle, interaction);
    Nen7513::new(log, clock, ura, bounds.exchange, bounds.at_once, identification)
}

/// Puts the stages together, innermost first.
pub fn stack(wiring: Wiring) -> Stack {
    let Wiring {
        node,
        use_cases,
        log,
        clock,
        authenticator,
        throttle,
        patients,
        relations,
        consents,
        localisation,
        value_sets,
        bounds,
    } = wiring;
    let ura = node.holder.0.to_string();
    let source = AskSource::new(bounds.questions_at_once, value_sets);
    let minimisation = Minimise::new(source);
    let localisation = Localise::new(localisation, bounds.fanout, minimisation);
    let pages = Arc::new(Pages::new(bounds.pages, clock.clone()));
    let paging = Paginate::new(pages.clone(), localisation);
    let authorisation = Authorise::new(use_cases.clone(), paging);
    let consent = FindConsent::new(consents, bounds.finding, authorisation);
    let treatment_relation = FindTreatmentRelation::new(relations, bounds.finding, consent);
    let interaction = ReadInteraction::new(use_cases, patients, pages, node, treatment_relation);
    let identification = Identification::new(authenticator, throttle, interaction);
    Nen7513::new(log, clock, ura, bounds.exchange, bounds.at_once, identification)
}
