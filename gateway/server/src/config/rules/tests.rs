//! Each rule with the configuration that passes and the one that does not.

use std::collections::BTreeMap;

use connectors::http::WebAddress;
use connectors::identity::nuts::{NutsConfig, SoftwareConfig, V5PartnerConfig};
use connectors::identity::vetting::{AuthorityConfig, Mode as Revocation};
use connectors::mitz::MitzConfig;
use connectors::nvi::NviConfig;
use connectors::siem::{ReceiverConfig, Transport};
use connectors::sources::fhir::FhirSourceConfig;
use connectors::webhooks::WebhookConfig;
use fhir::FhirVersion;
use policy::UseCaseId;

use super::super::testing::reference;
use super::*;

fn held(change: fn(&mut NodeConfig)) -> Result<(), String> {
    let mut config = reference();
    change(&mut config);
    hold(&config)
}

/// A node on loopback without TLS, as a developer has it.
fn on_loopback(config: &mut NodeConfig) {
    config.mode = Mode::Development;
    config.inner.tls = None;
    config.inner.address = ([127, 0, 0, 1], 8444).into();
    config.inner.public_base = "http://127.0.0.1:8444".into();
}

fn off_for_one() -> AuthorityConfig {
    AuthorityConfig { certificate_file: "ca.pem".into(), mode: Revocation::Off, responder: None, list: None }
}

fn nvi(config: &mut NodeConfig, change: fn(&mut NviConfig)) {
    change(config.registers.nvi.as_mut().unwrap());
}

fn mitz(config: &mut NodeConfig, change: fn(&mut MitzConfig)) {
    change(config.registers.mitz.as_mut().unwrap());
}

fn source_at(config: &mut NodeConfig, base: &str) {
    let base = WebAddress::parse(base).unwrap();
    config.sources = vec![SourceConfig::Fhir(FhirSourceConfig::new(base, FhirVersion::R4))];
}

fn dezi_at(config: &mut NodeConfig, issuer: &str) {
    config.dezi.as_mut().unwrap().issuer = WebAddress::parse(issuer).unwrap();
}

fn nuts_with(config: &mut NodeConfig, subject: Option<&str>, introspection: &str) {
    config.nuts = Some(NutsConfig {
        subject: subject.map(str::to_owned),
        introspection_endpoint: Some(WebAddress::parse(introspection).unwrap()),
        ..NutsConfig::default()
    });
}

/// The partner's token comes by our Nuts node, which is here.
fn nuts_token(config: &mut NodeConfig, node_api: Option<&str>, dpop: bool) {
    nuts_with(config, None, "https://nuts.example/introspect");
    config.nuts.as_mut().unwrap().node_api = node_api.map(|api| WebAddress::parse(api).unwrap());
    let node = config.partners[0].node.as_mut().unwrap();
    node.nuts_authorization_server = Some(WebAddress::parse("https://peer.example/oauth2/a").unwrap());
    node.dpop = dpop;
}

/// The partner asks with software that is known here, and Nuts is configured so.
fn software(config: &mut NodeConfig, client: &str, nuts: NutsConfig) {
    config.nuts = Some(nuts);
    let (client, issuer) = (client.to_owned(), "did:web:stelselhouder.example".to_owned());
    config.partners[0].software = Some(SoftwareConfig { client, issuer, services: vec!["gbc-client".to_owned()] });
}

/// The partner asks by the grant of Nuts v5.
fn nuts_v5(config: &mut NodeConfig, own: Option<&str>) {
    config.nuts = Some(NutsConfig { v5_did: own.map(str::to_owned), ..NutsConfig::default() });
    let purposes = BTreeMap::from([("eOverdracht-receiver".to_owned(), UseCaseId::parse("bgz").unwrap())]);
    config.partners[0].nuts_v5 =
        Some(V5PartnerConfig { did: "did:nuts:a".to_owned(), document_file: "did.json".into(), purposes });
}

fn with_authorities() -> NutsConfig {
    NutsConfig { authorities_file: Some("nuts.pem".into()), ..NutsConfig::default() }
}

fn status_at(config: &mut NodeConfig, host: &str) {
    config.nuts = Some(NutsConfig { status_hosts: vec![host.to_owned()], ..NutsConfig::default() });
}

/// The partner's token comes by a presentation of our own, bound to a key too.
fn presents(config: &mut NodeConfig, node_api: Option<&str>) {
    nuts_token(config, node_api, true);
    config.nuts.as_mut().unwrap().own_chain_file = Some("chain.pem".into());
}

