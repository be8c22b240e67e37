//! What a node is made of: the configuration becomes connectors and stores, and those become the stack.
//!
//! Read it from [`node`] down. Everything that can be wrong is said at start, as a sentence for the operator.

mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connectors::http::HttpClient;
use connectors::identity::oauth::TokenClient;
use connectors::identity::{InnerCallers, PartnerConfig, Partners, RateLimits, Sessions};
use connectors::peers::{FoundPeer, MakePeer, PeerSource, TokenSupplier};
use connectors::registers::Watch;
use connectors::sources::fhir::FhirSource;
use connectors::sources::files::FilesSource;
use exchange::ports::{Authenticator, Clock, NoValueSets, PatientIndex, Source, SystemClock, ValueSets};
use exchange::{NodeFacts, Wiring};
use fhir::json::Limits;
use fhir::{FhirVersion, Ura};
use policy::{Data, DataHolder, InForce, UseCases};
use store::access_log::AccessLog;
use store::access_log::AccessLogOptions;
use store::proof::CheckpointKey;

use crate::access_log::LogPort;
use crate::certificates::Certificates;
use crate::config::{NodeConfig, SourceConfig};
use crate::directory::{self, AddressBook, publishing};
use crate::entrance;
use crate::log::archive::{Archive, ArchiveReader, Indexing};
use crate::log::erasing::{Erase, Erasing};
use crate::log::keeping::{self, Keeping, Origin};
use crate::log::places::Places;
use crate::log::published::Published;
use crate::log::siem::{self, Streaming};
use crate::log::witnessing::{Setup, Witnessing};
use crate::mitz::Subscribing;
use crate::node::{Bases, Node, Parts};
use crate::patient_index::OwnPatients;
use crate::policies::{ReloadMeasures, Reloading};
use crate::quality::{Quality, Statements};
use crate::registers::{Registers, wellness};
use crate::{mitz, profiles};

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
    /// Keeps the subscriptions at Mitz up for as long as it lives, where there are any.
    pub subscribing: Option<Subscribing>,
    /// Keeps the copy of the directories up for as long as it lives, where there are any.
    pub addressing: Option<directory::Running>,
}

/// How often the registers are looked at for change.
const REGISTER_ROUND: Duration = Duration::from_secs(2);

/// Own sources, as sources and as what knows ids of patients.
#[derive(Default)]
struct OwnSources {
    sources: Vec<Arc<dyn Source>>,
    indexes: Vec<Arc<dyn PatientIndex>>,
    versions: Vec<FhirVersion>,
}

/// Puts a node together.
pub fn node(config: &NodeConfig) -> Result<Wired, String> {
    let use_cases = Arc::new(InForce::from(use_cases(config)?));
    let reload = ReloadMeasures::default();
    let reloading = Reloading::start(&config.profiles, config.is_for_development(), &use_cases, reload.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // What a production node may not have is said before what it lacks.
    let callers =
        Arc::new(said(InnerCallers::load(&config.organisation(), &config.callers, config.is_for_development()))?);
    let certificates = Arc::new(Certificates::open(config, &clock)?);
    let sources = own_sources(config, certificates.to_sources())?;
    let partners = Arc::new(partners(config)?);
    let state = tokens::state(config)?;
    let issuer = Arc::new(tokens::issuer(config, partners.clone(), state.clone(), &clock)?);
    let sessions = Arc::new(Sessions::new(config.sessions));
    let limits = Arc::new(RateLimits::new(config.limits));
    let authenticator: Arc<dyn Authenticator> = Arc::new(tokens::authenticator(
        config,
        partners,
        issuer.clone(),
        callers.clone(),
        sessions.clone(),
        clock.clone(),
        certificates.vets(),
    )?);
    let entrance = entrance::set_up(config, callers.clone(), sessions, limits.clone(), authenticator.clone())?;
    let entrance = Arc::new(entrance);
    let patients: Arc<dyn PatientIndex> = Arc::new(OwnPatients::new(sources.indexes));
    let (book, addressing) = directory::start(config, certificates.to_directories(), &clock)?.unzip();
    let peers = peers(config, &certificates, &clock, book.as_ref())?;
    let mitz = mitz::of(config)?;
    let mut registers = Registers::open(config, sources.sources, peers, mitz.clone(), &clock);
    let subscribing = mitz::subscribing(config, mitz.as_ref(), &mut registers.health, || Ok(state.clone()))?;
    let versions = versions(&use_cases.current(), sources.versions);
    let published = publishing::open(config, &versions, &state, &clock)?;
    let wellness = wellness(registers.health.clone(), state);
    let watch = Watch::start(registers.health, REGISTER_ROUND);
    let access_log = Arc::new(access_log(config)?);
    let quality = quality(config)?;
    let (keeping, proof) = keeping(config, &access_log)?;
    let witnessing = Arc::new(witnessing(config, certificates.to_partners(), &proof)?);
    let (streaming, siem) = siem::of_config(config, &access_log)?.unzip();
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
    let wiring = Wiring {
        node: NodeFacts {
            holder: DataHolder(config.provider.ura.clone()),
            kind: config.provider.kind.clone(),
            limits: Limits { bytes: config.bounds.body_bytes, ..Limits::default() },
        },
        use_cases: use_cases.clone(),
        log,
        clock,
        authenticator: authenticator.clone(),
        throttle: limits,
        patients: patients.clone(),
        relations: registers.relations,
        consents: registers.consents,
        localisation: registers.whereabouts,
        value_sets: value_sets(&quality),
        bounds: config.bounds.exchange(),
    };
    let log_stack = archive.map(|archive| exchange::log_stack(wiring.clone(), Arc::new(ArchiveReader(archive))));
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
        access_log,
        proof,
        witnessing,
        siem,
        wellness,
        quality,
        mitz,
        notices,
        book,
        published,
    });
    Ok(Wired { node, watch, keeping, indexing, erasing, reloading, streaming, subscribing, addressing })
}

