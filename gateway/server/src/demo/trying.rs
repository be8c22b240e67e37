//! `zorgsluis try`: one node in front of somebody's own FHIR server, with one caller that may do everything.
#![allow(clippy::print_stdout, reason = "tells its user where to look")]

use std::path::Path;

use conformance::ca::{CertificateAuthority, Subject};
use connectors::http::WebAddress;
use connectors::identity::vetting::Mode as Revocation;
use connectors::identity::{InnerCallerConfig, RevocationConfig, SessionConfig};
use connectors::sources::fhir::FhirSourceConfig;

use super::children::{self, RunningNode};
use super::ready::{FORMAT, Ready, ReadyCaller, ReadyNode, ReadySimulator};
use super::{TryOptions, embedded, io, loopback, port, said, secrets, ura, use_case};
use crate::config::{
    BoundsConfig, InnerConfig, LogConfig, Mode, NodeConfig, OuterConfig, PartnerEntry, ProfilesConfig, ProviderConfig,
    RegistersConfig, SourceConfig, StoreConfig,
};

const USE_CASE: &str = "development-try";
const NODE: (&str, &str) = ("90010080", "Zorgsluis try");
const CALLER: (&str, &str) = ("90010081", "Try caller");
/// The client id that the use case's policy knows.
const CLIENT: &str = "development";

/// Largest body that is taken: test suites load whole records.
const BODY_BYTES: usize = 64 << 20;

/// Runs the node until it is told to stop.
pub fn try_out(options: &TryOptions) -> Result<(), String> {
    std::fs::create_dir_all(&options.state).map_err(io(&options.state))?;
    let state = options.state.canonicalize().map_err(io(&options.state))?;
    let (inner_port, outer_port) = (options.base_port, port(options.base_port, 1)?);
    let (inner, outer) = (format!("http://127.0.0.1:{inner_port}"), format!("https://localhost:{outer_port}"));
    embedded::write(&state.join("profiles"))?;
    let certificates = state.join("certs");
    let authority = said(CertificateAuthority::new("Zorgsluis try authority"))?;
    authority.write(&certificates, "ca").map_err(io(&certificates))?;
    let issue = |ura: &str, name: &str, file: &str| {
        let issued = said(authority.issue_server(ura, &Subject { name, dns_names: &[] }))?;
        issued.write(&certificates, file).map_err(io(&certificates))
    };
    let own = issue(NODE.0, NODE.1, "node")?;
    let caller = issue(CALLER.0, CALLER.1, "caller")?;
    let token_file = state.join("token");
    let token = secrets::access_code(&token_file)?;
    let config = NodeConfig {
        mode: Mode::Development,
        provider: ProviderConfig { ura: ura(NODE.0)?, name: NODE.1.into(), kind: None },
        outer: OuterConfig {
            address: loopback(outer_port),
            public_base: outer.clone(),
            certificate_file: own.certificate,
            key_file: own.key,
            authorities_file: certificates.join("ca.pem"),
            open_metadata: true,
        },
        inner: InnerConfig { address: loopback(inner_port), public_base: inner.clone(), tls: None, portal: false },
        revocation: RevocationConfig { mode: Revocation::Off, ..RevocationConfig::default() },
        store: StoreConfig { folder: state.join("store") },
        log: LogConfig::default(),
        profiles: ProfilesConfig {
            folder: state.join("profiles"),
            use_cases: vec![use_case(USE_CASE)?],
            reload_seconds: 5,
            bundle: None,
        },
        registers: RegistersConfig::default(),
        directory: None,
        regional: None,
        publication: None,
        bounds: BoundsConfig {
            body_bytes: BODY_BYTES,
            exchange_ms: 60_000,
            source_ms: 50_000,
            ..BoundsConfig::default()
        },
        quality: super::quality(),
        medication: flows::medication::Windows::default(),
        sessions: SessionConfig::default(),
        limits: super::limits(),
        dezi: None,
        cards: None,
        handoffs: None,
        referrals: None,
        epds: Vec::new(),
        nuts: None,
        sources: sources(options)?,
        partners: vec![PartnerEntry {
            ura: ura(CALLER.0)?,
            name: CALLER.1.into(),
            kind: None,
            use_cases: vec![use_case(USE_CASE)?],
            node: None,
            software: None,
            nuts_v5: None,
            log: None,
            handoffs: None,
            referrals: None,
        }],
        callers: vec![InnerCallerConfig {
            client_id: CLIENT.into(),
            use_cases: vec![use_case(USE_CASE)?],
            person: None,
            responsible: None,
            launches: false,
            patient_file: None,
            token_file: Some(token_file),
            token_sha256_file: None,
            certificate_thumbprint: None,
            introspects: false,
            decisions: None,
        }],
        people: Vec::new(),
        mandates: Vec::new(),
    };
    let config_file = state.join("node.toml");
    let text = toml::to_string(&config).map_err(|fault| fault.to_string())?;
    secrets::write_private(&config_file, text.as_bytes())?;
    let mut node = RunningNode::start(NODE.1, &config_file, loopback(inner_port), &state.join("node.log"))?;
    node.wait_ready()?;
    let version = options.fhir_version.segment();
    let callers = callers(&token, caller.certificate.as_path(), caller.key.as_path())?;
    let entry = ReadyNode::new("try", NODE.1, NODE.0, &[version], outer, inner);
    let ready = Ready {
        format: FORMAT,
        kind: "try",
        ca_file: certificates.join("ca.pem"),
        nodes: vec![ReadyNode { pid: node.pid(), log_folder: state.join("store/log"), config_file, ..entry }],
        callers,
        patients: Vec::new(),
        simulators: options
            .upstream
            .iter()
            .enumerate()
            .map(|(number, base)| ReadySimulator {
                key: format!("upstream-{number}"),
                kind: format!("fhir-{version}-upstream"),
                base: base.clone(),
                control: String::new(),
            })
            .collect(),
        services: Vec::new(),
        state,
    };
    if let Some(file) = &options.ready_file {
        ready.write(file)?;
    }
    tell(&ready, version, &token);
    children::wait_for_the_end(options.stop_with_input)?;
    children::stop_all(vec![node]);
    Ok(())
}

