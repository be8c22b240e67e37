//! What Mitz tells who subscribed (handbook: generic functions, 2.5): a transaction Bundle of FHIR R4 with the patient's
//! choices, the patient and the holder. It is read to know whose choice changed; the decision stays that of the closed
//! question.

use fhir::bundle::{Bundle, BundleKind};
use fhir::identifiers::systems;
use fhir::json::Value;
use fhir::{Bsn, Resource, Ura};
use policy::{Consent, ConsentDecision};

/// The most entries that are read: some choices per data category, a patient, a holder.
const ENTRIES: usize = 200;

/// A notification that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub patient: Bsn,
    /// The holder that it is about.
    pub holder: Ura,
    /// What the patient chose, when that is the same in all of it. `reference` is the Bundle's id.
    pub consent: Option<Consent>,
}

/// Why a notification cannot be used. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationFault {
    /// Not a transaction Bundle within bounds.
    NotATransaction,
    /// Without a choice.
    NoConsent,
    /// Not about exactly one patient that a BSN names.
    Patient,
    /// Not about exactly one holder that a URA names.
    Holder,
}

impl Notification {
    /// Reads a Bundle.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(resource: &Resource) -> Result<Self, NotificationFault> {
        let bundle = Bundle::read(resource).map_err(|_| NotificationFault::NotATransaction)?;
        if bundle.kind != BundleKind::Transaction || bundle.entries.len() > ENTRIES {
            return Err(NotificationFault::NotATransaction);
        }
        let of = |kind: &'static str| {
            let resources = bundle.entries.iter().filter_map(|entry| entry.resource.as_ref());
            resources.filter(move |resource| resource.resource_type() == kind)
        };
        let patient = one(of("Patient"), systems::BSN).and_then(|digits| Bsn::parse(&digits).ok());
        let holder = one(of("Organization"), systems::URA).and_then(|digits| Ura::parse(&digits).ok());
        let choices: Vec<Option<ConsentDecision>> = of("Consent").map(choice).collect();
        let first = *choices.first().ok_or(NotificationFault::NoConsent)?;
        let patient = patient.ok_or(NotificationFault::Patient)?;
        // An id ends up in the access log; one that could be a number of a person does not.
        let id = bundle.id.as_deref().filter(|id| id.len() <= 64 && !id.bytes().all(|byte| byte.is_ascii_digit()));
        let consent = first.filter(|_| choices.iter().all(|choice| *choice == first)).map(|decision| Consent {
            decision,
            source: "mitz".to_owned(),
            reference: id.unwrap_or_default().to_owned(),
            withhold: Vec::new(),
        });
        Ok(Notification { patient, holder: holder.ok_or(NotificationFault::Holder)?, consent })
    }
}

/// The identifier of this system of the only resource that is there.
fn one<'r>(mut resources: impl Iterator<Item = &'r Resource>, system: &str) -> Option<String> {
    let only = resources.next()?;
    if resources.next().is_some() {
        return None;
    }
    let root = only.root();
    let identifiers: Vec<Value<'_>> =
        root.all("identifier").into_iter().filter(|known| text(*known, "system").as_deref() == Some(system)).collect();
    let [identifier] = identifiers[..] else { return None };
    text(identifier, "value")
}

/// What one Consent says: yes is `active` with a provision that permits, no is `inactive` without one.
fn choice(consent: &Resource) -> Option<ConsentDecision> {
    let root = consent.root();
    let provision = root.get("provision").and_then(|provision| text(provision, "type"));
    match (text(root, "status").as_deref(), provision.as_deref()) {
        (Some("active"), Some("permit")) => Some(ConsentDecision::Permit),
        (Some("inactive"), None) => Some(ConsentDecision::Deny),
        _ => None,
    }
}

fn text(value: Value<'_>, name: &str) -> Option<String> {
    value.get(name)?.as_text().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use fhir::json::Limits;
    use serde_json::{Value, json};

    use super::*;

    fn bundle(choices: &[(&str, Option<&str>)]) -> Value {
        let entry = |resource: Value| json!({"resource": resource, "request": {"method": "POST", "url": "X"}});
        let consents = choices.iter().map(|(status, kind)| {
            let provision = kind.map_or(json!({}), |kind| json!({"type": kind}));
            entry(json!({"resourceType": "Consent", "status": status, "provision": provision}))
        });
        let others = [
            json!({"resourceType": "Patient", "identifier": [{"system": systems::BSN, "value": "999911120"}]}),
            json!({"resourceType": "Organization", "identifier": [{"system": systems::URA, "value": "90010001"}]}),
        ];
        let entries: Vec<Value> = consents.chain(others.map(entry)).collect();
        json!({"resourceType": "Bundle", "id": "n-1", "type": "transaction", "entry": entries})
    }

    fn read(value: &Value) -> Result<Notification, NotificationFault> {
        Notification::read(&Resource::parse(value.to_string().into(), &Limits::default()).unwrap())
    }

    #[test]
    fn the_choice_is_told_when_it_is_the_same_in_all_of_it() {
        let (yes, no) = (("active", Some("permit")), ("inactive", None));
        for (choices, decision) in [
            (&[yes][..], Some(ConsentDecision::Permit)),
            (&[no, no], Some(ConsentDecision::Deny)),
            (&[yes, no], None),
            (&[("active", None)], None),
            (&[("inactive", Some("permit"))], None),
            (&[("draft", Some("permit"))], None),
        ] {
            let told = read(&bundle(choices)).unwrap();
            assert_eq!((told.holder.as_str(), told.patient), ("90010001", Bsn::parse("999911120").unwrap()));
            assert_eq!(told.consent.map(|consent| consent.decision), decision, "{choices:?}");
        }
    }

    #[test]
    fn what_is_about_nobody_or_about_several_is_not_taken() {
        let whole = bundle(&[("inactive", None)]);
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut value = whole.clone();
            change(&mut value);
            read(&value).unwrap_err()
        };
        type Change<'c> = &'c dyn Fn(&mut Value);
        let table: [(Change, NotificationFault); 8] = [
            (&|value| value["type"] = json!("batch"), NotificationFault::NotATransaction),
            (&|value| value["resourceType"] = json!("Basic"), NotificationFault::NotATransaction),
            (&|value| drop(value["entry"].as_array_mut().unwrap().remove(0)), NotificationFault::NoConsent),
            (&|value| drop(value["entry"].as_array_mut().unwrap().remove(1)), NotificationFault::Patient),
            (
                &|value| value["entry"][1]["resource"]["identifier"][0]["value"] = json!("999911121"),
                NotificationFault::Patient,
            ),
            (
                &|value| {
                    let again = value["entry"][1].clone();
                    value["entry"].as_array_mut().unwrap().push(again);
                },
                NotificationFault::Patient,
            ),
            (&|value| drop(value["entry"].as_array_mut().unwrap().remove(2)), NotificationFault::Holder),
            (
                &|value| value["entry"] = json!(vec![value["entry"][0].clone(); ENTRIES + 1]),
                NotificationFault::NotATransaction,
            ),
        ];
        for (change, fault) in table {
            assert_eq!(changed(change), fault);
        }
    }
}
