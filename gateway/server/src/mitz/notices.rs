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
const NAME: &str = "Mitz";

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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use connectors::http::{HttpClient, HttpSettings, WebAddress};
    use connectors::mitz::{Categories, CategoriesConfig, MitzConfig};
    use exchange::ports::{BoxFuture, LogUnavailable, Slot, SystemClock};
    use exchange::record::AccessRecord;
    use fhir::{FhirVersion, Method};

    use super::*;
    use crate::http::testing::inbound;

    const TABLE: &str = include_str!("../../../../profiles/mitz-categories.toml");

    /// A log that can be full or broken.
    #[derive(Default)]
    struct Log {
        records: Arc<Mutex<Vec<Vec<u8>>>>,
        full: AtomicBool,
        broken: AtomicBool,
    }

    struct Place(Arc<Mutex<Vec<Vec<u8>>>>, bool);

    impl AccessLog for Log {
        fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
            let place = Place(self.records.clone(), self.broken.load(Ordering::Relaxed));
            if self.full.load(Ordering::Relaxed) { Err(LogUnavailable) } else { Ok(Box::new(place)) }
        }
    }

    impl Slot for Place {
        fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
            Box::pin(async move {
                if self.1 {
                    return Err(LogUnavailable);
                }
                self.0.lock().unwrap().push(record);
                Ok(())
            })
        }
        fn hand_over(self: Box<Self>, record: Vec<u8>) {
            self.0.lock().unwrap().push(record);
        }
    }

    fn notices(log: Arc<Log>) -> Notices {
        let categories: CategoriesConfig = toml::from_str(TABLE).unwrap();
        let config = MitzConfig::new(WebAddress::parse("https://mitz.example").unwrap(), Default::default());
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        Notices {
            mitz: Mitz::new(&config, Categories::check(categories).unwrap(), http),
            admitted: HashSet::new(),
            log,
            clock: Arc::new(SystemClock),
            holder: Ura::parse("90010001").unwrap(),
        }
    }

    /// As Mitz sends it: a choice with a narrative, the consulting categories, a moment with seven digits of a second.
    fn told(ura: &str) -> String {
        let coding = |system: &str, code: &str| {
            format!("<coding><system value=\"{system}\"/><version value=\"1\"/><code value=\"{code}\"/></coding>")
        };
        let entry = |id: &str, kind: &str, content: String| {
            format!(
                "<entry><fullUrl value=\"urn:uuid:{id}\"/><resource><{kind}><id value=\"{id}\"/>{content}</{kind}>\
                 </resource><request><method value=\"POST\"/><url value=\"{kind}\"/></request></entry>"
            )
        };
        let named = |system: &str, value: &str| {
            format!(
                "<identifier><system value=\"http://fhir.nl/fhir/NamingSystem/{system}\"/><value value=\"{value}\"/></identifier>"
            )
        };
        let consent = format!(
            "<meta><profile value=\"http://vzvz.nl/fhir/StructureDefinition/Consent-Mitz-Notify|3.8.0\"/></meta><text>\
             <status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\">Geen toestemming.</div></text>\
             <extension url=\"http://fhir.nl/StructureDefinition/OTV-ProviderCategory\"><valueCodeableConcept>{}\
             </valueCodeableConcept></extension><status value=\"inactive\"/><scope>{}</scope><category>{}</category>\
             <patient><reference value=\"urn:uuid:p\"/></patient><dateTime value=\"2026-11-18T10:51:16.8967927Z\"/>\
             <provision><actor><role>{}</role><reference><reference value=\"urn:uuid:o\"/></reference></actor></provision>",
            coding("http://fhir.nl/otv/CodeSystem/raadplegende-zorgaanbiedercategorie", "RPZAC104"),
            coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            coding("http://fhir.nl/otv/CodeSystem/gegevenscategorie", "GGC002"),
            coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "CST"),
        );
        format!(
            "<Bundle xmlns=\"http://hl7.org/fhir\"><id value=\"a508cfaa-5b22\"/><type value=\"transaction\"/>{}{}{}</Bundle>",
            entry("c", "Consent", consent),
            entry("p", "Patient", named("bsn", "999911120")),
            entry("o", "Organization", named("ura", ura)),
        )
    }

    fn message(body: &str, kind: BodyKind) -> Inbound {
        Inbound { body_kind: kind, ..inbound(FhirVersion::R4, Method::Post, "", "", body) }
    }

    #[tokio::test]
    async fn a_notification_is_on_the_record_with_the_patient_and_what_was_chosen() {
        let log = Arc::new(Log::default());
        let notices = notices(log.clone());
        let json = r#"{"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": {"resourceType": "Consent", "status": "active", "provision": {"type": "permit"}}},
            {"resource": {"resourceType": "Patient", "identifier": [
                {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": "999911120"}]}},
            {"resource": {"resourceType": "Organization", "identifier": [
                {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010001"}]}}]}"#;
        assert_eq!(notices.take(&message(&told("90010001"), BodyKind::Xml)).await, Taken::Done);
        assert_eq!(notices.take(&message(json, BodyKind::Json)).await, Taken::Done);
        let records = log.records.lock().unwrap().clone();
        for (record, decision) in records.iter().zip(["deny", "permit"]) {
            let read = AccessRecord::read(record).unwrap();
            assert!(read.patient.is_some());
            assert_eq!(read.caller.unwrap().client_id, "mitz");
            let text = String::from_utf8(record.clone()).unwrap();
            assert!(text.contains(&format!("\"decision\":\"{decision}\",\"source\":\"mitz\"")), "{text}");
        }
        assert_eq!(records.len(), 2);
    }

    #[tokio::test]
    async fn what_is_not_for_this_holder_or_no_fhir_leaves_nothing_and_a_record_that_fails_is_told() {
        let log = Arc::new(Log::default());
        let notices = notices(log.clone());
        let good = told("90010001");
        for (body, kind, taken) in [
            (told("90010002"), BodyKind::Xml, Taken::NotForUs),
            (good.replace("999911120", "999911121"), BodyKind::Xml, Taken::NotForUs),
            (good.replace("transaction", "batch"), BodyKind::Xml, Taken::NotForUs),
            (format!("<!DOCTYPE Bundle>{good}"), BodyKind::Xml, Taken::Malformed),
            (good[..good.len() / 2].to_owned(), BodyKind::Xml, Taken::Malformed),
            (good.clone(), BodyKind::Json, Taken::Malformed),
            (good.clone(), BodyKind::Other, Taken::Malformed),
            (String::new(), BodyKind::None, Taken::Malformed),
        ] {
            assert_eq!(notices.take(&message(&body, kind)).await, taken);
        }
        log.broken.store(true, Ordering::Relaxed);
        assert_eq!(notices.take(&message(&good, BodyKind::Xml)).await, Taken::NotRecorded);
        log.full.store(true, Ordering::Relaxed);
        assert_eq!(notices.take(&message(&good, BodyKind::Xml)).await, Taken::NotRecorded);
        assert!(log.records.lock().unwrap().is_empty());
    }
}
