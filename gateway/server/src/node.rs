//! One running node: what its HTTP side and its pages need to know of it.

use std::collections::HashMap;
use std::sync::Arc;

use connectors::identity::InnerCallers;
use connectors::identity::nuts::Presenter;
use connectors::identity::oauth::TokenIssuer;
use connectors::mitz::Mitz;
use connectors::nvi::Nvi;
use exchange::ports::{Authenticator, PatientIndex};
use exchange::replay::Own;
use exchange::{Gate, LogStack, Stack};
use fhir::FhirVersion;
use flows::medication::Windows;
use policy::{DataHolder, InForce};
use store::access_log::AccessLog;

use crate::certificates::Certificates;
use crate::directory::publishing::Ledger;
use crate::directory::{AddressBook, DirectoryMeasures};
use crate::entrance::Entrance;
use crate::handoffs::Handoffs;
use crate::handoffs::measures::TransferMeasures;
use crate::http::inbound::BodyBounds;
use crate::http::memo::Memo;
use crate::http::metrics::Metrics;
use crate::http::pdp::DecisionPoint;
use crate::log::notices::Standing;
use crate::log::published::{Published, Trouble};
use crate::log::siem::Siem;
use crate::log::witnessing::Witnessing;
use crate::mitz::{MitzMeasures, Notices};
use crate::nvi::NviMeasures;
use crate::policies::ReloadMeasures;
use crate::quality::Quality;
use crate::referrals::Referrals;
use crate::regional::Regional;

/// Whether something that exchanges rest on is well; says what is ill.
pub type Wellness = Box<dyn Fn() -> Option<&'static str> + Send + Sync>;

/// Public base URLs, without a trailing slash.
#[derive(Clone, Debug)]
pub struct Bases {
    pub outer: String,
    pub inner: String,
}

/// Everything that a [`Node`] is put together from.
pub struct Parts {
    pub provider: String,
    /// Its URA.
    pub ura: String,
    pub bases: Bases,
    /// The R4 base of every data holder that is known, our own among them.
    pub holders: Arc<HashMap<DataHolder, String>>,
    pub versions: Vec<FhirVersion>,
    pub body_bounds: BodyBounds,
    pub stack: Stack,
    /// The access log's own, where a use case of this node shows it.
    pub log_stack: Option<LogStack>,
    /// The stack's own; what is about nobody may be told by who asks without an exchange.
    pub authenticator: Arc<dyn Authenticator>,
    /// The node's own certificates, and whom it believes.
    pub certificates: Arc<Certificates>,
    /// Whether somebody who is not identified reads at the outer gate what the use cases offer.
    pub open_metadata: bool,
    pub use_cases: Arc<InForce>,
    /// Whether a changed policy could be put in force.
    pub reload: ReloadMeasures,
    pub issuer: Arc<TokenIssuer>,
    /// How people come in.
    pub entrance: Arc<Entrance>,
    /// Which patient an id of our own sources means.
    pub patients: Arc<dyn PatientIndex>,
    /// The provider's own callers.
    pub callers: Arc<InnerCallers>,
    pub access_log: Arc<AccessLog>,
    /// That the access log was not altered.
    pub proof: Arc<Published>,
    /// How the node names itself to Nuts clients.
    pub nuts_issuer: String,
    /// As what it presents itself to partners, where it does so without a Nuts node.
    pub presenter: Option<Arc<Presenter>>,
    /// Who witnesses that, and whom this node witnesses.
    pub witnessing: Arc<Witnessing>,
    /// How far the monitoring system was told, where there is one.
    pub siem: Option<Arc<Siem>>,
    /// How it stands with the notices of emergencies, where somebody takes them.
    pub standing: Option<Arc<Standing>>,
    pub wellness: Wellness,
    pub quality: Quality,
    /// How far the medication overview looks.
    pub medication: Windows,
    /// Nursing handoffs, where this node takes part in them.
    pub handoffs: Option<Arc<Handoffs>>,
    /// Referrals, where this node takes part in them.
    pub referrals: Option<Arc<Referrals>>,
    /// The port that records are written through.
    pub log: Arc<dyn exchange::ports::AccessLog>,
    /// The national consent register, where there is one.
    pub mitz: Option<Mitz>,
    /// What takes its notifications, where it may send any.
    pub notices: Option<Notices>,
    /// Where others are reached, where directories are copied.
    pub book: Option<Arc<AddressBook>>,
    /// The configuration in force, as text without secrets.
    pub configuration: String,
    /// What answers enforcement points of the provider's own.
    pub decisions: DecisionPoint,
    /// The index of who has data of whom, where there is one.
    pub nvi: Option<(Nvi, Arc<NviMeasures>)>,
    /// Our own directory, where we publish one.
    pub published: Option<Arc<Ledger>>,
    /// What it keeps for its region, where it keeps anything.
    pub regional: Option<Arc<Regional>>,
}

