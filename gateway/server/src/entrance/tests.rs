use std::io::Write;

use connectors::identity::{InnerCallerConfig, LimitsConfig, SessionConfig};
use exchange::ports::{AuthenticationFault, BoxFuture};
use fhir::{Bsn, Ura};
use policy::{Organisation, Person, UseCaseId};
use serde_json::json;

use super::*;

const CODE: &str = "0123456789abcdef0123456789abcdef";
const SYSTEM: &str = "fedcba9876543210fedcba9876543210";

/// Knows one certificate.
struct Cards(Caller);

impl Authenticator for Cards {
    fn identify<'a>(&'a self, _: Gate, shown: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        let known = shown.certificate.as_deref() == Some(b"card".as_slice());
        let found = if known { Ok(self.0.clone()) } else { Err(AuthenticationFault::NoToken) };
        Box::pin(std::future::ready(found))
    }
}

fn own() -> Organisation {
    Organisation { ura: Ura::parse("90000901").unwrap(), name: None, kind: None }
}

fn person(id: &str, role: &str) -> Person {
    Person { id: id.to_owned(), name: None, role: role.to_owned() }
}

fn entrance(card: Option<Person>) -> (Entrance, Arc<InnerCallers>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(SYSTEM.as_bytes()).unwrap();
    let mut other = tempfile::NamedTempFile::new().unwrap();
    other.write_all(CODE.as_bytes()).unwrap();
    let configured = json!([
        {"client_id": "epd", "use_cases": ["overview"], "launches": true, "token_file": file.path()},
        {"client_id": "doctor", "use_cases": ["overview"], "token_file": other.path(),
         "person": {"id": "doctor", "role": "01.015"}},
    ]);
    let configured: Vec<InnerCallerConfig> = serde_json::from_value(configured).unwrap();
    let callers = Arc::new(InnerCallers::load(&own(), &configured, true).unwrap());
    let rights = json!([{"roles": ["01.015"], "use_cases": ["overview"]}]);
    let mandates = json!([
        {"roles": ["30.000"], "use_cases": ["overview"], "responsible": {"id": "doctor", "role": "01.015"}}
    ]);
    let people =
        People::new(own(), serde_json::from_value(rights).unwrap(), serde_json::from_value(mandates).unwrap()).unwrap();
    let caller = Caller {
        client_id: "card".to_owned(),
        organisation: own(),
        person: card,
        responsible: None,
        use_cases: Vec::new(),
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    };
    let limits = LimitsConfig { log_in_attempts: 2, ..LimitsConfig::default() };
    let entrance = Entrance::new(Parts {
        callers: callers.clone(),
        sessions: Arc::new(Sessions::new(SessionConfig::default())),
        people,
        dezi: None,
        cards: None,
        epds: None,
        limits: Arc::new(RateLimits::new(limits)),
        authenticator: Arc::new(Cards(caller)),
        tls: true,
    });
    (entrance, callers)
}

fn caller(entrance: &Entrance, id: &str) -> Caller {
    Caller::clone(&entrance.sessions().lookup(id, OffsetDateTime::now_utc()).unwrap().caller)
}

#[test]
fn who_guesses_too_often_is_locked_out_there_and_nowhere_else() {
    let (entrance, _) = entrance(None);
    let [here, there] = [1, 2].map(|last| Some(IpAddr::from([192, 0, 2, last])));
    for _ in 0..2 {
        assert_eq!(entrance.by_code("guess", here), Err(Kept::NotAccepted));
    }
    for attempt in [entrance.by_code(CODE, here), entrance.launch("guess", here)] {
        assert!(matches!(attempt, Err(Kept::Wait(wait)) if wait > Duration::from_secs(200)), "{attempt:?}");
    }
    assert!(matches!(entrance.depart(here).err(), Some(Kept::Wait(_))));
    assert!(entrance.by_code(CODE, there).is_ok());
}

#[tokio::test]
async fn a_card_opens_what_its_holders_profession_may_or_the_mandate_of_their_only_professional() {
    let show = async |entrance: &Entrance, der: &[u8]| entrance.by_certificate(Some(Arc::from(der)), None).await;
    let (doctors, _) = entrance(Some(person("d", "01.015")));
    let id = show(&doctors, b"card").await.unwrap();
    assert_eq!(caller(&doctors, &id).use_cases.len(), 1);
    assert_eq!(show(&doctors, b"other").await, Err(Kept::NotAccepted));
    assert_eq!(doctors.by_certificate(None, None).await, Err(Kept::NotAccepted));

    let (nurses, _) = entrance(Some(person("n", "30.000")));
    let id = show(&nurses, b"card").await.unwrap();
    let acting = caller(&nurses, &id);
    assert_eq!((acting.person.unwrap().id, acting.responsible.unwrap().id), ("n".to_owned(), "doctor".to_owned()));

    let (others, _) = entrance(Some(person("o", "99.000")));
    assert_eq!(show(&others, b"card").await, Err(Kept::NothingHere));
    let (nobody, _) = entrance(None);
    assert_eq!(show(&nobody, b"card").await, Err(Kept::NothingHere));
}

#[test]
fn a_launch_is_prepared_by_a_system_that_may_and_opened_once() {
    let (entrance, callers) = entrance(None);
    let epd = callers.by_access_code(SYSTEM).unwrap();
    assert_eq!(entrance.by_code(SYSTEM, None), Err(Kept::NotAccepted), "a system sits at no page");
    let launch =
        |role: &str| Launch { person: person("p", role), responsible: None, patient: Bsn::parse("999911120").unwrap() };
    let other = Caller { client_id: "other".to_owned(), ..Caller::clone(epd) };
    assert_eq!(entrance.prepare(&other, launch("01.015")), Err(NoLaunch::NotALauncher));
    assert_eq!(entrance.prepare(epd, launch("99.000")), Err(NoLaunch::Fault(LaunchFault::NothingHere)));
    let (handle, life) = entrance.prepare(epd, launch("01.015")).unwrap();
    assert_eq!(life, Duration::from_secs(60));
    let id = entrance.launch(&handle, None).unwrap();
    let opened = caller(&entrance, &id);
    assert_eq!((opened.person.unwrap().id.as_str(), opened.patient), ("p", Bsn::parse("999911120").ok()));
    assert_eq!(opened.use_cases, [UseCaseId::parse("overview").unwrap()]);
    assert_eq!(entrance.launch(&handle, None), Err(Kept::NotAccepted));
}
