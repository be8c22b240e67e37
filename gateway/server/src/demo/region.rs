//! The demo region: four providers, their source systems, their nodes.
#![allow(clippy::print_stdout, reason = "tells its user where to look")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use conformance::ca::{AuthorityHandle, AuthorityServer, Subject};
use conformance::nuts_node::{NutsNode, NutsNodeHandle};
use conformance::region::{self, Provider, SourceKind};
use conformance::source_server::{self, SourceHandle, SourceServer};
use connectors::http::WebAddress;
use connectors::identity::{InnerCallerConfig, PersonConfig, RevocationConfig, SessionConfig};
use connectors::sources::fhir::FhirSourceConfig;
use connectors::sources::files::FilesSourceConfig;
use fhir::FhirVersion;
use policy::UseCaseId;

use super::children::{self, RunningNode};
use super::directories::{self, Directories};
use super::ecd::PlayedEcd;
use super::framework::{self, Framework};
use super::handoff_partner::Overkant;
use super::index::Index;
use super::log_in::{self, LogIn};
use super::national::National;
use super::notices::Notices;
use super::ready::{FORMAT, Ready, ReadyCaller, ReadyNode, ReadyPatient, ReadyPerson, ReadySimulator};
use super::{
    DemoOptions, embedded, handoffs, io, log_keys, loopback, outsiders, overseers, port, referrals, registers, said,
    secrets, telling, ura, use_case,
};
use crate::config::{
    BoundsConfig, InnerConfig, LogConfig, Mode, NodeConfig, OuterConfig, PartnerEntry, PartnerLog, PartnerNode,
    ProfilesConfig, ProviderConfig, SourceConfig, StoreConfig,
};

const USE_CASE: &str = "health-overview";
const MEDICATION: &str = flows::medication::USE_CASE;
/// Every provider knows it; its policy says that only pharmacies may ask.
const LABORATORY: &str = "laboratory-for-pharmacies";

/// The same by the emergency procedure, by every provider's choice.
pub const EMERGENCY: &str = "emergency-overview";

/// The authority whose certificates all nodes and callers of the region have, and its port above the first.
const AUTHORITY: &str = "Zorgsluis demo authority";
const AUTHORITY_PORT: u16 = 108;

/// The one provider that has a Nuts node of its own, and that node's port above the first.
const WITH_NUTS: &str = "general-practice";
const NUTS_PORT: u16 = 112;

/// A provider's place in the demo.
struct Place {
    provider: &'static Provider,
    folder: PathBuf,
    outer_port: u16,
    inner_port: u16,
    source_port: u16,
    /// The public keys of its log and of its node as a witness, as the providers' people hand them to one another.
    log_key: String,
    witness_key: String,
}

impl Place {
    fn outer(&self) -> String {
        format!("https://localhost:{}", self.outer_port)
    }
    fn inner(&self) -> String {
        format!("http://127.0.0.1:{}", self.inner_port)
    }
}

