//! How the index is reached, in which dialect, and how patient we are with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::dialect::Dialect;
use crate::http::WebAddress;
use crate::national::TokenConfig;
use crate::prs::PrsConfig;

/// How a search names the patient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchBy {
    /// In the body of `POST …/_search`: nothing of a patient is in a URL.
    #[default]
    Form,
    /// In the query of a `GET`: for a service that knows nothing else, as the national one that runs now. The token is good
    /// for one message and tells nobody but the index anything.
    Query,
}

/// The index: `[registers.nvi]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NviConfig {
    /// Its FHIR base.
    pub base: WebAddress,
    #[serde(default)]
    pub dialect: Dialect,
    #[serde(default)]
    pub search_by: SearchBy,
    /// What the source system behind this node is registered as.
    pub source_id: String,
    /// What we show in mutual TLS, to the index, the pseudonym service and their token endpoint: a certificate that they
    /// admitted, leaf first (PEM), and its key.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// Whose certificates they may show (PEM).
    pub authorities_file: PathBuf,
    /// The table of data categories.
    pub categories_file: PathBuf,
    /// How long finding out where a patient is known may take in all, in milliseconds: token, pseudonym and index.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
    /// The longest answer that is read, in bytes.
    #[serde(default = "answer_bytes")]
    pub answer_bytes: usize,
    /// Questions at once; who comes on top of that waits, within the deadline.
    #[serde(default = "questions_at_once")]
    pub questions_at_once: usize,
    /// Failures in a row after which the index is left alone.
    #[serde(default = "breaker_failures")]
    pub breaker_failures: u32,
    /// For how long, in milliseconds.
    #[serde(default = "breaker_rest_ms")]
    pub breaker_rest_ms: u64,
    pub tokens: TokenConfig,
    pub prs: PrsConfig,
    /// What this node registers there. Without it nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registrations: Option<RegistrationsConfig>,
}

/// How the registrations of this holder are kept up: `[registers.nvi.registrations]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationsConfig {
    /// Patients who do not want to be found: `[{ "patient": "…" }]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objections_file: Option<PathBuf>,
    /// How often the own sources are looked at for data that appeared or went, in seconds.
    #[serde(default = "every_seconds")]
    pub every_seconds: u64,
    /// How often what the index holds of us is held against what we registered, in seconds.
    #[serde(default = "reconcile_seconds")]
    pub reconcile_seconds: u64,
}

impl NviConfig {
    /// The files it names.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        let own =
            [&mut self.certificate_file, &mut self.key_file, &mut self.authorities_file, &mut self.categories_file];
        let objections = self.registrations.iter_mut().filter_map(|settings| settings.objections_file.as_mut());
        own.into_iter().chain(objections).collect()
    }

    /// Holds it against what must be so whatever the mode; `patience_ms` is how long an exchange waits for a fact.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self, patience_ms: u64) -> Result<(), String> {
        for (name, address) in
            [("base", &self.base), ("tokens.endpoint", &self.tokens.endpoint), ("prs.base", &self.prs.base)]
        {
            if address.url().scheme() != "https" {
                return Err(format!("registers.nvi.{name} must be https: these services take mutual TLS only"));
            }
        }
        if self.deadline_ms == 0 || self.deadline_ms >= patience_ms {
            return Err("registers.nvi.deadline_ms must be more than 0 and less than bounds.finding_ms".to_owned());
        }
        for (name, bound) in [
            ("answer_bytes", self.answer_bytes),
            ("questions_at_once", self.questions_at_once),
            ("breaker_failures", usize::try_from(self.breaker_failures).unwrap_or(usize::MAX)),
        ] {
            if bound == 0 {
                return Err(format!("registers.nvi.{name} must be more than 0"));
            }
        }
        let plain = |text: &str| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        for (name, text) in [
            ("source_id", &self.source_id),
            ("tokens.index_audience", &self.tokens.index_audience),
            ("tokens.pseudonym_audience", &self.tokens.pseudonym_audience),
        ] {
            if !plain(text) {
                return Err(format!("registers.nvi.{name} must be a word of at most 128 characters"));
            }
        }
        self.prs.check()?;
        if let Some(settings) = &self.registrations
            && (settings.every_seconds == 0 || settings.reconcile_seconds == 0)
        {
            return Err(
                "registers.nvi.registrations: every_seconds and reconcile_seconds must be more than 0".to_owned()
            );
        }
        Ok(())
    }
}

const fn deadline_ms() -> u64 {
    1_500
}

const fn answer_bytes() -> usize {
    1 << 20
}

const fn questions_at_once() -> usize {
    64
}

const fn breaker_failures() -> u32 {
    5
}

const fn breaker_rest_ms() -> u64 {
    10_000
}

const fn every_seconds() -> u64 {
    60
}

const fn reconcile_seconds() -> u64 {
    86_400
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvi::testing::config;

    #[test]
    fn what_could_not_work_or_would_not_be_safe_is_said() {
        let good = || NviConfig { deadline_ms: 1, ..config("https://a.example") };
        assert_eq!(good().check(2), Ok(()));
        type Change = fn(&mut NviConfig);
        let plain = || WebAddress::parse("http://a.example").unwrap();
        let table: [(Change, &str); 12] = [
            (|config| config.base = WebAddress::parse("http://a.example").unwrap(), "registers.nvi.base must be https"),
            (|config| config.tokens.endpoint = WebAddress::parse("http://a.example").unwrap(), "tokens.endpoint"),
            (|config| config.prs.base = WebAddress::parse("http://a.example").unwrap(), "prs.base"),
            (|config| config.deadline_ms = 0, "deadline_ms"),
            (|config| config.deadline_ms = 2, "deadline_ms"),
            (|config| config.answer_bytes = 0, "answer_bytes"),
            (|config| config.questions_at_once = 0, "questions_at_once"),
            (|config| config.breaker_failures = 0, "breaker_failures"),
            (|config| config.source_id = "two words".into(), "source_id"),
            (|config| config.prs.recipient = "90000901".into(), "recipient"),
            (|config| config.prs.scope = "a|b".into(), "scope"),
            (
                |config| {
                    config.registrations =
                        Some(RegistrationsConfig { objections_file: None, every_seconds: 0, reconcile_seconds: 1 });
                },
                "every_seconds",
            ),
        ];
        assert_eq!(plain().url().scheme(), "http");
        for (change, says) in table {
            let mut config = good();
            change(&mut config);
            let fault = config.check(2).unwrap_err();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
    }
}
