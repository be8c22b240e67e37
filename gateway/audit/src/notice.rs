//! The notice to the privacy officer of an access by the emergency procedure (noodprocedure): which record to look at, and enough
//! to see how much it presses. Nothing of it names the patient, says anything of one, or names who asked: that stands in the record,
//! where whoever reads it leaves a record.
//!
//! Its shape is that of an event of Standard Webhooks (`type`, `timestamp`, `data`). How it travels is not known here.

use exchange::record::AccessRecord;
use policy::Direction;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ascii;
use crate::class::Class;
use crate::event::id;
use crate::sieve::{Sieve, moment};

/// The one kind of event.
const TYPE: &str = "emergency-access.recorded";

/// A notice, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Of the record, and so the same however often it is sent.
    pub id: String,
    /// When the access was recorded, as far as the record says.
    pub recorded: Option<OffsetDateTime>,
    /// An object, on one line, in ASCII.
    pub body: String,
}

#[derive(Serialize)]
struct Body<'r> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    data: Data<'r>,
}

#[derive(Serialize)]
struct Data<'r> {
    /// URA of the provider whose log it is, and the place in it.
    node: &'r str,
    record: u64,
    /// Id of the record as a FHIR AuditEvent.
    event: &'r str,
    /// `user`: own people asked others. `holder`: others asked us.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    /// URA of the one who asked, and the role (UZI role code) of its professional.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    use_case: Option<&'r str>,
    /// How it ended ([`Class`]): an emergency that was refused is told as well.
    class: &'static str,
    /// The page of the record, for whoever may supervise the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
}

/// The notice of the record with this index, where it is of an access by the emergency procedure. `pages` is where the pages are,
/// without a slash at the end, if there are any.
pub fn notice(index: u64, record: &[u8], pages: Option<&str>) -> Option<Notice> {
    let record = AccessRecord::read(record).ok()?;
    record.emergency.as_ref()?;
    let mut sieve = Sieve::of(&record);
    let caller = record.caller.as_ref();
    let decision = record.decision.as_ref();
    let id = id(&record.node, index);
    let body = Body {
        r#type: TYPE,
        timestamp: moment(&record.recorded),
        data: Data {
            node: &record.node,
            record: index,
            event: &id,
            direction: record.direction,
            organisation: caller.and_then(|caller| sieve.id("organisation", &caller.organisation)),
            role: caller.and_then(|caller| caller.person.as_ref()).and_then(|person| sieve.word("role", &person.role)),
            use_case: decision
                .and_then(|decision| decision.use_case.as_deref())
                .and_then(|name| sieve.word("use_case", name)),
            class: Class::of(&record).code(),
            page: pages.map(|pages| format!("{pages}/portal/log/record/{index}")),
        },
    };
    let body = ascii::write(&body).ok()?;
    Some(Notice { recorded: OffsetDateTime::parse(&record.recorded, &Rfc3339).ok(), id, body })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::record;

    const EMERGENCY: (&str, &str) = ("emergency", r#"{"reason":"Bewusteloos binnengebracht."}"#);

    fn told(members: &[(&str, &str)], pages: Option<&str>) -> Option<Notice> {
        let written = serde_json::to_vec(&record("search-type", members)).unwrap();
        notice(7, &written, pages)
    }

    #[test]
    fn an_emergency_is_told_by_its_record_and_nobody_is_named() {
        let notice = told(&[EMERGENCY], Some("https://inner.example")).unwrap();
        assert_eq!(notice.id, "90000901-7");
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        assert_eq!(
            body,
            json!({"type": "emergency-access.recorded", "timestamp": "2026-11-23T08:00:00.25Z", "data": {
                "node": "90000901", "record": 7, "event": "90000901-7", "direction": "holder",
                "organisation": "90000902", "role": "01.015", "use_case": "bgz", "class": "released",
                "page": "https://inner.example/portal/log/record/7"}})
        );
        for secret in ["999911120", "Vries", "uzi-1", "Bewusteloos", "Condition", "request-1", "node-of-de-linde"] {
            assert!(!notice.body.contains(secret), "{secret}");
        }
    }

    #[test]
    fn so_is_one_that_was_refused_and_nothing_else_is() {
        let refused = r#"{"result":"refused","status":403,"reason":"denied: policy"}"#;
        let notice = told(&[EMERGENCY, ("outcome", refused), ("decision", "null"), ("caller", "null")], None).unwrap();
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        assert_eq!(body["data"]["class"], "denied");
        let absent = ["role", "use_case", "organisation", "page"];
        assert!(absent.iter().all(|name| body["data"].get(name).is_none()), "{body}");
        assert_eq!(told(&[], None), None);
        assert_eq!(super::notice(7, b"rubbish", None), None);
    }

    #[test]
    fn a_role_that_could_be_a_patients_number_is_left_out() {
        for role in ["999911120", "x999911120", "900203638"] {
            let caller =
                format!(r#"{{"client_id":"c","organisation":"90000902","person":{{"id":"p","role":"{role}"}}}}"#);
            let notice = told(&[EMERGENCY, ("caller", &caller)], None).unwrap();
            assert!(!notice.body.contains(role), "{role}");
        }
    }
}