fn partner_at(config: &mut NodeConfig, base: &str, token_endpoint: &str) {
    let node = config.partners[0].node.as_mut().unwrap();
    node.bases.insert(FhirVersion::Stu3, WebAddress::parse(base).unwrap());
    node.token_endpoint = Some(WebAddress::parse(token_endpoint).unwrap());
}

/// A development node that tells a monitoring system here in plain TCP.
fn siem_at(config: &mut NodeConfig, host: &str) {
    config.mode = Mode::Development;
    config.log.siem = Some(ReceiverConfig { transport: Transport::Tcp, ..ReceiverConfig::new(host) });
}

/// A node that tells a monitoring system over TLS.
fn siem_by_tls(config: &mut NodeConfig) -> &mut ReceiverConfig {
    let roots = Some("siem-authorities.pem".into());
    config.log.siem.insert(ReceiverConfig { authorities_file: roots, ..ReceiverConfig::new("siem.example") })
}

fn notices_at(url: &str) -> WebhookConfig {
    let url = WebAddress::parse(url).unwrap();
    let (secret_file, nothing) = ("notices".into(), None);
    WebhookConfig {
        url,
        secret_file,
        authorities_file: nothing.clone(),
        certificate_file: nothing.clone(),
        key_file: nothing,
        patience_ms: 1,
    }
}

