//! How Mitz is reached, and how patient we are with it.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::http::WebAddress;
use crate::identity::Thumbprint;

/// The national consent register (Mitz): `[registers.mitz]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MitzConfig {
    /// Its base address, below which its interfaces are.
    pub base: WebAddress,
    /// What we show it in mutual TLS: a certificate that it admitted, leaf first (PEM), and its key.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// Whose certificate it may show (PEM).
    pub authorities_file: PathBuf,
    /// The table of data categories.
    pub categories_file: PathBuf,
    /// The media type of a question. Its answers are `application/soap+xml`, or of this type.
    #[serde(default = "media_type")]
    pub media_type: String,
    /// The OID under which professionals without a UZI number are named, where that was agreed with Mitz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub professional_root: Option<String>,
    /// How long a question may take in all, in milliseconds.
    #[serde(default = "deadline_ms")]
    pub deadline_ms: u64,
    /// The longest answer that is read, in bytes.
    #[serde(default = "answer_bytes")]
    pub answer_bytes: usize,
    /// Questions at once; who comes on top of that waits, within the deadline.
    #[serde(default = "questions_at_once")]
    pub questions_at_once: usize,
    /// How long a decision is remembered, in seconds: 0 for not at all.
    #[serde(default)]
    pub remember_seconds: u64,
    /// Failures in a row after which Mitz is left alone.
    #[serde(default = "breaker_failures")]
    pub breaker_failures: u32,
    /// For how long, in milliseconds.
    #[serde(default = "breaker_rest_ms")]
    pub breaker_rest_ms: u64,
    /// The certificates with which Mitz tells of changed choices: SHA-256 of the DER form in base64url (`x5t#S256`, RFC
    /// 8705). Without one no notification is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifiers: Vec<String>,
    /// What this provider calls itself, as agreed with Mitz (a URI), when it asks which other holders have data of a patient.
    /// Without it Mitz is not asked that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locates_as: Option<String>,
    /// Whom this node subscribes to. Without it nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<SubscriptionsConfig>,
}

/// Whose data is to be findable through Mitz, and under which names: `[registers.mitz.subscriptions]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionsConfig {
    /// The list of patients.
    pub patients_file: PathBuf,
    /// OID of the exchange system (GatewaySystem): where others find this holder.
    pub gateway_system: String,
    /// OID of the source system (SourceSystem).
    pub source_system: String,
    /// How often the list is held against what is subscribed, in seconds.
    #[serde(default = "every_seconds")]
    pub every_seconds: u64,
}

impl MitzConfig {
    /// With every default.
    pub fn new(base: WebAddress, files: [PathBuf; 4]) -> Self {
        let [certificate_file, key_file, authorities_file, categories_file] = files;
        MitzConfig {
            base,
            certificate_file,
            key_file,
            authorities_file,
            categories_file,
            media_type: media_type(),
            professional_root: None,
            locates_as: None,
            deadline_ms: deadline_ms(),
            answer_bytes: answer_bytes(),
            questions_at_once: questions_at_once(),
            remember_seconds: 0,
            breaker_failures: breaker_failures(),
            breaker_rest_ms: breaker_rest_ms(),
            notifiers: Vec::new(),
            subscriptions: None,
        }
    }