/// Runs the demo region until it is told to stop.
pub fn demo(options: &DemoOptions) -> Result<(), String> {
    std::fs::create_dir_all(&options.state).map_err(io(&options.state))?;
    let state = options.state.canonicalize().map_err(io(&options.state))?;
    let places = places(options, &state)?;
    embedded::write(&state.join("profiles"))?;
    let certificates = state.join("certs");
    let register = AuthorityServer::start(AUTHORITY, loopback(port(options.base_port, AUTHORITY_PORT)?))
        .map_err(|fault| format!("the certificate authority cannot be started: {fault}"))?;
    let authority = register.authority().ok_or("the certificate authority has no root")?;
    authority.write(&certificates, "ca").map_err(io(&certificates))?;
    let mut callers = outsiders::organisations(&authority, &certificates)?;
    let place = &places[0];
    let idp = log_in::Provider::start(options.base_port, &authority, place.provider, &place.inner())?;
    let mut overseeing = Vec::new();
    let mut simulators = Vec::new();
    let national = National::start(options.base_port, &authority, &certificates, &state.join("profiles"))?;
    let nuts = NutsNode::start(loopback(port(options.base_port, NUTS_PORT)?))
        .map_err(|fault| format!("the Nuts node cannot be started: {fault}"))?;
    let index = Index::start(options.base_port, &authority, &certificates, &state.join("profiles"))?;
    let directories = Directories::start(options.base_port, &listed(&places))?;
    let mut nodes = Vec::new();
    let mut ready_nodes = Vec::new();
    let clinic = referrals::PlayedClinic::start(options.base_port, &authority)?;
    let framework = Framework::start(options.base_port, &authority, &certificates.join("ca.pem"))?;
    let overkant = Overkant::start(options.base_port, &authority, &certificates)?;
    callers.push(overkant.caller()?);
    let ecd = PlayedEcd::start(options.base_port)?;
    let notices = Notices::start(options.base_port, &authority, certificates.join("ca.pem"))?;
    let around = Around {
        overkant: &overkant,
        places: &places,
        state: &state,
        register: &register,
        national: &national,
        framework: &framework,
        clinic: &clinic,
        nuts: &nuts,
        index: &index,
        directories: &directories,
        notices: &notices,
        ecd: &ecd,
    };
    for place in &places {
        simulators.extend(source_of(place)?);
        let callers_of_it = overseers::of(place.provider, &place.folder)?.into_iter();
        let systems = handoffs::system(place.provider, &place.folder)?.into_iter();
        let systems = systems.chain(referrals::system(place.provider, &place.folder)?);
        let (own, their) = callers_of_it.chain(systems).unzip();
        overseeing.extend::<Vec<ReadyCaller>>(their);
        let (log_in, system) = idp.of(place.provider, &place.folder, &certificates)?;
        overseeing.extend(system);
        let config_file = set_up(place, &around, &mut callers, own, log_in)?;
        let log = place.folder.join("node.log");
        let node = RunningNode::start(place.provider.name, &config_file, loopback(place.inner_port), &log)?;
        let provider = place.provider;
        let entry =
            ReadyNode::new(provider.key, provider.name, provider.ura, &["r4", "stu3"], place.outer(), place.inner());
        ready_nodes.push(ReadyNode {
            pid: node.pid(),
            portal: Some(format!("{}/portal/", place.inner())),
            log_folder: place.folder.join("store/log"),
            config_file,
            log_key: Some(place.log_key.clone()),
            witness_key: Some(place.witness_key.clone()),
            ..entry
        });
        nodes.push(node);
    }
    for node in &mut nodes {
        node.wait_ready()?;
    }
    callers.extend(overseeing);
    let ready = Ready {
        format: FORMAT,
        kind: "demo",
        ca_file: certificates.join("ca.pem"),
        nodes: ready_nodes,
        callers,
        patients: patients(),
        simulators: idp
            .simulators()
            .into_iter()
            .chain(simulators.iter().map(|(key, handle)| ReadySimulator {
                key: key.clone(),
                kind: "fhir-r4-source".into(),
                base: handle.base_url.clone(),
                control: handle.control_url.clone(),
            }))
            .chain([ReadySimulator {
                key: format!("{WITH_NUTS}-nuts"),
                kind: "nuts-node".into(),
                base: nuts.introspection_endpoint.clone(),
                control: nuts.control_url.clone(),
            }])
            .chain([ReadySimulator {
                key: "authority".into(),
                kind: "certificate-authority".into(),
                base: register.base_url.clone(),
                control: register.control_url.clone(),
            }])
            .collect(),
        services: [national.ready(), directories.ready(), overkant.ready(), ecd.ready()]
            .into_iter()
            .chain(notices.ready())
            .chain(index.ready())
            .chain(framework.ready())
            .chain([clinic.ready()])
            .collect(),
        state,
    };
    if let Some(file) = &options.ready_file {
        ready.write(file)?;
    }
    telling::tell(&ready);
    println!("Patients choose at {} what the hospital may show to others.\n", national.page());
    children::wait_for_the_end(options.stop_with_input)?;
    println!("Stopping.");
    children::stop_all(nodes);
    Ok(())
}

