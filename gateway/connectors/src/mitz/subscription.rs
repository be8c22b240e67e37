//! Subscribing (handbook: generic functions, 2.5): tells Mitz that this holder has data of a patient, so that it can be
//! found, and so that a change of the patient's choice is told.

use std::time::{Duration, Instant};

use fhir::identifiers::Reader;
use fhir::{Bsn, Ura};
use reqwest::header::LOCATION;
use serde_json::{Value, json};

use super::client::{Client, SendFault};
use super::config::SubscriptionsConfig;

/// The interface.
const PATH: [&str; 3] = ["abonnementen", "fhir", "Subscription"];

/// A patient whose data this holder makes findable through Mitz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    pub patient: Bsn,
    /// ISO date, where the provider verified it.
    pub birth_date: Option<String>,
}

/// Why a patient is not subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeFault {
    /// Mitz could not be reached, was too late, or is busy: worth trying again later.
    Unavailable,
    /// Mitz does not take this subscription.
    Rejected,
    /// It answered something that cannot be used.
    Unusable,
}

/// Sends subscriptions.
#[derive(Clone)]
pub struct Subscriber {
    client: Client,
    config: SubscriptionsConfig,
    holder: Ura,
    holder_kind: String,
    /// Where Mitz tells this node of changes.
    endpoint: String,
}

impl Subscriber {
    pub(super) fn new(
        client: Client,
        config: SubscriptionsConfig,
        (holder, holder_kind): (Ura, String),
        endpoint: String,
    ) -> Self {
        Subscriber { client, config, holder, holder_kind, endpoint }
    }

    /// How long to wait between two rounds.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.config.every_seconds)
    }

    /// Subscribes to a patient; gives Mitz's id of it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn subscribe(&self, enrolled: &Enrolled) -> Result<String, SubscribeFault> {
        let body = self.resource(enrolled).to_string();
        let until = Instant::now() + self.client.deadline();
        let answered = self.client.post(&self.client.address(&PATH), "application/fhir+json", body.into(), until).await;
        let answer = answered.map_err(|fault| match fault {
            SendFault::Status(429 | 500..) => SubscribeFault::Unavailable,
            SendFault::Status(400..=499) => SubscribeFault::Rejected,
            SendFault::Status(_) => SubscribeFault::Unusable,
            SendFault::Fetch(_) => SubscribeFault::Unavailable,
        })?;
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let id = location.and_then(|location| location.trim_end_matches('/').rsplit('/').next());
        let plain = |id: &&str| {
            (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        };
        id.filter(plain).map(str::to_owned).ok_or(SubscribeFault::Unusable)
    }

    fn resource(&self, enrolled: &Enrolled) -> Value {
        let extension = |name: &str, member: &str, value: &str| json!({"url": format!("http://fhir.nl/StructureDefinition/{name}"), member: value});
        let oid = |name, oid: &str| extension(name, "valueOid", &format!("urn:oid:{oid}"));
        let born = enrolled.birth_date.as_deref().map(|date| extension("Patient.birthDate", "valueDate", date));
        let systems =
            [oid("GatewaySystem", &self.config.gateway_system), oid("SourceSystem", &self.config.source_system)];
        let extensions: Vec<Value> = born.into_iter().chain(systems).collect();
        let criteria = format!(
            "Consent?_query=otv&patientid={}&providerid={}&providertype={}",
            enrolled.patient.reveal_to(Reader::ConsentService),
            self.holder,
            self.holder_kind
        );
        json!({
            "resourceType": "Subscription",
            "extension": extensions,
            "status": "requested",
            "reason": "OTV",
            "criteria": criteria,
            "channel": {"type": "rest-hook", "endpoint": self.endpoint, "payload": "application/fhir+json"}
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpClient, HttpSettings, WebAddress};
    use crate::mitz::MitzConfig;
    use crate::mitz::testing::PATIENT;
    use crate::sources::testing::stub::{Asked, Reply, Stub};

    async fn subscribe(
        reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> (Stub, Result<String, SubscribeFault>) {
        let stub = Stub::start(reply).await;
        let mut config = MitzConfig::new(WebAddress::parse(&stub.address).unwrap(), Default::default());
        config.deadline_ms = 200;
        let client = Client::new(HttpClient::new(HttpSettings::default()).unwrap(), config);
        let settings = SubscriptionsConfig {
            patients_file: Default::default(),
            gateway_system: "2.999.1".to_owned(),
            source_system: "2.999.2".to_owned(),
            every_seconds: 60,
        };
        let holder = (Ura::parse("90000901").unwrap(), "V6".to_owned());
        let subscriber = Subscriber::new(client, settings, holder, "https://node.example/mitz/notification".to_owned());
        let enrolled = Enrolled { patient: Bsn::parse(PATIENT).unwrap(), birth_date: Some("1941-03-02".to_owned()) };
        let answered = subscriber.subscribe(&enrolled).await;
        (stub, answered)
    }

    fn taken(location: &str) -> Reply {
        Reply::Full { status: 202, headers: vec![("location", location.to_owned())], body: String::new() }
    }

    #[tokio::test]
    async fn a_subscription_says_who_holds_what_of_whom_and_keeps_the_number_out_of_the_url() {
        let (stub, answered) = subscribe(|_| taken("/abonnementen/fhir/Subscription/s-1")).await;
        assert_eq!(answered, Ok("s-1".to_owned()));
        assert_eq!(stub.lines(), ["POST /abonnementen/fhir/Subscription"]);
        let asked = &stub.asked()[0];
        assert_eq!(asked.header("content-type"), Some("application/fhir+json"));
        let sent: Value = serde_json::from_str(&asked.body).unwrap();
        let criteria = format!("Consent?_query=otv&patientid={PATIENT}&providerid=90000901&providertype=V6");
        assert_eq!(sent["criteria"], criteria.as_str());
        assert_eq!(sent["extension"][0]["valueDate"], "1941-03-02");
        assert_eq!(sent["extension"][1]["valueOid"], "urn:oid:2.999.1");
        assert_eq!(sent["channel"]["endpoint"], "https://node.example/mitz/notification");
    }

    #[tokio::test]
    async fn what_is_not_taken_is_told_apart_from_what_may_be_tried_again() {
        type Script = fn(&Asked) -> Reply;
        let table: [(Script, SubscribeFault); 7] = [
            (|_| Reply::status(503), SubscribeFault::Unavailable),
            (|_| Reply::status(429), SubscribeFault::Unavailable),
            (|_| Reply::Hang, SubscribeFault::Unavailable),
            (|_| Reply::status(422), SubscribeFault::Rejected),
            (|_| Reply::status(200), SubscribeFault::Unusable),
            (|_| taken("/x/<script>"), SubscribeFault::Unusable),
            (|_| Reply::status(202), SubscribeFault::Unusable),
        ];
        for (reply, fault) in table {
            assert_eq!(subscribe(reply).await.1, Err(fault));
        }
    }
}
