//! Who does not want to be found, put together from the provider's list of objections and from its consents: the lists are
//! looked at in each round; a source system is asked about whoever has Consents there, when those are new or changed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use connectors::registers::{LocalConsents, Objections, ToldBySystems};
use connectors::sources::Holdings;
use fhir::Bsn;
use tracing::warn;

/// Who is not to be found. Prints nothing of whom.
#[derive(Default)]
pub struct Hidden {
    pub objecting: HashSet<Bsn>,
    /// Of whom that could not be found out: what stands of them stays as it is.
    pub unknown: HashSet<Bsn>,
}

impl Hidden {
    /// Whether somebody who was hidden is not any more.
    pub fn lets_go(&self, before: &Hidden) -> bool {
        let hidden = |bsn: &Bsn| self.objecting.contains(bsn) || self.unknown.contains(bsn);
        before.objecting.iter().chain(&before.unknown).any(|bsn| !hidden(bsn))
    }
}

/// Where that is found out.
#[derive(Default)]
pub struct Findability {
    pub list: Option<Arc<Objections>>,
    pub consents: Option<Arc<LocalConsents>>,
    /// What source systems told, of those who have Consents there.
    told: HashMap<Bsn, ToldBySystems>,
    /// Of whom they are still to tell.
    pending: BTreeSet<Bsn>,
}

impl Findability {
    pub fn new(list: Option<Arc<Objections>>, consents: Option<Arc<LocalConsents>>) -> Self {
        Findability { list, consents, ..Findability::default() }
    }

    /// Who is hidden now, after this was seen in own sources. None: it may be anybody.
    pub async fn hidden(&mut self, held: Option<&Holdings>) -> Option<Hidden> {
        let mut hidden = Hidden::default();
        if let Some(list) = &self.list {
            hidden.objecting.extend(list.all()?.iter().cloned());
        }
        let Some(consents) = self.consents.clone() else { return Some(hidden) };
        if consents.asks_systems() {
            if let Some(held) = held {
                self.note(held);
            }
            self.ask(&consents).await;
            hidden.unknown.extend(self.pending.iter().cloned());
        }
        hidden.objecting.extend(consents.objecting(&self.told).ok()?);
        Some(hidden)
    }

    fn note(&mut self, held: &Holdings) {
        self.pending.extend(held.consents.iter().cloned());
        if held.whole {
            // Who has no Consents any more objects to nothing there.
            self.told.retain(|bsn, _| held.consents.contains(bsn));
            self.pending.retain(|bsn| held.consents.contains(bsn));
        }
    }

    /// Asks about those who are pending, one by one: nobody waits for it, and a system that is ill is not asked on and on.
    async fn ask(&mut self, consents: &LocalConsents) {
        while let Some(patient) = self.pending.pop_first() {
            match consents.told_by_systems(&patient).await {
                Ok(told) => {
                    self.told.insert(patient, told);
                }
                Err(_) => {
                    self.pending.insert(patient);
                    warn!(
                        nvi.alarm = "consents",
                        nvi.pending = self.pending.len(),
                        "who objects to being found could not be found out of all: their registrations stay as they are"
                    );
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use connectors::registers::ConsentRecords;
    use exchange::ports::{BoxFuture, SystemClock};
    use fhir::json::Limits;
    use fhir::{Resource, Ura};
    use policy::{DataHolder, NotFoundOut};
    use serde_json::{Value, json};

    use super::*;

    const ONE: &str = "999911120";
    const OTHER: &str = "900203638";

    #[derive(Default)]
    struct System {
        consents: Mutex<HashMap<Bsn, Value>>,
        ill: Mutex<Option<Bsn>>,
        asked: Mutex<usize>,
    }

    impl ConsentRecords for System {
        fn about<'a>(&'a self, patient: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>> {
            *self.asked.lock().unwrap() += 1;
            let ill = self.ill.lock().unwrap().as_ref() == Some(patient);
            let found = self.consents.lock().unwrap().get(patient).map(Value::to_string);
            let read = |text: String| Resource::parse(text.into(), &Limits::default()).unwrap();
            let told = if ill { Err(NotFoundOut::TimedOut) } else { Ok(found.map(read).into_iter().collect()) };
            Box::pin(std::future::ready(told))
        }
    }

    fn bsn(text: &str) -> Bsn {
        Bsn::parse(text).unwrap()
    }

    fn consent(patient: &str, status: &str) -> Value {
        json!({"resourceType": "Consent", "id": "c", "status": status,
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": patient}},
            "policyRule": {"text": "x"}, "provision": {"type": "deny"}})
    }

    fn held(consents: &[&str], whole: bool) -> Holdings {
        Holdings { consents: consents.iter().map(|text| bsn(text)).collect(), whole, ..Holdings::default() }
    }

    fn findability(system: &Arc<System>) -> Findability {
        let holder = DataHolder(Ura::parse("90000901").unwrap());
        let consents = LocalConsents::of(holder, Arc::new(SystemClock)).with_systems(vec![system.clone()]);
        Findability::new(None, Some(Arc::new(consents)))
    }

    #[tokio::test]
    async fn a_system_is_asked_about_whoever_has_new_consents_and_one_that_is_withdrawn_lets_go() {
        let system = Arc::new(System::default());
        system.consents.lock().unwrap().insert(bsn(ONE), consent(ONE, "active"));
        let mut findability = findability(&system);
        let first = findability.hidden(Some(&held(&[ONE, OTHER], true))).await.unwrap();
        assert_eq!((first.objecting.clone(), first.unknown.len()), (HashSet::from([bsn(ONE)]), 0));
        // Nothing changed: nobody is asked about, and what was told still holds.
        let second = findability.hidden(Some(&held(&[], false))).await.unwrap();
        assert_eq!((second.objecting.clone(), *system.asked.lock().unwrap()), (HashSet::from([bsn(ONE)]), 2));
        assert!(!second.lets_go(&first));
        system.consents.lock().unwrap().insert(bsn(ONE), consent(ONE, "inactive"));
        let third = findability.hidden(Some(&held(&[ONE], false))).await.unwrap();
        assert!(third.objecting.is_empty() && third.lets_go(&second));
        // The same when it was deleted, which a look at everything finds.
        system.consents.lock().unwrap().insert(bsn(ONE), consent(ONE, "active"));
        assert!(!findability.hidden(Some(&held(&[ONE], false))).await.unwrap().objecting.is_empty());
        assert!(findability.hidden(Some(&held(&[], true))).await.unwrap().objecting.is_empty());
    }

    #[tokio::test]
    async fn of_whom_a_system_could_not_say_it_is_not_known_until_it_could() {
        let system = Arc::new(System::default());
        *system.ill.lock().unwrap() = Some(bsn(OTHER));
        let mut findability = findability(&system);
        let hidden = findability.hidden(Some(&held(&[ONE, OTHER], true))).await.unwrap();
        assert!(hidden.unknown.contains(&bsn(OTHER)) && hidden.objecting.is_empty());
        *system.ill.lock().unwrap() = None;
        let known = findability.hidden(None).await.unwrap();
        assert!(known.unknown.is_empty() && known.lets_go(&hidden));
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_may_name_anybody() {
        let list = Arc::new(Objections::open(std::path::Path::new("/nonexistent/objections")));
        assert!(Findability::new(Some(list), None).hidden(None).await.is_none());
        assert!(Findability::default().hidden(None).await.is_some());
    }
}
