//! What must hold before a node starts (design rule 9: safe at start). Each fault is a sentence that an operator
//! can act on.

use super::{Mode, NodeConfig, SourceConfig};

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
    for (name, bound) in positive(config) {
        if bound == 0 {
            return Err(format!("bounds.{name} must be more than 0"));
        }
    }
    if config.mode == Mode::Production {
        production(config)?;
    }
    Ok(())
}

fn positive(config: &NodeConfig) -> [(&'static str, u64); 9] {
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
        ("workers", size(bounds.workers)),
        ("log_queue", size(bounds.log_queue)),
    ]
}

fn production(config: &NodeConfig) -> Result<(), String> {
    if config.inner.tls.is_none() {
        return Err("inner.tls is needed outside development mode".into());
    }
    for source in &config.sources {
        if let SourceConfig::Fhir(source) = source
            && source.base.is_plain_off_loopback()
        {
            return Err("a fhir source is reached over plain HTTP off loopback: use https".into());
        }
    }
    Ok(())
}
