//! Certificates in numbers. Labels are fixed words.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use connectors::identity::vetting::Counts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Certificates;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStanding {
    standing: &'static str,
}

#[derive(Default)]
pub(super) struct Measures {
    days: Family<ByKind, Gauge>,
    reloads: Counter,
    unusable: Gauge,
    trouble: Mutex<Option<String>>,
    vetted: Family<ByStanding, Gauge>,
    credentials: Family<ByStanding, Gauge>,
    handshakes: Gauge,
    asked: Gauge,
    in_vain: Gauge,
}

impl Measures {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Whole days until the first certificate of a kind ends; negative when it is over";
        registry.register("certificate_days_left", help, self.days.clone());
        registry.register("certificate_reloads", "How often changed certificates were read anew", self.reloads.clone());
        let help = "1 when the files of certificates changed and cannot be used";
        registry.register("certificate_files_unusable", help, self.unusable.clone());
        let help = "How often a certificate was vetted, by what came out, since the start";
        registry.register("certificates_vetted", help, self.vetted.clone());
        let help = "The same of certificates that credentials are made of";
        registry.register("credential_certificates_vetted", help, self.credentials.clone());
        let help = "Handshakes at the outer listener that were refused for the certificate shown, since the start";
        registry.register("handshakes_refused", help, self.handshakes.clone());
        let help = "Revocation lists and responders that were asked since the start";
        registry.register("revocation_asked", help, self.asked.clone());
        registry.register("revocation_asked_in_vain", "And how often that brought nothing", self.in_vain.clone());
    }

    pub(super) fn looked(&self, found: &Result<bool, String>) {
        if matches!(found, Ok(true)) {
            self.reloads.inc();
        }
        self.unusable.set(i64::from(found.is_err()));
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = found.as_ref().err().cloned();
    }
}

impl Certificates {
    /// Brings the numbers up to date.
    pub fn measure(&self) {
        let all = &self.measures;
        // In the order of their ends: what comes first counts.
        for one in self.expiring().iter().rev() {
            all.days.get_or_create(&ByKind { kind: one.kind.code() }).set(one.days);
        }
        let counts = self.outer.vetting.counts();
        by_standing(&all.vetted, counts);
        if let Some(credentials) = self.of_credentials() {
            by_standing(&all.credentials, credentials.counts());
        }
        let refused = self.outer.vetting.authorities().refused();
        all.handshakes.set(i64::try_from(refused).unwrap_or(i64::MAX));
        all.asked.set(number(&counts.asked));
        all.in_vain.set(number(&counts.asked_in_vain));
    }

    /// What is wrong with the files as they are now; those of before are in use.
    pub fn trouble(&self) -> Option<String> {
        self.measures.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn by_standing(family: &Family<ByStanding, Gauge>, counts: &Counts) {
    for (standing, count) in [
        ("good", &counts.good),
        ("not-trusted", &counts.not_trusted),
        ("revoked", &counts.revoked),
        ("not-found-out", &counts.not_found_out),
    ] {
        family.get_or_create(&ByStanding { standing }).set(number(count));
    }
}

fn number(count: &AtomicU64) -> i64 {
    i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
}