/// One running node.
pub struct Node {
    parts: Parts,
    metrics: Metrics,
    mitz_measures: MitzMeasures,
    directory_measures: DirectoryMeasures,
    transfer_measures: TransferMeasures,
    memo: Memo,
    started: String,
}

impl Node {
    pub fn new(parts: Parts) -> Self {
        let now = time::OffsetDateTime::now_utc();
        let started = now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
        let mitz_measures = MitzMeasures::default();
        let directory_measures = DirectoryMeasures::default();
        let transfer_measures = TransferMeasures::default();
        let metrics = Metrics::new(|registry| {
            parts.quality.register(registry);
            parts.witnessing.register(registry);
            parts.reload.register(registry);
            if let Some(siem) = &parts.siem {
                siem.register(registry);
            }
            if let Some(standing) = &parts.standing {
                standing.register(registry);
            }
            parts.certificates.register(registry);
            parts.entrance.register(registry);
            if parts.mitz.is_some() {
                mitz_measures.register(registry);
            }
            if parts.book.is_some() {
                directory_measures.register(registry);
            }
            if let Some((_, measures)) = &parts.nvi {
                measures.register(registry);
            }
            if parts.handoffs.is_some() || parts.referrals.is_some() {
                transfer_measures.register(registry);
            }
        });
        Node { parts, metrics, mitz_measures, directory_measures, transfer_measures, memo: Memo::default(), started }
    }
    /// The provider's name.
    pub fn provider(&self) -> &str {
        &self.parts.provider
    }
    /// The provider's URA.
    pub fn ura(&self) -> &str {
        &self.parts.ura
    }
    pub fn stack(&self) -> &Stack {
        &self.parts.stack
    }
    /// Through which the access log is looked into.
    pub fn log_stack(&self) -> Option<&LogStack> {
        self.parts.log_stack.as_ref()
    }
    /// Nursing handoffs, where this node takes part in them.
    pub fn handoffs(&self) -> Option<&Arc<Handoffs>> {
        self.parts.handoffs.as_ref()
    }
    /// Referrals, where this node takes part in them.
    pub fn referrals(&self) -> Option<&Arc<Referrals>> {
        self.parts.referrals.as_ref()
    }
    /// The port that records are written through.
    pub fn log(&self) -> &Arc<dyn exchange::ports::AccessLog> {
        &self.parts.log
    }
    /// The use cases in force.
    pub fn use_cases(&self) -> &InForce {
        &self.parts.use_cases
    }
    pub fn issuer(&self) -> &TokenIssuer {
        &self.parts.issuer
    }
    /// How people come in.
    pub fn entrance(&self) -> &Arc<Entrance> {
        &self.parts.entrance
    }
    pub fn patients(&self) -> &dyn PatientIndex {
        self.parts.patients.as_ref()
    }
    /// As what it presents itself to partners.
    pub fn presenter(&self) -> Option<&Presenter> {
        self.parts.presenter.as_deref()
    }
    /// How the node names itself to Nuts clients.
    pub fn nuts_issuer(&self) -> &str {
        &self.parts.nuts_issuer
    }
    pub fn callers(&self) -> &InnerCallers {
        &self.parts.callers
    }
    pub fn access_log(&self) -> &AccessLog {
        &self.parts.access_log
    }
    /// The proof that the access log was not altered.
    pub fn proof(&self) -> &Published {
        &self.parts.proof
    }
    /// Who witnesses this node's log, and whom it witnesses.
    pub fn witnessing(&self) -> &Arc<Witnessing> {
        &self.parts.witnessing
    }
    /// How far the monitoring system was told of the access log, where there is one.
    pub fn siem(&self) -> Option<&Siem> {
        self.parts.siem.as_deref()
    }
    /// How it stands with the notices of emergencies, where somebody takes them.
    pub fn emergency_notices(&self) -> Option<&Standing> {
        self.parts.standing.as_deref()
    }
    /// Who this node is, for decisions that are made again.
    pub fn for_replays(&self) -> Own {
        let node = &self.parts.decisions.wiring.node;
        Own { holder: node.holder.clone(), kind: node.kind.clone() }
    }
    pub fn decision_point(&self) -> &DecisionPoint {
        &self.parts.decisions
    }
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
    /// The configuration in force, as text without secrets.
    pub fn configuration(&self) -> &str {
        &self.parts.configuration
    }
    /// What takes the notifications of Mitz.
    pub fn notices(&self) -> Option<&Notices> {
        self.parts.notices.as_ref()
    }
    /// Brings the numbers about Mitz up to date.
    pub fn measure_mitz(&self) {
        if let Some(mitz) = &self.parts.mitz {
            self.mitz_measures.measure(&mitz.view());
        }
    }
    /// Where others are reached, where directories are copied.
    pub fn book(&self) -> Option<&Arc<AddressBook>> {
        self.parts.book.as_ref()
    }
    /// Our own directory, where we publish one.
    pub fn published(&self) -> Option<&Arc<Ledger>> {
        self.parts.published.as_ref()
    }
    /// What it keeps for its region.
    pub fn regional(&self) -> Option<&Arc<Regional>> {
        self.parts.regional.as_ref()
    }
    /// Brings the numbers about the directories up to date.
    pub fn measure_directories(&self) {
        if let Some(states) = self.book().and_then(|book| book.states()) {
            let now = time::OffsetDateTime::now_utc().unix_timestamp() * 1000;
            self.directory_measures.measure(&states, now);
        }
    }
    /// Brings the numbers about handoffs and referrals up to date. Waits for the disk.
    pub fn measure_transfers(&self) {
        self.transfer_measures.measure(self.handoffs(), self.referrals());
    }
    /// Brings the numbers about the index up to date.
    pub fn measure_nvi(&self) {
        if let Some((index, measures)) = &self.parts.nvi {
            measures.measure(&index.view());
        }
    }
    /// The measuring of how well own data keeps to its profiles.
    pub fn quality(&self) -> &Quality {
        &self.parts.quality
    }
    /// How far the medication overview looks back and ahead.
    pub fn medication(&self) -> Windows {
        self.parts.medication
    }
    pub fn body_bounds(&self) -> BodyBounds {
        self.parts.body_bounds
    }
    pub fn authenticator(&self) -> &dyn Authenticator {
        self.parts.authenticator.as_ref()
    }
    /// The node's own certificates, and whom it believes.
    pub fn certificates(&self) -> &Arc<Certificates> {
        &self.parts.certificates
    }
    /// Whether somebody who is not identified reads at the outer gate what the use cases offer.
    pub fn metadata_is_open(&self) -> bool {
        self.parts.open_metadata
    }
    /// Documents made of the use cases.
    pub fn memo(&self) -> &Memo {
        &self.memo
    }
    /// The FHIR versions that are served.
    pub fn versions(&self) -> &[FhirVersion] {
        &self.parts.versions
    }
    /// How other providers reach this node, without a slash at the end.
    pub fn outer_base(&self) -> &str {
        &self.parts.bases.outer
    }
    /// How the provider's own systems reach it, without a slash at the end.
    pub fn inner_base(&self) -> &str {
        &self.parts.bases.inner
    }
    /// When the node started, RFC 3339.
    pub fn started(&self) -> &str {
        &self.started
    }
    pub fn serves(&self, version: FhirVersion) -> bool {
        self.parts.versions.contains(&version)
    }
    /// Our FHIR base as callers at this gate know it.
    pub fn base(&self, gate: Gate, version: FhirVersion) -> String {
        let base = match gate {
            Gate::Outer => &self.parts.bases.outer,
            Gate::Inner => &self.parts.bases.inner,
        };
        format!("{base}/fhir/{version}")
    }
    /// The R4 base of every data holder that is known.
    pub fn holders(&self) -> Arc<HashMap<DataHolder, String>> {
        let looked_up = self.book().map(|book| book.bases()).unwrap_or_default();
        if looked_up.is_empty() {
            return self.parts.holders.clone();
        }
        let mut holders = HashMap::clone(&self.parts.holders);
        holders.extend(looked_up);
        Arc::new(holders)
    }
    /// What keeps the node from serving, if anything.
    pub fn ill(&self) -> Option<&'static str> {
        if !self.parts.access_log.healthy() {
            return Some("the access log cannot be written\n");
        }
        match self.parts.proof.trouble() {
            Some(Trouble::Broken) => Some("the access log is not the one that was signed for\n"),
            Some(Trouble::Passing) => Some("the access log's proof cannot be kept up\n"),
            None => (self.parts.wellness)(),
        }
    }
}
