//! Who is not to be found: whoever objects to everything, towards everyone, is told of to no index either. Being findable
//! tells that there is data, which is what such an objection is about (handbook: generic functions, 3.5).

use std::collections::{HashMap, HashSet};

use fhir::Bsn;
use policy::NotFoundOut;
use time::OffsetDateTime;

use super::LocalConsents;
use super::rule::{Rule, Whom};

/// What the systems of this provider recorded of a patient. To be kept, and not to be looked into.
pub struct ToldBySystems(Vec<Rule>);

impl LocalConsents {
    /// Whether there are systems that have to be asked, patient by patient.
    pub fn asks_systems(&self) -> bool {
        !self.systems.is_empty()
    }

    /// Asks the systems about a patient.
    ///
    /// # Errors
    /// Why one of them could not say: an objection may stand there.
    pub async fn told_by_systems(&self, patient: &Bsn) -> Result<ToldBySystems, NotFoundOut> {
        self.of_systems(patient).await.map(ToldBySystems)
    }

    /// Who objects to everything now, by the lists and by what the systems told.
    ///
    /// # Errors
    /// A list could not be read: anybody may stand there.
    pub fn objecting(&self, told: &HashMap<Bsn, ToldBySystems>) -> Result<HashSet<Bsn>, NotFoundOut> {
        let mut patients: HashSet<Bsn> = told.keys().cloned().collect();
        if let Some(table) = &self.table {
            patients.extend(table.content().ok_or(NotFoundOut::Unusable)?.keys().cloned());
        }
        if let Some(shelf) = &self.shelf {
            patients.extend(shelf.content().ok_or(NotFoundOut::Unusable)?.keys().cloned());
        }
        let now = self.clock.now();
        let mut objecting = HashSet::new();
        for patient in patients {
            let mut rules = self.listed(&patient)?;
            rules.extend(told.get(&patient).iter().flat_map(|told| told.0.iter().cloned()));
            if objects_to_all(&rules, now) {
                objecting.insert(patient);
            }
        }
        Ok(objecting)
    }
}

/// Whether an objection to everything, towards everyone, holds now, and nobody at all is permitted anything beside it. Whoever
/// is must be able to find it.
fn objects_to_all(rules: &[Rule], now: OffsetDateTime) -> bool {
    let in_force: Vec<&Rule> =
        rules.iter().filter(|rule| rule.periods.iter().all(|period| period.holds(now))).collect();
    let general = |rule: &&&Rule| {
        let narrowed = rule.purposes.is_some() || rule.resource_types.is_some() || rule.part.is_some();
        rule.denies() && rule.whom == Whom::Everyone && !narrowed
    };
    let Some(objection) = in_force.iter().filter(general).map(|rule| rule.rank()).max() else { return false };
    !in_force.iter().any(|rule| !rule.denies() && rule.rank() > objection)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use exchange::ports::{BoxFuture, Clock};
    use fhir::Resource;
    use fhir::Ura;
    use fhir::identifiers::Reader;
    use fhir::json::Limits;
    use policy::DataHolder;
    use serde_json::{Value, json};

    use super::super::ConsentRecords;
    use super::*;

    const ONE: &str = "999911120";
    const OTHER: &str = "900203638";

    /// 2026-09-21.
    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap()
        }
    }

    struct Told(Result<Value, NotFoundOut>);

    impl ConsentRecords for Told {
        fn about<'a>(&'a self, _: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>> {
            let told = self.0.as_ref().map_err(|why| *why);
            let told = told.map(|one| vec![Resource::parse(one.to_string().into(), &Limits::default()).unwrap()]);
            Box::pin(std::future::ready(told))
        }
    }

    fn consents(records: &Value) -> (tempfile::NamedTempFile, LocalConsents) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(records.to_string().as_bytes()).unwrap();
        let holder = DataHolder(Ura::parse("90000901").unwrap());
        let consents = LocalConsents::open(file.path(), holder, Arc::new(Fixed));
        (file, consents)
    }

    fn named(found: HashSet<Bsn>) -> Vec<String> {
        found.iter().map(|bsn| bsn.reveal_to(Reader::OwnRegister).to_owned()).collect()
    }

    #[test]
    fn only_an_objection_to_everything_beside_which_nobody_is_permitted_anything_hides_a_patient() {
        let deny = json!({"decision": "deny"});
        let permit = json!({"decision": "permit"});
        let with = |base: &Value, members: Value| {
            let mut whole = base.clone();
            whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            whole
        };
        let table = [
            ("nothing", vec![], false),
            ("a general objection", vec![deny.clone()], true),
            ("a permission for all beside it is no more specific", vec![deny.clone(), permit.clone()], true),
            ("towards one organisation", vec![with(&deny, json!({"organisation": "90000902"}))], false),
            ("towards one kind", vec![with(&deny, json!({"organisation_kind": "X3"}))], false),
            ("to one type", vec![with(&deny, json!({"resource_types": ["Observation"]}))], false),
            ("for one purpose", vec![with(&deny, json!({"purpose": "TREAT"}))], false),
            ("one that ended", vec![with(&deny, json!({"valid_until": "2026-09-20"}))], false),
            ("one that has not begun", vec![with(&deny, json!({"valid_from": "2026-09-22"}))], false),
            ("one may see it", vec![deny.clone(), with(&permit, json!({"organisation": "90000902"}))], false),
            ("all may see a part", vec![deny.clone(), with(&permit, json!({"resource_types": ["Flag"]}))], false),
            (
                "one might see it until yesterday",
                vec![deny, with(&permit, json!({"organisation": "90000902", "valid_until": "2026-09-20"}))],
                true,
            ),
        ];
        for (case, records, hidden) in table {
            let records: Vec<Value> = records
                .into_iter()
                .enumerate()
                .map(|(at, record)| with(&record, json!({"id": at.to_string(), "patient": ONE})))
                .collect();
            let (_file, consents) = consents(&json!(records));
            let found = named(consents.objecting(&HashMap::new()).unwrap());
            assert_eq!(found, if hidden { vec![ONE] } else { Vec::new() }, "{case}");
        }
    }

    #[tokio::test]
    async fn what_a_system_told_counts_with_what_the_lists_say() {
        let consent = json!({"resourceType": "Consent", "id": "c", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": ONE}},
            "policyRule": {"text": "x"}, "provision": {"type": "deny"}});
        let asked = Bsn::parse(ONE).unwrap();
        let (_empty, none) = consents(&json!([]));
        let none = none.with_systems(vec![Arc::new(Told(Ok(consent)))]);
        let told = HashMap::from([(asked.clone(), none.told_by_systems(&asked).await.unwrap())]);
        assert_eq!(named(none.objecting(&told).unwrap()), [ONE]);
        // The list lets one organisation in, so that one must find it.
        let record = json!({"id": "1", "patient": ONE, "decision": "permit", "organisation": "90000902"});
        let (_file, some) = consents(&json!([record, {"id": "2", "patient": OTHER, "decision": "deny"}]));
        assert_eq!(named(some.objecting(&told).unwrap()), [OTHER]);
        let ill = none.with_systems(vec![Arc::new(Told(Err(NotFoundOut::TimedOut)))]);
        assert_eq!(ill.told_by_systems(&asked).await.err(), Some(NotFoundOut::TimedOut));
        let (_broken, broken) = consents(&json!({}));
        assert_eq!(broken.objecting(&HashMap::new()), Err(NotFoundOut::Unusable));
    }
}