    /// The files it names.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        let own =
            [&mut self.certificate_file, &mut self.key_file, &mut self.authorities_file, &mut self.categories_file];
        own.into_iter().chain(self.subscriptions.iter_mut().map(|settings| &mut settings.patients_file)).collect()
    }

    /// The certificates with which Mitz tells of changed choices.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn notifiers(&self) -> Result<HashSet<Thumbprint>, String> {
        let all: Option<_> = self.notifiers.iter().map(|text| Thumbprint::parse(text)).collect();
        all.ok_or_else(|| "registers.mitz.notifiers: not the SHA-256 of a certificate in base64url".to_owned())
    }

    /// Holds it against what must be so whatever the mode; `patience_ms` is how long an exchange waits for a fact.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self, patience_ms: u64) -> Result<(), String> {
        if self.base.url().scheme() != "https" {
            return Err("registers.mitz.base must be https: Mitz takes mutual TLS only".to_owned());
        }
        if self.deadline_ms == 0 || self.deadline_ms >= patience_ms {
            return Err("registers.mitz.deadline_ms must be more than 0 and less than bounds.finding_ms".to_owned());
        }
        for (name, bound) in [
            ("answer_bytes", self.answer_bytes),
            ("questions_at_once", self.questions_at_once),
            ("breaker_failures", usize::try_from(self.breaker_failures).unwrap_or(usize::MAX)),
        ] {
            if bound == 0 {
                return Err(format!("registers.mitz.{name} must be more than 0"));
            }
        }
        if self.remember_seconds > 3_600 {
            return Err("registers.mitz.remember_seconds must be at most 3600".to_owned());
        }
        let essence = self.media_type.split(';').next().unwrap_or_default().trim();
        if !["application/soap+xml", "text/xml"].contains(&essence) || !self.media_type.is_ascii() {
            return Err("registers.mitz.media_type must be application/soap+xml or text/xml".to_owned());
        }
        if self.professional_root.as_deref().is_some_and(|root| !is_oid(root)) {
            return Err("registers.mitz.professional_root must be an OID".to_owned());
        }
        if self.locates_as.as_deref().is_some_and(|issuer| url::Url::parse(issuer).is_err()) {
            return Err("registers.mitz.locates_as must be a URI".to_owned());
        }
        self.notifiers()?;
        if let Some(settings) = &self.subscriptions {
            if !is_oid(&settings.gateway_system) || !is_oid(&settings.source_system) {
                return Err("registers.mitz.subscriptions: gateway_system and source_system must be OIDs".to_owned());
            }
            if settings.every_seconds == 0 {
                return Err("registers.mitz.subscriptions.every_seconds must be more than 0".to_owned());
            }
            if self.notifiers.is_empty() {
                return Err(
                    "registers.mitz.subscriptions needs registers.mitz.notifiers: what is subscribed to is told"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}

fn is_oid(text: &str) -> bool {
    let arc = |arc: &str| {
        let digits = !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit());
        digits && (arc == "0" || !arc.starts_with('0'))
    };
    text.len() <= 128 && text.contains('.') && text.split('.').all(arc)
}

fn media_type() -> String {
    "application/soap+xml; charset=UTF-8; action=\"XACMLAuthorizationDecisionQueryRequest\"".to_owned()
}

const fn deadline_ms() -> u64 {
    1_500
}

const fn answer_bytes() -> usize {
    262_144
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_work_or_would_not_be_safe_is_said() {
        let good = || {
            let base = WebAddress::parse("https://mitz.example/mitz").unwrap();
            MitzConfig { deadline_ms: 1, ..MitzConfig::new(base, Default::default()) }
        };
        assert_eq!(good().check(2), Ok(()));
        type Change = fn(&mut MitzConfig);
        fn subscribing(config: &mut MitzConfig) -> &mut SubscriptionsConfig {
            config.notifiers = vec!["47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into()];
            config.subscriptions.insert(SubscriptionsConfig {
                patients_file: PathBuf::new(),
                gateway_system: "2.999.1".into(),
                source_system: "2.999.2".into(),
                every_seconds: 1,
            })
        }
        let mut config = good();
        subscribing(&mut config);
        assert_eq!((config.check(2), config.files().len()), (Ok(()), 5));
        let table: [(Change, &str); 15] = [
            (|config| config.notifiers = vec!["x".into()], "notifiers"),
            (|config| subscribing(config).source_system = "epd".into(), "must be OIDs"),
            (|config| subscribing(config).every_seconds = 0, "every_seconds"),
            (
                |config| {
                    subscribing(config);
                    config.notifiers.clear();
                },
                "needs registers.mitz.notifiers",
            ),
            (|config| config.base = WebAddress::parse("http://localhost/").unwrap(), "https"),
            (|config| config.deadline_ms = 0, "deadline_ms"),
            (|config| config.deadline_ms = 2, "deadline_ms"),
            (|config| config.answer_bytes = 0, "answer_bytes"),
            (|config| config.questions_at_once = 0, "questions_at_once"),
            (|config| config.breaker_failures = 0, "breaker_failures"),
            (|config| config.remember_seconds = 3_601, "remember_seconds"),
            (|config| config.media_type = "application/json".into(), "media_type"),
            (|config| config.professional_root = Some("employer".into()), "professional_root"),
            (|config| config.professional_root = Some("2.16.".into()), "professional_root"),
            (|config| config.professional_root = Some("2.016".into()), "professional_root"),
        ];
        for (change, says) in table {
            let mut config = good();
            change(&mut config);
            let fault = config.check(2).unwrap_err();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
        let mut config = good();
        config.professional_root = Some("2.999.1".into());
        config.media_type = "text/xml".into();
        assert_eq!(config.check(2), Ok(()));
    }
}
