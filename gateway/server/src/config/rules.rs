//! What must hold before a node starts (design rule 9: safe at start). Each fault is a sentence that an operator
//! can act on.

use std::collections::BTreeSet;

use connectors::http::WebAddress;

use super::{LogConfig, Mode, NodeConfig, SourceConfig};

/// Holds a configuration against the rules.
pub fn hold(config: &NodeConfig) -> Result<(), String> {
    for (name, base, scheme) in [
        ("outer.public_base", &config.outer.public_base, "https"),
        ("inner.public_base", &config.inner.public_base, if config.inner.tls.is_some() { "https" } else { "http" }),
    ] {
        if !base.starts_with(&format!("{scheme}://")) || base.ends_with('/') {
            return Err(format!("{name} must be a {scheme} URL without a slash at the end"));
        }
    }
    if config.inner.tls.is_none() && !config.inner.address.ip().is_loopback() {
        return Err("inner.address is not on loopback: give inner.tls, or listen on 127.0.0.1".into());
    }
    if config.profiles.use_cases.is_empty() {
        return Err("profiles.use_cases is empty: the node would refuse everything".into());
    }
    if !(1..=LogConfig::LONGEST_WAIT).contains(&config.log.checkpoint_seconds) {
        return Err(format!("log.checkpoint_seconds must be between 1 and {}", LogConfig::LONGEST_WAIT));
    }
    if !(1..=LogConfig::LONGEST_WAIT).contains(&config.log.witness_seconds) {
        return Err(format!("log.witness_seconds must be between 1 and {}", LogConfig::LONGEST_WAIT));
    }
    witnessing(config)?;
    if !config.log.has_a_good_origin() {
        return Err(
            "log.origin must be a name of at most 200 characters, without white space and without a plus".into()
        );
    }
    config.log.retention.check()?;
    config.log.hold_siem(config.mode)?;
    config.revocation.check()?;
    for (name, bound) in positive(config) {
        if bound == 0 {
            return Err(format!("bounds.{name} must be more than 0"));
        }
    }
    if let Some(mitz) = &config.registers.mitz {
        mitz.check(config.bounds.finding_ms)?;
        if config.provider.kind.is_none() {
            return Err("registers.mitz needs provider.kind: Mitz is told what kind of provider holds the data".into());
        }
    }
    if config.quality.one_in == 0 || config.quality.queue == 0 {
        return Err("quality.one_in and quality.queue must be more than 0; enabled = false measures nothing".into());
    }
    config.sessions.check().map_err(|fault| fault.to_string())?;
    config.limits.check().map_err(|fault| fault.to_string())?;
    if config.nuts.as_ref().is_some_and(|nuts| !nuts.has_a_good_subject()) {
        return Err("nuts.subject must be at most 64 letters, digits, dots, dashes and underscores".into());
    }
    tokens_of_partners(config)?;
    if config.mode == Mode::Production {
        production(config)?;
    }
    Ok(())
}

/// Every log and every witness is told apart by the name in its key.
fn witnessing(config: &NodeConfig) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for partner in &config.partners {
        let Some(log) = &partner.log else { continue };
        let said = |fault| format!("partner {}: {fault}", partner.ura);
        let keys = [log.log().map_err(said)?, log.witness().map_err(said)?];
        if keys.iter().all(Option::is_none) {
            return Err(format!("partner {}: log needs public_key, witness_key or both", partner.ura));
        }
        for key in keys.into_iter().flatten() {
            if config.log.origin.as_deref() == Some(key.name()) {
                return Err(format!("partner {}: log has the name of this node's own log", partner.ura));
            }
            if !names.insert(key.name().to_owned()) {
                return Err(format!("two keys of partners have the name {}", key.name()));
            }
        }
    }
    Ok(())
}

/// Whoever is to get a partner's token can, and in one way.
fn tokens_of_partners(config: &NodeConfig) -> Result<(), String> {
    let has_nuts_node = config.nuts.as_ref().is_some_and(|nuts| nuts.node_api.is_some());
    for partner in &config.partners {
        let Some(node) = partner.node.as_ref().filter(|node| node.nuts_authorization_server.is_some()) else {
            continue;
        };
        if !has_nuts_node {
            return Err(format!("partner {}: nuts_authorization_server needs nuts.node_api", partner.ura));
        }
        if node.dpop {
            return Err(format!("partner {}: dpop is for tokens that this node asks for itself", partner.ura));
        }
    }
    Ok(())
}

