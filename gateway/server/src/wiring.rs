//! What a node is made of: the configuration becomes connectors and stores, and those become the stack.
//!
//! Read it from [`node`] down. Everything that can be wrong is said at start, as a sentence for the operator.

pub mod handoffs;
mod own_sources;
pub mod referrals;
mod tokens;
mod versions;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connectors::http::HttpClient;
use connectors::identity::nuts::Presenter;
use connectors::identity::oauth::TokenClient;
use connectors::identity::{InnerCallers, PartnerConfig, Partners, RateLimits, Sessions};
use connectors::peers::{FoundPeer, MakePeer, PeerSource, TokenSupplier};
use connectors::registers::{ConsentRecords, Nobody, Watch};
use connectors::sources::OwnRecords;
use exchange::decision::DecisionWiring;
use exchange::ports::{Clock, Consents, NoValueSets, PatientIndex, Source, SystemClock, ValueSets};
use exchange::{NodeFacts, Wiring};
use fhir::json::Limits;
use fhir::{FhirVersion, Ura};
use policy::{Data, DataHolder, InForce, UseCases};
use store::access_log::AccessLog;
use store::access_log::AccessLogOptions;
use store::proof::CheckpointKey;
use tokio::sync::Semaphore;

use crate::access_log::LogPort;
use crate::certificates::Certificates;
use crate::config::NodeConfig;
use crate::directory::{self, AddressBook, publishing};
use crate::entrance;
use crate::handoffs::config::HandoffsConfig;
use crate::handoffs::making::MakingPlaces;
use crate::handoffs::{FILING, MAKING};
use crate::http::pdp::DecisionPoint;
use crate::log::archive::{Archive, ArchiveReader, Indexing};
use crate::log::erasing::{Erase, Erasing};
use crate::log::keeping::{self, Keeping, Origin};
use crate::log::notices::{self, Notifying};
use crate::log::places::Places;
use crate::log::published::Published;
use crate::log::siem::{self, Streaming};
use crate::log::witnessing::{Setup, Witnessing};
use crate::mitz::{self, Subscribing};
use crate::node::{Bases, Node, Parts};
use crate::nvi::{self, NviMeasures, Registering};
use crate::patient_index::OwnPatients;
use crate::policies::{PolicySource, ReloadMeasures, Reloading};
use crate::quality::{Quality, Statements};
use crate::regional;
use crate::registers::{Parties, Registers, wellness};

use own_sources::OwnSources;
pub use versions::hold_versions;

/// Longest record of the access log, in bytes: room for the references of some thousands of resources.
const LONGEST_RECORD: usize = 1 << 20;

/// A node, and what keeps it up.
pub struct Wired {
    pub node: Node,
    /// Keeps the registers up to date for as long as it lives.
    pub watch: Watch,
    /// Keeps the access log's tree up for as long as it lives.
    pub keeping: Keeping,
    /// Keeps the access log's index up for as long as it lives, where the log is shown.
    pub indexing: Option<Indexing>,
    pub erasing: Erasing,
    pub reloading: Option<Reloading>,
    /// Tells the monitoring system of the access log for as long as it lives, where there is one.
    pub streaming: Option<Streaming>,
    /// Tells the privacy officer of emergencies for as long as it lives, where somebody takes that.
    pub notifying: Option<Notifying>,
    /// Keeps the subscriptions at Mitz up for as long as it lives, where there are any.
    pub subscribing: Option<Subscribing>,
    /// Keeps the registrations at the index up for as long as it lives, where there are any.
    pub registering: Option<Registering>,
    /// Keeps the copy of the directories up for as long as it lives, where there are any.
    pub addressing: Option<directory::Running>,
}

/// How often the registers are looked at for change.
const REGISTER_ROUND: Duration = Duration::from_secs(2);

