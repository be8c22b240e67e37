//! What must hold before a node starts (design rule 9: safe at start). Each fault is a sentence that an operator
//! can act on.

use std::collections::BTreeSet;

use connectors::http::{WebAddress, is_host};
use fhir::FhirVersion;
use flows::medication::Windows;

use super::{LogConfig, Mode, NodeConfig, SourceConfig};
use crate::wiring;

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
    if (config.cards.is_some() || !config.epds.is_empty()) && !config.inner.portal {
        return Err("cards and epds need inner.portal: they open the pages".into());
    }
    administrators(config)?;
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
    versions_of_partners(config)?;
    if !config.log.has_a_good_origin() {
        return Err(
            "log.origin must be a name of at most 200 characters, without white space and without a plus".into()
        );
    }
    config.log.retention.check()?;
    config.log.hold_siem(config.mode)?;
    config.log.hold_notices(config.mode)?;
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
    if let Some(bundle) = &config.profiles.bundle {
        bundle.check(config.mode == Mode::Development)?;
        if bundle.url.is_some() && config.profiles.reload_seconds == 0 {
            return Err("profiles.reload_seconds is 0: a bundle that is fetched would never be put in force".into());
        }
    }
    if let Some(evidence) = &config.registers.evidence {
        evidence.check(config.bounds.finding_ms)?;
    }
    let of_r4 = |source: &SourceConfig| match source {
        SourceConfig::Fhir(source) => source.version == FhirVersion::R4,
        SourceConfig::Files(source) => source.version == FhirVersion::R4,
    };
    if config.registers.consents_in_sources && !config.sources.iter().any(of_r4) {
        return Err("registers.consents_in_sources needs a source of version r4: Consents are read as R4".into());
    }
    if let Some(nvi) = &config.registers.nvi {
        nvi.check(config.bounds.finding_ms)?;
    }
    if let Some(regional) = &config.regional {
        regional.check()?;
    }
    if config.quality.one_in == 0 || config.quality.queue == 0 {
        return Err("quality.one_in and quality.queue must be more than 0; enabled = false measures nothing".into());
    }
    medication(config)?;
    config.sessions.check().map_err(|fault| fault.to_string())?;
    config.limits.check().map_err(|fault| fault.to_string())?;
    if config.nuts.as_ref().is_some_and(|nuts| !nuts.has_a_good_subject()) {
        return Err("nuts.subject must be at most 64 letters, digits, dots, dashes and underscores".into());
    }
    if let Some(host) = config.nuts.iter().flat_map(|nuts| &nuts.status_hosts).find(|host| !is_host(host)) {
        return Err(format!("nuts.status_hosts: {host:?} is no host, with or without a port"));
    }
    tokens_of_partners(config)?;
    grants_of_partners(config)?;
    addressing(config)?;
    wiring::handoffs::check(config)?;
    wiring::referrals::check(config)?;
    if config.mode == Mode::Production {
        production(config)?;
    }
    Ok(())
}

/// Every log and every witness is told apart by the name in its key.
/// A window of nothing would hide what has just ended, and one of centuries is a slip of the pen.
fn medication(config: &NodeConfig) -> Result<(), String> {
    let windows = &config.medication;
    for (name, months) in [
        ("recent_months", Some(windows.recent_months)),
        ("planned_months", Some(windows.planned_months)),
        ("interrupted_months", windows.interrupted_months),
    ] {
        if months.is_some_and(|months| months == 0 || months > Windows::MOST) {
            return Err(format!("medication.{name} must be between 1 and {}", Windows::MOST));
        }
    }
    Ok(())
}

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

/// Whatever grant a partner is to ask by can be verified here.
fn grants_of_partners(config: &NodeConfig) -> Result<(), String> {
    let nuts = config.nuts.as_ref();
    for partner in &config.partners {
        let said = |what: &str| Err(format!("partner {}: {what}", partner.ura));
        if let Some(software) = &partner.software {
            software.check().or_else(|fault| said(&fault))?;
            if nuts.is_none_or(|nuts| nuts.authorities_file.is_none()) {
                return said("software needs nuts.authorities_file");
            }
        }
        if partner.nuts_v5.is_some() && nuts.is_none_or(|nuts| nuts.v5_did.is_none()) {
            return said("nuts_v5 needs nuts.v5_did");
        }
    }
    Ok(())
}