fn positive(config: &NodeConfig) -> [(&'static str, u64); 20] {
    let bounds = &config.bounds;
    let size = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    [
        ("exchange_ms", bounds.exchange_ms),
        ("source_ms", bounds.source_ms),
        ("finding_ms", bounds.finding_ms),
        ("body_ms", bounds.body_ms),
        ("exchanges_at_once", size(bounds.exchanges_at_once)),
        ("sources_at_once", size(bounds.sources_at_once)),
        ("sources", size(bounds.sources)),
        ("questions_at_once", size(bounds.questions_at_once)),
        ("page_matches", size(bounds.page_matches)),
        ("page_matches_most", size(bounds.page_matches_most)),
        ("answer_resources", size(bounds.answer_resources)),
        ("answer_bytes", size(bounds.answer_bytes)),
        ("answers_kept", size(bounds.answers_kept)),
        ("answers_kept_of_caller", size(bounds.answers_kept_of_caller)),
        ("answers_kept_resources", size(bounds.answers_kept_resources)),
        ("answers_kept_bytes", size(bounds.answers_kept_bytes)),
        ("answers_kept_ms", bounds.answers_kept_ms),
        ("body_bytes", size(bounds.body_bytes)),
        ("workers", size(bounds.workers)),
        ("log_queue", size(bounds.log_queue)),
    ]
}

fn production(config: &NodeConfig) -> Result<(), String> {
    if config.revocation.is_off_somewhere() {
        return Err(
            "revocation is off: outside development mode it must be known that certificates were not revoked".into()
        );
    }
    if config.inner.tls.is_none() {
        return Err("inner.tls is needed outside development mode".into());
    }
    if let Some(dezi) = &config.dezi
        && std::iter::once(&dezi.issuer).chain(&dezi.statement_keys).any(|address| address.url().scheme() != "https")
    {
        return Err("dezi is reached over plain HTTP: use https".into());
    }
    if config.registers.mitz.as_ref().is_some_and(|mitz| mitz.base.is_on_loopback()) {
        return Err("registers.mitz.base is on loopback: a Mitz that is played, outside development mode".into());
    }
    for source in &config.sources {
        if let SourceConfig::Fhir(source) = source
            && source.base.is_plain_off_loopback()
        {
            return Err("a fhir source is reached over plain HTTP off loopback: use https".into());
        }
    }
    if let Some(nuts) = &config.nuts
        && [&nuts.introspection_endpoint, &nuts.node_api].into_iter().flatten().any(WebAddress::is_plain_off_loopback)
    {
        return Err("the Nuts node is reached over plain HTTP off loopback: use https".into());
    }
    for partner in &config.partners {
        if partner.log.as_ref().is_some_and(|log| log.base.url().scheme() != "https") {
            return Err(format!("the log of partner {} is reached over plain HTTP: use https", partner.ura));
        }
        let Some(node) = &partner.node else { continue };
        if node.bases.values().chain([&node.token_endpoint]).any(|address| address.url().scheme() != "https") {
            return Err(format!("the node of partner {} is reached over plain HTTP: use https", partner.ura));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use connectors::http::WebAddress;
    use connectors::identity::nuts::NutsConfig;
    use connectors::identity::vetting::{AuthorityConfig, Mode as Revocation};
    use connectors::mitz::MitzConfig;
    use connectors::siem::{ReceiverConfig, Transport};
    use connectors::sources::fhir::FhirSourceConfig;
    use fhir::FhirVersion;

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
            authorities_file: None,
            did_web_authorities_file: None,
            introspection_endpoint: Some(WebAddress::parse(introspection).unwrap()),
            node_api: None,
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

    fn partner_at(config: &mut NodeConfig, base: &str, token_endpoint: &str) {
        let node = config.partners[0].node.as_mut().unwrap();
        node.bases.insert(FhirVersion::Stu3, WebAddress::parse(base).unwrap());
        node.token_endpoint = WebAddress::parse(token_endpoint).unwrap();
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
            // Its deadline lies within bounds.finding_ms, which is set below any.
            config.registers.mitz = None;
            set(&mut config, 1);
            assert_eq!(hold(&config), Ok(()), "{name}");
            set(&mut config, 0);
            assert_eq!(hold(&config), Err(format!("bounds.{name} must be more than 0")));
        }
    }
}
