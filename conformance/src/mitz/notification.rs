//! What Mitz tells who subscribed: a transaction Bundle in XML with the patient's choices, the patient and the holder.

use std::fmt::Write;

use super::choices::{CATEGORIES, CONSULTING, Choice};
use super::subscriptions::Subscription;

/// The Bundle about a subscription, as things are now.
pub fn bundle(subscription: &Subscription, choices: &[Choice]) -> String {
    let (patient, holder) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let mut consents = String::new();
    for (category, display) in CATEGORIES {
        let permits = |consulting: &str| {
            let covers = |choice: &&Choice| {
                choice.covers(&subscription.patient, &subscription.provider_kind, category, consulting)
            };
            choices.iter().rev().find(covers).is_some_and(|choice| choice.permit)
        };
        for permitted in [true, false] {
            let consulting: Vec<(&str, &str)> =
                CONSULTING.into_iter().filter(|(code, _)| permits(code) == permitted).collect();
            if !consulting.is_empty() {
                let ids = [patient, holder].map(|id| id.to_string());
                consents.push_str(&consent(category, display, &consulting, permitted, &ids));
            }
        }
    }
    let entry = |id: &uuid::Uuid, kind: &str, content: String| {
        format!(
            "<entry><fullUrl value=\"urn:uuid:{id}\"/><resource><{kind}><id value=\"{id}\"/>{content}</{kind}></resource>\
             <request><method value=\"POST\"/><url value=\"{kind}\"/></request></entry>"
        )
    };
    let identifier = |system: &str, value: &str| {
        format!(
            "<identifier><system value=\"http://fhir.nl/fhir/NamingSystem/{system}\"/><value value=\"{value}\"/></identifier>"
        )
    };
    let kind = format!(
        "<type><coding><system value=\"http://nictiz.nl/fhir/NamingSystem/organization-type\"/><code value=\"{}\"/>\
         </coding></type>",
        subscription.provider_kind
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Bundle xmlns=\"http://hl7.org/fhir\"><id value=\"{}\"/>\
         <type value=\"transaction\"/>{consents}{}{}</Bundle>",
        uuid::Uuid::new_v4(),
        entry(&patient, "Patient", identifier("bsn", &subscription.patient)),
        entry(&holder, "Organization", identifier("ura", &subscription.provider) + &kind),
    )
}

fn consent(category: &str, display: &str, consulting: &[(&str, &str)], permitted: bool, ids: &[String; 2]) -> String {
    let id = uuid::Uuid::new_v4();
    let mut extensions = String::new();
    for (code, display) in consulting {
        let _ = write!(
            extensions,
            "<extension url=\"http://fhir.nl/StructureDefinition/OTV-ProviderCategory\"><valueCodeableConcept><coding>\
             <system value=\"http://fhir.nl/otv/CodeSystem/raadplegende-zorgaanbiedercategorie\"/><code value=\"{code}\"/>\
             <display value=\"{display}\"/></coding></valueCodeableConcept></extension>"
        );
    }
    let (status, kind) = if permitted { ("active", "<type value=\"permit\"/>") } else { ("inactive", "") };
    let [patient, holder] = ids;
    format!(
        "<entry><fullUrl value=\"urn:uuid:{id}\"/><resource><Consent><id value=\"{id}\"/><meta>\
         <profile value=\"http://vzvz.nl/fhir/StructureDefinition/Consent-Mitz-Notify|3.8.0\"/></meta>{extensions}\
         <status value=\"{status}\"/><scope><coding><system value=\"http://terminology.hl7.org/CodeSystem/consentscope\"/>\
         <code value=\"patient-privacy\"/></coding></scope><category><coding>\
         <system value=\"http://fhir.nl/otv/CodeSystem/gegevenscategorie\"/><code value=\"{category}\"/>\
         <display value=\"{display}\"/></coding></category><patient><reference value=\"urn:uuid:{patient}\"/></patient>\
         <provision>{kind}<actor><role><coding><system value=\"http://terminology.hl7.org/CodeSystem/v3-ParticipationType\"/>\
         <code value=\"CST\"/></coding></role><reference><reference value=\"urn:uuid:{holder}\"/></reference></actor>\
         <purpose><system value=\"http://hl7.org/fhir/v3/ActReason\"/><code value=\"TREAT\"/></purpose></provision>\
         </Consent></resource><request><method value=\"POST\"/><url value=\"Consent\"/></request></entry>"
    )
}