/// Whether a use case of this node opens its access log.
fn shows_its_log(use_cases: &UseCases) -> bool {
    use_cases.all().any(|use_case| use_case.capability().data == Data::AccessLog)
}

fn archive(config: &NodeConfig, log: &Arc<AccessLog>) -> Result<Arc<Archive>, String> {
    let places = Places::of_store(&config.store.folder);
    Ok(Arc::new(Archive::open(log.clone(), &places.index, config.provider.ura.to_string())?))
}

/// The use cases of this configuration. Outside development nothing is put in force whose cases do not pass.
pub fn use_cases(config: &NodeConfig) -> Result<UseCases, String> {
    if config.is_for_development() {
        return profiles::load(&config.profiles, true);
    }
    profiles::checked(&config.profiles, false).map(|(use_cases, _)| use_cases)
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

/// Whether keys, certificates, callers and sources could be used; changes nothing.
pub fn try_identity(config: &NodeConfig) -> Result<(), String> {
    said(InnerCallers::load(&config.organisation(), &config.callers, config.is_for_development()))?;
    entrance::try_out(config)?;
    tokens::try_nuts(config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let certificates = Arc::new(Certificates::open(config, &clock)?);
    own_sources(config, certificates.to_sources())?;
    partners(config)?;
    peers(config, &certificates, &clock, None)?;
    siem::receiver(config)?;
    mitz::of(config)?;
    Ok(())
}

fn own_sources(config: &NodeConfig, http: &HttpClient) -> Result<OwnSources, String> {
    let holder = DataHolder(config.provider.ura.clone());
    let mut own = OwnSources::default();
    for (number, source) in config.sources.iter().enumerate() {
        let trouble = |fault| format!("sources[{number}]: {fault}");
        match source {
            SourceConfig::Fhir(settings) => {
                own.versions.push(settings.version);
                let source = FhirSource::new(settings.clone(), holder.clone(), &config.provider.name, http.clone());
                own.add(Arc::new(source.map_err(trouble)?));
            }
            SourceConfig::Files(settings) => {
                own.versions.push(settings.version);
                let source = FilesSource::open(settings.clone(), holder.clone(), &config.provider.name);
                own.add(Arc::new(source.map_err(trouble)?));
            }
        }
    }
    Ok(own)
}

impl OwnSources {
    fn add<S: Source + PatientIndex + 'static>(&mut self, source: Arc<S>) {
        self.sources.push(source.clone());
        self.indexes.push(source);
    }
}

fn partners(config: &NodeConfig) -> Result<Partners, String> {
    let all = config.partners.iter().map(|partner| PartnerConfig {
        ura: partner.ura.clone(),
        name: partner.name.clone(),
        kind: partner.kind.clone(),
        use_cases: partner.use_cases.clone(),
    });
    said(Partners::new(all.collect()))
}

/// Partners that are asked: at the addresses of the configuration, or at those that the directory knows.
fn peers(
    config: &NodeConfig,
    own: &Arc<Certificates>,
    clock: &Arc<dyn Clock>,
    book: Option<&Arc<AddressBook>>,
) -> Result<HashMap<DataHolder, Arc<dyn Source>>, String> {
    let tokens = TokenClient::new(own.key().clone(), own.to_partners().clone(), clock.clone());
    let tokens: Arc<dyn TokenSupplier> = Arc::new(tokens::client(config, tokens)?);
    let mut peers: HashMap<DataHolder, Arc<dyn Source>> = HashMap::new();
    let payloads = config.directory.as_ref().map(|directory| directory.payload_types.as_slice()).unwrap_or_default();
    for partner in &config.partners {
        let source: Arc<dyn Source> = match (partner.peer(), partner.found(payloads), book) {
            (Some(peer), ..) => Arc::new(
                PeerSource::new(peer, own.to_partners().clone(), tokens.clone())
                    .map_err(|fault| format!("partner {}: {fault}", partner.ura))?,
            ),
            (None, Some(found), Some(book)) => {
                let make = make_peer(config, own, clock, book, &partner.ura)?;
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
    clock: &Arc<dyn Clock>,
    book: &Arc<AddressBook>,
    ura: &Ura,
) -> Result<MakePeer, String> {
    let http = own.to_found(ura)?;
    let tokens = TokenClient::new(own.key().clone(), http.clone(), clock.clone());
    let tokens: Arc<dyn TokenSupplier> = Arc::new(tokens::client(config, tokens)?);
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

/// The versions served: those of the use cases that a source of ours, or a peer, could answer.
fn versions(use_cases: &UseCases, own: Vec<FhirVersion>) -> Vec<FhirVersion> {
    FhirVersion::ALL
        .into_iter()
        .filter(|version| use_cases.all().any(|use_case| use_case.capability().versions.contains_key(version)))
        .filter(|version| own.is_empty() || own.contains(version))
        .collect()
}

/// A fault as a sentence.
pub fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|fault| fault.to_string())
}