/// Where the providers' own directories are.
fn listed(places: &[Place]) -> Vec<(&'static Provider, String)> {
    places.iter().map(|place| (place.provider, format!("{}/directory", place.outer()))).collect()
}

fn places(options: &DemoOptions, state: &Path) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    for (number, provider) in (0_u16..).zip(region::providers()) {
        let folder = state.join(provider.key);
        let outer_port = port(options.base_port, number * 10 + 1)?;
        let (log_key, witness_key) = log_keys::make(&folder, &format!("https://localhost:{outer_port}"), provider.ura)?;
        places.push(Place {
            provider,
            folder,
            log_key,
            witness_key,
            outer_port,
            inner_port: port(options.base_port, number * 10 + 2)?,
            source_port: port(options.base_port, 101 + number)?,
        });
    }
    Ok(places)
}

/// The source system of a provider: a FHIR server of its own, or a folder of files.
fn source_of(place: &Place) -> Result<Option<(String, SourceHandle)>, String> {
    let key = place.provider.key;
    match place.provider.source {
        SourceKind::FhirServer => {
            let resources = region::resources(key);
            let handle = SourceServer::start(source_server::FhirVersion::R4, resources, loopback(place.source_port))
                .map_err(|fault| format!("the source system of {} cannot be started: {fault}", place.provider.name))?;
            Ok(Some((format!("{key}-source"), handle)))
        }
        SourceKind::Files => {
            let folder = place.folder.join("records");
            region::write_folder(key, &folder).map_err(io(&folder))?;
            Ok(None)
        }
    }
}

/// What a provider's people may do: those of the hospital may use the emergency procedure, nurses hand over and are handed over
/// to.
fn of_people(provider: &Provider, role: &str) -> Result<Vec<UseCaseId>, String> {
    let emergency = (provider.key == "hospital").then_some(EMERGENCY);
    let laboratory = (provider.key == "pharmacy").then_some(LABORATORY);
    [USE_CASE, MEDICATION]
        .into_iter()
        .chain(emergency)
        .chain(laboratory)
        .chain(handoffs::of_people(role).iter().copied())
        .chain(referrals::of_people(role).iter().copied())
        .map(use_case)
        .collect()
}

/// What every node of the region is set up among.
struct Around<'a> {
    overkant: &'a Overkant,
    places: &'a [Place],
    state: &'a Path,
    register: &'a AuthorityHandle,
    national: &'a National,
    framework: &'a Framework,
    clinic: &'a referrals::PlayedClinic,
    nuts: &'a NutsNodeHandle,
    index: &'a Index,
    directories: &'a Directories,
    notices: &'a Notices,
    ecd: &'a PlayedEcd,
}

impl Around<'_> {
    /// Where the Nuts node of this provider says what tokens stand for, if it has one.
    fn nuts_node_of(&self, provider: &Provider) -> Result<Option<WebAddress>, String> {
        let has = provider.key == WITH_NUTS;
        has.then(|| said(WebAddress::parse(&self.nuts.introspection_endpoint))).transpose()
    }
}