#[test]
fn each_rule_lets_the_good_pass_and_says_what_is_wrong_with_the_bad() {
    struct Rule {
        good: fn(&mut NodeConfig),
        bad: fn(&mut NodeConfig),
        says: &'static str,
    }
    let rules = [
        Rule {
            good: |config| config.outer.public_base = "https://node.example:8443".into(),
            bad: |config| config.outer.public_base = "http://node.example:8443".into(),
            says: "outer.public_base must be a https URL",
        },
        Rule {
            good: |config| config.outer.public_base = "https://node.example/zorgsluis".into(),
            bad: |config| config.outer.public_base = "https://node.example/zorgsluis/".into(),
            says: "without a slash at the end",
        },
        Rule {
            good: |config| config.inner.public_base = "https://inner.example".into(),
            bad: |config| config.inner.public_base = "http://inner.example".into(),
            says: "inner.public_base must be a https URL",
        },
        Rule {
            good: on_loopback,
            bad: |config| {
                on_loopback(config);
                config.inner.public_base = "https://127.0.0.1:8444".into();
            },
            says: "inner.public_base must be a http URL",
        },
        Rule {
            good: on_loopback,
            bad: |config| {
                on_loopback(config);
                config.inner.address = ([10, 20, 0, 5], 8444).into();
            },
            says: "inner.address is not on loopback",
        },
        Rule {
            good: on_loopback,
            bad: |config| {
                on_loopback(config);
                config.mode = Mode::Production;
            },
            says: "inner.tls is needed outside development mode",
        },
        Rule {
            good: |config| {
                config.mode = Mode::Development;
                config.revocation.mode = Revocation::Off;
            },
            bad: |config| config.revocation.mode = Revocation::Off,
            says: "revocation is off",
        },
        Rule {
            good: |config| config.revocation.authorities.clear(),
            bad: |config| config.revocation.authorities = vec![off_for_one()],
            says: "revocation is off",
        },
        Rule {
            good: |config| config.revocation.fresh_seconds = 3_600,
            bad: |config| config.revocation.fresh_seconds = 3_601,
            says: "revocation.fresh_seconds must be between 1 and 3600",
        },
        Rule {
            good: |config| config.revocation.hosts = vec!["crl.example:8080".into()],
            bad: |config| config.revocation.hosts = vec!["http://crl.example".into()],
            says: "is no host",
        },
        Rule {
            good: |config| config.medication.recent_months = 12,
            bad: |config| config.medication.recent_months = 0,
            says: "medication.recent_months must be between 1 and",
        },
        Rule {
            good: |config| config.medication.interrupted_months = None,
            bad: |config| config.medication.interrupted_months = Some(1_201),
            says: "medication.interrupted_months must be between 1 and",
        },
        Rule {
            good: |config| config.quality.one_in = 1,
            bad: |config| config.quality.one_in = 0,
            says: "quality.one_in and quality.queue must be more than 0",
        },
        Rule {
            good: |config| config.quality.enabled = false,
            bad: |config| config.quality.queue = 0,
            says: "enabled = false measures nothing",
        },
        Rule {
            good: |config| config.sessions.idle_seconds = 30,
            bad: |config| config.sessions.idle_seconds = 29,
            says: "sessions.idle_seconds must be between 30 and 3600",
        },
        Rule {
            good: |config| config.limits.person_burst = 1,
            bad: |config| config.limits.person_burst = 0,
            says: "limits.person_burst must be more than 0",
        },
        Rule {
            good: |config| dezi_at(config, "https://auth.dezi.example"),
            bad: |config| dezi_at(config, "http://auth.dezi.example"),
            says: "dezi is reached over plain HTTP",
        },
        Rule {
            good: |config| config.profiles.use_cases.truncate(1),
            bad: |config| config.profiles.use_cases.clear(),
            says: "profiles.use_cases is empty",
        },
        Rule {
            good: |config| mitz(config, |mitz| mitz.deadline_ms = 1_999),
            bad: |config| mitz(config, |mitz| mitz.deadline_ms = 2_000),
            says: "registers.mitz.deadline_ms",
        },
        Rule {
            good: |config| {
                config.mode = Mode::Development;
                mitz(config, |mitz| mitz.base = WebAddress::parse("https://localhost/mitz").unwrap());
            },
            bad: |config| mitz(config, |mitz| mitz.base = WebAddress::parse("https://localhost/mitz").unwrap()),
            says: "registers.mitz.base is on loopback",
        },
        Rule {
            good: |config| mitz(config, |mitz| mitz.base = WebAddress::parse("https://mitz.example").unwrap()),
            bad: |config| mitz(config, |mitz| mitz.base = WebAddress::parse("http://localhost/mitz").unwrap()),
            says: "registers.mitz.base must be https",
        },
        Rule {
            good: |config| {
                config.registers.mitz = None;
                config.provider.kind = None;
            },
            bad: |config| config.provider.kind = None,
            says: "registers.mitz needs provider.kind",
        },
        Rule {
            good: |config| nvi(config, |nvi| nvi.deadline_ms = 1_999),
            bad: |config| nvi(config, |nvi| nvi.deadline_ms = 2_000),
            says: "registers.nvi.deadline_ms",
        },
        Rule {
            good: |config| nvi(config, |nvi| nvi.base = WebAddress::parse("https://nvi.example").unwrap()),
            bad: |config| nvi(config, |nvi| nvi.base = WebAddress::parse("http://nvi.example").unwrap()),
            says: "registers.nvi.base must be https",
        },
        Rule {
            good: |config| {
                config.mode = Mode::Development;
                nvi(config, |nvi| nvi.prs.base = WebAddress::parse("https://localhost/prs").unwrap());
            },
            bad: |config| nvi(config, |nvi| nvi.prs.base = WebAddress::parse("https://localhost/prs").unwrap()),
            says: "registers.nvi is on loopback",
        },
        Rule {
            good: |config| config.log.checkpoint_seconds = 3_600,
            bad: |config| config.log.checkpoint_seconds = 3_601,
            says: "log.checkpoint_seconds must be between 1 and 3600",
        },
        Rule {
            good: |config| config.log.checkpoint_seconds = 1,
            bad: |config| config.log.checkpoint_seconds = 0,
            says: "log.checkpoint_seconds must be between 1 and 3600",
        },
        Rule {
            good: |config| config.log.origin = Some("node.example/log/90010001".into()),
            bad: |config| config.log.origin = Some("node.example+log".into()),
            says: "log.origin must be a name",
        },
        Rule {
            good: |config| config.log.retention.refused_years = 200,
            bad: |config| config.log.retention.refused_years = 201,
            says: "log.retention.refused_years must be between 5 and 200",
        },
        Rule {
            good: |config| config.log.retention.exchange_years = 5,
            bad: |config| config.log.retention.exchange_years = 4,
            says: "log.retention.exchange_years must be between 5 and 200",
        },
        Rule {
            good: |config| config.log.origin = None,
            bad: |config| config.log.origin = Some("two words".into()),
            says: "without white space",
        },
        Rule {
            good: |config| siem_at(config, "127.0.0.1"),
            bad: |config| siem_at(config, "10.20.0.9"),
            says: "log.siem is plain TCP off loopback",
        },
        Rule {
            good: |config| siem_at(config, "::1"),
            bad: |config| siem_at(config, "localhost"),
            says: "log.siem is plain TCP off loopback",
        },
        Rule {
            good: |config| siem_at(config, "127.0.0.1"),
            bad: |config| {
                siem_at(config, "127.0.0.1");
                config.mode = Mode::Production;
            },
            says: "log.siem is plain TCP outside development mode",
        },
        Rule {
            good: |config| siem_by_tls(config).port = 6514,
            bad: |config| siem_by_tls(config).authorities_file = None,
            says: "log.siem: authorities_file is needed",
        },
        Rule {
            good: |config| siem_by_tls(config).host = "10.20.0.9".into(),
            bad: |config| siem_by_tls(config).host = "siem example".into(),
            says: "log.siem: host is neither",
        },
        Rule {
            good: |config| {
                let siem = siem_by_tls(config);
                (siem.certificate_file, siem.key_file) = (Some("siem.pem".into()), Some("siem.key".into()));
            },
            bad: |config| siem_by_tls(config).certificate_file = Some("siem.pem".into()),
            says: "certificate_file and key_file go together",
        },
        Rule {
            good: |config| siem_by_tls(config).connect_ms = 60_000,
            bad: |config| siem_by_tls(config).connect_ms = 60_001,
            says: "log.siem.connect_ms must be between 1 and 60000",
        },
        Rule {
            good: |config| siem_by_tls(config).write_ms = 1,
            bad: |config| siem_by_tls(config).write_ms = 0,
            says: "log.siem.write_ms must be between 1 and 60000",
        },
        Rule {
            good: |config| config.log.notices = Some(notices_at("https://notices.example/in")),
            bad: |config| config.log.notices = Some(notices_at("http://127.0.0.1:8080/in")),
            says: "log.notices.url must be https",
        },
        Rule {
            good: |config| source_at(config, "http://127.0.0.1:8080/fhir"),
            bad: |config| source_at(config, "http://epd.example/fhir"),
            says: "a fhir source is reached over plain HTTP off loopback",
        },
        Rule {
            good: |config| {
                config.mode = Mode::Development;
                source_at(config, "http://epd.example/fhir");
            },
            bad: |config| source_at(config, "http://epd.example/fhir"),
            says: "use https",
        },
        Rule {
            good: |config| nuts_with(config, Some("de-linde.1"), "http://127.0.0.1:8083/introspect"),
            bad: |config| nuts_with(config, Some("de/linde"), "https://nuts.example/introspect"),
            says: "nuts.subject must be",
        },
        Rule {
            good: |config| nuts_with(config, None, "https://nuts.example/introspect"),
            bad: |config| nuts_with(config, None, "http://nuts.example/introspect"),
            says: "the Nuts node is reached over plain HTTP",
        },
        Rule {
            good: |config| nuts_token(config, Some("http://127.0.0.1:8083"), false),
            bad: |config| nuts_token(config, None, false),
            says: "nuts_authorization_server needs nuts.node_api",
        },
        Rule {
            good: |config| presents(config, None),
            bad: |config| presents(config, Some("http://127.0.0.1:8083")),
            says: "tokens come by one of them",
        },
        Rule {
            good: |config| status_at(config, "status.example:8443"),
            bad: |config| status_at(config, "https://status.example/"),
            says: "nuts.status_hosts",
        },
        Rule {
            good: |config| software(config, "did:web:leverancier.example", with_authorities()),
            bad: |config| software(config, "did:web:leverancier.example", NutsConfig::default()),
            says: "software needs nuts.authorities_file",
        },
        Rule {
            good: |config| software(config, "did:web:leverancier.example", with_authorities()),
            bad: |config| software(config, "leverancier", with_authorities()),
            says: "must be did:web",
        },
        Rule {
            good: |config| nuts_v5(config, Some("did:nuts:b")),
            bad: |config| nuts_v5(config, None),
            says: "nuts_v5 needs nuts.v5_did",
        },
        Rule {
            good: |config| nuts_token(config, Some("https://nuts.example"), false),
            bad: |config| nuts_token(config, Some("http://nuts.example"), false),
            says: "the Nuts node is reached over plain HTTP",
        },
        Rule {
            good: |config| nuts_token(config, Some("https://nuts.example"), false),
            bad: |config| nuts_token(config, Some("https://nuts.example"), true),
            says: "dpop is for tokens that this node asks for itself",
        },
        Rule {
            good: |config| config.partners[0].node.as_mut().unwrap().bases.clear(),
            bad: |config| {
                config.directory = None;
                config.partners[0].node.as_mut().unwrap().token_endpoint = None;
            },
            says: "no [directory] is configured to look them up",
        },
        Rule {
            good: |_| {},
            bad: |config| config.directory.as_mut().unwrap().every_seconds = 0,
            says: "directory.every_seconds",
        },
        Rule {
            good: |config| partner_at(config, "https://peer.example/fhir/stu3", "https://peer.example/token"),
            bad: |config| partner_at(config, "http://peer.example/fhir/stu3", "https://peer.example/token"),
            says: "the node of partner 90010002 is reached over plain HTTP",
        },
        Rule {
            good: |config| config.partners[0].node = None,
            bad: |config| partner_at(config, "https://peer.example/fhir/stu3", "http://localhost/token"),
            says: "the node of partner 90010002 is reached over plain HTTP",
        },
    ];
    for rule in rules {
        assert_eq!(held(rule.good), Ok(()), "{}", rule.says);
        let fault = held(rule.bad).unwrap_err();
        assert!(fault.contains(rule.says), "{} is not in: {fault}", rule.says);
    }
}