fn sources(options: &TryOptions) -> Result<Vec<SourceConfig>, String> {
    options
        .upstream
        .iter()
        .map(|upstream| {
            let base = WebAddress::parse(upstream).map_err(|fault| format!("--upstream: {fault}"))?;
            Ok(SourceConfig::Fhir(FhirSourceConfig::new(base, options.fhir_version)))
        })
        .collect()
}

fn callers(token: &str, certificate: &Path, key: &Path) -> Result<Vec<ReadyCaller>, String> {
    let nobody = |name: &str, listener| -> Result<ReadyCaller, String> {
        Ok(ReadyCaller {
            name: name.into(),
            listener,
            node: None,
            ura: CALLER.0.into(),
            certificate_file: None,
            key_file: None,
            client_id: None,
            bearer_token: None,
            person: None,
            use_cases: vec![use_case(USE_CASE)?],
            treats: Vec::new(),
        })
    };
    Ok(vec![
        ReadyCaller {
            node: Some("try".into()),
            ura: NODE.0.into(),
            client_id: Some(CLIENT.into()),
            bearer_token: Some(token.into()),
            ..nobody("the development caller", "inner")?
        },
        ReadyCaller {
            certificate_file: Some(certificate.into()),
            key_file: Some(key.into()),
            client_id: Some(CALLER.0.into()),
            ..nobody("the development caller over mutual TLS", "outer")?
        },
    ])
}

fn tell(ready: &Ready, version: &str, token: &str) {
    for node in &ready.nodes {
        println!("One node stands in front of your server. State: {}\n", ready.state.display());
        println!("  plain HTTP  {}/fhir/{version}", node.inner);
        println!("  token       Authorization: Bearer {token}");
        println!("  mutual TLS  {}/fhir/{version} (token endpoint {})", node.outer, node.token_endpoint);
        println!("  access log  zorgsluis log --folder {}\n", node.log_folder.display());
    }
    println!("Ctrl-C stops it.");
}