/// Writes everything that the provider's node is started from.
fn set_up(
    place: &Place,
    around: &Around<'_>,
    callers: &mut Vec<ReadyCaller>,
    overseers: Vec<InnerCallerConfig>,
    log_in: LogIn,
) -> Result<PathBuf, String> {
    let Around { state, register, national, framework, index, directories, .. } = *around;
    let provider = place.provider;
    let folder = &place.folder;
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let certificates = state.join("certs");
    let subject = Subject { name: provider.name, dns_names: &[] };
    let authority = register.authority().ok_or("the certificate authority has no root")?;
    let own = said(authority.issue_server(provider.ura, &subject))?;
    let files = own.write(&certificates, provider.key).map_err(io(&certificates))?;
    callers.push(ReadyCaller {
        name: format!("node of {}", provider.name),
        listener: "outer",
        node: Some(provider.key.into()),
        ura: provider.ura.into(),
        certificate_file: Some(files.certificate.clone()),
        key_file: Some(files.key.clone()),
        client_id: Some(provider.ura.into()),
        bearer_token: None,
        person: None,
        use_cases: vec![use_case(USE_CASE)?, use_case(MEDICATION)?, use_case(EMERGENCY)?, use_case(LABORATORY)?],
        treats: Vec::new(),
    });
    let config = NodeConfig {
        mode: Mode::Development,
        provider: ProviderConfig {
            ura: ura(provider.ura)?,
            name: provider.name.into(),
            kind: Some(provider.kind.into()),
        },
        outer: OuterConfig {
            address: loopback(place.outer_port),
            public_base: place.outer(),
            certificate_file: files.certificate,
            key_file: files.key,
            authorities_file: certificates.join("ca.pem"),
            open_metadata: true,
        },
        inner: InnerConfig { address: loopback(place.inner_port), public_base: place.inner(), tls: None, portal: true },
        // Answers are used for less long than anybody need: a demo is not watched for long.
        revocation: RevocationConfig {
            hosts: vec![register.host()],
            fresh_seconds: 30,
            patience_ms: 1_000,
            retry_seconds: 1,
            ..RevocationConfig::default()
        },
        store: StoreConfig { folder: folder.join("store") },
        // Neighbours are looked at more often than anybody need: a demo is not watched for long.
        log: LogConfig {
            witness_seconds: 5,
            notices: Some(around.notices.config_for(folder)?),
            ..LogConfig::default()
        },
        profiles: ProfilesConfig {
            folder: state.join("profiles"),
            use_cases: [USE_CASE, MEDICATION, EMERGENCY, LABORATORY]
                .into_iter()
                .chain(overseers::USE_CASES)
                .chain(handoffs::USE_CASES)
                .chain(referrals::USE_CASES)
                .map(use_case)
                .collect::<Result<_, _>>()?,
            reload_seconds: 5,
            bundle: None,
        },
        registers: registers::of(
            provider,
            folder,
            national.config_for(provider)?,
            index.config_for(provider, folder)?,
        )?,
        directory: directories.config_for(provider)?,
        regional: super::regional::config_for(provider, folder)?,
        publication: Some(directories::publication(provider)),
        bounds: BoundsConfig::default(),
        quality: super::quality(),
        medication: flows::medication::Windows::default(),
        sessions: SessionConfig::default(),
        limits: super::limits(),
        dezi: log_in.dezi,
        cards: log_in.cards,
        epds: log_in.epds,
        handoffs: Some(handoffs::config(provider, around.notices.record_system_for(folder)?)),
        referrals: Some(referrals::config(around.notices.record_system_for(folder)?)),
        nuts: Some(
            framework.of_node(provider.ura, super::nuts(&certificates.join("ca.pem"), around.nuts_node_of(provider)?)),
        ),
        sources: std::iter::once(source_config(place)?)
            .chain(referrals::source(provider, folder)?)
            .chain(around.ecd.source(provider)?)
            .collect(),
        partners: directories::look_up(provider, partners(place, around)?),
        callers: people(place, folder, callers)?.into_iter().chain(overseers).chain(log_in.systems).collect(),
        people: log_in.people.into_iter().chain([overseers::rights()]).collect(),
        mandates: log_in.mandates,
    };
    let file = folder.join("node.toml");
    let text = toml::to_string(&config).map_err(|fault| fault.to_string())?;
    secrets::write_private(&file, text.as_bytes())?;
    Ok(file)
}

fn source_config(place: &Place) -> Result<SourceConfig, String> {
    Ok(match place.provider.source {
        SourceKind::FhirServer => {
            let base = said(WebAddress::parse(&format!("http://127.0.0.1:{}/fhir", place.source_port)))?;
            SourceConfig::Fhir(FhirSourceConfig::new(base, FhirVersion::R4))
        }
        SourceKind::Files => SourceConfig::Files(FilesSourceConfig::new(place.folder.join("records"), FhirVersion::R4)),
    })
}

