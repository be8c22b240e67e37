//! How revocation is found out, from configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Thumbprint;
use crate::http::{WebAddress, is_host, is_listed};

/// Longest that an answer about revocation is used, in seconds: PKIoverheid asks for at least hourly fresh ones
/// (handbook: generic functions, 1.2.1).
pub const LONGEST_FRESH: u64 = 3600;

/// Whether it must be known that a certificate was not revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// What is revoked is refused, and what cannot be found out is too.
    #[default]
    Required,
    /// Nothing is asked. Development only.
    Off,
}

/// How it is found out whether certificates were revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationConfig {
    /// For the certificates of every authority that has no table of its own.
    #[serde(default)]
    pub mode: Mode,
    /// The hosts that lists and responders may be at: `host` or `host:port`. What a certificate names elsewhere is not asked.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// How long an answer is used at most, in seconds; never longer than it says itself.
    #[serde(default = "default_fresh")]
    pub fresh_seconds: u64,
    /// How long one list or responder may take, in milliseconds.
    #[serde(default = "default_patience")]
    pub patience_ms: u64,
    /// How long what could not be found out is not asked again, in seconds.
    #[serde(default = "default_retry")]
    pub retry_seconds: u64,
    /// The largest list, in bytes.
    #[serde(default = "default_bytes")]
    pub list_bytes: usize,
    #[serde(default)]
    pub authorities: Vec<AuthorityConfig>,
}

/// What goes for the certificates that one authority issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// The authority's own certificate, PEM: a root, or an intermediate that it is all about.
    pub certificate_file: PathBuf,
    #[serde(default)]
    pub mode: Mode,
    /// Its responder, instead of those that certificates name. Its host need not stand among the hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<WebAddress>,
    /// Its list, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<WebAddress>,
}

/// What goes for one authority, its certificate read.
#[derive(Clone, Debug)]
pub struct AuthorityRule {
    pub authority: Thumbprint,
    pub mode: Mode,
    pub responder: Option<WebAddress>,
    pub list: Option<WebAddress>,
}

fn default_fresh() -> u64 {
    LONGEST_FRESH
}
fn default_patience() -> u64 {
    2_000
}
fn default_retry() -> u64 {
    10
}
fn default_bytes() -> usize {
    16 << 20
}

impl Default for RevocationConfig {
    fn default() -> Self {
        RevocationConfig {
            mode: Mode::default(),
            hosts: Vec::new(),
            fresh_seconds: default_fresh(),
            patience_ms: default_patience(),
            retry_seconds: default_retry(),
            list_bytes: default_bytes(),
            authorities: Vec::new(),
        }
    }
}

impl RevocationConfig {
    /// Refuses what cannot be meant; a sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=LONGEST_FRESH).contains(&self.fresh_seconds) {
            return Err(format!("revocation.fresh_seconds must be between 1 and {LONGEST_FRESH}"));
        }
        if self.patience_ms == 0 || self.retry_seconds == 0 || self.list_bytes == 0 {
            return Err("revocation.patience_ms, retry_seconds and list_bytes must be more than 0".to_owned());
        }
        if self.retry_seconds > self.fresh_seconds {
            return Err("revocation.retry_seconds must not be more than fresh_seconds".to_owned());
        }
        match self.hosts.iter().find(|host| !is_host(host)) {
            Some(host) => Err(format!("revocation.hosts: {host:?} is no host, with or without a port")),
            None => Ok(()),
        }
    }

    /// Whether nothing is asked about the certificates of some authority.
    pub fn is_off_somewhere(&self) -> bool {
        self.mode == Mode::Off || self.authorities.iter().any(|authority| authority.mode == Mode::Off)
    }

    /// Whether a certificate may send us there.
    pub(super) fn allows(&self, place: &Url) -> bool {
        is_listed(place, &self.hosts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_hosts_may_be_asked() {
        let hosts = ["crl.example", "127.0.0.1:9000", "Ocsp.Example:443"].map(str::to_owned).to_vec();
        let config = RevocationConfig { hosts, ..RevocationConfig::default() };
        for (place, allowed) in [
            ("http://crl.example/a.crl", true),
            ("https://crl.example/a.crl", true),
            ("http://CRL.example/a.crl", true),
            ("http://127.0.0.1:9000/ocsp", true),
            ("https://ocsp.example/", true),
            ("http://crl.example:8080/a.crl", false),
            ("http://127.0.0.1/ocsp", false),
            ("http://127.0.0.1:9001/ocsp", false),
            ("http://ocsp.example/", false),
            ("http://crl.example.evil.example/a.crl", false),
            ("http://evil.example/crl.example", false),
            ("http://crl.example@evil.example/", false),
            ("http://user@crl.example/", false),
            ("ftp://crl.example/a.crl", false),
            ("ldap://crl.example/cn=a", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(config.allows(&Url::parse(place).unwrap()), allowed, "{place}");
        }
    }

    #[test]
    fn a_configuration_without_sense_is_refused() {
        let good = RevocationConfig::default();
        assert_eq!(good.check(), Ok(()));
        for bad in [
            RevocationConfig { fresh_seconds: 0, ..good.clone() },
            RevocationConfig { fresh_seconds: 3601, ..good.clone() },
            RevocationConfig { patience_ms: 0, ..good.clone() },
            RevocationConfig { retry_seconds: 0, ..good.clone() },
            RevocationConfig { retry_seconds: 61, fresh_seconds: 60, ..good.clone() },
            RevocationConfig { list_bytes: 0, ..good.clone() },
            RevocationConfig { hosts: vec!["http://crl.example".into()], ..good.clone() },
            RevocationConfig { hosts: vec!["crl.example/path".into()], ..good.clone() },
            RevocationConfig { hosts: vec![String::new()], ..good.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
