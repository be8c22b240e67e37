//! What Mitz tells this node: that a patient's choice changed. What is known of it is forgotten at once, and the message is a
//! record in the access log. Taken from a certificate that the configuration names, and from nobody else.

use std::collections::HashSet;
use std::sync::Arc;

use connectors::identity::{Certificate, Thumbprint};
use connectors::mitz::{Mitz, Notification};
use exchange::notice::{self, Notice};
use exchange::ports::{AccessLog, Clock};
use exchange::{BodyKind, Inbound};
use fhir::json::Limits;
use fhir::{Resource, Ura, xml};

/// As people know it.
const NAME: &str = "Mitz, het landelijke toestemmingsregister";

/// Takes notifications.
pub struct Notices {
    pub mitz: Mitz,
    pub admitted: HashSet<Thumbprint>,
    pub log: Arc<dyn AccessLog>,
    pub clock: Arc<dyn Clock>,
    /// This holder.
    pub holder: Ura,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Done,
    /// Not FHIR, or not in a form that is read.
    Malformed,
    /// FHIR, but no notification about a patient of this holder.
    NotForUs,
    /// The choice is forgotten, but the record could not be written: Mitz is to send it again.
    NotRecorded,
}

impl Notices {
    /// Whether this certificate, which rustls verified, is one that Mitz tells of changes with.
    pub fn admits(&self, certificate: &[u8]) -> bool {
        let valid = Certificate::read(certificate).is_ok_and(|read| read.not_after >= self.clock.now());
        valid && self.admitted.contains(&Thumbprint::of(certificate))
    }

    /// Takes a notification from somebody who is admitted.
    pub async fn take(&self, inbound: &Inbound) -> Taken {
        let limits = Limits::default();
        let resource = match inbound.body_kind {
            BodyKind::Xml => xml::read(inbound.version, &inbound.body, &limits).ok(),
            BodyKind::Json => Resource::parse(inbound.body.clone(), &limits).ok(),
            BodyKind::None | BodyKind::Form | BodyKind::Other => None,
        };
        let Some(resource) = resource.filter(|_| inbound.unreadable.is_none()) else { return Taken::Malformed };
        let told = match Notification::read(&resource) {
            Ok(told) if told.holder == self.holder => told,
            Ok(_) | Err(_) => return Taken::NotForUs,
        };
        // Before anything that can fail: whatever comes of the record, the next question is asked anew.
        self.mitz.forget(&told.patient);
        let notice = Notice { register: ("mitz", NAME), patient: &told.patient, consent: told.consent };
        match notice::record(self.log.as_ref(), self.clock.clone(), self.holder.as_str(), inbound, notice).await {
            Ok(()) => Taken::Done,
            Err(_) => Taken::NotRecorded,
        }
    }
}