/// Puts a node together.
pub fn node(config: &NodeConfig) -> Result<Wired, String> {
    let policies = PolicySource::of(config)?;
    let first = policies.at_start()?;
    policies.accept(&first)?;
    hold_versions(config, &first.use_cases)?;
    let use_cases = Arc::new(InForce::from(first.use_cases));
    let reload = ReloadMeasures::default();
    let reloading = Reloading::start(policies, &config.profiles, &use_cases, reload.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // What a production node may not have is said before what it lacks.
    let callers =
        Arc::new(said(InnerCallers::load(&config.organisation(), &config.callers, config.is_for_development()))?);
    let certificates = Arc::new(Certificates::open(config, &clock)?);
    let sources = OwnSources::of(config, certificates.to_sources())?;
    let of_handoffs = sources.speaking(flows::eoverdracht::VERSION, MAKING);
    let partners = Arc::new(partners(config)?);
    let state = tokens::state(config)?;
    let begun = handoffs::begin(config, &state, &clock)?;
    let begun_referrals = referrals::begin(config, &state, begun.grants())?;
    let bases = begun_referrals.bases(begun.bases(&clock), &clock);
    let issuer = Arc::new(tokens::issuer(config, partners.clone(), state.clone(), bases, &clock, &certificates)?);
    let sessions = Arc::new(Sessions::new(config.sessions));
    let limits = Arc::new(RateLimits::new(config.limits));
    let authenticator = begun_referrals.doorman(begun.doorman(Arc::new(tokens::authenticator(
        config,
        partners,
        issuer.clone(),
        callers.clone(),
        sessions.clone(),
        clock.clone(),
        certificates.vets(),
    )?)));
    let around = entrance::Around { use_cases: &use_cases.current(), cards: certificates.cards() };
    let entrance = entrance::set_up(config, callers.clone(), sessions, limits.clone(), authenticator.clone(), &around)?;
    let entrance = Arc::new(entrance);
    let presenter = tokens::presenter(config, &certificates, &clock)?;
    let handed = begun.handoffs(config, &certificates, presenter.as_ref(), &clock)?;
    let referred = begun_referrals.referrals(config, &certificates, presenter.as_ref(), &clock)?;
    let indexes = handoffs::patients(handed.as_ref(), sources.indexes);
    let indexes = referrals::patients(referred.as_ref(), indexes);
    let patients: Arc<dyn PatientIndex> = Arc::new(OwnPatients::new(indexes));
    let (book, addressing) = directory::start(config, certificates.to_directories(), &clock)?.unzip();
    let peers = peers(config, &certificates, presenter.as_ref(), &clock, book.as_ref())?;
    let mitz = mitz::of(config)?;
    let index = nvi::of(config)?;
    let OwnSources { sources: own, bound, witnesses, consents: consent_systems, inventories, .. } = sources;
    let parties = Parties { own, witnesses, consent_systems, peers, mitz: mitz.clone(), index: index.clone() };
    let mut registers = Registers::open(config, parties, &clock);
    let nvi_measures = Arc::new(NviMeasures::default());
    let registering =
        nvi::registering(config, index.as_ref(), inventories, &mut registers, state.clone(), nvi_measures.clone())?;
    let subscribing = mitz::subscribing(config, mitz.as_ref(), &mut registers.health, || Ok(state.clone()))?;
    let versions = versions(&use_cases.current(), sources.versions, handed.is_some());
    let published = publishing::open(config, &versions, &state, &clock)?;
    let wellness = wellness(registers.health.clone(), state.clone());
    let watch = Watch::start(registers.health, REGISTER_ROUND);
    let access_log = Arc::new(access_log(config)?);
    let quality = quality(config)?;
    let (keeping, proof) = keeping(config, &access_log)?;
    let witnessing = Arc::new(witnessing(config, certificates.to_partners(), &proof)?);
    let (streaming, siem) = siem::of_config(config, &access_log)?.unzip();
    let (notifying, standing) = notices::of_config(config, &access_log)?.unzip();
    let archive = shows_its_log(&use_cases.current()).then(|| archive(config, &access_log)).transpose()?;
    let indexing = archive.clone().map(Indexing::start).transpose()?;
    let erasing = Erasing::start(Erase {
        log: access_log.clone(),
        archive: archive.clone(),
        index: Places::of_store(&config.store.folder).index,
        config: config.log.retention.clone(),
        node: config.provider.ura.to_string(),
        clock: clock.clone(),
    })?;
    let log: Arc<dyn exchange::ports::AccessLog> = Arc::new(LogPort(access_log.clone()));
    let notices = mitz::notices(config, mitz.as_ref(), &log, &clock)?;
    let record = own_sources::of_use_case(&bound, FILING);
    let whereabouts = Arc::new(own_sources::BoundPlaces { otherwise: registers.whereabouts, bound });
    let whereabouts = Arc::new(MakingPlaces { otherwise: whereabouts, own: of_handoffs });
    let places = referrals::places(referred.as_ref(), handoffs::places(handed.as_ref(), record, whereabouts));
    let around = regional::Around { state: &state, log: &log, throttle: limits.clone(), clock: &clock };
    let regional = regional::open(config, &around)?;
    let wiring = Wiring {
        node: NodeFacts {
            holder: DataHolder(config.provider.ura.clone()),
            kind: config.provider.kind.clone(),
            // Of the listeners each bounds its own bodies; what the node itself writes to its record system is a handoff.
            limits: Limits {
                bytes: config
                    .handoffs
                    .as_ref()
                    .map_or(0, HandoffsConfig::most_filed_bytes)
                    .max(config.bounds.body_bytes),
                ..Limits::default()
            },
        },
        use_cases: use_cases.clone(),
        log: log.clone(),
        clock,
        authenticator: authenticator.clone(),
        throttle: limits,
        patients: patients.clone(),
        relations: registers.relations,
        consents: registers.consents,
        localisation: places,
        value_sets: value_sets(&quality),
        bounds: config.bounds.exchange(),
    };
    let decisions = decisions(&wiring);
    let own_consents: Arc<dyn Consents> = match registers.own_consents {
        Some(consents) => consents,
        None => Arc::new(Nobody),
    };
    let log_stack =
        archive.map(|archive| exchange::log_stack(wiring.clone(), Arc::new(ArchiveReader(archive)), own_consents));
    let stack = exchange::stack(wiring);
    let node = Node::new(Parts {
        provider: config.provider.name.clone(),
        ura: config.provider.ura.to_string(),
        bases: Bases { outer: config.outer.public_base.clone(), inner: config.inner.public_base.clone() },
        holders: Arc::new(holders(config)),
        versions,
        body_bounds: config.bounds.body(),
        stack,
        log_stack,
        authenticator,
        certificates,
        open_metadata: config.outer.open_metadata,
        use_cases,
        reload,
        issuer,
        entrance,
        patients,
        callers,
        nuts_issuer: crate::http::nuts::issuer(config),
        presenter,
        handoffs: handed,
        referrals: referred,
        log,
        access_log,
        proof,
        witnessing,
        siem,
        standing,
        wellness,
        quality,
        medication: config.medication,
        mitz,
        notices,
        nvi: index.map(|index| (index, nvi_measures)),
        book,
        configuration: crate::config::shown(config)?,
        decisions,
        published,
        regional,
    });
    Ok(Wired {
        node,
        watch,
        keeping,
        indexing,
        erasing,
        reloading,
        streaming,
        notifying,
        subscribing,
        registering,
        addressing,
    })
}

/// What answers enforcement points: the facts, the decider and the log of every exchange, and nothing that reaches a source.
fn decisions(wiring: &Wiring) -> DecisionPoint {
    let bounds = &wiring.bounds;
    DecisionPoint {
        wiring: DecisionWiring {
            node: wiring.node.clone(),
            use_cases: wiring.use_cases.clone(),
            log: wiring.log.clone(),
            clock: wiring.clock.clone(),
            throttle: wiring.throttle.clone(),
            relations: wiring.relations.clone(),
            consents: wiring.consents.clone(),
            patience: bounds.exchange,
            finding: bounds.finding,
            pages: bounds.pages,
        },
        places: Semaphore::new(bounds.at_once),
    }
}

/// Whether a use case of this node opens its access log.
fn shows_its_log(use_cases: &UseCases) -> bool {
    use_cases.all().any(|use_case| use_case.capability().data == Data::AccessLog)
}

fn archive(config: &NodeConfig, log: &Arc<AccessLog>) -> Result<Arc<Archive>, String> {
    let places = Places::of_store(&config.store.folder);
    Ok(Arc::new(Archive::open(log.clone(), &places.index, config.provider.ura.to_string())?))
}

/// The statements of profiles that own data is measured by, when it is.
pub fn statements(config: &NodeConfig) -> Result<Option<Statements>, String> {
    config
        .quality
        .folder(&config.profiles.folder)
        .map(|folder| Statements::load(&folder)?.with_packages(&config.profiles.folder.join("packages")))
        .transpose()
}

fn quality(config: &NodeConfig) -> Result<Quality, String> {
    match statements(config)? {
        Some(statements) => Quality::start(Arc::new(statements), &config.quality),
        None => Ok(Quality::off()),
    }
}

/// The code lists of the statements and packages, for searches that name a value set.
fn value_sets(quality: &Quality) -> Arc<dyn ValueSets> {
    match quality.statements() {
        Some(statements) => statements.clone(),
        None => Arc::new(NoValueSets),
    }
}

/// What of the own sources tells of treatment relations, and what of consents.
pub type Knowing = (Vec<Arc<dyn OwnRecords>>, Vec<Arc<dyn ConsentRecords>>);

/// The own sources that tell of relations and consents, for a question that no exchange asks. Where none is asked, no
/// certificate is read either.
pub fn knowing(config: &NodeConfig) -> Result<Knowing, String> {
    if config.registers.evidence.is_none() && !config.registers.consents_in_sources {
        return Ok(Knowing::default());
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let certificates = Certificates::open(config, &clock)?;
    OwnSources::of(config, certificates.to_sources()).map(|own| (own.witnesses, own.consents))
}

/// Whether keys, certificates, callers and sources could be used; changes nothing.
pub fn try_identity(config: &NodeConfig) -> Result<(), String> {
    said(InnerCallers::load(&config.organisation(), &config.callers, config.is_for_development()))?;
    entrance::try_out(config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let certificates = Arc::new(Certificates::open(config, &clock)?);
    tokens::try_nuts(config, &certificates)?;
    OwnSources::of(config, certificates.to_sources())?;
    partners(config)?;
    let presenter = tokens::presenter(config, &certificates, &clock)?;
    peers(config, &certificates, presenter.as_ref(), &clock, None)?;
    siem::receiver(config)?;
    notices::receiver(config)?;
    handoffs::record_system(config)?;
    referrals::record_system(config)?;
    mitz::of(config)?;
    nvi::of(config)?;
    regional::try_out(config)?;
    Ok(())
}

fn partners(config: &NodeConfig) -> Result<Partners, String> {
    let all = config.partners.iter().map(|partner| PartnerConfig {
        ura: partner.ura.clone(),
        name: partner.name.clone(),
        kind: partner.kind.clone(),
        use_cases: partner.use_cases.clone(),
        software: partner.software.clone(),
    });
    said(Partners::new(all.collect()))
}

/// Partners that are asked: at the addresses of the configuration, or at those that the directory knows.
fn peers(
    config: &NodeConfig,
    own: &Arc<Certificates>,
    presenter: Option<&Arc<Presenter>>,
    clock: &Arc<dyn Clock>,
    book: Option<&Arc<AddressBook>>,
) -> Result<HashMap<DataHolder, Arc<dyn Source>>, String> {
    let tokens = TokenClient::new(own.key().clone(), own.to_partners().clone(), clock.clone());
    let tokens: Arc<dyn TokenSupplier> = Arc::new(tokens::client(config, tokens, presenter.cloned())?);
    let mut peers: HashMap<DataHolder, Arc<dyn Source>> = HashMap::new();
    let payloads = config.directory.as_ref().map(|directory| directory.payload_types.as_slice()).unwrap_or_default();
    for partner in &config.partners {
        let source: Arc<dyn Source> = match (partner.peer(), partner.found(payloads), book) {
            (Some(peer), ..) => Arc::new(
                PeerSource::new(peer, own.to_partners().clone(), tokens.clone())
                    .map_err(|fault| format!("partner {}: {fault}", partner.ura))?,
            ),
            (None, Some(found), Some(book)) => {
                let make = make_peer(config, own, presenter, clock, book, &partner.ura)?;
                Arc::new(FoundPeer::new(found, book.clone(), make))
            }
            (None, ..) => continue,
        };
        peers.insert(DataHolder(partner.ura.clone()), source);
    }
    Ok(peers)
}

/// What makes a source of a partner at a looked-up address: for its token as for its data, only its own certificate is
/// believed.
fn make_peer(
    config: &NodeConfig,
    own: &Arc<Certificates>,
    presenter: Option<&Arc<Presenter>>,
    clock: &Arc<dyn Clock>,
    book: &Arc<AddressBook>,
    ura: &Ura,
) -> Result<MakePeer, String> {
    let http = own.to_found(ura)?;
    let tokens = TokenClient::new(own.key().clone(), http.clone(), clock.clone());
    let tokens: Arc<dyn TokenSupplier> = Arc::new(tokens::client(config, tokens, presenter.cloned())?);
    let book = book.clone();
    Ok(Box::new(move |peer| {
        book.note_base(&peer);
        PeerSource::new(peer, http.clone(), tokens.clone())
    }))
}

fn access_log(config: &NodeConfig) -> Result<AccessLog, String> {
    let mut options = AccessLogOptions::new(Places::of_store(&config.store.folder).records);
    options.queue = config.bounds.log_queue;
    options.max_record_bytes = LONGEST_RECORD;
    options.batch_bytes = 4 * LONGEST_RECORD;
    AccessLog::open(options).map_err(|fault| format!("the access log: {fault}"))
}

fn keeping(config: &NodeConfig, log: &Arc<AccessLog>) -> Result<(Keeping, Arc<Published>), String> {
    let ura = config.provider.ura.to_string();
    let origin = Origin::of(config.log.origin.clone(), &config.outer.public_base, &ura);
    let every = Duration::from_secs(config.log.checkpoint_seconds);
    Keeping::start(log.clone(), &Places::of_store(&config.store.folder), &origin, every)
}

fn witnessing(config: &NodeConfig, http: &HttpClient, published: &Arc<Published>) -> Result<Witnessing, String> {
    let places = Places::of_store(&config.store.folder);
    let setup = Setup {
        name: &keeping::witness_name(&config.outer.public_base, &config.provider.ura.to_string()),
        log: said(CheckpointKey::open(&places.key))?.ok_or("the access log's signing key is gone")?.public(),
        places: &places,
        partners: &config.partners,
        http,
        every: Duration::from_secs(config.log.witness_seconds),
    };
    Witnessing::open(&setup, published.clone())
}

/// The R4 base of every data holder that is known.
fn holders(config: &NodeConfig) -> HashMap<DataHolder, String> {
    let own = format!("{}/fhir/{}", config.outer.public_base, FhirVersion::R4);
    let partners = config.partners.iter().filter_map(|partner| {
        let base = partner.node.as_ref()?.bases.get(&FhirVersion::R4)?;
        Some((DataHolder(partner.ura.clone()), base.url().as_str().trim_end_matches('/').to_owned()))
    });
    std::iter::once((DataHolder(config.provider.ura.clone()), own)).chain(partners).collect()
}

/// The versions served: those of the use cases that a source of ours, a peer or our outbox could answer.
fn versions(use_cases: &UseCases, own: Vec<FhirVersion>, handoffs: bool) -> Vec<FhirVersion> {
    FhirVersion::ALL
        .into_iter()
        .filter(|version| use_cases.all().any(|use_case| use_case.capability().versions.contains_key(version)))
        .filter(|version| {
            let of_handoffs = handoffs && *version == flows::eoverdracht::VERSION;
            own.is_empty() || own.contains(version) || of_handoffs
        })
        .collect()
}

/// A fault as a sentence.
pub fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|fault| fault.to_string())
}