/// The other providers of the region, and the clinic.
fn partners(place: &Place, around: &Around<'_>) -> Result<Vec<PartnerEntry>, String> {
    let mut partners = Vec::new();
    for other in around.places.iter().filter(|other| other.provider.key != place.provider.key) {
        partners.push(PartnerEntry {
            ura: ura(other.provider.ura)?,
            name: other.provider.name.into(),
            kind: Some(other.provider.kind.into()),
            use_cases: handoffs::of_partners([USE_CASE, MEDICATION, EMERGENCY, LABORATORY])?,
            handoffs: Some(handoffs::told(other.provider, &other.outer())?),
            referrals: Some(referrals::told(&other.outer())?),
            node: Some(PartnerNode {
                bases: handoffs::bases(&other.outer())?,
                token_endpoint: Some(said(WebAddress::parse(&format!("{}/oauth/token", other.outer())))?),
                // Some tokens are bound to a key as well, so that both ways are seen at work.
                dpop: other.provider.key == "hospital",
                nuts_authorization_server: None,
                ask_in: BTreeMap::new(),
            }),
            software: None,
            nuts_v5: None,
            log: Some(PartnerLog {
                base: said(WebAddress::parse(&format!("{}/log", other.outer())))?,
                public_key: Some(other.log_key.clone()),
                witness_key: Some(other.witness_key.clone()),
            }),
        });
    }
    let (number, name, kind) = outsiders::CLINIC;
    partners.push(PartnerEntry {
        ura: ura(number)?,
        name: name.into(),
        kind: Some(kind.into()),
        use_cases: [USE_CASE, MEDICATION, EMERGENCY, LABORATORY]
            .into_iter()
            .chain(referrals::OF_PARTNERS)
            .map(use_case)
            .collect::<Result<_, _>>()?,
        node: Some(around.clinic.node()?),
        software: Some(around.framework.software()),
        nuts_v5: Some(framework::nuts_v5(number, &around.state.join("certs"))?),
        log: None,
        handoffs: None,
        referrals: Some(around.clinic.told()?),
    });
    partners.push(around.framework.partner()?);
    partners.push(around.overkant.known_to(place.provider.key)?);
    Ok(partners)
}

/// The provider's people as callers of its inner listener.
fn people(place: &Place, folder: &Path, callers: &mut Vec<ReadyCaller>) -> Result<Vec<InnerCallerConfig>, String> {
    let mut configs = Vec::new();
    for person in region::staff().iter().filter(|person| person.provider == place.provider.key) {
        let token_file = folder.join("tokens").join(person.id);
        let code = secrets::access_code(&token_file)?;
        configs.push(InnerCallerConfig {
            client_id: person.id.into(),
            use_cases: of_people(place.provider, person.role)?,
            person: Some(PersonConfig {
                id: person.id.into(),
                name: Some(person.name.into()),
                role: person.role.into(),
            }),
            responsible: None,
            launches: false,
            patient_file: None,
            token_file: Some(token_file),
            token_sha256_file: None,
            certificate_thumbprint: None,
            introspects: false,
            decisions: None,
        });
        callers.push(ReadyCaller {
            name: format!("{}, {}, {}", person.name, person.role_name, place.provider.name),
            listener: "inner",
            node: Some(place.provider.key.into()),
            ura: place.provider.ura.into(),
            certificate_file: None,
            key_file: None,
            client_id: Some(person.id.into()),
            bearer_token: Some(code),
            person: Some(ReadyPerson { id: person.id.into(), role: person.role.into(), name: person.name.into() }),
            use_cases: of_people(place.provider, person.role)?,
            treats: log_in::treated_by(place.provider, person.id),
        });
    }
    Ok(configs)
}

fn patients() -> Vec<ReadyPatient> {
    region::patients()
        .into_iter()
        .map(|patient| ReadyPatient {
            bsn: patient.bsn.into(),
            name: patient.name,
            known_at: patient.known_at.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}