/// Whoever administers the node has no other way to what is of patients.
fn administrators(config: &NodeConfig) -> Result<(), String> {
    let numbers: BTreeSet<&String> =
        config.people.iter().filter(|one| one.administers).flat_map(|one| &one.numbers).collect();
    let other = config.callers.iter().find(|caller| {
        let named = [&caller.person, &caller.responsible].into_iter().flatten().any(|one| numbers.contains(&one.id));
        named && !caller.use_cases.is_empty()
    });
    match other {
        Some(caller) => Err(format!("inner caller {:?} is an administrator and has use cases", caller.client_id)),
        None => Ok(()),
    }
}

/// Whoever is to get a partner's token can, and in one way.
fn tokens_of_partners(config: &NodeConfig) -> Result<(), String> {
    let has_nuts_node = config.nuts.as_ref().is_some_and(|nuts| nuts.node_api.is_some());
    let presents_itself = config.nuts.as_ref().is_some_and(|nuts| nuts.own_chain_file.is_some());
    if has_nuts_node && presents_itself {
        return Err("nuts.node_api and nuts.own_chain_file: tokens come by one of them".into());
    }
    for partner in &config.partners {
        let Some(node) = partner.node.as_ref().filter(|node| node.nuts_authorization_server.is_some()) else {
            continue;
        };
        if !has_nuts_node && !presents_itself {
            return Err(format!(
                "partner {}: nuts_authorization_server needs nuts.node_api or nuts.own_chain_file",
                partner.ura
            ));
        }
        if node.dpop && has_nuts_node {
            return Err(format!("partner {}: dpop is for tokens that this node asks for itself", partner.ura));
        }
    }
    Ok(())
}

/// A partner is asked in versions in which it can be reached, each once.
fn versions_of_partners(config: &NodeConfig) -> Result<(), String> {
    for partner in &config.partners {
        let Some(node) = &partner.node else { continue };
        for (use_case, versions) in &node.ask_in {
            let of = |what: &str| Err(format!("partner {}: node.ask_in.{use_case} {what}", partner.ura));
            if versions.is_empty() {
                return of("names no FHIR version");
            }
            if versions.iter().enumerate().any(|(at, version)| versions[..at].contains(version)) {
                return of("names a FHIR version twice");
            }
            let unknown = |version: &&FhirVersion| !node.bases.contains_key(version);
            if let Some(version) = versions.iter().find(unknown).filter(|_| partner.peer().is_some()) {
                return of(&format!("names {version}, of which node.bases has no base"));
            }
        }
    }
    Ok(())
}

/// A partner whose addresses are not configured needs a directory that knows them.
fn addressing(config: &NodeConfig) -> Result<(), String> {
    if let Some(directory) = &config.directory {
        directory.check(config.mode == Mode::Production)?;
    }
    if let Some(publication) = &config.publication {
        publication.check(config.mode == Mode::Production)?;
    }
    let looked_up = config.partners.iter().find(|partner| partner.found(&[]).is_some());
    match looked_up.filter(|_| config.directory.is_none()) {
        Some(partner) => Err(format!(
            "partner {}: node lacks bases or token_endpoint, and no [directory] is configured to look them up",
            partner.ura
        )),
        None => Ok(()),
    }
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
    if let Some(epd) = config.epds.iter().find(|epd| epd.iss.url().scheme() != "https") {
        return Err(format!("epds, {}: iss is reached over plain HTTP: use https", epd.key));
    }
    if config.registers.mitz.as_ref().is_some_and(|mitz| mitz.base.is_on_loopback()) {
        return Err("registers.mitz.base is on loopback: a Mitz that is played, outside development mode".into());
    }
    if config.registers.nvi.as_ref().is_some_and(|nvi| nvi.base.is_on_loopback() || nvi.prs.base.is_on_loopback()) {
        return Err("registers.nvi is on loopback: an index that is played, outside development mode".into());
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
        if node.bases.values().chain(&node.token_endpoint).any(|address| address.url().scheme() != "https") {
            return Err(format!("the node of partner {} is reached over plain HTTP: use https", partner.ura));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
