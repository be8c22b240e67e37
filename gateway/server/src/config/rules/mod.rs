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
    addressing(config)?;
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
        if node.bases.values().chain(&node.token_endpoint).any(|address| address.url().scheme() != "https") {
            return Err(format!("the node of partner {} is reached over plain HTTP: use https", partner.ura));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