#[test]
fn evidence_of_treatment_relations_has_to_be_found_within_the_time_for_a_finding() {
    let mut config = reference();
    let evidence = config.registers.evidence.as_mut().unwrap();
    evidence.deadline_ms = config.bounds.finding_ms;
    assert!(hold(&config).unwrap_err().contains("registers.evidence.deadline_ms"));
}

#[test]
fn no_bound_is_zero() {
    type Bound = fn(&mut NodeConfig, u8);
    let bounds: [(&str, Bound); 20] = [
        ("exchange_ms", |config, to| config.bounds.exchange_ms = to.into()),
        ("source_ms", |config, to| config.bounds.source_ms = to.into()),
        ("finding_ms", |config, to| config.bounds.finding_ms = to.into()),
        ("exchanges_at_once", |config, to| config.bounds.exchanges_at_once = to.into()),
        ("sources_at_once", |config, to| config.bounds.sources_at_once = to.into()),
        ("sources", |config, to| config.bounds.sources = to.into()),
        ("questions_at_once", |config, to| config.bounds.questions_at_once = to.into()),
        ("page_matches", |config, to| config.bounds.page_matches = to.into()),
        ("page_matches_most", |config, to| config.bounds.page_matches_most = to.into()),
        ("answer_resources", |config, to| config.bounds.answer_resources = to.into()),
        ("answer_bytes", |config, to| config.bounds.answer_bytes = to.into()),
        ("answers_kept", |config, to| config.bounds.answers_kept = to.into()),
        ("answers_kept_of_caller", |config, to| config.bounds.answers_kept_of_caller = to.into()),
        ("answers_kept_resources", |config, to| config.bounds.answers_kept_resources = to.into()),
        ("answers_kept_bytes", |config, to| config.bounds.answers_kept_bytes = to.into()),
        ("answers_kept_ms", |config, to| config.bounds.answers_kept_ms = to.into()),
        ("body_bytes", |config, to| config.bounds.body_bytes = to.into()),
        ("body_ms", |config, to| config.bounds.body_ms = to.into()),
        ("workers", |config, to| config.bounds.workers = to.into()),
        ("log_queue", |config, to| config.bounds.log_queue = to.into()),
    ];
    for (name, set) in bounds {
        let mut config = reference();
        // Their deadlines lie within bounds.finding_ms, which is set below any.
        (config.registers.mitz, config.registers.nvi, config.registers.evidence) = (None, None, None);
        set(&mut config, 1);
        assert_eq!(hold(&config), Ok(()), "{name}");
        set(&mut config, 0);
        assert_eq!(hold(&config), Err(format!("bounds.{name} must be more than 0")));
    }
}

fn asked_in(config: &mut NodeConfig, versions: &[FhirVersion]) {
    let node = config.partners[0].node.as_mut().unwrap();
    node.ask_in = BTreeMap::from([(UseCaseId::parse("medication-overview").unwrap(), versions.to_vec())]);
}

#[test]
fn a_partner_is_asked_in_versions_in_which_it_can_be_reached_each_once() {
    assert_eq!(held(|config| asked_in(config, &[FhirVersion::R4])), Ok(()));
    assert!(held(|config| asked_in(config, &[])).unwrap_err().contains("names no FHIR version"));
    assert!(held(|config| asked_in(config, &[FhirVersion::R4; 2])).unwrap_err().contains("twice"));
    let stu3 = |config: &mut NodeConfig| asked_in(config, &[FhirVersion::Stu3, FhirVersion::R4]);
    assert!(held(stu3).unwrap_err().contains("no base"));
    assert_eq!(
        held(|config| {
            asked_in(config, &[FhirVersion::Stu3, FhirVersion::R4]);
            let bases = &mut config.partners[0].node.as_mut().unwrap().bases;
            let r4 = bases[&FhirVersion::R4].clone();
            bases.insert(FhirVersion::Stu3, r4);
        }),
        Ok(())
    );
}
